// Rows to Arrow: one self-contained chunk (dictionaries and a record batch) of one table.
import type { Entity, Instance, MetricName } from '../catalog';
import type { Table } from '../sampling/batch';
import { Body, dictionaryMessage, schemaMessage } from './arrow-messages';
import { columnsOf, keyColumns, metricNames } from './columns';
import { addOffset } from './int64';
import { statusVectors, type GapColumn } from './status-vectors';

export interface ChunkSource {
  readonly entity: Entity;
  /** Of that entity, in order of time. */
  readonly tables: readonly Table[];
  readonly instances: ReadonlyMap<number, Instance>;
  readonly utcOffset__ns: bigint;
  /** Number of the flush; chunks of several tables with the same number were written together. */
  readonly flush: number;
}

/** The stream's first message. */
export function encodeSchema(entity: Entity): Buffer {
  return schemaMessage(columnsOf(entity), { entity });
}

/** The messages of one chunk; its dictionaries replace those of the chunk before. */
export function encodeChunk(source: ChunkSource): Buffer[] {
  const { entity, tables } = source;
  const rows = tables.reduce((sum, { length }) => sum + length, 0);
  const columns = columnsOf(entity);
  const body = new Body(rows, (8 * rows + rows / 8 + 24) * columns.length);
  writeTime(body, source, rows);
  const ids = join(tables, rows);
  const dictionaries = writeKeys(body, source, ids);
  const gaps = metricNames(entity).flatMap((name) => writeMetric(body, tables, name, rows));
  startColumn(body);
  new Uint32Array(body.memory, body.buffer(4 * rows), rows).set(ids);
  const { index, texts } = statusVectors(rows, gaps);
  writeIndices(body, index);
  dictionaries.set(columns.length - 1, texts);
  // The body's memory serves the dictionaries' bodies next.
  const recordBatch = body.recordBatch({ flush: String(source.flush) });
  return [...[...dictionaries].flatMap(([id, values]) => dictionaryMessage(id, values)), ...recordBatch];
}

function join(tables: readonly Table[], rows: number): Uint32Array {
  const ids = new Uint32Array(rows);
  let at = 0;
  for (const { instance, length } of tables) {
    ids.set(instance, at);
    at += length;
  }
  return ids;
}

function writeTime(body: Body, { tables, utcOffset__ns }: ChunkSource, rows: number): void {
  startColumn(body);
  const start = body.buffer(8 * rows);
  let at = 0;
  for (const { time, length } of tables) {
    addOffset(time, utcOffset__ns, new BigInt64Array(body.memory, start + 8 * at, length));
    at += length;
  }
}

/** Key columns in their order; returns the dictionaries of those that are strings, by the column's position. */
function writeKeys(body: Body, source: ChunkSource, ids: Uint32Array): Map<number, readonly string[]> {
  const dictionaries = new Map<number, readonly string[]>();
  const { distinct, slots } = numberIds(ids);
  const identities = distinct.map((id) => new Map(Object.entries(source.instances.get(id)?.identity ?? {})));
  keyColumns(source.entity).forEach(({ name, type }, index) => {
    const values = identities.map((identity): unknown => identity.get(name));
    if (type === 'int32') writeCells(body, slots, values.map(toInteger));
    else {
      const { cells, strings } = numberStrings(values);
      writeCells(body, slots, cells);
      dictionaries.set(1 + index, strings);
    }
  });
  return dictionaries;
}

/** The ids that occur, and each row's position among them. */
function numberIds(ids: Uint32Array): { readonly distinct: readonly number[]; readonly slots: Int32Array } {
  const slotOf = new Map<number, number>();
  const slots = new Int32Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] ?? 0;
    let slot = slotOf.get(id);
    if (slot === undefined) slotOf.set(id, (slot = slotOf.size));
    slots[row] = slot;
  }
  return { distinct: [...slotOf.keys()], slots };
}

function toInteger(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function numberStrings(values: readonly unknown[]): {
  readonly cells: readonly (number | null)[];
  readonly strings: readonly string[];
} {
  const positions = new Map<string, number>();
  const cells = values.map((value) => {
    if (typeof value !== 'string') return null;
    const position = positions.get(value) ?? positions.size;
    positions.set(value, position);
    return position;
  });
  return { cells, strings: [...positions.keys()] };
}

/** An int32 column: each row has the cell of its slot. */
function writeCells(body: Body, slots: Int32Array, cells: readonly (number | null)[]): void {
  const rows = slots.length;
  const absent = Uint16Array.from(cells, (cell) => (cell === null ? 1 : 0));
  if (absent.includes(1))
    writeValidity(
      body,
      Uint16Array.from(slots, (slot) => absent[slot] ?? 0),
    );
  else startColumn(body);
  const bySlot = Int32Array.from(cells, (cell) => cell ?? 0);
  const values = new Int32Array(body.memory, body.buffer(4 * rows), rows);
  for (let row = 0; row < rows; row++) values[row] = bySlot[slots[row] ?? 0] ?? 0;
}

/** One metric's doubles; returns the column's statuses where some value is missing. */
function writeMetric(body: Body, tables: readonly Table[], name: MetricName, rows: number): GapColumn[] {
  const status = gapsOf(tables, name, rows);
  if (status) writeValidity(body, status);
  else startColumn(body);
  const values = new Float64Array(body.memory, body.buffer(8 * rows), rows);
  let at = 0;
  for (const table of tables) {
    values.set(table.values(name), at);
    at += table.length;
  }
  return status ? [{ name, status }] : [];
}

/** The column's statuses, or undefined where all are 0. */
function gapsOf(tables: readonly Table[], name: MetricName, rows: number): Uint16Array | undefined {
  if (tables.every((table) => isZero(table.status(name)))) return undefined;
  const status = new Uint16Array(rows);
  let at = 0;
  for (const table of tables) {
    status.set(table.status(name), at);
    at += table.length;
  }
  return status;
}

function isZero(values: Uint16Array): boolean {
  for (let at = 0; at < values.length; at++) if (values[at] !== 0) return false;
  return true;
}

/** An int32 column of dictionary indices; −1 is a missing one. */
function writeIndices(body: Body, index: Int32Array): void {
  const rows = index.length;
  if (index.includes(-1))
    writeValidity(
      body,
      Uint16Array.from(index, (position) => (position < 0 ? 1 : 0)),
    );
  else startColumn(body);
  const values = new Int32Array(body.memory, body.buffer(4 * rows), rows);
  for (let row = 0; row < rows; row++) values[row] = Math.max(0, index[row] ?? 0);
}

/** A column's node and its validity bitmap: a row is valid where its status is 0. */
function writeValidity(body: Body, status: Uint16Array): void {
  const bits = new Uint8Array(Math.ceil(status.length / 8));
  let valid = 0;
  for (let row = 0; row < status.length; row++) {
    if (status[row] !== 0) continue;
    bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
    valid++;
  }
  body.column(status.length - valid);
  new Uint8Array(body.memory, body.buffer(bits.length), bits.length).set(bits);
}

/** A column's node, and no bitmap: every row is valid. */
function startColumn(body: Body): void {
  body.column(0);
  body.buffer(0);
}
