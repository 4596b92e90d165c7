// What the simulator shows at a given time, by the formulas of docs/SIMULATOR.md: an implementation of its own,
// for comparing. Times are Unix nanoseconds.
import type { GpuMetric, Board, Profile, ProfileName, Wave } from './profiles';
import { profileOf } from './profiles';
import { NvpulseError } from '../errors';

/** NVML's code for "not supported". */
const NOT_SUPPORTED = 3;
const ENERGY_REFRESH__MS = 20;
const PROCESS_REFRESH__MS = 1000;
const LANES = 8;
const FIRST_PID = 5_000_000;
const PIDS_PER_GPU = 1000;

/** a ÷ b to the nearest whole number, halves up. */
const divide = (a: bigint, b: bigint): number => Number((2n * a + b) / (2n * b));
const round = (value: number): number => Math.floor(value + 0.5);

/** How far GPU `index` runs ahead of the clock. */
const lead__ms = (index: number): number => (index + 1) * 1000;

function inLane(wave: Wave, index: number): Wave {
  const lift = (index % LANES) * wave.step;
  return { ...wave, low: wave.low + lift, high: wave.high + lift };
}

/** The wave `time__ms` after its start. */
function valueAt({ form, period__s, low, high }: Wave, time__ms: number): number {
  const period__ms = period__s * 1000;
  const into__ms = time__ms % period__ms;
  switch (form) {
    case 'constant':
      return low;
    case 'square':
      return 2 * into__ms < period__ms ? high : low;
    case 'ramp':
      return low + divide(BigInt(high - low) * BigInt(into__ms), BigInt(period__ms));
    case 'sine':
      return round((low + high) / 2 + ((high - low) / 2) * Math.sin((2 * Math.PI * into__ms) / period__ms));
  }
}

/** The integral of a wave in mW over the first `into__ms` of a period, in mJ. */
function partial__mJ({ form, period__s, low, high }: Wave, into__ms: number): number {
  const period__ms = period__s * 1000;
  switch (form) {
    case 'constant':
      return divide(BigInt(low) * BigInt(into__ms), 1000n);
    case 'square': {
      const up__ms = Math.min(into__ms, period__ms / 2);
      return divide(BigInt(high) * BigInt(up__ms) + BigInt(low) * BigInt(into__ms - up__ms), 1000n);
    }
    case 'ramp': {
      const [p, u] = [BigInt(period__ms), BigInt(into__ms)];
      return divide(2n * p * BigInt(low) * u + BigInt(high - low) * u * u, 2000n * p);
    }
    case 'sine': {
      const turn = (2 * Math.PI * into__ms) / period__ms;
      const swing = ((high - low) / 2) * (period__s / (2 * Math.PI)) * (1 - Math.cos(turn));
      return round((((low + high) / 2) * into__ms) / 1000 + swing);
    }
  }
}

/** The same from the wave's start to `time__ms`. */
function integral__mJ(wave: Wave, time__ms: number): number {
  const period__ms = wave.period__s * 1000;
  const turns = Math.floor(time__ms / period__ms);
  return turns * partial__mJ(wave, period__ms) + partial__mJ(wave, time__ms % period__ms);
}

const DAY__NS = 86_400_000_000_000n;

/** Since when a driver has been loaded that is asked at a frozen time. */
export const dayBefore = (time__ns: bigint): bigint => (time__ns > DAY__NS ? time__ns - DAY__NS : 0n);

const toMs = (time__ns: bigint): number => Number(time__ns / 1_000_000n);
const refreshed = (time__ms: number, refresh__ms: number): number => time__ms - (time__ms % refresh__ms);

/** A channel at the last refresh before `time__ms`. */
function read(wave: Wave, index: number, time__ms: number): number {
  return valueAt(inLane(wave, index), refreshed(time__ms, wave.refresh__ms) + lead__ms(index));
}

function usage__mW(board: Board, power: Wave, index: number, time__ms: number): number {
  if (!board.powerIsMean) return read(power, index, time__ms);
  const wave = inLane(power, index);
  const end__ms = refreshed(time__ms, power.refresh__ms) + lead__ms(index);
  return integral__mJ(wave, end__ms) - integral__mJ(wave, end__ms - 1000);
}

/** The energy from one time to another, exactly. */
function energy__mJ(power: Wave, index: number, from__ms: number, to__ms: number): number {
  const wave = inLane(power, index);
  return integral__mJ(wave, to__ms + lead__ms(index)) - integral__mJ(wave, from__ms + lead__ms(index));
}

function memoryOf(metric: GpuMetric, profile: Profile, board: Board, used__MiB: number): number | undefined {
  const { memory_total__MiB: total, memory_reserved__MiB: reserved } = board;
  if (metric === 'memory_total__MiB') return total;
  if (metric === 'memory_free__MiB') return total - reserved - used__MiB;
  if (metric === 'memory_used__MiB') return profile.memoryV2 ? used__MiB : used__MiB + reserved;
  return undefined;
}

