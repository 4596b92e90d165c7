// What can be measured on this machine: each metric's value or why it has none, what reading it costs, and how often
// the driver refreshes it. `nvpulse doctor` is this as a table.
import { setTimeout as delay } from 'node:timers/promises';
import {
  describeStatus,
  metricsOf,
  type AbsentState,
  type Entity,
  type Identities,
  type Instance,
  type Metric,
} from '../catalog';
import { troublesIn } from '../jobs/job-events';
import { hostInfo } from '../jobs/summary-host';
import type { HostInfo } from '../jobs/summary-types';
import type { CallStats, GpuState } from '../native/addon';
import type { Batch, Table } from '../sampling/batch';
import { refuseUnknown } from '../sampling/options';
import { Sampler } from '../sampling/sampler';
import { VERSION } from '../version';
import { adviceOn } from './advice';
import { RefreshWatch, type Refresh } from './refresh';

export interface DiagnoseOptions {
  /** Path of the NVML library. @default NVPULSE_NVML, else the system's */
  readonly nvml?: string;
}

/** A metric has a value, or a state that says why not. */
export interface MetricDiagnosis {
  readonly name: string;
  readonly value?: number;
  readonly state?: AbsentState;
  readonly reason?: string;
  /** The NVML call that reads it; absent for other sources, and where it was never made. */
  readonly call?: string;
  /** Absent where it cannot be told. */
  readonly refresh?: Refresh;
}

export type EntityDiagnosis = {
  [E in Entity]: { readonly entity: E } & Readonly<Identities[E]> & {
      readonly metrics: readonly MetricDiagnosis[];
    };
}[Entity];

export interface Diagnosis {
  readonly nvpulse: string;
  readonly simulated: boolean;
  readonly host: HostInfo;
  readonly gpu: GpuState;
  readonly entities: readonly EntityDiagnosis[];
  /** What each NVML call cost, all devices together. */
  readonly calls: readonly CallStats[];
  /** What happened to GPUs meanwhile, such as one that cannot be opened. */
  readonly troubles: readonly string[];
  readonly advice: readonly string[];
}

/** Faster than any driver refreshes, and long enough to see one that refreshes each second. */
const INTERVAL = '1ms';
const WATCH__MS = 3_000;
/** Attaching to cold GPUs takes seconds. */
const OPEN__MS = 10_000;

/** Reads everything for three seconds, a thousand times a second. @throws ERR_OPTION, ERR_NATIVE */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  refuseUnknown(options, ['nvml'], 'diagnose');
  const sampler = new Sampler({ interval: INTERVAL, ...options });
  const watched = watch(sampler);
  sampler.start();
  for (let waited__ms = 0; sampler.gpu().state === 'waiting' && waited__ms < OPEN__MS; waited__ms += 50)
    await delay(50);
  await delay(WATCH__MS);
  await sampler.tick();
  const [gpu, stats] = [sampler.gpu(), sampler.stats()];
  sampler.stop();
  const calls = new Set(stats.calls.map(({ name }) => name));
  const { subjects, troubles } = await watched;
  const entities = subjects.map((subject) => subject.diagnosis(calls));
  const gpus = entities.filter(({ entity }) => entity === 'gpu');
  const states = gpus.flatMap(({ metrics }) => metrics.flatMap(({ state }) => (state ? [state] : [])));
  return {
    nvpulse: VERSION,
    simulated: gpu.simulated,
    host: hostInfo(sampler.machine),
    gpu,
    entities,
    calls: stats.calls,
    troubles: [...troubles],
    advice: adviceOn(gpu, stats, new Set(states)),
  };
}

async function watch(
  sampler: Sampler,
): Promise<{ readonly subjects: readonly Subject[]; readonly troubles: ReadonlySet<string> }> {
  const subjects = new Map<number, Subject>();
  const troubles = new Set<string>();
  for await (const batch of sampler) {
    follow(batch, subjects);
    for (const text of troublesIn(batch.events)) troubles.add(text);
  }
  return { subjects: [...subjects.values()], troubles };
}

function follow({ tables, instances }: Batch, subjects: Map<number, Subject>): void {
  for (const table of tables) {
    table.instance.forEach((id, row) => {
      const instance = instances.get(id);
      if (!instance) return;
      const subject = subjects.get(id) ?? new Subject(instance);
      subjects.set(id, subject);
      subject.push(table, row);
    });
  }
}

/** The last status that tells something, and the value with it. */
interface Last {
  readonly metric: Metric;
  readonly watch: RefreshWatch;
  value: number;
  status: number;
}

class Subject {
  private readonly metrics: readonly Last[];

  constructor(private readonly instance: Instance) {
    this.metrics = metricsOf(instance.entity).map((metric) => ({
      metric,
      watch: new RefreshWatch(),
      value: NaN,
      status: NaN,
    }));
  }

  push(table: Table, row: number): void {
    const time__ns = Number(table.time[row]);
    metricsOf(this.instance.entity).forEach(({ name }, index) => {
      const last = this.metrics[index];
      const status = table.status(name)[row] ?? 0;
      if (!last || describeStatus(status).state === 'pending') return;
      last.status = status;
      last.value = table.values(name)[row] ?? NaN;
      if (status === 0) last.watch.push(time__ns, last.value);
    });
  }

  /** @param calls names of the NVML calls that were made */
  diagnosis(calls: ReadonlySet<string>): EntityDiagnosis {
    const { entity, identity } = this.instance;
    // What is told by other parts of nvpulse is nothing that this machine could have or lack.
    const read = this.metrics.filter(({ metric }) => !('noted' in metric.source));
    const metrics = read.map((last) => diagnosisOf(last, entity === 'gpu', calls));
    const diagnosis = { entity, ...identity, metrics };
    return diagnosis as EntityDiagnosis;
  }
}

function diagnosisOf(
  { metric, watch, value, status }: Last,
  isGpu: boolean,
  calls: ReadonlySet<string>,
): MetricDiagnosis {
  const { name } = metric;
  const call = callOf(metric);
  const known = call !== undefined && calls.has(call) ? { call } : {};
  if (Number.isNaN(status)) return { name, state: 'transient', reason: 'it was not read in time', ...known };
  const { state, reason } = describeStatus(status);
  if (state === 'ok' || state === 'pending') {
    // Only a driver refreshes at a pace of its own; what the kernel counts is of the moment it is read.
    const { refresh } = watch;
    return { name, value, ...known, ...(isGpu && refresh ? { refresh } : {}) };
  }
  return { name, state, reason, ...known };
}

/** The name under which the sampler counts the call that reads a metric. */
function callOf({ source }: Metric): string | undefined {
  if (!('nvml' in source)) return undefined;
  const { call, shape, arg } = source.nvml;
  if (shape === 'hand') return 'processes';
  return arg === undefined ? `nvml${call}` : `nvml${call}(${arg})`;
}
