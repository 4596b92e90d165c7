// The addon's typed surface: numbers, strings and typed arrays only. Loaded when first asked for.
import { NvpulseError } from '../errors';
import type { SamplerEvent } from '../sampling/batch';
import { CATALOG_HASH } from './catalog-hash';
import { addonPath } from './locate';

/** Rows of one entity as drained; see `TableColumns`. `entity` is an index into ENTITIES. */
export interface NativeTable {
  readonly entity: number;
  readonly time: BigInt64Array;
  readonly instance: Uint32Array;
  readonly values: Float64Array;
  readonly status: Uint16Array;
}

/** A new instance: identity fields in the order of the entity's identity. */
export interface NativeInstance {
  readonly id: number;
  readonly entity: number;
  readonly identity: Readonly<Record<string, string | number | null>>;
}

export interface NativeEvent {
  readonly time__ns: bigint;
  readonly kind: SamplerEvent['kind'];
  readonly instance: number;
  readonly text: string;
}

export interface NativeDrain {
  readonly tables: readonly NativeTable[];
  readonly instances: readonly NativeInstance[];
  /** Ids of instances that no row after these is about. */
  readonly retired: readonly number[];
  readonly events: readonly NativeEvent[];
  readonly droppedRows: number;
}

/** Why there are GPU metrics or none. `waiting`: the driver has not answered yet. */
export interface GpuState {
  readonly state: 'ok' | 'waiting' | 'no_driver' | 'no_library' | 'not_nvml' | 'failed' | 'stalled' | 'off';
  /** One sentence for people. With `ok` too, where a GPU cannot be opened, or there is none; else ''. */
  readonly reason: string;
  readonly driver_version: string;
  readonly nvml_version: string;
  /** Path of the library in use, or ''. */
  readonly library: string;
  /** The library is nvpulse's simulator. */
  readonly simulated: boolean;
  readonly profile: string;
}

/** Latency of one kind of call, of all devices. */
export interface CallStats {
  readonly name: string;
  readonly count: number;
  readonly p50__us: number;
  readonly p99__us: number;
}

/** A followed job. `alive`: its root process runs; where it is a cgroup alone, there are processes in it. */
export interface FollowedState {
  readonly id: string;
  readonly alive: boolean;
}

export interface NativeStats {
  readonly ticks: number;
  readonly late_ticks: number;
  readonly rows_dropped: number;
  /** Not believed, being beyond what is possible; see `implausible_reading` among the events. */
  readonly implausible_readings: number;
  readonly lateness__us: { readonly p50: number; readonly p99: number; readonly max: number };
  /** CPU time of the sampling threads. */
  readonly sampler_cpu_time__s: number;
  readonly calls: readonly CallStats[];
}

/** One sampler: its threads, rings and readers. */
export interface NativeSampler {
  /** Starts the threads. */
  start(): void;
  /** Another interval, 1e6 to 3.6e12: both threads read now, and then on the new grid. The same one changes nothing. */
  setInterval(interval__ns: number): void;
  /**
   * A reading now, of every tier, on both threads: resolves with true when both have it. False where it is stopped
   * before, or asked again after `timeout__ms`; a driver that hangs may leave it pending until then. It does not keep
   * the process alive: see `within`.
   */
  tick(timeout__ms: number): Promise<boolean>;
  /**
   * Follows the process tree below `pid` (0: none), or where there is a cgroup v2 what is in that: its folder ('': none),
   * and how its rows name it. `own`: the process itself counts. False where there is no such process or cgroup. The id
   * must not be followed yet.
   */
  follow(id: string, pid: number, cgroupFolder: string, cgroupName: string, own: boolean): boolean;
  unfollow(id: string): void;
  following(): readonly FollowedState[];
  /** A column of the agent's rows from now on; NaN: not known. */
  note(column: number, value: number): void;
  drain(): NativeDrain;
  gpu(): GpuState;
  stats(): NativeStats;
  /** Stops the threads (see `Sampler.stop`); twice is allowed. What was read can still be drained. */
  stop(): void;
}

/** NVML without threads: reading blocks the caller for as long as the driver takes. */
export interface NativeBulkReader {
  readonly devices: number;
  /**
   * What `read` is to fill; false where they are not of these types, or too short. It keeps where they lie: who calls
   * `read` sees to it that they still lie there.
   */
  fill(values: Float64Array, status: Uint16Array): boolean;
  /** Fills device-major: devices × metrics; `values` NaN where `status` is not 0. */
  read(): void;
  close(): void;
}

export interface Addon {
  readonly catalogHash: string;
  /** Monotonic nanoseconds, the clock of all rows. */
  now(): bigint;
  /** CLOCK_REALTIME − CLOCK_MONOTONIC now, in nanoseconds. */
  utcOffset(): bigint;
  /** Locks an open file for this process alone, without waiting: 0, or the errno. It ends when the file is closed. */
  lock(fd: number): number;
  /**
   * `interval__ns`: of the ticks, 1e6 to 3.6e12; 0: only when asked by `tick`. `nvml`: path of the NVML library; '' for
   * the system's. `rootfs`: where the machine's root is mounted, without a slash at its end, or ''. `hostName`: '' for
   * the kernel's.
   */
  createSampler(
    interval__ns: number,
    host: boolean,
    gpu: boolean,
    nvml: string,
    rootfs: string,
    hostName: string,
  ): NativeSampler;
  /**
   * `metrics`: columns of the gpu table; a reason where NVML is not there. Pending for as long as the driver takes, and
   * it does not keep the process alive: see `within`.
   */
  createBulkReader(nvml: string, metrics: Int32Array): Promise<NativeBulkReader | string>;
}

let loaded: Addon | undefined;

/** The addon. Throws `ERR_NATIVE` where there is no build for this platform, or a stale one. */
export function addon(): Addon {
  if (loaded) return loaded;
  const path = addonPath();
  let candidate: Addon;
  try {
    candidate = require(path) as Addon;
  } catch (cause) {
    throw new NvpulseError(
      'ERR_NATIVE',
      `the native build ${path} does not load: ${String(cause)}. Type: npm run build`,
      { cause },
    );
  }
  if (candidate.catalogHash !== CATALOG_HASH) {
    throw new NvpulseError(
      'ERR_NATIVE',
      `the native build ${path} is stale: its catalog differs from this version's. Type: npm run build`,
    );
  }
  loaded = candidate;
  return candidate;
}
