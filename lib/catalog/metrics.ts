// The catalog: every metric is one row here, and nowhere else. Readers in TypeScript derive from it
// at run time; `npm run generate` writes what others need (native/generated, docs/METRICS.md).
import { ENTITIES, type Entity } from './entities';

/** gauge: a level at an instant · counter: a running total, never falling but for a reset · state: one of a few values. */
export type Kind = 'gauge' | 'counter' | 'state';

/** How often a metric may be read: at every tick · at most each 100 ms · at most each second. */
export type Tier = 'fast' | 'medium' | 'slow';

/**
 * An NVML call and how its answer becomes the value (value = answer × scale). Shapes:
 * `u32` fn(dev, u32*) · `u32_arg` fn(dev, u32 arg, u32*) · `u32_pair` fn(dev, u32*, u32*), the first ·
 * `u64` fn(dev, u64*) · `utilization`, `memory` a member of the structure · `field` field id `arg` ·
 * `hand` a reader written by hand (native/readers/gpu_processes.h).
 */
export interface NvmlRead {
  readonly call: string;
  readonly shape: 'u32' | 'u32_arg' | 'u32_pair' | 'u64' | 'utilization' | 'memory' | 'field' | 'hand';
  readonly arg?: number;
  readonly member?: string;
  readonly scale?: number;
}

/** A rate computed natively from a counter of the same entity: Δcounter ÷ Δt × scale, over at least `span__ms`. */
export interface Derivation {
  readonly from: string;
  readonly scale: number;
  /** Divided by the number of logical CPUs too. */
  readonly perCore?: true;
  /** At least as long as ten steps of the counter's own resolution. */
  readonly span__ms: number;
}

export type Source =
  | { readonly nvml: NvmlRead }
  | { readonly file: string }
  | { readonly derive: Derivation }
  | { readonly own: string }
  /** Told to the sampler by the part that knows it, from JavaScript: see `Sampler.note`. */
  | { readonly noted: string };

/** What a bound is multiplied by: the CPUs online, or the most that the GPU's board may be set to draw, in W. */
export type Measure = 'cpus' | 'board_power';

/** A level beyond these was never there. A derived one is cut to them: what it has too much is quantisation. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly of?: Measure;
}

/** The most that a counter can grow: `per_s` × (time since it changed last + `refresh__ms`). */
export interface Growth {
  readonly per_s: number;
  readonly of?: Measure;
  /** No source of the counter brings it up to date less often. */
  readonly refresh__ms: number;
  /** It begins again beyond this, being a number of so many bits. */
  readonly wraps?: number;
}

/** Nothing physical bounds it, or nobody knows what; why. */
export interface Unbounded {
  readonly unbounded: string;
}

interface Described {
  readonly entity: Entity;
  readonly name: string;
  readonly description: string;
  readonly source: Source;
  readonly tier: Tier;
  /** For comparisons: which direction is better, where one is. */
  readonly better?: 'lower' | 'higher';
  /** The OpenTelemetry name, where its conventions have one. */
  readonly otel?: string;
}

/**
 * `plausible`: what physics allows, never an operating limit. A reading beyond it is absent, and told in an event;
 * see native/sampler/plausibility.h.
 */
export type Metric = Described &
  (
    | { readonly kind: 'gauge' | 'state'; readonly plausible: Range | Unbounded }
    | { readonly kind: 'counter'; readonly plausible: Growth | Unbounded }
  );

const MiB = 1 / 1048576;

const SHARE = { min: 0, max: 100 } as const;
/** Drivers overshoot: they divide by a period that was a little longer. */
const DRIVER_SHARE = { min: 0, max: 200 } as const;
/** No chip is clocked at 100 GHz. */
const CLOCK = { min: 0, max: 100_000 } as const;
/** Solder melts at 217 °C. */
const TEMPERATURE = { min: -100, max: 250 } as const;
/** No machine has an EiB of memory, or in one file system. */
const MEMORY = { min: 0, max: 2 ** 40 } as const;
/** No GPU has 16 TiB. */
const GPU_MEMORY = { min: 0, max: 2 ** 24 } as const;
/** The largest process id of Linux. */
const TASKS = { min: 0, max: 4_194_304 } as const;
/** CPUs that tick rarely (nohz_full) bring their time up to date once a second. */
const CPU_TIME = { per_s: 1, of: 'cpus', refresh__ms: 1000 } as const;
/** Time in which something was so. The kernel sums up pressure each 2 s. */
const ELAPSED = { per_s: 1, refresh__ms: 2000 } as const;
/** No bus of one machine moves 10 TB/s. */
const BYTES = { per_s: 1e13, refresh__ms: 1000 } as const;
const RATE__MBPS = { min: 0, max: 1e7 } as const;
/** A request, or a switch, takes a CPU at least 10 ns. */
const OCCURRENCES = { per_s: 1e8, of: 'cpus', refresh__ms: 1000 } as const;
const OWN = { unbounded: 'our own figure' } as const;
const PROCESS = {
  unbounded: 'kept by the kernel with the process; no reading was ever seen to lie',
} as const;
const CHILDREN = { unbounded: 'what a child used arrives when it is waited for' } as const;
const CGROUP_RATE = { unbounded: 'what bounds its counter bounds it' } as const;

