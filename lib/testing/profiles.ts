// The simulator's machines as TypeScript knows them: written beside native/simulator/profiles, not derived from
// it, so that a mistake in either is seen by comparing. Values are in NVML's units (power mW, memory MiB).
import type { MetricName } from '../catalog';
import { NvpulseError } from '../errors';
import type { SimulatedDriver } from '../native/locate';

export const PROFILES = ['h200x8', 't4', 'desktop', 'laptop', 'odd'] as const;

/** `h200x<N>`, N from 1 to 64, is the eight-GPU server with N boards. */
export type ProfileName = (typeof PROFILES)[number] | `h200x${number}`;

export type GpuMetric = MetricName<'gpu'>;

/** A periodic waveform; docs/SIMULATOR.md has the formulas. */
export interface Wave {
  readonly form: 'constant' | 'square' | 'ramp' | 'sine';
  readonly period__s: number;
  readonly low: number;
  readonly high: number;
  /** Added to low and high for each lane, which is the index modulo 8. */
  readonly step: number;
  readonly refresh__ms: number;
}

/** What is not here in `waves`, or is 0, the board does not support. */
export interface Board {
  readonly waves: Partial<Record<GpuMetric, Wave>>;
  /** Instantaneous power in mW. */
  readonly power?: Wave;
  /** Whether GetPowerUsage gives the mean of the last second, or the instant. */
  readonly powerIsMean: boolean;
  readonly power_limit__mW: number;
  readonly memory_total__MiB: number;
  readonly memory_reserved__MiB: number;
  /** NVML's code for metrics that fail otherwise than by "not supported". */
  readonly failing?: Partial<Record<GpuMetric, number>>;
  /** NVML's code for looking up the handle. */
  readonly handle?: number;
}

export interface Profile {
  readonly driver: SimulatedDriver;
  readonly boards: readonly Board[];
  /** Whether `used` leaves out what the driver reserves (GetMemoryInfo_v2). */
  readonly memoryV2: boolean;
}

const wave =
  (form: Wave['form']) =>
  (refresh__ms: number, period__s: number, low: number, high: number, step = 0): Wave => ({
    form,
    refresh__ms,
    period__s,
    low,
    high,
    step,
  });
const square = wave('square');
const ramp = wave('ramp');
const sine = wave('sine');
const constant = (value: number): Wave => wave('constant')(100, 2, value, value);

const H200: Board = {
  waves: {
    gpu_utilization__pct: square(100, 10, 12, 88, 1),
    memory_utilization__pct: ramp(100, 20, 5, 65, 2),
    decoder_utilization__pct: sine(100, 30, 8, 48, 3),
    gpu_temperature__C: sine(1000, 60, 36, 72, 1),
    memory_temperature__C: ramp(1000, 40, 48, 80, 1),
    graphics_clock__MHz: sine(100, 24, 405, 1785, 15),
    gpu_clock__MHz: ramp(100, 30, 345, 1860, 15),
    memory_clock__MHz: square(100, 50, 1593, 3190, 1),
    perf_state: square(100, 16, 2, 0),
    memory_used__MiB: sine(100, 120, 10000, 120000, 512),
    process_num: square(1000, 14, 1, 2, 1),
  },
  power: sine(100, 10, 200000, 600000, 5000),
  powerIsMean: true,
  power_limit__mW: 700000,
  memory_total__MiB: 143771,
  memory_reserved__MiB: 610,
};

const T4: Board = {
  waves: {
    gpu_utilization__pct: ramp(200, 12, 4, 96),
    memory_utilization__pct: sine(200, 16, 10, 70),
    encoder_utilization__pct: square(200, 8, 3, 31),
    decoder_utilization__pct: ramp(200, 10, 6, 46),
    gpu_temperature__C: ramp(1000, 50, 34, 78),
    graphics_clock__MHz: ramp(100, 20, 300, 1590),
    gpu_clock__MHz: sine(100, 20, 300, 1500),
    memory_clock__MHz: square(100, 40, 405, 5001),
    perf_state: square(100, 40, 8, 0),
    memory_used__MiB: ramp(100, 60, 500, 14000),
    process_num: square(1000, 10, 1, 3),
  },
  power: square(100, 6, 27000, 68000),
  powerIsMean: false,
  power_limit__mW: 70000,
  memory_total__MiB: 15360,
  memory_reserved__MiB: 442,
};

const LAPTOP: Board = {
  waves: {
    gpu_utilization__pct: sine(500, 20, 7, 99),
    memory_utilization__pct: square(500, 14, 3, 57),
    encoder_utilization__pct: ramp(500, 16, 1, 41),
    decoder_utilization__pct: square(500, 12, 2, 26),
    gpu_temperature__C: sine(1000, 80, 42, 86),
    graphics_clock__MHz: square(100, 18, 210, 2475),
    gpu_clock__MHz: ramp(100, 18, 210, 2460),
    memory_clock__MHz: square(100, 30, 405, 8001),
    perf_state: square(100, 30, 8, 0),
    memory_used__MiB: square(100, 26, 611, 6911),
    process_num: square(1000, 12, 1, 2),
  },
  power: ramp(100, 8, 9000, 101000),
  powerIsMean: true,
  power_limit__mW: 103457,
  memory_total__MiB: 8188,
  memory_reserved__MiB: 225,
};

