// Arrow to rows: chunks of one table's stream as columns again.
import type { Entity } from '../catalog';
import { arrow, type RecordBatch } from './arrow';
import type { Chunk } from './chunk';
import { parseStatus } from './columns';
import { addOffset } from './int64';

/** A chunk from its messages; `schema` are the messages before, which every chunk of a segment shares. */
export function decodeChunk(entity: Entity, schema: Buffer, messages: Buffer, utcOffset__ns: bigint): Chunk {
  const reader = arrow().RecordBatchReader.from(Buffer.concat([schema, messages]));
  for (const batch of reader) if (batch.numRows > 0) return toChunk(entity, batch, utcOffset__ns);
  throw new Error('no rows');
}

function toChunk(entity: Entity, batch: RecordBatch, utcOffset__ns: bigint): Chunk {
  const rows = batch.numRows;
  // Metrics are the columns of doubles.
  const names = batch.schema.fields.filter(({ metadata }) => metadata.has('kind')).map(({ name }) => name);
  const time = new BigInt64Array(rows);
  addOffset(rawColumn(batch, 'time', BigInt64Array), -utcOffset__ns, time);
  const values = new Float64Array(rows * names.length);
  names.forEach((name, column) => values.set(rawColumn(batch, name, Float64Array), column * rows));
  return {
    entity,
    flush: Number(batch.metadata.get('flush')),
    names,
    time,
    instance: rawColumn(batch, 'instance', Uint32Array).slice(),
    values,
    status: statuses(batch, names),
  };
}

/** The memory of a column as it is, also where its validity says that there is no value. */
function rawColumn<T>(batch: RecordBatch, name: string, type: new () => T): T {
  const raw: unknown = batch.getChild(name)?.data[0]?.values;
  if (!(raw instanceof type)) throw new Error(`column ${name} is not a ${type.name}`);
  return raw;
}

function statuses(batch: RecordBatch, names: readonly string[]): Uint16Array {
  const rows = batch.numRows;
  const status = new Uint16Array(rows * names.length);
  const column = batch.getChild('status');
  const index = rawColumn(batch, 'status', Int32Array);
  const gaps = new Map<number, readonly (readonly [number, number])[]>();
  for (let row = 0; row < rows; row++) {
    if (!column?.isValid(row)) continue;
    const key = index[row] ?? 0;
    let entries = gaps.get(key);
    if (!entries) {
      const text: unknown = column.get(row);
      entries = parseStatus(String(text)).map(([name, value]) => [names.indexOf(name), value] as const);
      gaps.set(key, entries);
    }
    for (const [metric, value] of entries) status[metric * rows + row] = value;
  }
  return status;
}
