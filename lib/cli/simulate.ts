// `--simulate`: this process reads the simulator instead of a driver. What it starts is not told.
import type { ProfileName, Simulation } from '../testing';

/** A simulated machine by its name, as typed. @throws ERR_OPTION naming the profiles there are */
export function simulation(profile: string): Simulation {
  const { simulate } = require('../testing') as typeof import('../testing');
  return simulate({ profile: profile as ProfileName });
}

/** Before anything loads NVML. @throws ERR_OPTION naming the profiles there are */
export function simulateHere(profile: string): void {
  // The simulator reads the environment of the process; assigning here sets it there.
  process.env['NVPULSE_NVML'] = simulation(profile).path;
  process.env['NVPULSE_SIM_PROFILE'] = profile;
  // Invented ones: live ones would show the job what it never did.
  process.env['NVPULSE_SIM_PROCESSES'] ??= 'profile';
}
