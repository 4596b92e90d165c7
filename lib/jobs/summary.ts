// From folded windows to summaries: what is told about a job beside its readings, and the one call that does it all.
import { metricsOf, type Instance } from '../catalog';
import type { NativeStats } from '../native/addon';
import type { Batch } from '../sampling/batch';
import { formatUtc } from '../time';
import { VERSION } from '../version';
import { difference } from './fold-series';
import { SummaryFold } from './fold';
import type { Folded, WindowOptions } from './fold-window';
import type { TreeUsage } from './supervisor-lines';
import type {
  CounterSummary,
  EntitySummary,
  GaugeSummary,
  HostInfo,
  JobSummary,
  MetricSummary,
  SamplerSummary,
} from './summary-types';

/** A process tree's exact figures, from the supervisor that waited for it. */
export interface FinalUsage extends TreeUsage {
  readonly tracking: 'tree' | 'cgroup';
  /** Resident memory at its highest, of the largest single process. */
  readonly rssPeak__MiB: number;
}

/** What a summary says beside what the readings tell. */
export interface SummaryMeta {
  readonly simulated: boolean;
  readonly complete: boolean;
  readonly job: Omit<JobSummary['job'], 'start' | 'end' | 'duration__s'>;
  readonly host: HostInfo;
  readonly gpu: JobSummary['gpu'];
  readonly sampler: {
    readonly interval__ns: number;
    /** From the sampler's start to when `stats` were taken. */
    readonly elapsed__s: number;
    readonly stats: NativeStats;
  };
  /** UTC − monotonic, in nanoseconds. */
  readonly utcOffset__ns: bigint;
  /** Of a command: beside the job's sampled counters, of which each counts where it tells more. */
  readonly finalUsage?: FinalUsage;
}

/**
 * The summary of a window that a fold has followed and closed.
 * @param only of what was folded, what the summary shall tell; everything by default
 * @throws ERR_STATE where it is open
 */
export function summaryOf(
  fold: { result(cores: number, only?: (instance: Instance) => boolean): Folded },
  meta: SummaryMeta,
  only?: (instance: Instance) => boolean,
): JobSummary {
  const { start__ns, stop__ns, entities, processes_left_out, energy, droppedRows } = fold.result(
    meta.host.core_num,
    only,
  );
  const length = Number(stop__ns - start__ns);
  const { simulated, complete, job, host, gpu } = meta;
  const { exitCode, signal } = job;
  return {
    nvpulse: VERSION,
    simulated,
    complete,
    job: {
      id: job.id,
      name: job.name,
      labels: job.labels,
      start: formatUtc(start__ns + meta.utcOffset__ns),
      end: formatUtc(stop__ns + meta.utcOffset__ns),
      duration__s: length / 1e9,
      exitCode,
      signal,
    },
    host,
    gpu: { state: gpu.state, reason: gpu.reason },
    entities: meta.finalUsage ? withFinal(entities, job.id, meta.finalUsage, length) : entities,
    processes_left_out,
    energy,
    sampler: samplerSummary(meta.sampler, droppedRows),
  };
}

/**
 * The summary of a window over batches: of a recording, of a sampler's iterator, or of an array.
 * Batches before the window and after it may be among them; one of each sharpens its edges.
 */
export async function summarize(
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  window: WindowOptions & { readonly stop__ns: bigint },
  meta: SummaryMeta,
): Promise<JobSummary> {
  const fold = new SummaryFold(window);
  for await (const batch of batches) fold.push(batch);
  return summaryOf(fold, meta);
}

function samplerSummary(
  { interval__ns, elapsed__s, stats }: SummaryMeta['sampler'],
  droppedRows: number,
): SamplerSummary {
  const { p50, p99, max } = stats.lateness__us;
  const cpu__pct = elapsed__s > 0 ? (100 * stats.sampler_cpu_time__s) / elapsed__s : 0;
  const calls = stats.calls.map(
    ({ name, count, p50__us, p99__us }) => [name, { count, p50__us, p99__us }] as const,
  );
  return {
    interval__ms: interval__ns / 1e6,
    ticks: stats.ticks,
    lateTicks: stats.late_ticks,
    // The ring's losses are in both; a slow reader's only in its batches, a recording's only in its stats.
    droppedRows: Math.max(stats.rows_dropped, droppedRows),
    lateness__us: Number.isNaN(max) ? null : { p50, p99, max },
    cpu__pct: Number.isNaN(cpu__pct) ? null : cpu__pct,
    calls: Object.fromEntries(calls),
  };
}

