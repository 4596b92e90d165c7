// Documents of `jobmetrics`: one for each window that has begun, one for each that has ended, and one for each thing
// that happened. Pure.
// Their ids hold no recording: a window that a server tells again in its next recording is the same one.
import { createHash } from 'node:crypto';
import { metricsOf, type Entity, type Instance } from '../../../catalog';
import type { EntitySummary, GaugeSummary, JobSummary, MetricSummary } from '../../../jobs/summary-types';
import type { EndedWindow } from '../../../jobs/ended-window';
import type { EventKind, Json, JobSpan, RecordedEvent } from '../../../recording';
import { belongingsOf, isShared } from './attribution';
import { documentId } from './documents';
import { titleOf } from './job-title';

type Value = string | number | boolean;

/** A document of `jobmetrics`. */
export interface JobDocument {
  readonly index: 'jobmetrics';
  readonly id: string;
  readonly source: {
    readonly '@timestamp': string;
    readonly 'host.name': string;
    readonly entity: 'window' | 'start' | 'event';
    readonly job?: readonly string[];
    readonly [field: string]: Value | readonly Value[] | undefined;
  };
}

type Gpu = Extract<EntitySummary, { entity: 'gpu' }>;
type Fields = Record<string, Value | readonly Value[]>;

/** UTC nanoseconds of a stamp with nine decimals. */
function utcOf(stamp: string): bigint {
  return BigInt(Date.parse(`${stamp.slice(0, 19)}Z`)) * 1_000_000n + BigInt(stamp.slice(20, 29));
}

/** @param identity what tells it from all others at its time */
function idOf(time: string, identity: readonly (string | number)[]): string {
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('base64url').slice(0, 13);
  return documentId(key, utcOf(time));
}

/**
 * What became of a window, by the events of its recording.
 * @param summary of the window; of the job's GPUs alone, or of more
 * @param spans all windows of the recording, to tell which GPUs were shared
 */
export function endedWindow(summary: JobSummary, span: JobSpan, spans: readonly JobSpan[]): EndedWindow {
  const { gpu_scope, stop__ns, status = '', ended_by = 'stop' } = span;
  const gpus = gpusOf(summary).filter(({ uuid }) => hasGpu(span, uuid));
  return {
    summary,
    gpu_scope,
    gpus: gpus.map(({ uuid }) => uuid),
    gpu_shared: gpus.some((gpu) => isShared(gpuInstance(gpu), span, spans)),
    ended_by: stop__ns === undefined ? 'cut' : ended_by,
    status,
  };
}

function gpusOf({ entities }: JobSummary): readonly Gpu[] {
  return entities.filter((one): one is Gpu => one.entity === 'gpu');
}

/** The document of a window that has ended, or was cut. */
export function windowDocument(window: EndedWindow): JobDocument {
  const { summary, gpu_scope, gpu_shared, ended_by, status } = window;
  const { job, host, complete, simulated, energy } = summary;
  const all = gpusOf(summary);
  const gpus = all.filter(({ uuid }) => gpu_scope === 'node' || window.gpus.includes(uuid));
  const denied = deniedIn(summary);
  return {
    index: 'jobmetrics',
    id: idOf(job.end, ['window', host.name, job.id, job.start]),
    source: {
      '@timestamp': job.end,
      'host.name': host.name,
      entity: 'window',
      job: [job.id],
      job_name: job.name,
      job_title: titleOf(job.start, job.name, job.id),
      labels: labelsOf(job.labels),
      start: job.start,
      end: job.end,
      duration__s: job.duration__s,
      ...(status === '' ? {} : { status }),
      ended_by,
      ...(job.exitCode === null ? {} : { exit_code: job.exitCode }),
      ...(job.signal === null ? {} : { signal: job.signal }),
      gpu_scope,
      gpu_index: gpus.map(({ index }) => index),
      gpu_uuid: gpus.map(({ uuid }) => uuid),
      gpu_shared,
      // Energy is told of all GPUs of a summary together.
      ...(gpus.length === all.length ? energyFields(energy) : {}),
      complete,
      simulated,
      samples: samplesOf(summary),
      ...(denied.length === 0 ? {} : { denied }),
      ...overGpus('gpu_utilization__pct', gpus, ({ metrics }) => metrics.gpu_utilization__pct),
      ...overGpus('gpu_memory_used__MiB', gpus, ({ metrics }) => metrics.memory_used__MiB),
      ...overGpus('power_draw__W', gpus, ({ metrics }) => metrics.power_draw__W),
      ...overGpus('gpu_temperature__C', gpus, ({ metrics }) => metrics.gpu_temperature__C),
      ...hostFields(summary),
    },
  };
}

