// Windows of jobs as a recording's events tell them: to which jobs a row belongs, by its time. Pure.
import type { Json, RecordedEvent } from './events';
import type { Manifest } from './manifest';

/** Whose GPUs a job's are: those it names · those its processes are seen on · all of the node's. */
export type GpuScope = 'named' | 'process' | 'node';

/** Of the event `window_start`, whose time is the window's start. */
export interface WindowStart {
  readonly id: string;
  /** The job is a command's process tree, which began with the window. */
  readonly tree: boolean;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly gpu_scope: GpuScope;
  /** UUIDs of the GPUs that are named; empty in the other scopes. */
  readonly gpus: readonly string[];
}

/** Of the event `window_gpus`: from its time on the job's processes are seen on these GPUs. */
export interface WindowGpus {
  readonly id: string;
  /** UUIDs. */
  readonly gpus: readonly string[];
}

/** How a window ended: it was told to · its lease ran out · its processes were gone. */
export type EndedBy = 'stop' | 'lease' | 'gone';

/** Of the event `window_stop`, whose time is the window's end, which no longer belongs to it. */
export interface WindowStop {
  readonly id: string;
  readonly gpu_scope: GpuScope;
  /**
   * UUIDs, empty in the scope `node`. Of the scope `process` they hold for the whole window, unless `window_gpus`
   * told them as they were seen.
   */
  readonly gpus: readonly string[];
  /** @default 'stop' */
  readonly ended_by?: EndedBy;
  /** What the job's owner said of its end. */
  readonly status?: string;
}

/** From a time on, a job has these GPUs. */
export interface SpanGpus {
  /** Monotonic nanoseconds. */
  readonly from__ns: bigint;
  readonly uuids: readonly string[];
}

/** One window of a job: rows of `start__ns ≤ t < stop__ns` are its own. */
export type JobSpan = {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Monotonic nanoseconds, as are all times here; may lie before the recording's own start. */
  readonly start__ns: bigint;
  /** Absent while the window is open, and where the recording was cut. */
  readonly stop__ns?: bigint;
  /** Present where `stop__ns` is. */
  readonly ended_by?: EndedBy;
  readonly status?: string;
} & (
  | { readonly gpu_scope: 'node'; readonly gpus: 'node' }
  /** In order of time, each in the place of the one before. */
  | { readonly gpu_scope: 'named' | 'process'; readonly gpus: readonly SpanGpus[] }
);

/** Time between readings, from a time on. */
export interface RecordedInterval {
  readonly from__ns: bigint;
  readonly interval__ns: number;
}

/** Windows from events as they come; `spansOf` is this over all of them. */
export class SpanFold {
  /** By number, in the order in which they began to be told. */
  private readonly all = new Map<number, JobSpan>();
  private begun = 0;
  /** Number of each window that is open. */
  private readonly open = new Map<string, number>();
  /** Of events that were foreseen: windows of all GPUs that begin, and of those that end with others what is told then. */
  private readonly begins = new Set<string>();
  private readonly ends = new Map<string, JsonRecord>();

  private told: readonly JobSpan[] = [];
  private isChanged = false;

  /** In the order in which they began to be told; another array after a change. */
  get spans(): readonly JobSpan[] {
    if (this.isChanged) this.told = [...this.all.values()];
    this.isChanged = false;
    return this.told;
  }

  /** An event that is not ours says nothing. */
  push({ kind, time__ns, data }: Pick<RecordedEvent, 'kind' | 'time__ns' | 'data'>): void {
    if (!isRecord(data)) return;
    if (kind === 'window_start') this.start(data, time__ns);
    else if (kind === 'window_gpus') this.change(data, (span) => seenOn(span, data, time__ns));
    else if (kind === 'window_stop') {
      const id = this.change(data, (span) => stoppedSpan(span, data, time__ns));
      if (id !== undefined) this.open.delete(id);
    }
  }

  /**
   * An event that is pushed later. Where a window's GPUs are learnt by its end, as `run` does, they hold for it from now
   * on, or from its start.
   */
  foresee({ kind, data }: Pick<RecordedEvent, 'kind' | 'data'>): void {
    if (!isRecord(data)) return;
    const id = stringOf(data['id']);
    if (id === undefined) return;
    if (kind === 'window_start' && scopeOf(data) === 'node') this.begins.add(id);
    if (kind !== 'window_stop') return;
    if (!this.begins.delete(id)) this.change(data, (span) => learntSpan(span, data));
    else if (scopeOf(data) !== 'node') this.ends.set(id, data);
  }