const GPU = [
  {
    entity: 'gpu',
    name: 'gpu_clock__MHz',
    kind: 'gauge',
    tier: 'fast',
    description: 'Clock of the streaming multiprocessors',
    plausible: CLOCK,
    source: { nvml: { call: 'DeviceGetClockInfo', shape: 'u32_arg', arg: 1 } },
  },
  {
    entity: 'gpu',
    name: 'memory_clock__MHz',
    kind: 'gauge',
    tier: 'fast',
    description: 'Clock of the device memory',
    plausible: CLOCK,
    source: { nvml: { call: 'DeviceGetClockInfo', shape: 'u32_arg', arg: 2 } },
  },
  {
    entity: 'gpu',
    name: 'graphics_clock__MHz',
    kind: 'gauge',
    tier: 'fast',
    description: 'Clock of the graphics engine',
    plausible: CLOCK,
    source: { nvml: { call: 'DeviceGetClockInfo', shape: 'u32_arg', arg: 0 } },
  },
  {
    entity: 'gpu',
    name: 'gpu_utilization__pct',
    kind: 'gauge',
    tier: 'fast',
    description:
      'Share of the last driver period in which some kernel was resident; not how much of the GPU it used',
    plausible: DRIVER_SHARE,
    source: { nvml: { call: 'DeviceGetUtilizationRates', shape: 'utilization', member: 'gpu' } },
    otel: 'hw.gpu.utilization',
  },
  {
    entity: 'gpu',
    name: 'memory_utilization__pct',
    kind: 'gauge',
    tier: 'fast',
    description:
      'Share of the last driver period in which device memory was read or written; not memory in use',
    plausible: DRIVER_SHARE,
    source: { nvml: { call: 'DeviceGetUtilizationRates', shape: 'utilization', member: 'memory' } },
  },
  {
    entity: 'gpu',
    name: 'encoder_utilization__pct',
    kind: 'gauge',
    tier: 'fast',
    description: 'Busy share of the video encoders',
    plausible: DRIVER_SHARE,
    source: { nvml: { call: 'DeviceGetEncoderUtilization', shape: 'u32_pair' } },
  },
  {
    entity: 'gpu',
    name: 'decoder_utilization__pct',
    kind: 'gauge',
    tier: 'fast',
    description: 'Busy share of the video decoders',
    plausible: DRIVER_SHARE,
    source: { nvml: { call: 'DeviceGetDecoderUtilization', shape: 'u32_pair' } },
  },
  {
    entity: 'gpu',
    name: 'gpu_temperature__C',
    kind: 'gauge',
    tier: 'fast',
    better: 'lower',
    description: 'Temperature of the die',
    plausible: TEMPERATURE,
    source: { nvml: { call: 'DeviceGetTemperature', shape: 'u32_arg', arg: 0 } },
    otel: 'hw.temperature',
  },
  {
    entity: 'gpu',
    name: 'memory_temperature__C',
    kind: 'gauge',
    tier: 'fast',
    better: 'lower',
    description: 'Temperature of the device memory',
    plausible: TEMPERATURE,
    source: { nvml: { call: 'DeviceGetFieldValues', shape: 'field', arg: 82 } },
  },
  {
    entity: 'gpu',
    name: 'fan_speed__pct',
    kind: 'gauge',
    tier: 'fast',
    description: 'Intended fan speed, of the maximum; not a tachometer, may exceed 100',
    plausible: { min: 0, max: 300 },
    source: { nvml: { call: 'DeviceGetFanSpeed', shape: 'u32' } },
  },
  {
    entity: 'gpu',
    name: 'perf_state',
    kind: 'state',
    tier: 'fast',
    description: 'Performance state, 0 (fastest) to 15; 32 unknown',
    plausible: { min: 0, max: 32 },
    source: { nvml: { call: 'DeviceGetPerformanceState', shape: 'u32' } },
  },
  {
    entity: 'gpu',
    name: 'power_draw__W',
    kind: 'gauge',
    tier: 'fast',
    better: 'lower',
    description: 'Power drawn; a mean of 1 s on Ampere (but GA100) and later, an instant on older ones',
    plausible: { min: 0, max: 3, of: 'board_power' },
    source: { nvml: { call: 'DeviceGetPowerUsage', shape: 'u32', scale: 1e-3 } },
    otel: 'hw.power',
  },
  {
    entity: 'gpu',
    name: 'process_num',
    kind: 'gauge',
    tier: 'slow',
    description: 'Compute processes on the GPU',
    plausible: TASKS,
    source: { nvml: { call: 'DeviceGetComputeRunningProcesses', shape: 'hand' } },
  },
  {
    entity: 'gpu',
    name: 'memory_used__MiB',
    kind: 'gauge',
    tier: 'fast',
    description: 'Device memory in use, without what the driver reserves where it tells (510+)',
    plausible: GPU_MEMORY,
    source: { nvml: { call: 'DeviceGetMemoryInfo', shape: 'memory', member: 'used', scale: MiB } },
    otel: 'hw.gpu.memory.usage',
  },
  {
    entity: 'gpu',
    name: 'memory_free__MiB',
    kind: 'gauge',
    tier: 'fast',
    description: 'Device memory that is free',
    plausible: GPU_MEMORY,
    source: { nvml: { call: 'DeviceGetMemoryInfo', shape: 'memory', member: 'free', scale: MiB } },
  },
  {
    entity: 'gpu',
    name: 'memory_total__MiB',
    kind: 'gauge',
    tier: 'fast',
    description: 'Device memory in all',
    plausible: GPU_MEMORY,
    source: { nvml: { call: 'DeviceGetMemoryInfo', shape: 'memory', member: 'total', scale: MiB } },
    otel: 'hw.gpu.memory.limit',
  },
  {
    entity: 'gpu',
    name: 'power_limit__W',
    kind: 'gauge',
    tier: 'slow',
    description: 'Power limit in force, the lowest of all limiters',
    plausible: { min: 0, max: 15_000 },
    source: { nvml: { call: 'DeviceGetEnforcedPowerLimit', shape: 'u32', scale: 1e-3 } },
    otel: 'hw.gpu.power.limit',
  },
  {
    entity: 'gpu',
    name: 'energy__J',
    kind: 'counter',
    tier: 'fast',
    better: 'lower',
    description: 'Energy since the driver was loaded',
    plausible: { per_s: 3, of: 'board_power', refresh__ms: 1000 },
    source: { nvml: { call: 'DeviceGetTotalEnergyConsumption', shape: 'u64', scale: 1e-3 } },
    otel: 'hw.energy',
  },
] as const satisfies readonly Metric[];

