// A batch: what one drain of the ring hands to JavaScript. Columns, immutable, owned by the caller.
import { formatUtc } from '../time';
import {
  ENTITIES,
  metricsOf,
  type Entity,
  type Identities,
  type Instance,
  type MetricName,
} from '../catalog';
import { NvpulseError } from '../errors';

/**
 * Rows of one entity. All columns have `length` elements, rows in order of time.
 * A value is NaN where its status is not 0; see `describeStatus`.
 */
export interface Table {
  readonly entity: Entity;
  readonly length: number;
  /** Monotonic nanoseconds (CLOCK_MONOTONIC); add the batch's `utcOffset__ns` for UTC. */
  readonly time: BigInt64Array;
  /** `Instance.id` of what each row is about. */
  readonly instance: Uint32Array;
  /** Both throw `ERR_OPTION` where the entity has no such metric. */
  values(metric: MetricName): Float64Array;
  status(metric: MetricName): Uint16Array;
}

/** What happened beside the values. */
export interface SamplerEvent {
  /** Monotonic nanoseconds. */
  readonly time__ns: bigint;
  readonly kind:
    | 'device_lost'
    | 'device_recovered'
    | 'device_stalled'
    | 'counter_reset'
    | 'implausible_reading'
    | 'gpu_state';
  /** Of the device it is about, where it is about one. */
  readonly instance: number | null;
  readonly text: string;
}

/** A typed row: identity, time, and the metrics that have a value. */
export type Row<E extends Entity> = Readonly<Identities[E]> & {
  readonly entity: E;
  /** UTC, ISO 8601 with nine decimals. */
  readonly time: string;
} & { readonly [M in MetricName<E>]?: number };

/** Tables of all entities that had rows since the batch before. */
export interface Batch {
  readonly tables: readonly Table[];
  /**
   * What this batch's rows and events are about, and what is new: never all that ever were. An instance doesn't change;
   * a process that executes another program goes on as another instance of the same `pid`.
   */
  readonly instances: ReadonlyMap<number, Instance>;
  readonly events: readonly SamplerEvent[];
  /** UTC = monotonic + offset, in nanoseconds. The offset of a sampler is fixed at its start. */
  readonly utcOffset__ns: bigint;
  /** Rows lost before this batch: overwritten in the ring, or dropped from this reader's queue. */
  readonly droppedRows: number;
  table(entity: Entity): Table | undefined;
  /** Typed rows of an entity; missing values are absent. For convenience: columns are faster. */
  rows<E extends Entity>(entity: E): Generator<Row<E>>;
}

/** Time of a batch's newest row, in monotonic nanoseconds; 0 where it has none. */
export function newestOf({ tables }: Pick<Batch, 'tables'>): bigint {
  return tables.reduce((newest, { time }) => {
    const last = time.at(-1) ?? 0n;
    return last > newest ? last : newest;
  }, 0n);
}

/** The raw columns of one table: `values` and `status` are column-major, metrics in the catalog's order. */
export interface TableColumns {
  readonly entity: Entity;
  readonly time: BigInt64Array;
  readonly instance: Uint32Array;
  readonly values: Float64Array;
  readonly status: Uint16Array;
}

export interface BatchParts {
  readonly tables: readonly TableColumns[];
  readonly instances: ReadonlyMap<number, Instance>;
  readonly events: readonly SamplerEvent[];
  readonly utcOffset__ns: bigint;
  readonly droppedRows: number;
}

/** Of the instances that are known, those that rows and events are about. */
export function instancesOf(
  tables: readonly Pick<TableColumns, 'instance'>[],
  events: readonly Pick<SamplerEvent, 'instance'>[],
  known: ReadonlyMap<number, Instance>,
): Map<number, Instance> {
  const used = new Map<number, Instance>();
  const use = (id: number): void => {
    const instance = used.has(id) ? undefined : known.get(id);
    if (instance) used.set(id, instance);
  };
  for (const { instance } of tables) for (let row = 0; row < instance.length; row++) use(instance[row] ?? 0);
  for (const { instance } of events) if (instance !== null) use(instance);
  return used;
}

/** Positions of an entity's metrics among its columns. */
const COLUMN_OF: ReadonlyMap<Entity, ReadonlyMap<string, number>> = new Map(
  ENTITIES.map((entity) => [entity, new Map(metricsOf(entity).map((metric, index) => [metric.name, index]))]),
);

class ColumnTable implements Table {
  readonly length: number;
  readonly time: BigInt64Array;
  readonly instance: Uint32Array;

  constructor(
    readonly entity: Entity,
    readonly columns: TableColumns,
  ) {
    this.length = columns.time.length;
    this.time = columns.time;
    this.instance = columns.instance;
  }

  values(metric: MetricName): Float64Array {
    const start = this.columnStart(metric);
    return this.columns.values.subarray(start, start + this.length);
  }

  status(metric: MetricName): Uint16Array {
    const start = this.columnStart(metric);
    return this.columns.status.subarray(start, start + this.length);
  }

  private columnStart(metric: string): number {
    const column = COLUMN_OF.get(this.entity)?.get(metric);
    if (column === undefined) {
      const known = metricsOf(this.entity).map(({ name }) => name);
      throw new NvpulseError(
        'ERR_OPTION',
        `'${metric}' is no metric of ${this.entity}; it has ${known.join(', ')}`,
      );
    }
    return column * this.length;
  }
}

class ColumnBatch implements Batch {
  readonly tables: readonly Table[];
  readonly instances: ReadonlyMap<number, Instance>;
  readonly events: readonly SamplerEvent[];
  readonly utcOffset__ns: bigint;
  readonly droppedRows: number;

  constructor(parts: BatchParts) {
    this.tables = parts.tables.map((columns) => new ColumnTable(columns.entity, columns));
    this.instances = parts.instances;
    this.events = parts.events;
    this.utcOffset__ns = parts.utcOffset__ns;
    this.droppedRows = parts.droppedRows;
  }

  table(entity: Entity): Table | undefined {
    return this.tables.find((table) => table.entity === entity);
  }

  *rows<E extends Entity>(entity: E): Generator<Row<E>> {
    const table = this.table(entity);
    if (!table) return;
    const columns = metricsOf(entity).map(({ name }) => ({ name, values: table.values(name) }));
    for (let row = 0; row < table.length; row++) {
      const present = columns.flatMap(({ name, values }) => {
        const value = values[row];
        return value === undefined || Number.isNaN(value) ? [] : [[name, value] as const];
      });
      const identity = this.instances.get(table.instance[row] ?? -1)?.identity;
      const time = formatUtc((table.time[row] ?? 0n) + this.utcOffset__ns);
      yield { entity, time, ...identity, ...Object.fromEntries(present) } as Row<E>;
    }
  }
}

/** A batch over columns that the caller hands over and no longer changes. */
export function createBatch(parts: BatchParts): Batch {
  return new ColumnBatch(parts);
}

/** A table's columns as they lie in memory, for who goes through every metric. Those of a view are made. */
export function columnsOf(table: Table): TableColumns {
  if (table instanceof ColumnTable) return table.columns;
  const { entity, length, time, instance } = table;
  const names = metricsOf(entity).map(({ name }) => name);
  const values = new Float64Array(length * names.length);
  const status = new Uint16Array(length * names.length);
  names.forEach((name, column) => {
    values.set(table.values(name), column * length);
    status.set(table.status(name), column * length);
  });
  return { entity, time, instance, values, status };
}