const DESKTOP: Board = {
  waves: {
    gpu_utilization__pct: square(200, 18, 9, 97),
    memory_utilization__pct: ramp(200, 22, 2, 62),
    encoder_utilization__pct: sine(200, 24, 4, 36),
    decoder_utilization__pct: ramp(200, 15, 1, 31),
    gpu_temperature__C: sine(1000, 72, 40, 80),
    graphics_clock__MHz: ramp(100, 24, 210, 2760),
    gpu_clock__MHz: square(100, 24, 210, 2745),
    memory_clock__MHz: square(100, 36, 405, 10251),
    fan_speed__pct: ramp(1000, 60, 22, 82),
    perf_state: square(100, 36, 8, 0),
    memory_used__MiB: ramp(100, 44, 900, 22100),
    process_num: square(1000, 18, 1, 2),
  },
  power: sine(100, 14, 40000, 430000),
  powerIsMean: true,
  power_limit__mW: 450000,
  memory_total__MiB: 24564,
  memory_reserved__MiB: 361,
};

const ODD_BUSY_WAVES = {
  gpu_utilization__pct: ramp(100, 14, 6, 90, 1),
  memory_utilization__pct: square(100, 18, 8, 56, 1),
  encoder_utilization__pct: ramp(100, 10, 2, 32, 1),
  decoder_utilization__pct: square(100, 12, 5, 41, 1),
  fan_speed__pct: sine(1000, 64, 30, 70, 1),
};

const ODD_OTHER_WAVES = {
  gpu_temperature__C: ramp(1000, 46, 31, 77, 1),
  memory_temperature__C: sine(1000, 70, 41, 81, 1),
  graphics_clock__MHz: ramp(100, 22, 210, 1305, 15),
  gpu_clock__MHz: square(100, 22, 210, 1290, 15),
  memory_clock__MHz: ramp(100, 44, 405, 1200, 1),
  perf_state: square(100, 22, 12, 0),
  memory_used__MiB: ramp(100, 52, 1000, 33000, 256),
  process_num: square(1000, 16, 1, 2),
};

const ODD_WAVES = { ...ODD_BUSY_WAVES, ...ODD_OTHER_WAVES };

const ODD_WITHOUT_POWER: Board = {
  waves: ODD_WAVES,
  powerIsMean: false,
  power_limit__mW: 0,
  memory_total__MiB: 40536,
  memory_reserved__MiB: 313,
};

const ODD: Board = {
  ...ODD_WITHOUT_POWER,
  power: ramp(100, 12, 55000, 235000, 1000),
  power_limit__mW: 250000,
};

const NO_PERMISSION = 4;
const UNKNOWN = 999;

const ODD_BOARDS: readonly Board[] = [
  ODD_WITHOUT_POWER,
  {
    ...ODD,
    failing: {
      memory_used__MiB: NO_PERMISSION,
      memory_free__MiB: NO_PERMISSION,
      memory_total__MiB: NO_PERMISSION,
    },
  },
  { ...ODD, failing: { gpu_temperature__C: UNKNOWN, memory_temperature__C: UNKNOWN } },
  {
    ...ODD,
    memory_total__MiB: 0,
    memory_reserved__MiB: 0,
    waves: { ...ODD_WAVES, memory_used__MiB: constant(0) },
  },
  { ...ODD, handle: NO_PERMISSION },
  { ...ODD, waves: { ...ODD_WAVES, fan_speed__pct: ramp(1000, 32, 90, 130, 1) } },
  { ...ODD, waves: { ...ODD_OTHER_WAVES, perf_state: constant(32) } },
];

const NEW_DRIVER = { driver: '580.126.20', memoryV2: true } as const;

const MAX_BOARDS = 64;

/** A simulated machine. @throws ERR_OPTION for a name that is none */
export function profileOf(name: string): Profile {
  if (name === 't4') return { ...NEW_DRIVER, boards: [T4] };
  if (name === 'desktop') return { ...NEW_DRIVER, boards: [DESKTOP] };
  if (name === 'laptop') return { ...NEW_DRIVER, boards: [LAPTOP] };
  if (name === 'odd') return { driver: '470.256.02', memoryV2: false, boards: ODD_BOARDS };
  const count = Number(/^h200x([1-9]\d?)$/.exec(name)?.[1]);
  if (count <= MAX_BOARDS) return { ...NEW_DRIVER, boards: new Array<Board>(count).fill(H200) };
  throw new NvpulseError(
    'ERR_OPTION',
    `profile: there is no simulated machine '${name}'; allowed are h200x8 (or any from h200x1 to h200x64), t4, desktop, laptop, odd`,
  );
}