const GPU_PROCESS = [
  {
    entity: 'gpu_process',
    name: 'process_memory__MiB',
    kind: 'gauge',
    tier: 'slow',
    description: 'Device memory that the process holds on this GPU',
    plausible: GPU_MEMORY,
    source: { nvml: { call: 'DeviceGetComputeRunningProcesses', shape: 'hand' } },
  },
  {
    entity: 'gpu_process',
    name: 'process_sm__pct',
    kind: 'gauge',
    tier: 'slow',
    description: 'Busy share of the streaming multiprocessors that the driver attributes to the process',
    plausible: DRIVER_SHARE,
    source: { nvml: { call: 'DeviceGetProcessUtilization', shape: 'hand' } },
  },
] as const satisfies readonly Metric[];

const STAT = '/proc/stat';
/** /proc/stat counts in steps of 10 ms. */
const JIFFIES = { span__ms: 100 } as const;

const HOST = [
  {
    entity: 'host',
    name: 'cpu_utilization__pct',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPU time not idle and not waiting for a disk, of all CPUs',
    plausible: SHARE,
    source: { derive: { from: 'cpu_busy__s', scale: 100, perCore: true, ...JIFFIES } },
    otel: 'system.cpu.utilization',
  },
  {
    entity: 'host',
    name: 'cpu_user__pct',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPU time in user mode, niced too, of all CPUs',
    plausible: SHARE,
    source: { derive: { from: 'cpu_user__s', scale: 100, perCore: true, ...JIFFIES } },
  },
  {
    entity: 'host',
    name: 'cpu_system__pct',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPU time in the kernel, interrupts too, of all CPUs',
    plausible: SHARE,
    source: { derive: { from: 'cpu_system__s', scale: 100, perCore: true, ...JIFFIES } },
  },
  {
    entity: 'host',
    name: 'cpu_iowait__pct',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'Idle CPU time while a disk request was outstanding, of all CPUs',
    plausible: SHARE,
    source: { derive: { from: 'cpu_iowait__s', scale: 100, perCore: true, ...JIFFIES } },
  },
  {
    entity: 'host',
    name: 'cpu_steal__pct',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'CPU time that the hypervisor gave to others, of all CPUs',
    plausible: SHARE,
    source: { derive: { from: 'cpu_steal__s', scale: 100, perCore: true, ...JIFFIES } },
  },
  {
    entity: 'host',
    name: 'cpu_busy__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time not idle and not waiting for a disk, summed over CPUs',
    plausible: CPU_TIME,
    source: { file: STAT },
  },
  {
    entity: 'host',
    name: 'cpu_user__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time in user mode, niced too, summed over CPUs',
    plausible: CPU_TIME,
    source: { file: STAT },
    otel: 'system.cpu.time',
  },
  {
    entity: 'host',
    name: 'cpu_system__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time in the kernel, interrupts too, summed over CPUs',
    plausible: CPU_TIME,
    source: { file: STAT },
  },
  {
    entity: 'host',
    name: 'cpu_iowait__s',
    kind: 'counter',
    tier: 'medium',
    description: 'Idle CPU time while a disk request was outstanding, summed over CPUs',
    plausible: CPU_TIME,
    source: { file: STAT },
  },
  {
    entity: 'host',
    name: 'cpu_steal__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time that the hypervisor gave to others, summed over CPUs',
    plausible: CPU_TIME,
    source: { file: STAT },
  },
  {
    entity: 'host',
    name: 'load_1min',
    kind: 'gauge',
    tier: 'slow',
    description: 'Load average of one minute',
    plausible: TASKS,
    source: { file: '/proc/loadavg' },
    otel: 'system.linux.cpu.load_1m',
  },
  {
    entity: 'host',
    name: 'context_switches',
    kind: 'counter',
    tier: 'medium',
    description: 'Context switches',
    plausible: OCCURRENCES,
    source: { file: STAT },
  },
  {
    entity: 'host',
    name: 'cpu_pressure__pct',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'Time in which some task waited for a CPU',
    plausible: SHARE,
    source: { derive: { from: 'cpu_stalled__s', scale: 100, span__ms: 100 } },
  },
  {
    entity: 'host',
    name: 'memory_pressure__pct',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'Time in which some task waited for memory',
    plausible: SHARE,
    source: { derive: { from: 'memory_stalled__s', scale: 100, span__ms: 100 } },
  },
  {
    entity: 'host',
    name: 'io_pressure__pct',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'Time in which some task waited for a disk',
    plausible: SHARE,
    source: { derive: { from: 'io_stalled__s', scale: 100, span__ms: 100 } },
  },
  {
    entity: 'host',
    name: 'cpu_stalled__s',
    kind: 'counter',
    tier: 'medium',
    description: 'Time in which some task waited for a CPU',
    plausible: ELAPSED,
    source: { file: '/proc/pressure/cpu' },
  },
  {
    entity: 'host',
    name: 'memory_stalled__s',
    kind: 'counter',
    tier: 'medium',
    description: 'Time in which some task waited for memory',
    plausible: ELAPSED,
    source: { file: '/proc/pressure/memory' },
  },
  {
    entity: 'host',
    name: 'io_stalled__s',
    kind: 'counter',
    tier: 'medium',
    description: 'Time in which some task waited for a disk',
    plausible: ELAPSED,
    source: { file: '/proc/pressure/io' },
  },

  {
    entity: 'core',
    name: 'cpu_utilization__pct',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPU time not idle and not waiting for a disk, of this CPU',
    plausible: SHARE,
    source: { derive: { from: 'core_busy__s', scale: 100, ...JIFFIES } },
  },
  {
    entity: 'core',
    name: 'core_busy__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time not idle and not waiting for a disk, of this CPU',
    plausible: { per_s: 1, refresh__ms: 1000 },
    source: { file: STAT },
  },

  {
    entity: 'memory',
    name: 'memory_used__MiB',
    kind: 'gauge',
    tier: 'medium',
    description: 'Memory that is not available to new programs (total − available)',
    plausible: MEMORY,
    source: { file: '/proc/meminfo' },
    otel: 'system.memory.usage',
  },
  {
    entity: 'memory',
    name: 'memory_available__MiB',
    kind: 'gauge',
    tier: 'medium',
    description: 'Memory that new programs can have without swapping',
    plausible: MEMORY,
    source: { file: '/proc/meminfo' },
    otel: 'system.linux.memory.available',
  },
  {
    entity: 'memory',
    name: 'memory_total__MiB',
    kind: 'gauge',
    tier: 'medium',
    description: 'Memory in all',
    plausible: MEMORY,
    source: { file: '/proc/meminfo' },
    otel: 'system.memory.limit',
  },
  {
    entity: 'memory',
    name: 'swap_used__MiB',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'Swap in use',
    plausible: MEMORY,
    source: { file: '/proc/meminfo' },
    otel: 'system.paging.usage',
  },

  {
    entity: 'disk',
    name: 'disk_read__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes read from the device; md and dm devices are listed beside the disks below them',
    plausible: BYTES,
    source: { file: '/proc/diskstats' },
    otel: 'system.disk.io',
  },
  {
    entity: 'disk',
    name: 'disk_write__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes written to the device; md and dm devices are listed beside the disks below them',
    plausible: BYTES,
    source: { file: '/proc/diskstats' },
    otel: 'system.disk.io',
  },
  {
    entity: 'disk',
    name: 'disk_reads',
    kind: 'counter',
    tier: 'medium',
    description: 'Read requests completed',
    plausible: OCCURRENCES,
    source: { file: '/proc/diskstats' },
    otel: 'system.disk.operations',
  },
  {
    entity: 'disk',
    name: 'disk_writes',
    kind: 'counter',
    tier: 'medium',
    description: 'Write requests completed',
    plausible: OCCURRENCES,
    source: { file: '/proc/diskstats' },
    otel: 'system.disk.operations',
  },
  {
    entity: 'disk',
    name: 'disk_busy__s',
    kind: 'counter',
    tier: 'medium',
    description: 'Time in which at least one request was outstanding',
    plausible: { ...ELAPSED, wraps: 2 ** 32 / 1000 },
    source: { file: '/proc/diskstats' },
    otel: 'system.disk.io_time',
  },
  {
    entity: 'disk',
    name: 'disk_read__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) read a second',
    plausible: RATE__MBPS,
    source: { derive: { from: 'disk_read__B', scale: 1e-6, span__ms: 0 } },
  },
  {
    entity: 'disk',
    name: 'disk_write__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) written a second',
    plausible: RATE__MBPS,
    source: { derive: { from: 'disk_write__B', scale: 1e-6, span__ms: 0 } },
  },
  {
    entity: 'disk',
    name: 'disk_busy__pct',
    kind: 'gauge',
    tier: 'medium',
    description: 'Share of time in which at least one request was outstanding',
    plausible: SHARE,
    source: { derive: { from: 'disk_busy__s', scale: 100, span__ms: 100 } },
  },
  {
    entity: 'disk',
    name: 'disk_queue',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'Requests outstanding',
    plausible: { min: 0, max: 2 ** 31 - 1 },
    source: { file: '/proc/diskstats' },
  },

  {
    entity: 'filesystem',
    name: 'used__MiB',
    kind: 'gauge',
    tier: 'slow',
    description: 'Space in use',
    plausible: MEMORY,
    source: { file: 'statvfs' },
    otel: 'system.filesystem.usage',
  },
  {
    entity: 'filesystem',
    name: 'free__MiB',
    kind: 'gauge',
    tier: 'slow',
    description: 'Space that is free to an ordinary user',
    plausible: MEMORY,
    source: { file: 'statvfs' },
  },
  {
    entity: 'filesystem',
    name: 'used__pct',
    kind: 'gauge',
    tier: 'slow',
    better: 'lower',
    description: 'Space in use, of what an ordinary user can have: used ÷ (used + free)',
    plausible: SHARE,
    source: { file: 'statvfs' },
    otel: 'system.filesystem.utilization',
  },

  {
    entity: 'network',
    name: 'network_receive__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes received on the interface',
    plausible: BYTES,
    source: { file: '/proc/net/dev' },
    otel: 'system.network.io',
  },
  {
    entity: 'network',
    name: 'network_transmit__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes sent on the interface',
    plausible: BYTES,
    source: { file: '/proc/net/dev' },
    otel: 'system.network.io',
  },
  {
    entity: 'network',
    name: 'network_receive__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) received a second',
    plausible: RATE__MBPS,
    source: { derive: { from: 'network_receive__B', scale: 1e-6, span__ms: 0 } },
  },
  {
    entity: 'network',
    name: 'network_transmit__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) sent a second',
    plausible: RATE__MBPS,
    source: { derive: { from: 'network_transmit__B', scale: 1e-6, span__ms: 0 } },
  },
] as const satisfies readonly Metric[];

