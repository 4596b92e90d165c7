// What a recording's window events say of a job: with its manifest, all that a summary tells beside what the
// rows do. `run` and `report` make their summaries of the same. Pure.
import type { NativeStats } from '../native/addon';
import type { Json } from '../recording/events';
import type { WindowStart, WindowStop } from '../recording/windows';
import type { FinalUsage, SummaryMeta } from './summary';
import type { HostInfo, JobSummary } from './summary-types';
import type { LivingProcess } from './supervisor-lines';

/** What a summary takes from the event `window_start`. */
export type JobStart = Pick<WindowStart, 'id' | 'tree'>;

/** How a job ended. */
export interface JobEnd {
  /** Both null where it is no command. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Of a command. */
  readonly usage: FinalUsage | null;
  /** Descendants of the command that live on. */
  readonly left: readonly LivingProcess[];
}

/** Of the event `window_stop`, whose time is the end of the job's window. */
export interface JobStop extends JobEnd {
  readonly gpu: JobSummary['gpu'];
  /** The sampler as it was at the end. */
  readonly sampler: { readonly elapsed__s: number; readonly stats: NativeStats };
}

/** What a recording's manifest has too. */
export interface JobSetting {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly simulated: boolean;
  readonly host: HostInfo;
  readonly interval__ns: number;
}

/** No command: nothing ended but the time. */
export const NO_COMMAND: JobEnd = { exitCode: null, signal: null, usage: null, left: [] };

/** What the summary tells beside what the rows do. */
export function metaOf(
  { name, labels, simulated, host, interval__ns }: JobSetting,
  {
    id,
    utcOffset__ns,
    complete,
  }: { readonly id: string; readonly utcOffset__ns: bigint; readonly complete: boolean },
  { exitCode, signal, usage, gpu, sampler }: JobStop,
): SummaryMeta {
  return {
    simulated,
    complete,
    job: { id, name, labels, exitCode, signal },
    host,
    gpu,
    sampler: { interval__ns, ...sampler },
    utcOffset__ns,
    ...(usage ? { finalUsage: usage } : {}),
  };
}

/** What a reader of a summary should know about GPUs: those lost, stalled or never opened. */
export function troublesIn(
  events: readonly { readonly kind: string; readonly text: string }[],
): readonly string[] {
  return events.flatMap(({ kind, text }) =>
    kind === 'device_lost' || kind === 'device_stalled' ? [text] : [],
  );
}

/** The event's data. */
export function toJson(data: WindowStart | (WindowStop & JobStop)): Json {
  return JSON.parse(JSON.stringify(data)) as Json;
}

/** Undefined where the event is not one of ours. */
export function parseStart(data: Json): JobStart | undefined {
  return has(data, 'id', 'tree') ? (data as Json & JobStart) : undefined;
}

/** Undefined where the event is not one of ours, and for a server's jobs, which have no sampler of their own. */
export function parseStop(data: Json): JobStop | undefined {
  if (!has(data, 'usage', 'left', 'gpu', 'sampler')) return undefined;
  const { gpu, sampler } = data as { readonly gpu: Json; readonly sampler: Json };
  return gpu === null || sampler === null ? undefined : (data as Json & JobStop);
}

function has(data: Json, ...keys: readonly string[]): boolean {
  return typeof data === 'object' && data !== null && keys.every((key) => key in data);
}
