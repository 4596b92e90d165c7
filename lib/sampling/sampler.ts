// The sampler: native threads read on a fixed schedule; what they read comes as batches.
import { existsSync, readlinkSync } from 'node:fs';
import { metricsOf, type NotedMetric } from '../catalog';
import { NvpulseError } from '../errors';
import {
  addon,
  type FollowedState,
  type GpuState,
  type NativeSampler,
  type NativeStats,
} from '../native/addon';
import { Drains } from './drains';
import type { Batch, BatchParts } from './batch';
import { BatchQueue } from './batch-queue';
import { findCgroup } from './cgroup';
import { machineOf, type Machine, type MachineOptions } from './machine';
import { parseInterval, refuseUnknown, type Duration } from './options';
import type { PortableHost } from './portable-host';
import { within } from './within';

export interface SamplerOptions extends MachineOptions {
  /** Time between readings, 1 ms to 1 h; slower tiers of the catalog keep their own. @default '100ms' */
  readonly interval?: Duration;
  /** Read the host: CPUs, memory, disks, network, followed jobs. @default true */
  readonly host?: boolean;
  /** Read NVIDIA GPUs. @default true */
  readonly gpu?: boolean;
  /** Path of the NVML library. @default NVPULSE_NVML, else the system's */
  readonly nvml?: string;
}

/** A job that the job and process tables are about: a process tree, or what is in a cgroup. */
export interface FollowOptions {
  /** Of the job; not empty. */
  readonly id: string;
  /** Root of the tree: its descendants are the job's. 0: the job is what is in `cgroup`. */
  readonly pid: number;
  /** A cgroup v2 that holds the job: as /proc/PID/cgroup names it (`/kubepods/pod1`), or its folder. */
  readonly cgroup?: string;
  /** The process `pid` is of the job too; without it, it only supervises. */
  readonly own?: true;
}

/** A driver that does not answer is not waited for longer. */
const TICK_TIMEOUT__MS = 250;
/** Columns of the agent's table that are told. */
const notedColumns = (): ReadonlyMap<string, number> =>
  new Map(
    metricsOf('agent').flatMap(({ name, source }, column) => ('noted' in source ? [[name, column]] : [])),
  );
/** The kernel's limit; beyond it numbers would wrap. */
const MAX_PID = 2 ** 22;
const PORTABLE__MS = 1000;
const DRAIN__MS = { min: 250, max: 1000 };

/** Numbers of processes mean others in the /proc of another PID namespace. */
function procIsOurs(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}

function portableHost(now: () => bigint, hostName: string): PortableHost {
  const loaded = require('./portable-host') as typeof import('./portable-host');
  return new loaded.PortableHost(now, hostName);
}

/**
 * Samples until stopped. Iterate it for batches: each iterator has its own bounded queue, and rows that it drops
 * are counted in the next batch's `droppedRows`. Iterators made before `start` get everything.
 *
 * @throws ERR_OPTION for an unknown option or a value that is not allowed; ERR_NATIVE where there is no native build
 */
export class Sampler implements AsyncIterable<Batch> {
  /** UTC = monotonic + offset; fixed at construction, so that a clock jump neither reorders nor collides. */
  readonly utcOffset__ns: bigint;
  /** The machine that is measured. */
  readonly machine: Machine;
  private interval: number;
  private readonly native: NativeSampler;
  private readonly queues = new Set<BatchQueue>();
  private readonly drains: Drains;
  private timer: NodeJS.Timeout | undefined;
  /** Reads the host where the addon cannot. */
  private readonly portable: PortableHost | undefined;
  private portableTimer: NodeJS.Timeout | undefined;
  private state: 'new' | 'running' | 'stopped' = 'new';

  constructor(options: SamplerOptions = {}) {
    refuseUnknown(options, ['interval', 'host', 'gpu', 'nvml', 'rootfs', 'hostName'], 'Sampler');
    this.interval = parseInterval(options.interval ?? '100ms', 'interval');
    this.machine = machineOf(options);
    const { rootfs, hostName } = this.machine;
    const host = options.host ?? true;
    const procfs = existsSync('/proc/stat');
    if (host && !procfs) this.portable = portableHost(() => this.now(), hostName);
    this.native = addon().createSampler(
      this.interval,
      host && procfs,
      options.gpu ?? true,
      options.nvml ?? process.env['NVPULSE_NVML'] ?? '',
      rootfs,
      hostName,
    );
    this.utcOffset__ns = addon().utcOffset();
    this.drains = new Drains(this.utcOffset__ns);
  }

  /** Starts the threads; the first reading is at once. @throws ERR_STATE where it was started before */
  start(): void {
    if (this.state !== 'new')
      throw new NvpulseError('ERR_STATE', `Sampler.start: it is ${this.state}; make a new one`);
    this.state = 'running';
    this.native.start();
    this.drainRegularly();
    if (!this.portable) return;
    void this.portable.read();
    this.portableTimer = setInterval(() => void this.portable?.read(), PORTABLE__MS);
  }

  /** The interval in force, in nanoseconds. */
  get interval__ns(): number {
    return this.interval;
  }