const JOB = [
  {
    entity: 'job',
    name: 'cpu_time__s',
    kind: 'counter',
    tier: 'medium',
    better: 'lower',
    description: 'CPU time of the process tree, processes that ended too',
    plausible: CHILDREN,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'job',
    name: 'cpu_user_time__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time of the process tree in user mode',
    plausible: CHILDREN,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'job',
    name: 'cpu_system_time__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time of the process tree in the kernel',
    plausible: CHILDREN,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'job',
    name: 'io_read__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes that the process tree had fetched from storage',
    plausible: CHILDREN,
    source: { file: '/proc/PID/io' },
  },
  {
    entity: 'job',
    name: 'io_write__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes that the process tree had sent to storage',
    plausible: CHILDREN,
    source: { file: '/proc/PID/io' },
  },
  {
    entity: 'job',
    name: 'cpus_used',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPUs in use by the process tree: CPU time a second',
    plausible: CHILDREN,
    source: { derive: { from: 'cpu_time__s', scale: 1, ...JIFFIES } },
  },
  {
    entity: 'job',
    name: 'cpus_user',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPUs in use by the process tree in user mode',
    plausible: CHILDREN,
    source: { derive: { from: 'cpu_user_time__s', scale: 1, ...JIFFIES } },
  },
  {
    entity: 'job',
    name: 'cpus_system',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPUs in use by the process tree in the kernel',
    plausible: CHILDREN,
    source: { derive: { from: 'cpu_system_time__s', scale: 1, ...JIFFIES } },
  },
  {
    entity: 'job',
    name: 'io_read__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) fetched from storage a second',
    plausible: CHILDREN,
    source: { derive: { from: 'io_read__B', scale: 1e-6, span__ms: 0 } },
  },
  {
    entity: 'job',
    name: 'io_write__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) sent to storage a second',
    plausible: CHILDREN,
    source: { derive: { from: 'io_write__B', scale: 1e-6, span__ms: 0 } },
  },
  {
    entity: 'job',
    name: 'memory_rss_sum__MiB',
    kind: 'gauge',
    tier: 'medium',
    description: 'Resident memory summed over processes: what several share counts in each of them',
    plausible: MEMORY,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'job',
    name: 'memory_rss_peak__MiB',
    kind: 'gauge',
    tier: 'slow',
    description: 'Resident memory of the largest single process at its highest, as the kernel keeps it',
    plausible: MEMORY,
    source: { file: '/proc/PID/status' },
  },
  {
    entity: 'job',
    name: 'memory_pss__MiB',
    kind: 'gauge',
    tier: 'slow',
    description:
      'Memory of the processes, shared pages divided among those that share them; only where reading it costs less than 1 ms',
    plausible: MEMORY,
    source: { file: '/proc/PID/smaps_rollup' },
  },
  {
    entity: 'job',
    name: 'process_num',
    kind: 'gauge',
    tier: 'medium',
    description: 'Live processes of the tree',
    plausible: TASKS,
    source: { file: '/proc/PID/task/TID/children' },
  },
  {
    entity: 'job',
    name: 'thread_num',
    kind: 'gauge',
    tier: 'medium',
    description: 'Live threads of the tree',
    plausible: TASKS,
    source: { file: '/proc/PID/stat' },
  },

  {
    entity: 'process',
    name: 'cpu_time__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time of the process, without its children',
    plausible: PROCESS,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'process',
    name: 'cpu_user_time__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time of the process in user mode',
    plausible: PROCESS,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'process',
    name: 'cpu_system_time__s',
    kind: 'counter',
    tier: 'medium',
    description: 'CPU time of the process in the kernel',
    plausible: PROCESS,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'process',
    name: 'io_read__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes that the process, and children it has waited for, had fetched from storage',
    plausible: CHILDREN,
    source: { file: '/proc/PID/io' },
  },
  {
    entity: 'process',
    name: 'io_write__B',
    kind: 'counter',
    tier: 'medium',
    description: 'Bytes that the process, and children it has waited for, had sent to storage',
    plausible: CHILDREN,
    source: { file: '/proc/PID/io' },
  },
  {
    entity: 'process',
    name: 'cpus_used',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPUs in use by the process: CPU time a second',
    plausible: PROCESS,
    source: { derive: { from: 'cpu_time__s', scale: 1, ...JIFFIES } },
  },
  {
    entity: 'process',
    name: 'cpus_user',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPUs in use by the process in user mode',
    plausible: PROCESS,
    source: { derive: { from: 'cpu_user_time__s', scale: 1, ...JIFFIES } },
  },
  {
    entity: 'process',
    name: 'cpus_system',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPUs in use by the process in the kernel',
    plausible: PROCESS,
    source: { derive: { from: 'cpu_system_time__s', scale: 1, ...JIFFIES } },
  },
  {
    entity: 'process',
    name: 'io_read__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) fetched from storage a second',
    plausible: CHILDREN,
    source: { derive: { from: 'io_read__B', scale: 1e-6, span__ms: 0 } },
  },
  {
    entity: 'process',
    name: 'io_write__MBps',
    kind: 'gauge',
    tier: 'medium',
    description: 'Megabytes (10⁶) sent to storage a second',
    plausible: CHILDREN,
    source: { derive: { from: 'io_write__B', scale: 1e-6, span__ms: 0 } },
  },
  {
    entity: 'process',
    name: 'memory_rss__MiB',
    kind: 'gauge',
    tier: 'medium',
    description: 'Resident memory of the process',
    plausible: MEMORY,
    source: { file: '/proc/PID/stat' },
  },
  {
    entity: 'process',
    name: 'thread_num',
    kind: 'gauge',
    tier: 'medium',
    description: 'Live threads of the process',
    plausible: TASKS,
    source: { file: '/proc/PID/stat' },
  },
] as const satisfies readonly Metric[];

