// `--simulate`: this process reads the simulator instead of a driver. What it starts is not told.
import type { ProfileName } from '../testing';

/** Before anything loads NVML. @throws ERR_OPTION naming the profiles there are */
export function simulateHere(profile: string): void {
  const { simulate } = require('../testing') as typeof import('../testing');
  // The simulator reads the environment of the process; assigning here sets it there.
  process.env['NVPULSE_NVML'] = simulate({ profile: profile as ProfileName }).path;
  process.env['NVPULSE_SIM_PROFILE'] = profile;
}