function labelsOf(labels: JobSpan['labels']): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

function hasGpu({ gpus }: JobSpan, uuid: string): boolean {
  return gpus === 'node' || gpus.some(({ uuids }) => uuids.includes(uuid));
}

function gpuInstance({ entity, metrics: _, ...identity }: Gpu): Instance {
  return { id: 0, entity, identity };
}

function energyFields({ gpu__J, method, uncertainty__J }: JobSummary['energy']): Fields {
  return {
    ...(gpu__J === null ? {} : { gpu_energy__J: gpu__J }),
    ...(uncertainty__J === null ? {} : { gpu_energy_uncertainty__J: uncertainty__J }),
    gpu_energy_method: method,
  };
}

function isGauge(metric: MetricSummary | undefined): metric is GaugeSummary {
  return metric !== undefined && 'mean' in metric;
}

/** The mean of the GPUs' means, and the greatest value of any of them. */
function overGpus(
  name: string,
  gpus: readonly Gpu[],
  metricOf: (gpu: Gpu) => MetricSummary | undefined,
): Fields {
  const gauges = gpus.map(metricOf).filter(isGauge);
  if (gauges.length === 0) return {};
  const mean = gauges.reduce((sum, gauge) => sum + gauge.mean, 0) / gauges.length;
  return { [name]: mean, [`${name}_max`]: Math.max(...gauges.map(({ max }) => max)) };
}

function hostFields({ entities }: JobSummary): Fields {
  const fields: Fields = {};
  const add = (name: string, metric: MetricSummary | undefined): void => {
    if (isGauge(metric)) Object.assign(fields, { [name]: metric.mean, [`${name}_max`]: metric.max });
  };
  for (const one of entities) {
    if (one.entity === 'host') add('cpu_utilization__pct', one.metrics.cpu_utilization__pct);
    if (one.entity === 'memory') add('memory_used__MiB', one.metrics.memory_used__MiB);
  }
  return fields;
}

/** Metrics that the sampler was not allowed to read, without those that derive from them: `job.io_read__B`. */
function deniedIn({ entities }: JobSummary): readonly string[] {
  const names = entities.flatMap(({ entity, metrics }) =>
    Object.entries<MetricSummary>(metrics).flatMap(([name, metric]) =>
      'state' in metric && metric.state === 'denied' && !isDerived(entity, name) ? [`${entity}.${name}`] : [],
    ),
  );
  return [...new Set(names)].sort();
}

const isDerived = (entity: Entity, name: string): boolean =>
  metricsOf(entity).some((metric) => metric.name === name && 'derive' in metric.source);

/** Readings inside the window, of the metric that was read most often. */
function samplesOf({ entities }: JobSummary): number {
  const metrics = entities.flatMap(({ metrics: own }) => Object.values<MetricSummary>(own));
  return Math.max(0, ...metrics.filter(isGauge).map(({ samples }) => samples));
}

/** What the recording's other texts are called in `event`. */
const EVENTS: Partial<Record<EventKind, string>> = {
  window_stop: 'stop',
  mark: 'mark',
  lease_expired: 'lease_expired',
  device_lost: 'device_lost',
  device_recovered: 'device_recovered',
  device_stalled: 'device_stalled',
  clock_jump: 'clock_jump',
};

export interface EventContext {
  /** `host.name` of the documents. */
  readonly host: string;
  /** All windows that are known. */
  readonly spans: readonly JobSpan[];
  readonly instances: ReadonlyMap<number, Instance>;
  /** The GPUs are a simulator's. @default false */
  readonly simulated?: boolean;
}