const CGROUP = [
  {
    entity: 'cgroup',
    name: 'cgroup_cpu_time__s',
    kind: 'counter',
    tier: 'medium',
    better: 'lower',
    description: 'CPU time of everything that ever ran in the cgroup',
    plausible: CPU_TIME,
    source: { file: 'cgroup: cpu.stat' },
  },
  {
    entity: 'cgroup',
    name: 'cgroup_throttled__s',
    kind: 'counter',
    tier: 'medium',
    better: 'lower',
    description: 'Time in which the CPU quota held the cgroup back, summed over CPUs',
    plausible: { unbounded: 'it arrives when a CPU that was held back runs again' },
    source: { file: 'cgroup: cpu.stat' },
  },
  {
    entity: 'cgroup',
    name: 'cgroup_cpus_used',
    kind: 'gauge',
    tier: 'medium',
    description: 'CPUs in use by the cgroup: CPU time a second',
    plausible: CGROUP_RATE,
    source: { derive: { from: 'cgroup_cpu_time__s', scale: 1, span__ms: 100 } },
  },
  {
    entity: 'cgroup',
    name: 'cgroup_cpus_throttled',
    kind: 'gauge',
    tier: 'medium',
    better: 'lower',
    description: 'CPUs from which the CPU quota held the cgroup back: throttled time a second',
    plausible: CGROUP_RATE,
    source: { derive: { from: 'cgroup_throttled__s', scale: 1, span__ms: 100 } },
  },
  {
    entity: 'cgroup',
    name: 'cgroup_memory__MiB',
    kind: 'gauge',
    tier: 'medium',
    description: 'Memory charged to the cgroup, the page cache of its files too',
    plausible: MEMORY,
    source: { file: 'cgroup: memory.current' },
  },
  {
    entity: 'cgroup',
    name: 'cgroup_memory_peak__MiB',
    kind: 'gauge',
    tier: 'medium',
    description: 'The highest memory charged to the cgroup since it was made, as the kernel keeps it (5.19+)',
    plausible: MEMORY,
    source: { file: 'cgroup: memory.peak' },
  },
  {
    entity: 'cgroup',
    name: 'cgroup_memory_limit__MiB',
    kind: 'gauge',
    tier: 'slow',
    description: 'Memory limit of the cgroup itself, where it has one; one above it may have a lower one',
    plausible: MEMORY,
    source: { file: 'cgroup: memory.max' },
  },
] as const satisfies readonly Metric[];

