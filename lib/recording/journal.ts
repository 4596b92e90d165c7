// The journal: rows that are in no segment yet, as they came. One small write a second makes them survive
// nvpulse's death, where a compressed chunk a second for every table would cost ten times the CPU.
// An entry: length and CRC-32 of the rest, length of the head, head as JSON, then the columns as they are in
// memory (little-endian): per table time, values, instance, status.
import { crc32 } from 'node:zlib';
import type { Entity } from '../catalog';
import { columnsOf, type Batch } from '../sampling/batch';
import type { Chunk } from './chunk';

export const JOURNAL = 'journal.bin';

interface Head {
  readonly flush: number;
  readonly droppedRows: number;
  readonly tables: readonly (readonly [Entity, number])[];
}

export interface JournalEntry {
  readonly flush: number;
  readonly droppedRows: number;
  readonly chunks: readonly Chunk[];
  /** Where it ends, in bytes. */
  readonly end: number;
}

const PREFIX__B = 12;

/** `flush`: number of the flush that will bring the batch into segments. */
export function encodeEntry(batch: Batch, flush: number): Buffer {
  const head: Head = {
    flush,
    droppedRows: batch.droppedRows,
    tables: batch.tables.map(({ entity, length }) => [entity, length]),
  };
  const text = Buffer.from(JSON.stringify(head));
  const columns = batch.tables.flatMap((table) => {
    const { time, values, instance, status } = columnsOf(table);
    return [time, values, instance, status];
  });
  const size = columns.reduce((sum, { byteLength }) => sum + byteLength, PREFIX__B + text.length);
  const entry = Buffer.allocUnsafe(size);
  entry.writeUInt32LE(size, 0);
  entry.writeUInt32LE(text.length, 8);
  entry.set(text, PREFIX__B);
  let at = PREFIX__B + text.length;
  for (const { buffer, byteOffset, byteLength } of columns) {
    entry.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  entry.writeUInt32LE(crc32(entry.subarray(8)), 4);
  return entry;
}

/** Whole entries from the front; ends at the first that is cut or damaged. */
export function* decodeEntries(
  journal: Buffer,
  namesOf: (entity: Entity) => readonly string[],
): Generator<JournalEntry> {
  let at = 0;
  while (at + PREFIX__B <= journal.length) {
    const entry = journal.subarray(at, at + journal.readUInt32LE(at));
    if (entry.length < PREFIX__B || entry.length < journal.readUInt32LE(at)) return;
    if (crc32(entry.subarray(8)) !== entry.readUInt32LE(4)) return;
    at += entry.length;
    yield { ...decodeEntry(entry, namesOf), end: at };
  }
}

function decodeEntry(
  entry: Buffer,
  namesOf: (entity: Entity) => readonly string[],
): Omit<JournalEntry, 'end'> {
  let at = PREFIX__B + entry.readUInt32LE(8);
  const head = JSON.parse(entry.toString('utf8', PREFIX__B, at)) as Head;
  const take = (bytes: number): ArrayBuffer => {
    const copy = new Uint8Array(entry.subarray(at, at + bytes)).buffer;
    at += bytes;
    return copy;
  };
  const chunks = head.tables.map(([entity, rows]): Chunk => {
    const names = namesOf(entity);
    return {
      entity,
      flush: head.flush,
      names,
      time: new BigInt64Array(take(8 * rows)),
      values: new Float64Array(take(8 * rows * names.length)),
      instance: new Uint32Array(take(4 * rows)),
      status: new Uint16Array(take(2 * rows * names.length)),
    };
  });
  return { flush: head.flush, droppedRows: head.droppedRows, chunks };
}
