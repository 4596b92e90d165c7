// Parts of batches, and batches of another clock: views, nothing is copied but times and instance numbers.
import type { Instance } from '../catalog';
import type { FoldInput } from '../jobs/fold';
import { newestOf, type Table } from '../sampling/batch';

/** First row of a table at `time__ns` or later. */
function lowerBound(time: BigInt64Array, time__ns: bigint): number {
  let [from, to] = [0, time.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((time[middle] ?? 0n) < time__ns) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Rows `[from, to)` of a table. */
function rowsOf(table: Table, from: number, to: number): Table {
  if (from === 0 && to === table.length) return table;
  return {
    entity: table.entity,
    length: to - from,
    time: table.time.subarray(from, to),
    instance: table.instance.subarray(from, to),
    values: (metric) => table.values(metric).subarray(from, to),
    status: (metric) => table.status(metric).subarray(from, to),
  };
}

function tablesOf(
  { tables, instances, droppedRows }: FoldInput,
  range: (time: BigInt64Array) => readonly [from: number, to: number],
): FoldInput {
  const parts = tables.map((table) => rowsOf(table, ...range(table.time)));
  return { tables: parts.filter(({ length }) => length > 0), instances, droppedRows };
}

/** The rows of `time__ns` or later. */
export function sliceFrom(batch: FoldInput, time__ns: bigint): FoldInput {
  return tablesOf(batch, (time) => [lowerBound(time, time__ns), time.length]);
}

/** The rows before `time__ns`. */
export function sliceBefore(batch: FoldInput, time__ns: bigint): FoldInput {
  return tablesOf(batch, (time) => [0, lowerBound(time, time__ns)]);
}

/** Of each table the rows within `span__ns` of its last, but none before `time__ns`. */
export function sliceLast(batch: FoldInput, span__ns: bigint, time__ns: bigint): FoldInput {
  const from = (time: BigInt64Array): bigint => {
    const last = (time.at(-1) ?? 0n) - span__ns;
    return last > time__ns ? last : time__ns;
  };
  return tablesOf({ ...batch, droppedRows: 0 }, (time) => [lowerBound(time, from(time)), time.length]);
}

/** What an instance is, whichever recording it stands in. */
function identityKey({ entity, identity }: Instance): string {
  // A GPU is the same under another driver, and at another index.
  return JSON.stringify(
    entity === 'gpu' ? [entity, identity.uuid] : [entity, Object.entries(identity).sort()],
  );
}

/** Processes without a row for so long have ended, in nanoseconds. */
const ENDED__NS = 600_000_000_000n;
/** Instances that are known before those that ended are first forgotten. */
const KNOWN = 1024;

interface Numbered {
  readonly instance: Instance;
  /** Newest row of the latest batch that has it. */
  seen__ns: bigint;
}

/** Brings batches of several recordings onto one clock, with one number for each instance. */
export class OneClock {
  private readonly known = new Map<string, Numbered>();
  private last = 0;
  private limit = KNOWN;

  /** @param utcOffset__ns UTC − the clock that times are brought to */
  constructor(private readonly utcOffset__ns: bigint) {}

  /** The same rows by this clock. @param utcOffset__ns UTC − the batch's own clock */
  bring(batch: FoldInput, utcOffset__ns: bigint): FoldInput {
    const shift__ns = utcOffset__ns - this.utcOffset__ns;
    const newest__ns = newestOf(batch) + shift__ns;
    const numbered = new Map(
      [...batch.instances.values()].map((one) => [one.id, this.numbered(one, newest__ns)] as const),
    );
    this.forget(newest__ns);
    const tables = batch.tables.map((table): Table => ({
      entity: table.entity,
      length: table.length,
      time: shift__ns === 0n ? table.time : table.time.map((time__ns) => time__ns + shift__ns),
      instance: table.instance.map((id) => numbered.get(id)?.id ?? 0),
      values: (metric) => table.values(metric),
      status: (metric) => table.status(metric),
    }));
    const instances = new Map([...numbered.values()].map((one) => [one.id, one] as const));
    return { tables, instances, droppedRows: batch.droppedRows };
  }

  /** Instances that are known. */
  get size(): number {
    return this.known.size;
  }

  private numbered(instance: Instance, seen__ns: bigint): Instance {
    const key = identityKey(instance);
    const known = this.known.get(key);
    if (known) {
      known.seen__ns = seen__ns;
      return known.instance;
    }
    const made = { ...instance, id: ++this.last };
    this.known.set(key, { instance: made, seen__ns });
    return made;
  }

  /** Processes come and go; all else is few. */
  private forget(newest__ns: bigint): void {
    if (this.known.size < this.limit) return;
    for (const [key, { instance, seen__ns }] of this.known) {
      const passes = instance.entity === 'process' || instance.entity === 'gpu_process';
      if (passes && newest__ns - seen__ns > ENDED__NS) this.known.delete(key);
    }
    this.limit = Math.max(KNOWN, 2 * this.known.size);
  }
}