const AGENT = [
  {
    entity: 'agent',
    name: 'ticks',
    kind: 'counter',
    tier: 'slow',
    description: 'Passes of the sampling threads',
    plausible: OWN,
    source: { own: 'both threads' },
  },
  {
    entity: 'agent',
    name: 'late_ticks',
    kind: 'counter',
    tier: 'slow',
    better: 'lower',
    description: 'Passes left out because the one before ran past their deadline',
    plausible: OWN,
    source: { own: 'both threads' },
  },
  {
    entity: 'agent',
    name: 'rows_dropped',
    kind: 'counter',
    tier: 'slow',
    better: 'lower',
    description: 'Rows overwritten in the ring before they were drained',
    plausible: OWN,
    source: { own: 'the ring' },
  },
  {
    entity: 'agent',
    name: 'implausible_readings',
    kind: 'counter',
    tier: 'slow',
    better: 'lower',
    description: 'Readings that were not believed, being beyond what is possible',
    plausible: OWN,
    source: { own: 'the rings' },
  },
  {
    entity: 'agent',
    name: 'lateness__us',
    kind: 'gauge',
    tier: 'slow',
    better: 'lower',
    description: 'Longest delay of a pass behind its deadline since the row before',
    plausible: OWN,
    source: { own: 'both threads' },
  },
  {
    entity: 'agent',
    name: 'agent_cpu_time__s',
    kind: 'counter',
    tier: 'slow',
    better: 'lower',
    description: 'CPU time of the process that nvpulse runs in',
    plausible: OWN,
    source: { own: 'CLOCK_PROCESS_CPUTIME_ID' },
  },
  {
    entity: 'agent',
    name: 'agent_cpu__pct',
    kind: 'gauge',
    tier: 'slow',
    better: 'lower',
    description: 'CPU time of the process that nvpulse runs in, of one CPU',
    plausible: OWN,
    source: { derive: { from: 'agent_cpu_time__s', scale: 100, span__ms: 100 } },
  },
  {
    entity: 'agent',
    name: 'agent_memory_rss__MiB',
    kind: 'gauge',
    tier: 'slow',
    better: 'lower',
    description: 'Resident memory of the process that nvpulse runs in',
    plausible: OWN,
    source: { own: '/proc/self/statm' },
  },
  {
    entity: 'agent',
    name: 'bytes_written__B',
    kind: 'counter',
    tier: 'slow',
    better: 'lower',
    description: 'Bytes that recordings wrote',
    plausible: OWN,
    source: { noted: 'the recording' },
  },
  {
    entity: 'agent',
    name: 'export_backlog__B',
    kind: 'gauge',
    tier: 'slow',
    better: 'lower',
    description: 'Bytes recorded that Elasticsearch has not acknowledged yet',
    plausible: OWN,
    source: { noted: 'the exporter' },
  },
  {
    entity: 'agent',
    name: 'export_lag__s',
    kind: 'gauge',
    tier: 'slow',
    better: 'lower',
    description: 'Age of the oldest row that Elasticsearch has not acknowledged yet',
    plausible: OWN,
    source: { noted: 'the exporter' },
  },
  {
    entity: 'agent',
    name: 'export_documents',
    kind: 'counter',
    tier: 'slow',
    description: 'Documents that Elasticsearch acknowledged',
    plausible: OWN,
    source: { noted: 'the exporter' },
  },
  {
    entity: 'agent',
    name: 'export_retries',
    kind: 'counter',
    tier: 'slow',
    better: 'lower',
    description: 'Requests to Elasticsearch, or documents of one, that were sent again',
    plausible: OWN,
    source: { noted: 'the exporter' },
  },
  {
    entity: 'agent',
    name: 'export_rejected',
    kind: 'counter',
    tier: 'slow',
    better: 'lower',
    description: 'Documents that Elasticsearch refused, now in the dead-letter file',
    plausible: OWN,
    source: { noted: 'the exporter' },
  },
  {
    entity: 'agent',
    name: 'open_jobs',
    kind: 'gauge',
    tier: 'slow',
    description: 'Jobs whose window is open',
    plausible: OWN,
    source: { noted: 'the server' },
  },
] as const satisfies readonly Metric[];