/** The latest window of each job. */
type LatestWindows = ReadonlyMap<string, JobSpan>;

/**
 * Documents of what happened. A start is one of its own kind, which an open window has and an ended one has kept. An
 * event of one job names it; one of a GPU names those that have it; all others name all jobs whose windows are open.
 */
export function eventDocuments(events: readonly RecordedEvent[], context: EventContext): JobDocument[] {
  // There may be thousands of both.
  const latest: LatestWindows = new Map(context.spans.map((span) => [span.id, span]));
  return events.flatMap((event) => {
    if (event.kind === 'window_start') return startDocument(event, context, latest) ?? [];
    const name = EVENTS[event.kind];
    return name === undefined ? [] : eventDocument(name, event, context, latest);
  });
}

function startDocument(
  { time, data }: RecordedEvent,
  { host, simulated = false }: EventContext,
  latest: LatestWindows,
): JobDocument | undefined {
  const span = latest.get(ownJob(data) ?? '');
  if (!span) return undefined;
  const { id, name, labels, gpu_scope } = span;
  return {
    index: 'jobmetrics',
    id: idOf(time, ['start', host, id]),
    source: {
      '@timestamp': time,
      'host.name': host,
      entity: 'start',
      job: [id],
      job_name: name,
      job_title: titleOf(time, name, id),
      labels: labelsOf(labels),
      start: time,
      gpu_scope,
      simulated,
      event: 'start',
      text: `${name} began`,
    },
  };
}

function eventDocument(
  event: string,
  recorded: RecordedEvent,
  context: EventContext,
  latest: LatestWindows,
): JobDocument {
  const { host, spans, instances, simulated = false } = context;
  const { time } = recorded;
  const gpu = gpuOf(instances.get(recorded.instance ?? -1));
  const own = ownJob(recorded.data);
  const jobs = own === undefined ? jobsAt(recorded.time__ns, gpu, spans) : [own];
  const names = jobs.flatMap((id) => latest.get(id)?.name ?? []);
  const text = recorded.kind === 'window_stop' ? endOf(names.join(), recorded.data) : recorded.text;
  return {
    index: 'jobmetrics',
    id: idOf(time, ['event', host, event, recorded.text, gpu?.uuid ?? '', own ?? '']),
    source: {
      '@timestamp': time,
      'host.name': host,
      entity: 'event',
      ...(jobs.length > 0 ? { job: jobs } : {}),
      ...(names.length > 0 ? { job_name: names } : {}),
      event,
      ...(text === '' ? {} : { text }),
      simulated,
      ...(gpu ? { gpu_index: [gpu.index], gpu_uuid: [gpu.uuid] } : {}),
    },
  };
}

type GpuInstance = Extract<Instance, { entity: 'gpu' }>;

function gpuOf(instance: Instance | undefined): GpuInstance['identity'] | undefined {
  return instance?.entity === 'gpu' ? instance.identity : undefined;
}

function ownJob(data: Json): string | undefined {
  return textIn(data, 'id');
}

/** What is said of a window's end. */
function endOf(name: string, data: Json): string {
  const reasons = { lease: 'its lease ran out', gone: 'its processes are gone' };
  const by = textIn(data, 'ended_by');
  const reason = by === 'lease' || by === 'gone' ? reasons[by] : textIn(data, 'status');
  return reason ? `${name} ended: ${reason}` : `${name} ended`;
}

function textIn(data: Json, key: string): string | undefined {
  const value = new Map<string, unknown>(Object.entries(data ?? {})).get(key);
  return typeof value === 'string' ? value : undefined;
}

function jobsAt(
  time__ns: bigint,
  gpu: GpuInstance['identity'] | undefined,
  spans: readonly JobSpan[],
): readonly string[] {
  // Who asks for a host has all windows.
  const instance: Instance = gpu
    ? { id: 0, entity: 'gpu', identity: gpu }
    : { id: 0, entity: 'host', identity: { name: '' } };
  const belongings = belongingsOf(instance, spans);
  return belongings.findLast(({ from__ns }) => from__ns === undefined || from__ns <= time__ns)?.jobs ?? [];
}
