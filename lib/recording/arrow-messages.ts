// Messages of an Arrow IPC stream: schema, dictionary, record batch. Written by hand since apache-arrow's
// writer takes 3 ms of CPU for what nvpulse writes each second, and 17 ms to load; its reader is used for
// reading. https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
import { bool, encode, int16, int32, int64, int8, list, pairs, table, text, type Child } from './flatbuffer';

/** Types of columns: UTC nanoseconds, integers, doubles, and strings as int32 indices of a dictionary. */
export type ColumnType = 'time' | 'int32' | 'uint32' | 'float64' | 'string';

export interface ColumnField {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

const VERSION_5 = 4;
const HEADER = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;
const NANOSECOND = 3;
const DOUBLE = 2;

const signed32 = table(int32(32), bool(true));
/** Number of the type in the format's union, and its table. */
const TYPES: Readonly<Record<ColumnType, readonly [number, Child]>> = {
  time: [10, table(int16(NANOSECOND), text('UTC'))],
  int32: [2, signed32],
  uint32: [2, table(int32(32), bool(false))],
  float64: [3, table(int16(DOUBLE))],
  string: [5, table()],
};

/** The end of a stream. */
export const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** The first message of a stream. The dictionary of a string column has the column's position as its id. */
export function schemaMessage(
  fields: readonly ColumnField[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const columns = fields.map(({ name, type, nullable, metadata: own }, position) => {
    const [number, parameters] = TYPES[type];
    const dictionary = type === 'string' ? table(int64(position), signed32) : null;
    return table(text(name), bool(nullable), int8(number), parameters, dictionary, list([]), keyValues(own));
  });
  return message(HEADER.schema, table(int16(0), list(columns), keyValues(metadata)), 0, {});
}

/** Bodies are made one after another, and copied: this memory serves all that are not large. */
let scratch = new ArrayBuffer(64 * 1024);
const SCRATCH_MAX__B = 2 ** 20;

function bodyMemory(capacity: number): ArrayBuffer {
  if (capacity <= scratch.byteLength) return scratch;
  const memory = new ArrayBuffer(capacity);
  if (capacity <= SCRATCH_MAX__B) scratch = memory;
  return memory;
}

/**
 * Body of a message under construction: buffers at multiples of eight, their places, and the columns' nulls.
 * Made, filled and turned into a message before the next one is begun.
 */
export class Body {
  /** Where buffers lie; not zeroed: every byte of a buffer is to be written. */
  readonly memory: ArrayBuffer;
  private readonly regions: number[] = [];
  private readonly nodes: number[] = [];
  private length = 0;

  /** @param capacity at least the sum of all buffers, each rounded up to eight */
  constructor(
    private readonly rows: number,
    capacity: number,
  ) {
    this.memory = bodyMemory(capacity);
  }

  /** A column's node; its buffers, validity first, follow. */
  column(nulls: number): void {
    this.nodes.push(this.rows, nulls);
  }

  /** A buffer of `size` bytes; 0 for one that is left out. Returns where it lies in `memory`. */
  buffer(size: number): number {
    const at = this.length;
    this.regions.push(at, size);
    this.length += Math.ceil(size / 8) * 8;
    if (size % 8 > 0) new Uint8Array(this.memory, at + size, this.length - at - size).fill(0);
    return at;
  }

  recordBatch(metadata: Readonly<Record<string, string>>): Buffer[] {
    return [message(HEADER.recordBatch, this.header(), this.length, metadata), this.content()];
  }

  dictionaryBatch(id: number): Buffer[] {
    return [
      message(HEADER.dictionaryBatch, table(int64(id), this.header(), bool(false)), this.length, {}),
      this.content(),
    ];
  }

  private header(): Child {
    return table(int64(this.rows), pairs(this.nodes), pairs(this.regions));
  }

  private content(): Buffer {
    return Buffer.from(new Uint8Array(this.memory, 0, this.length));
  }
}

/** A dictionary of strings; a later one of the same id replaces it. */
export function dictionaryMessage(id: number, values: readonly string[]): Buffer[] {
  const encoded = values.map((value) => Buffer.from(value));
  const size = encoded.reduce((sum, { length }) => sum + length, 0);
  const body = new Body(values.length, 4 * (values.length + 1) + size + 16);
  body.column(0);
  body.buffer(0);
  const offsets = new Int32Array(body.memory, body.buffer(4 * (values.length + 1)), values.length + 1);
  const start = body.buffer(size);
  const bytes = new Uint8Array(body.memory);
  offsets[0] = 0;
  let end = 0;
  encoded.forEach((value, index) => {
    bytes.set(value, start + end);
    end += value.length;
    offsets[index + 1] = end;
  });
  return body.dictionaryBatch(id);
}

function message(
  type: number,
  header: Child,
  bodyLength: number,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const flat = encode(table(int16(VERSION_5), int8(type), header, int64(bodyLength), keyValues(metadata)));
  const prefix = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  prefix.writeInt32LE(flat.length, 4);
  return Buffer.concat([prefix, flat]);
}

function keyValues(metadata: Readonly<Record<string, string>>): Child {
  return list(Object.entries(metadata).map(([key, value]) => table(text(key), text(value))));
}