/** Metrics of the agent that JavaScript tells it. */
export type NotedMetric = Extract<(typeof AGENT)[number], { source: { noted: string } }>['name'];

/** All metrics, entity by entity, in the order of their columns. */
export const METRICS = [...HOST, ...CGROUP, ...JOB, ...GPU, ...GPU_PROCESS, ...AGENT] as const;

type Row = (typeof METRICS)[number];
/** The names of an entity's metrics. */
export type MetricName<E extends Entity = Entity> = Extract<Row, { entity: E }>['name'];

type NamedMetric = Metric & { readonly name: MetricName };

const BY_ENTITY: ReadonlyMap<Entity, readonly NamedMetric[]> = new Map(
  ENTITIES.map((entity) => [entity, METRICS.filter((metric) => metric.entity === entity)]),
);

/** An entity's metrics in the order of their columns; none for entities that have no metric yet. */
export function metricsOf(entity: Entity): readonly NamedMetric[] {
  return BY_ENTITY.get(entity) ?? [];
}

/** The unit at the end of a metric's name (`MiB` of `memory_used__MiB`), or '' for a dimensionless one. */
export function unitOf(name: string): string {
  const at = name.lastIndexOf('__');
  return at < 0 ? '' : name.slice(at + 2);
}

/** The bounds of a level; undefined for a counter, and where there are none. */
export function rangeOf({ plausible }: Metric): Range | undefined {
  return 'max' in plausible ? plausible : undefined;
}
