// nvpulse/testing: a simulated GPU machine for your own tests, and the truth to compare readings with.
import { delimiter, dirname } from 'node:path';
import { NvpulseError } from '../errors';
import { simulatorPath } from '../native/locate';
import { refuseUnknown } from '../sampling/options';
import { profileOf, type ProfileName } from './profiles';

export { energyBetween, expected, expectedProcesses, expectedStatus, type ExpectedProcess } from './formula';
export type { GpuMetric, ProfileName } from './profiles';

export interface SimulateOptions {
  /** The machine. @default 'h200x8' */
  readonly profile?: ProfileName;
  /** Freezes every reading at this Unix time in nanoseconds; without it they follow the clock. */
  readonly time__ns?: bigint;
  /** What shall go wrong, in the grammar of docs/SIMULATOR.md. */
  readonly faults?: string;
  /** `real`: calls take as long as on hardware. @default 'none' */
  readonly latency?: 'none' | 'real';
  /** `environ`: the live processes that have NVPULSE_SIM_GPU=<i>[,<j>…]. @default 'profile', invented ones */
  readonly processes?: 'profile' | 'environ';
}

export interface Simulation {
  readonly profile: ProfileName;
  readonly gpu_num: number;
  /** The simulator, a libnvidia-ml.so.1 of the profile's driver. */
  readonly path: string;
  /** Variables for a child process: nvpulse in it reads the simulator, and so does any other NVML client. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A simulated machine, to be handed to a child: `spawn(command, { env: { ...process.env, ...simulate().env } })`.
 * @throws ERR_OPTION for an option, a profile or a time that is not allowed; ERR_NATIVE where there is no simulator
 */
export function simulate(options: SimulateOptions = {}): Simulation {
  refuseUnknown(options, ['profile', 'time__ns', 'faults', 'latency', 'processes'], 'simulate');
  const { profile = 'h200x8', time__ns, faults = '', latency = 'none', processes = 'profile' } = options;
  const { driver, boards } = profileOf(profile);
  if (time__ns !== undefined && time__ns < 0n) {
    throw new NvpulseError('ERR_OPTION', `time__ns: ${time__ns} is before 1970; allowed is 0 or later`);
  }
  const path = simulatorPath(driver);
  const others = process.env['LD_LIBRARY_PATH'];
  const env = {
    NVPULSE_NVML: path,
    LD_LIBRARY_PATH: others ? dirname(path) + delimiter + others : dirname(path),
    NVPULSE_SIM_PROFILE: profile,
    NVPULSE_SIM_TIME: time__ns === undefined ? '' : String(time__ns),
    NVPULSE_SIM_FAULTS: faults,
    NVPULSE_SIM_LATENCY: latency,
    NVPULSE_SIM_PROCESSES: processes,
  };
  return { profile, gpu_num: boards.length, path, env };
}