/** A reading's time, and since when energy is counted. */
interface Moment {
  readonly time__ms: number;
  readonly loaded__ms: number;
}

function powerOf(
  metric: GpuMetric,
  board: Board,
  index: number,
  { time__ms, loaded__ms }: Moment,
): number | undefined {
  if (metric === 'power_limit__W')
    return board.power_limit__mW > 0 ? board.power_limit__mW / 1000 : undefined;
  if (board.power === undefined) return undefined;
  if (metric === 'power_draw__W') return usage__mW(board, board.power, index, time__ms) / 1000;
  if (metric === 'energy__J') {
    const counted__ms = Math.max(loaded__ms, refreshed(time__ms, ENERGY_REFRESH__MS));
    return energy__mJ(board.power, index, loaded__ms, counted__ms) / 1000;
  }
  return undefined;
}

function boardOf(profile: Profile, index: number): Board {
  const board = profile.boards[index];
  if (board !== undefined) return board;
  throw new NvpulseError(
    'ERR_OPTION',
    `gpuIndex: ${index} is not there; this profile has 0 to ${profile.boards.length - 1}`,
  );
}

/**
 * NVML's return code for this metric: 0 where it has a value, else why it has none.
 * @throws ERR_OPTION for an unknown profile or index
 */
export function expectedStatus(profileName: ProfileName, gpuIndex: number, metric: GpuMetric): number {
  const board = boardOf(profileOf(profileName), gpuIndex);
  const failure = board.handle ?? board.failing?.[metric];
  if (failure !== undefined) return failure;
  const start = { time__ms: 0, loaded__ms: 0 };
  return unchecked(profileName, gpuIndex, metric, start) === undefined ? NOT_SUPPORTED : 0;
}

/**
 * The value that the simulator shows for a GPU's metric at a time, in the metric's unit;
 * undefined where it shows none (`expectedStatus` says why). Energy counts from `loaded__ns` on, which a simulation
 * tells; without it from a day before, as where the time is frozen.
 * @throws ERR_OPTION for an unknown profile or index
 */
export function expected(
  profileName: ProfileName,
  gpuIndex: number,
  metric: GpuMetric,
  time__ns: bigint,
  loaded__ns: bigint = dayBefore(time__ns),
): number | undefined {
  if (expectedStatus(profileName, gpuIndex, metric) !== 0) return undefined;
  const moment = { time__ms: toMs(time__ns), loaded__ms: toMs(loaded__ns) };
  return unchecked(profileName, gpuIndex, metric, moment);
}

function unchecked(name: ProfileName, index: number, metric: GpuMetric, moment: Moment): number | undefined {
  const { time__ms } = moment;
  const profile = profileOf(name);
  const board = boardOf(profile, index);
  const used = board.waves.memory_used__MiB;
  const memory = used && memoryOf(metric, profile, board, read(used, index, time__ms));
  if (memory !== undefined) return memory;
  const wave = board.waves[metric];
  return wave ? read(wave, index, time__ms) : powerOf(metric, board, index, moment);
}

/**
 * The energy in J that a GPU takes between two times: the integral of its instantaneous power, not rounded to
 * what the counter has shown so far (times to 1 ms, energy to 1 mJ).
 * @throws ERR_OPTION for an unknown profile or index, or a GPU without power
 */
export function energyBetween(
  profileName: ProfileName,
  gpuIndex: number,
  t0__ns: bigint,
  t1__ns: bigint,
): number {
  const { power } = boardOf(profileOf(profileName), gpuIndex);
  if (!power)
    throw new NvpulseError('ERR_OPTION', `gpuIndex: ${gpuIndex} of ${profileName} measures no power`);
  return energy__mJ(power, gpuIndex, toMs(t0__ns), toMs(t1__ns)) / 1000;
}

export interface ExpectedProcess {
  readonly pid: number;
  readonly memory__MiB: number;
  readonly sm__pct: number;
}

/**
 * The compute processes that the simulator invents on a GPU (`NVPULSE_SIM_PROCESSES=profile`). Not shown on two
 * boards of `odd`: 4, whose handle is refused, and 6, which tells neither memory nor utilization of a process.
 * @throws ERR_OPTION for an unknown profile or index
 */
export function expectedProcesses(
  profileName: ProfileName,
  gpuIndex: number,
  time__ns: bigint,
): readonly ExpectedProcess[] {
  const { waves } = boardOf(profileOf(profileName), gpuIndex);
  const time__ms = refreshed(toMs(time__ns), PROCESS_REFRESH__MS);
  const level = (wave?: Wave): number => (wave ? read(wave, gpuIndex, time__ms) : 0);
  const n = level(waves.process_num);
  const share = (whole: number, k: number): number => Math.floor((whole * 2 * (k + 1)) / (n * (n + 1)));
  return Array.from({ length: n }, (_, k) => ({
    pid: FIRST_PID + PIDS_PER_GPU * gpuIndex + k,
    memory__MiB: share(level(waves.memory_used__MiB), k),
    sm__pct: share(level(waves.gpu_utilization__pct), k),
  }));
}