  /**
   * Another interval from now on: a reading of every metric at once, then on the new grid. The one in force changes
   * nothing.
   *
   * @throws ERR_OPTION where it is out of range, ERR_STATE where the sampler is stopped
   */
  setInterval(interval: Duration): void {
    const interval__ns = parseInterval(interval, 'interval');
    if (this.state === 'stopped')
      throw new NvpulseError('ERR_STATE', 'Sampler.setInterval: it is stopped; make a new one');
    if (interval__ns === this.interval) return;
    this.interval = interval__ns;
    this.native.setInterval(interval__ns);
    if (this.state === 'running') this.drainRegularly();
  }

  /**
   * A reading of every metric now, and a batch of it. False where a thread did not do it in time
   * (250 ms: a driver that hangs); what the other read is in the batch.
   */
  async tick(): Promise<boolean> {
    const read = within(TICK_TIMEOUT__MS, this.native.tick(TICK_TIMEOUT__MS));
    const [done] = await Promise.all([read, this.portable?.read()]);
    this.drain();
    return done ?? false;
  }

  /** Monotonic nanoseconds, the clock of all rows. */
  now(): bigint {
    return addon().now();
  }

  /**
   * Measures a job from now on: what it used before does not count. Several may be followed, and may overlap.
   *
   * @throws ERR_OPTION where there is no such process or cgroup, where /proc does not tell, or the id is followed already
   */
  follow(options: FollowOptions): void {
    refuseUnknown(options, ['id', 'pid', 'cgroup', 'own'], 'Sampler.follow');
    const { id, pid, cgroup } = options;
    if (id === '' || this.following().some((followed) => followed.id === id))
      throw new NvpulseError(
        'ERR_OPTION',
        `id: '${id}' is ${id === '' ? 'empty' : 'followed already'}; allowed is an id that is not in use`,
      );
    if (!Number.isInteger(pid) || pid < 0 || pid > MAX_PID || (pid === 0 && cgroup === undefined))
      throw new NvpulseError(
        'ERR_OPTION',
        `pid: '${pid}' is no process id; allowed is one of a process that runs, or 0 with a cgroup`,
      );
    if (!procIsOurs())
      throw new NvpulseError(
        'ERR_OPTION',
        `pid: ${pid} cannot be looked up: /proc is not there, or of another PID namespace; mount this one's`,
      );
    const found = cgroup === undefined ? undefined : findCgroup(cgroup);
    if (this.native.follow(id, pid, found?.folder ?? '', found?.name ?? '', options.own ?? false)) return;
    throw new NvpulseError(
      'ERR_OPTION',
      pid === 0
        ? `cgroup: '${cgroup}' holds the whole machine, or is gone; allowed is a cgroup v2 below the root`
        : `pid: ${pid} is no process that runs here; name one that does, as seen from nvpulse's PID namespace`,
    );
  }

  /** The job has no rows any more. An id that is not followed changes nothing. */
  unfollow(id: string): void {
    this.native.unfollow(id);
  }

  /** The followed jobs, and whether they live. Some microseconds each: to be asked once a second. */
  following(): readonly FollowedState[] {
    return this.native.following();
  }

  /**
   * Tells a metric of the agent that the sampler cannot read itself; its rows have it from now on. NaN takes it back.
   *
   * @throws ERR_OPTION for another metric, or an infinite value
   */
  note(metric: NotedMetric, value: number): void {
    const columns = notedColumns();
    const column = columns.get(metric);
    if (column === undefined)
      throw new NvpulseError(
        'ERR_OPTION',
        `metric: '${metric}' is not told to the agent; allowed are ${[...columns.keys()].join(', ')}`,
      );
    if (Math.abs(value) === Infinity)
      throw new NvpulseError(
        'ERR_OPTION',
        `${metric}: ${value}; allowed is a finite number, or NaN for none`,
      );
    this.native.note(column, value);
  }

  /** Why there are GPU metrics, or none. */
  gpu(): GpuState {
    return this.native.gpu();
  }

  /** What sampling itself did and cost so far. */
  stats(): NativeStats {
    return this.native.stats();
  }

  /**
   * Stops the threads, once a reading that is under way is done (200 ms at most; a driver that hangs already is not
   * waited for), hands out what is left, and ends the iterators. Twice is allowed.
   */
  stop(): void {
    if (this.state === 'stopped') return;
    this.state = 'stopped';
    clearInterval(this.timer);
    clearInterval(this.portableTimer);
    this.native.stop();
    this.drain();
    for (const queue of this.queues) queue.close();
    this.queues.clear();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Batch, undefined> {
    const queue = new BatchQueue((ended) => this.queues.delete(ended));
    if (this.state === 'stopped') queue.close();
    else this.queues.add(queue);
    return queue;
  }

  private drainRegularly(): void {
    clearInterval(this.timer);
    const period__ms = Math.min(DRAIN__MS.max, Math.max(DRAIN__MS.min, this.interval / 1e6));
    this.timer = setInterval(() => this.drain(), period__ms);
  }

  private drain(): void {
    const parts = this.withPortable(this.drains.take(this.native.drain()));
    const { tables, instances, events, droppedRows } = parts;
    if (tables.length === 0 && instances.size === 0 && events.length === 0 && droppedRows === 0) return;
    for (const queue of this.queues) queue.push(parts);
  }

  private withPortable(parts: BatchParts): BatchParts {
    const tables = this.portable?.take() ?? [];
    if (!this.portable || tables.length === 0) return parts;
    const own = this.portable.instances.map((instance) => [instance.id, instance] as const);
    return {
      ...parts,
      tables: [...parts.tables, ...tables],
      instances: new Map([...parts.instances, ...own]),
    };
  }
}
