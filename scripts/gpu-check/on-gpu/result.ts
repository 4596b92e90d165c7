// What the check found: the JSON file.
import type { Diagnosis, GpuDevice, GpuState } from 'nvpulse';
import type { Comparison, When } from './compare';
import type { MeasuredRun } from './load';

/** What the folder was made of; folder.js writes it. */
export interface Build {
  readonly nvpulse: string;
  readonly commit: string;
  readonly node: string;
  /** Of Node and the native code, whichever needs the newer one. */
  readonly glibc: string;
}

export interface Result {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly took__s: number;
  readonly build: Build;
  readonly user: number;
  readonly gpu: GpuState;
  readonly gpus: readonly GpuDevice[];
  readonly peers: readonly { readonly name: string; readonly about: string }[];
  readonly comparisons: readonly Comparison[];
  /** Costs of calls and how often values change. */
  readonly diagnoses: readonly { readonly when: When; readonly diagnosis: Diagnosis }[];
  readonly run?: MeasuredRun;
  /** Parts that are missing, and why. */
  readonly missing: readonly string[];
}

/** Such as `nvidia-h200-x8-580.126.20-20261127`. */
export function nameOf({ gpu, gpus, date }: Result): string {
  const boards = [...new Set(gpus.map(({ name }) => name))];
  const words = [
    gpu.simulated ? 'simulated' : '',
    boards.length > 0 ? boards.join(' ') : 'no GPU',
    gpus.length > 1 ? `x${gpus.length}` : '',
    gpu.driver_version,
    date.slice(0, 10).replaceAll('-', ''),
  ];
  return words
    .join(' ')
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-');
}
