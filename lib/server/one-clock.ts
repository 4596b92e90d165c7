// Batches of another clock, brought onto one: nothing is copied but times and instance numbers.
import type { Instance } from '../catalog';
import type { FoldInput } from '../jobs/fold-subjects';
import { newestOf, type Table } from '../sampling/batch';

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
