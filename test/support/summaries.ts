// Summaries of readings written by hand, and what is told beside them.
import { SummaryFold } from '../../lib/jobs/fold';
import { summaryOf, type SummaryMeta } from '../../lib/jobs/summary';
import type { EntitySummary, JobSummary, MetricSummary } from '../../lib/jobs/summary-types';
import type { Instance, MetricName } from '../../lib/catalog';
import { batchOf, SECOND, type Reading } from './readings';

export const META: SummaryMeta = {
  simulated: false,
  complete: true,
  job: { id: 'j', name: 'train', labels: { team: 'imaging' }, exitCode: 0, signal: null },
  host: {
    name: 'box',
    os: 'Debian GNU/Linux 12',
    kernel: '6.1.0',
    cpu_model: 'Ideal CPU',
    core_num: 4,
    memory_total__MiB: 16384,
  },
  gpu: { state: 'ok', reason: '' },
  sampler: {
    interval__ns: 0.1 * SECOND,
    elapsed__s: 10,
    stats: {
      ticks: 100,
      late_ticks: 1,
      rows_dropped: 0,
      implausible_readings: 0,
      lateness__us: { p50: 11, p99: 60, max: 400 },
      sampler_cpu_time__s: 0.02,
      calls: [{ name: 'nvmlDeviceGetPowerUsage', count: 100, p50__us: 8, p99__us: 30 }],
    },
  },
  utcOffset__ns: 1_700_000_000_000_000_000n,
};

export interface Window {
  readonly start__s?: number;
  readonly stop__s: number;
  readonly interval__s?: number;
  readonly treeBegan__s?: number;
}

function ns(seconds: number): bigint {
  return BigInt(Math.round(seconds * SECOND));
}

/** A fold over `[start, stop)`, by seconds; the interval is 0.1 s unless told. */
export function foldOf({ start__s = 0, stop__s, interval__s = 0.1, treeBegan__s }: Window): SummaryFold {
  return new SummaryFold({
    start__ns: ns(start__s),
    stop__ns: ns(stop__s),
    interval__ns: interval__s * SECOND,
    ...(treeBegan__s === undefined ? {} : { treeBegan__ns: ns(treeBegan__s) }),
  });
}

export function summaryOfReadings(
  readings: readonly Reading[],
  window: Window,
  meta: Partial<SummaryMeta> = {},
): JobSummary {
  const fold = foldOf(window);
  fold.push(batchOf(readings));
  return summaryOf(fold, { ...META, ...meta });
}

/** A metric's summary; it must be there. */
export function metricOf(
  summary: JobSummary,
  entity: EntitySummary['entity'],
  name: MetricName,
): MetricSummary {
  const found = summary.entities.find((candidate) => candidate.entity === entity);
  const metrics: Readonly<Partial<Record<MetricName, MetricSummary>>> = found?.metrics ?? {};
  const metric = metrics[name];
  if (!metric) throw new Error(`the summary has no ${entity} ${name}`);
  return metric;
}

/** The summary of one metric, of readings given as [seconds, value or missing status]. */
export function summaryOfMetric(
  instance: Instance,
  name: MetricName,
  points: readonly (readonly [number, number | { status: number }])[],
  window: Window,
): MetricSummary {
  const readings = points.map(([time__s, value]) => ({
    instance,
    time__ns: Math.round(time__s * SECOND),
    values: { [name]: value },
  }));
  return metricOf(summaryOfReadings(readings, window), instance.entity, name);
}
