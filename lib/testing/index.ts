// nvpulse/testing: a simulated GPU machine for your own tests, and the truth to compare readings with.
import { existsSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { NvpulseError } from '../errors';
import { simulatorPath } from '../native/locate';
import { refuseUnknown } from '../sampling/options';
import { dayBefore } from './formula';
import { profileOf, type ProfileName } from './profiles';

export { energyBetween, expected, expectedProcesses, expectedStatus, type ExpectedProcess } from './formula';
export type { GpuMetric, ProfileName } from './profiles';

const STAT = '/proc/stat';

export interface SimulateOptions {
  /** The machine. @default 'h200x8' */
  readonly profile?: ProfileName;
  /** Freezes every reading at this Unix time in nanoseconds; without it they follow the clock. */
  readonly time__ns?: bigint;
  /** When the driver was loaded, from which energy counts. @default when this machine started; a day before a frozen time */
  readonly loaded__ns?: bigint;
  /** What shall go wrong, in the grammar of docs/SIMULATOR.md. */
  readonly faults?: string;
  /** `real`: calls take as long as on hardware. @default 'none' */
  readonly latency?: 'none' | 'real';
  /**
   * `live`: processes of this machine, whichever. `environ`: those that have NVPULSE_SIM_GPU=<i>[,<j>…].
   * @default 'profile', invented ones
   */
  readonly processes?: 'live' | 'profile' | 'environ';
}

export interface Simulation {
  readonly profile: ProfileName;
  readonly gpu_num: number;
  /** The simulator, a libnvidia-ml.so.1 of the profile's driver. */
  readonly path: string;
  /** Since when energy counts, for `expected`. */
  readonly loaded__ns: bigint;
  /** Variables for a child process: nvpulse in it reads the simulator, and so does any other NVML client. */
  readonly env: Readonly<Record<string, string>>;
}

/** When this machine started, in whole seconds: as the kernel tells all processes alike. */
function started__ns(): bigint {
  const [, told] = /^btime (\d+)$/m.exec(existsSync(STAT) ? readFileSync(STAT, 'utf8') : '') ?? [];
  return BigInt(told ?? Math.round(Date.now() / 1000 - uptime())) * 1_000_000_000n;
}

/**
 * A simulated machine, to be handed to a child: `spawn(command, { env: { ...process.env, ...simulate().env } })`.
 * @throws ERR_OPTION for an option, a profile or a time that is not allowed; ERR_NATIVE where there is no simulator
 */
export function simulate(options: SimulateOptions = {}): Simulation {
  refuseUnknown(options, ['profile', 'time__ns', 'loaded__ns', 'faults', 'latency', 'processes'], 'simulate');
  const { profile = 'h200x8', time__ns, faults = '', latency = 'none', processes = 'profile' } = options;
  const { driver, boards } = profileOf(profile);
  if (time__ns !== undefined && time__ns < 0n) {
    throw new NvpulseError('ERR_OPTION', `time__ns: ${time__ns} is before 1970; allowed is 0 or later`);
  }
  const path = simulatorPath(driver);
  const loaded__ns = options.loaded__ns ?? (time__ns === undefined ? started__ns() : dayBefore(time__ns));
  if (loaded__ns < 0n) {
    throw new NvpulseError('ERR_OPTION', `loaded__ns: ${loaded__ns} is before 1970; allowed is 0 or later`);
  }
  const others = process.env['LD_LIBRARY_PATH'];
  const env = {
    NVPULSE_NVML: path,
    LD_LIBRARY_PATH: others ? dirname(path) + delimiter + others : dirname(path),
    NVPULSE_SIM_PROFILE: profile,
    NVPULSE_SIM_TIME: time__ns === undefined ? '' : String(time__ns),
    NVPULSE_SIM_LOADED: String(loaded__ns),
    NVPULSE_SIM_FAULTS: faults,
    NVPULSE_SIM_LATENCY: latency,
    NVPULSE_SIM_PROCESSES: processes,
  };
  return { profile, gpu_num: boards.length, path, loaded__ns, env };
}
