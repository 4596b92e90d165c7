// Rows of one table as a recording holds them: with the recording's own columns, whatever today's catalog says.
import { STATUS, type Entity } from '../catalog';
import type { TableColumns } from '../sampling/batch';
import { metricNames } from './columns';

export interface Chunk {
  readonly entity: Entity;
  /** Chunks of several tables with one number were written together. */
  readonly flush: number;
  /** Metrics, in the order of the columns of `values` and `status`. */
  readonly names: readonly string[];
  /** Monotonic nanoseconds. */
  readonly time: BigInt64Array;
  readonly instance: Uint32Array;
  readonly values: Float64Array;
  readonly status: Uint16Array;
}

/** The chunk with the catalog's columns; those that the recording lacks are unsupported. */
export function toCatalog(chunk: Chunk): TableColumns {
  const wanted = metricNames(chunk.entity);
  if (wanted.length === chunk.names.length && wanted.every((name, at) => name === chunk.names[at]))
    return chunk;
  const rows = chunk.time.length;
  const values = new Float64Array(rows * wanted.length).fill(NaN);
  const status = new Uint16Array(rows * wanted.length).fill(STATUS.unsupported);
  wanted.forEach((name, to) => {
    const from = chunk.names.indexOf(name);
    if (from < 0) return;
    values.set(chunk.values.subarray(from * rows, (from + 1) * rows), to * rows);
    status.set(chunk.status.subarray(from * rows, (from + 1) * rows), to * rows);
  });
  return { ...chunk, values, status };
}

/** Its rows `from` ≤ row < `to`. */
export function sliceChunk(chunk: Chunk, from: number, to: number): Chunk {
  const rows = chunk.time.length;
  if (from === 0 && to === rows) return chunk;
  const columns = chunk.names.map((_, at) => [at * rows + from, at * rows + to] as const);
  const values = new Float64Array((to - from) * columns.length);
  const status = new Uint16Array(values.length);
  columns.forEach((range, at) => {
    values.set(chunk.values.subarray(...range), at * (to - from));
    status.set(chunk.status.subarray(...range), at * (to - from));
  });
  const { time, instance } = chunk;
  return { ...chunk, time: time.slice(from, to), instance: instance.slice(from, to), values, status };
}

/** Chunks of one table, one after another, as one. */
export function joinChunks(chunks: readonly [Chunk, ...Chunk[]]): Chunk {
  const [first] = chunks;
  if (chunks.length === 1) return first;
  const rows = chunks.reduce((sum, { time }) => sum + time.length, 0);
  const joined: Chunk = {
    ...first,
    time: new BigInt64Array(rows),
    instance: new Uint32Array(rows),
    values: new Float64Array(rows * first.names.length),
    status: new Uint16Array(rows * first.names.length),
  };
  let at = 0;
  for (const { time, instance, values, status } of chunks) {
    const { length } = time;
    joined.time.set(time, at);
    joined.instance.set(instance, at);
    for (let column = 0; column < first.names.length; column++) {
      const slice = [column * length, (column + 1) * length] as const;
      joined.values.set(values.subarray(...slice), column * rows + at);
      joined.status.set(status.subarray(...slice), column * rows + at);
    }
    at += length;
  }
  return joined;
}