type JobEntity = Extract<EntitySummary, { entity: 'job' }>;
type JobMetrics = JobEntity['metrics'];

/** Adds the supervisor's figures to the sampled ones; a job that ended before its first reading gets its entity. */
function withFinal(
  entities: readonly EntitySummary[],
  id: string,
  usage: FinalUsage,
  length: number,
): readonly EntitySummary[] {
  const found = entities.some((entity) => entity.entity === 'job' && entity.id === id);
  const unread: JobEntity = { entity: 'job', id, tracking: usage.tracking, metrics: {} };
  const isLater = ({ entity }: EntitySummary) =>
    ['process', 'gpu', 'gpu_process', 'mig', 'agent'].includes(entity);
  const at = entities.findIndex(isLater);
  const all = found ? entities : entities.toSpliced(at < 0 ? entities.length : at, 0, unread);
  return all.map((entity) =>
    entity.entity === 'job' && entity.id === id
      ? { ...entity, metrics: { ...entity.metrics, ...finalMetrics(entity.metrics, usage, length) } }
      : entity,
  );
}

/**
 * Both count from below: what lived between two readings was never sampled, and the kernel tells a supervisor nothing
 * of processes whose parent ignores SIGCHLD. So the larger of the two counts.
 */
function finalMetrics(sampled: JobMetrics, usage: FinalUsage, length: number): JobMetrics {
  const larger = (metric: MetricSummary | undefined, final: number): number =>
    metric && 'delta' in metric ? Math.max(metric.delta, final) : final;
  const counter = (delta: number) => difference(delta, length);
  const { cpuUser__s, cpuSystem__s, ioRead__B, ioWrite__B } = usage;
  const final__s = cpuUser__s + cpuSystem__s;
  // User and system time are taken together: the kernel estimates which is which, and not everywhere alike.
  const cpu =
    larger(sampled.cpu_time__s, final__s) > final__s
      ? {}
      : {
          cpu_time__s: counter(final__s),
          cpu_user_time__s: counter(cpuUser__s),
          cpu_system_time__s: counter(cpuSystem__s),
        };
  const counters = {
    ...cpu,
    ...(ioRead__B === null ? {} : { io_read__B: counter(larger(sampled.io_read__B, ioRead__B)) }),
    ...(ioWrite__B === null ? {} : { io_write__B: counter(larger(sampled.io_write__B, ioWrite__B)) }),
  };
  return {
    ...counters,
    ...ratesOf(counters, sampled),
    memory_rss_peak__MiB: peak(sampled.memory_rss_peak__MiB, usage.rssPeak__MiB),
  };
}

/** Of gauges that derive from these counters: their means are the counters', and their samples are widened to hold them. */
function ratesOf(counters: Readonly<Record<string, CounterSummary>>, sampled: JobMetrics): JobMetrics {
  const known = new Map(Object.entries(sampled));
  const rates = metricsOf('job').flatMap(({ name, source }) => {
    if (!('derive' in source)) return [];
    const counter = counters[source.derive.from];
    if (!counter) return [];
    const mean = counter.rate * source.derive.scale;
    const metric = known.get(name);
    if (!metric || !('mean' in metric)) return [[name, level(mean, 1)] as const];
    const { min, max } = metric;
    return [[name, { ...metric, mean, min: Math.min(min, mean), max: Math.max(max, mean) }] as const];
  });
  return Object.fromEntries(rates);
}

/** All that is known is one value. */
const level = (value: number, coverage: number): GaugeSummary => ({
  mean: value,
  min: value,
  max: value,
  p50: value,
  p95: value,
  last: value,
  samples: 1,
  coverage,
});

/** Both are the kernel's, of single processes; the supervisor hears of those that ended. */
function peak(sampled: MetricSummary | undefined, value: number): GaugeSummary {
  if (!sampled || !('mean' in sampled)) return level(value, 0);
  const highest = Math.max(sampled.max, value);
  return { ...sampled, max: highest, last: highest };
}
