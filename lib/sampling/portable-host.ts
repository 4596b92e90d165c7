// CPUs, memory, disks and file systems where there is no procfs: what node:os and systeminformation tell, once a second
// at most. What they do not tell has no value; nothing is guessed.
import { cpus, loadavg, platform } from 'node:os';
import {
  metricsOf,
  rangeOf,
  STATUS,
  type Entity,
  type Identities,
  type Instance,
  type MetricName,
} from '../catalog';
import type { TableColumns } from './batch';

type Values = Readonly<Partial<Record<MetricName, number>>>;

interface Reading {
  readonly entity: Entity;
  readonly identity: Readonly<Identities[Entity]>;
  readonly values: Values;
}

interface PortableRow {
  readonly instance: Instance;
  readonly time: bigint;
  /** By column. */
  readonly cells: readonly { readonly value: number; readonly status: number }[];
}

/** The addon numbers its instances from 1. */
const FIRST_INSTANCE = 2 ** 31;
const MIB = 2 ** 20;

export class PortableHost {
  private readonly known = new Map<string, Instance>();
  /** The reading before of each instance, for rates. */
  private readonly before = new Map<number, { readonly time: bigint; readonly values: Values }>();
  private rows: PortableRow[] = [];
  private reading: Promise<void> | undefined;

  /** @param now monotonic nanoseconds, the clock of all rows */
  constructor(
    private readonly now: () => bigint,
    private readonly hostName: string,
  ) {}

  /** Every instance that was read so far. */
  get instances(): readonly Instance[] {
    return [...this.known.values()];
  }

  /** Reads all of it; a reading that goes on is waited for, none is begun beside it. Never rejects. */
  read(): Promise<void> {
    this.reading ??= readings(this.hostName).then(
      (all) => {
        this.reading = undefined;
        const time = this.now();
        this.rows.push(...all.map((one) => this.rowOf(one, time)));
      },
      () => (this.reading = undefined),
    );
    return this.reading;
  }

  /** Tables of the rows since the last call. */
  take(): readonly TableColumns[] {
    const rows = this.rows;
    this.rows = [];
    const entities = new Set(rows.map(({ instance }) => instance.entity));
    return [...entities].map((entity) =>
      tableOf(
        entity,
        rows.filter(({ instance }) => instance.entity === entity),
      ),
    );
  }

  private rowOf({ entity, identity, values }: Reading, time: bigint): PortableRow {
    const instance = this.instanceOf(entity, identity);
    const before = this.before.get(instance.id);
    this.before.set(instance.id, { time, values });
    const cells = metricsOf(entity).map((metric) => {
      if (!('derive' in metric.source)) return cellOf(values[metric.name]);
      const { from, scale, perCore } = metric.source.derive;
      const max = rangeOf(metric)?.max;
      const [now, then] = [valueOf(values, from), before && valueOf(before.values, from)];
      if (now === undefined) return cellOf(undefined);
      if (!before || then === undefined || time <= before.time)
        return { value: NaN, status: STATUS.needsSecondReading };
      const rate = ((now - then) / (Number(time - before.time) / 1e9)) * scale;
      return cellOf(Math.min(perCore ? rate / cpus().length : rate, max ?? Infinity));
    });
    return { instance, time, cells };
  }

  private instanceOf(entity: Entity, identity: Reading['identity']): Instance {
    const key = JSON.stringify([entity, identity]);
    const known = this.known.get(key);
    if (known) return known;
    // A reading has the identity of its entity.
    const instance = { id: FIRST_INSTANCE + this.known.size, entity, identity } as Instance;
    this.known.set(key, instance);
    return instance;
  }
}

function valueOf(values: Values, name: string): number | undefined {
  return new Map(Object.entries(values)).get(name);
}

function cellOf(value: number | undefined): PortableRow['cells'][number] {
  return value === undefined || !Number.isFinite(value)
    ? { value: NaN, status: STATUS.unsupported }
    : { value, status: STATUS.ok };
}

function tableOf(entity: Entity, rows: readonly PortableRow[]): TableColumns {
  const columns = metricsOf(entity).map((_, column) =>
    rows.map(({ cells }) => cells[column] ?? cellOf(undefined)),
  );
  return {
    entity,
    time: BigInt64Array.from(rows, ({ time }) => time),
    instance: Uint32Array.from(rows, ({ instance }) => instance.id),
    values: Float64Array.from(columns.flat(), ({ value }) => value),
    status: Uint16Array.from(columns.flat(), ({ status }) => status),
  };
}

async function readings(hostName: string): Promise<readonly Reading[]> {
  const { mem, disksIO, fsStats, fsSize } =
    require('systeminformation') as typeof import('systeminformation');
  const [memory, requests, traffic, mounts] = await Promise.all([mem(), disksIO(), fsStats(), fsSize()]);
  return [host(hostName), memoryOf(memory), ...diskOf(requests, traffic), ...mounts.map(filesystemOf)];
}

function host(name: string): Reading {
  const times = cpus().map((cpu) => cpu.times);
  const seconds = (of: (time: (typeof times)[number]) => number): number | undefined =>
    times.length === 0 ? undefined : times.reduce((sum, time) => sum + of(time), 0) / 1000;
  const [load_1min] = loadavg();
  return {
    entity: 'host',
    identity: { name },
    values: present({
      cpu_busy__s: seconds(({ user, nice, sys, irq }) => user + nice + sys + irq),
      cpu_user__s: seconds(({ user, nice }) => user + nice),
      cpu_system__s: seconds(({ sys, irq }) => sys + irq),
      load_1min: platform() === 'win32' ? undefined : load_1min,
    }),
  };
}

type Memory = Awaited<ReturnType<typeof import('systeminformation').mem>>;
type Requests = Awaited<ReturnType<typeof import('systeminformation').disksIO>> | null;
type Traffic = Awaited<ReturnType<typeof import('systeminformation').fsStats>> | null;
type Mount = Awaited<ReturnType<typeof import('systeminformation').fsSize>>[number];

/** Linux tells what is available in procfs only: without it, free memory alone would be taken for it. */
function memoryOf({ total, available, swapused }: Memory): Reading {
  const told = platform() === 'linux' ? undefined : available;
  return {
    entity: 'memory',
    identity: {},
    values: present({
      memory_total__MiB: total / MIB,
      memory_available__MiB: told === undefined ? undefined : told / MIB,
      memory_used__MiB: told === undefined ? undefined : (total - told) / MIB,
      swap_used__MiB: told === undefined ? undefined : swapused / MIB,
    }),
  };
}

/** All disks together; zeros from boot on are what is said where nothing is known. */
function diskOf(requests: Requests, traffic: Traffic): readonly Reading[] {
  const counted = requests !== null && requests.tIO > 0;
  const moved = traffic !== null && traffic.tx > 0;
  if (!counted && !moved) return [];
  return [
    {
      entity: 'disk',
      identity: { device: 'all' },
      values: present({
        disk_reads: counted ? requests.rIO : undefined,
        disk_writes: counted ? requests.wIO : undefined,
        disk_read__B: moved ? traffic.rx : undefined,
        disk_write__B: moved ? traffic.wx : undefined,
      }),
    },
  ];
}

function filesystemOf({ fs, type, mount, used, available }: Mount): Reading {
  return {
    entity: 'filesystem',
    identity: { mount, device: fs, type },
    values: {
      used__MiB: used / MIB,
      free__MiB: available / MIB,
      used__pct: (100 * used) / (used + available),
    },
  };
}

function present(values: Readonly<Partial<Record<MetricName, number | undefined>>>): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