  /** Windows that ended before a time. */
  forget(before__ns: bigint): void {
    for (const [number, { stop__ns }] of this.all) {
      if (stop__ns === undefined || stop__ns >= before__ns) continue;
      this.all.delete(number);
      this.isChanged = true;
    }
  }

  private start(data: JsonRecord, time__ns: bigint): void {
    const span = startedSpan(data, time__ns);
    if (!span || this.open.has(span.id)) return;
    const end = this.ends.get(span.id);
    this.all.set(++this.begun, end ? learntSpan(span, end) : span);
    this.ends.delete(span.id);
    this.open.set(span.id, this.begun);
    this.isChanged = true;
  }

  private change(data: JsonRecord, changed: (span: JobSpan) => JobSpan): string | undefined {
    // Recordings of one job did not say whose stop it is.
    const id = stringOf(data['id']) ?? [...this.open.keys()].at(-1) ?? '';
    const number = this.open.get(id);
    const span = number === undefined ? undefined : this.all.get(number);
    if (number === undefined || !span) return undefined;
    this.all.set(number, changed(span));
    this.isChanged = true;
    return id;
  }
}

/** The windows in the order in which they began to be told. Events that are not ours say nothing. */
export function spansOf(events: readonly RecordedEvent[]): readonly JobSpan[] {
  const fold = new SpanFold();
  for (const event of events) fold.push(event);
  return fold.spans;
}

/** How often was read, from when; the first holds for all rows before the second. */
export function intervalsOf(
  events: readonly RecordedEvent[],
  manifest: Pick<Manifest, 'clock' | 'interval__ns'>,
): readonly RecordedInterval[] {
  const intervals: RecordedInterval[] = [
    { from__ns: BigInt(manifest.clock.start__ns), interval__ns: manifest.interval__ns },
  ];
  for (const { kind, time__ns, data } of events) {
    if (kind !== 'interval' || !isRecord(data)) continue;
    const interval__ns = data['interval__ns'];
    if (typeof interval__ns === 'number') intervals.push({ from__ns: time__ns, interval__ns });
  }
  return intervals;
}

function startedSpan(data: JsonRecord, start__ns: bigint): JobSpan | undefined {
  const id = stringOf(data['id']);
  if (id === undefined) return undefined;
  const common = { id, name: stringOf(data['name']) ?? id, labels: labelsOf(data['labels']), start__ns };
  const scope = scopeOf(data);
  if (scope === 'node') return { ...common, gpu_scope: scope, gpus: 'node' };
  const gpus = scope === 'named' ? [{ from__ns: start__ns, uuids: stringsOf(data['gpus']) }] : [];
  return { ...common, gpu_scope: scope, gpus };
}

function seenOn(span: JobSpan, data: JsonRecord, from__ns: bigint): JobSpan {
  if (span.gpu_scope !== 'process') return span;
  return { ...span, gpus: [...span.gpus, { from__ns, uuids: stringsOf(data['gpus']) }] };
}

function stoppedSpan(span: JobSpan, data: JsonRecord, stop__ns: bigint): JobSpan {
  const status = stringOf(data['status']);
  const ended = {
    stop__ns,
    ended_by: endedBy(data['ended_by']),
    ...(status === undefined ? {} : { status }),
  };
  const scope = 'gpu_scope' in data ? scopeOf(data) : span.gpu_scope;
  if (scope === 'node') return { ...span, ...ended, gpu_scope: scope, gpus: 'node' };
  if (span.gpus !== 'node' && span.gpus.length > 0) return { ...span, ...ended };
  return { ...span, ...ended, gpu_scope: scope, gpus: wholeGpus(span, data) };
}

/** As long as its end was not told: the GPUs that will be told with it. */
function learntSpan(span: JobSpan, data: JsonRecord): JobSpan {
  const scope = scopeOf(data);
  if (scope === 'node' || span.gpus !== 'node') return span;
  return { ...span, gpu_scope: scope, gpus: wholeGpus(span, data) };
}

function wholeGpus({ start__ns }: JobSpan, data: JsonRecord): readonly SpanGpus[] {
  return [{ from__ns: start__ns, uuids: stringsOf(data['gpus']) }];
}

type JsonRecord = { readonly [key: string]: Json };

function isRecord(data: Json | undefined): data is JsonRecord {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function stringOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function stringsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function labelsOf(value: Json | undefined): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (typeof one === 'string' ? [[key, one]] : [])),
  );
}

/** Recordings that don't say it measured all of the node's. */
function scopeOf({ gpu_scope }: JsonRecord): GpuScope {
  return gpu_scope === 'named' || gpu_scope === 'process' ? gpu_scope : 'node';
}

function endedBy(value: Json | undefined): EndedBy {
  return value === 'lease' || value === 'gone' ? value : 'stop';
}
