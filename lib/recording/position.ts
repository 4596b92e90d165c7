// How far a reader has come in a recording, as JSON.
import { ENTITIES, type Entity } from '../catalog';

/** Of one table: all rows before it have been handed out. */
export interface TablePosition {
  /** Number of the last flush of which rows were handed out; see `Chunk`. */
  readonly flush: number;
  /** How many of its rows. */
  readonly rows: number;
  /** Where what comes next is to be looked for: number of a segment, and byte offset of a chunk in it. */
  readonly segment: number;
  readonly offset: number;
}

/** Tables that are not in it have not been begun. */
export interface TailPosition {
  readonly tables: Readonly<Partial<Record<Entity, TablePosition>>>;
}

export const TABLE_START: TablePosition = { flush: 0, rows: 0, segment: 1, offset: 0 };
export const TAIL_START: TailPosition = { tables: {} };

/** A position from JSON; undefined where it is none. */
export function parsePosition(value: unknown): TailPosition | undefined {
  if (!isObject(value) || !isObject(value['tables'])) return undefined;
  const { tables } = value;
  const parsed: Partial<Record<Entity, TablePosition>> = {};
  for (const entity of ENTITIES) {
    const table = tables[entity];
    if (table === undefined) continue;
    const position = parseTable(table);
    if (!position) return undefined;
    parsed[entity] = position;
  }
  return { tables: parsed };
}

function parseTable(value: unknown): TablePosition | undefined {
  if (!isObject(value)) return undefined;
  const { flush, rows, segment, offset } = value;
  return isCount(flush) && isCount(rows) && isCount(segment) && isCount(offset)
    ? { flush, rows, segment, offset }
    : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Of JSON: an object, or an array. */
export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
