// From what a start asks to what a job is.
import { randomUUID } from 'node:crypto';
import type { GpuState } from '../native/addon';
import { INTERVAL_RANGE } from '../sampling/options';
import { parseDuration } from '../time';
import type { StartRequest } from './api';
import { namedGpus, type KnownGpu } from './attribution';
import type { JobSpec } from './job';
import { rootOf } from './root';

export const LEASE = { default: '24h', range: { min: '1s', max: '8760h' } } as const;

/** What the node is like when a job starts. */
export interface Node {
  readonly gpus: readonly KnownGpu[];
  readonly gpu: GpuState;
  /** Of jobs that ask for none. */
  readonly interval__ns: number;
}

export function leaseOf(lease: string): number {
  return parseDuration(lease, 'lease', LEASE.range);
}

/** @throws ERR_OPTION for what cannot be · ERR_SERVER while it cannot be told which GPUs are meant */
export function specOf(request: StartRequest, { gpus, gpu, interval__ns }: Node): JobSpec {
  const { id = randomUUID(), labels = {}, interval, lease = LEASE.default } = request;
  const { gpus: named } = request;
  const root = rootOf(request);
  return {
    id,
    name: request.name ?? id,
    labels,
    interval__ns: interval === undefined ? interval__ns : parseDuration(interval, 'interval', INTERVAL_RANGE),
    lease__ns: leaseOf(lease),
    gpu_scope: named ? 'named' : root ? 'process' : 'node',
    gpus: named ? namedGpus(named, gpus, gpu) : [],
    root,
  };
}
