// Lines of events.ndjson: what happened beside the values, and the instances that rows point to.
import type { Instance } from '../catalog';
import type { SamplerEvent } from '../sampling/batch';
import { formatUtc } from '../time';
import type { RecordingProblem } from './segment-reader';

export const EVENTS = 'events.ndjson';

export type EventKind =
  | SamplerEvent['kind']
  | 'start'
  | 'stop'
  | 'mark'
  | 'window_start'
  | 'window_gpus'
  | 'window_stop'
  | 'lease_expired'
  | 'interval'
  | 'clock_jump'
  | 'rows_dropped'
  | 'rows_lost'
  | 'events_lost';

/** Values that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface RecordedEvent {
  /** UTC, ISO 8601 with nine decimals. */
  readonly time: string;
  /** Monotonic nanoseconds. */
  readonly time__ns: bigint;
  readonly kind: EventKind;
  /** Number of the flush that it belongs to; see `Chunk`. */
  readonly flush: number;
  /** Of the device it is about, where it is about one. */
  readonly instance: number | null;
  readonly text: string;
  /** What the writer's caller added. */
  readonly data: Json;
}

export interface EventFields {
  /** Monotonic nanoseconds. @default now */
  readonly time__ns?: bigint;
  readonly instance?: number | null;
  readonly text?: string;
  readonly data?: Json;
}

export function formatEvent(
  kind: EventKind,
  { time__ns = process.hrtime.bigint(), instance = null, text = '', data = null }: EventFields,
  utcOffset__ns: bigint,
  flush: number,
): string {
  const time = formatUtc(time__ns + utcOffset__ns);
  return `${JSON.stringify({ time, time__ns: String(time__ns), kind, flush, instance, text, data })}\n`;
}

export function formatInstance({ id, entity, identity }: Instance, flush: number): string {
  return `${JSON.stringify({ kind: 'instance', id, entity, identity, flush })}\n`;
}

/**
 * An instance that no row was about for more flushes than this is told again before its next row, so that nobody has
 * to keep in mind all that ever were: processes come and go.
 */
export const TOLD_FOR__FLUSHES = 8;

/** A line that is none: its number, from 1. */
export interface BadLine {
  readonly badLine: number;
}

export interface EventLog {
  /** In their order; a last line without an end is none, it was cut. */
  readonly entries: readonly (RecordedEvent | BadLine)[];
  readonly instances: ReadonlyMap<number, Instance>;
  /** By instance: the flush it was told with last; Infinity where it is told once and for all, as 0.1 did. */
  readonly told: ReadonlyMap<number, number>;
  readonly lineNum: number;
}

type Line =
  | (Omit<RecordedEvent, 'time__ns'> & { readonly time__ns: string })
  | ({ readonly kind: 'instance'; readonly flush?: number } & Instance);

/** @param before lines before these */
export function parseEvents(log: string, before = 0): EventLog {
  const entries: (RecordedEvent | BadLine)[] = [];
  const instances = new Map<number, Instance>();
  const told = new Map<number, number>();
  const lines = log.split('\n').slice(0, -1);
  lines.forEach((text, index) => {
    try {
      const line = JSON.parse(text) as Line;
      if (line.kind === 'instance') {
        const { kind: _, flush = Infinity, ...instance } = line;
        instances.set(instance.id, instance);
        told.set(instance.id, flush);
      } else entries.push({ ...line, time__ns: BigInt(line.time__ns) });
    } catch {
      entries.push({ badLine: before + index + 1 });
    }
  });
  return { entries, instances, told, lineNum: lines.length };
}

export function eventsIn(entries: EventLog['entries']): readonly RecordedEvent[] {
  return entries.filter((entry): entry is RecordedEvent => !('badLine' in entry));
}

/** What is said of the lines that are none. */
export function problemsIn(entries: EventLog['entries']): readonly RecordingProblem[] {
  return entries.flatMap((entry) =>
    'badLine' in entry ? [{ segment: EVENTS, reason: `line ${entry.badLine} is not JSON` }] : [],
  );
}
