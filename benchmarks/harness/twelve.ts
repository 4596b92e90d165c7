// The metrics of the bulk-read cases: the original's thirteen without process_num, whose call is of another kind.
import { Nvml } from '../../lib';
import { contestant, type Contestant } from './contestant';
import { adopt, program, type NvmlEnv } from './native';

export const TWELVE = [
  'gpu_clock__MHz',
  'memory_clock__MHz',
  'graphics_clock__MHz',
  'gpu_utilization__pct',
  'memory_utilization__pct',
  'encoder_utilization__pct',
  'decoder_utilization__pct',
  'gpu_temperature__C',
  'memory_temperature__C',
  'fan_speed__pct',
  'perf_state',
  'power_draw__W',
] as const;

/** nvpulse's bulk read, in this process. One library a process: the environment is read once. */
export async function nvpulse(env: NvmlEnv): Promise<Contestant> {
  const reader = await Nvml.bulkReader(TWELVE, { nvml: adopt(env).NVPULSE_NVML });
  const values = new Float64Array(reader.devices * TWELVE.length);
  const status = new Uint16Array(values.length);
  return {
    time: (passes) => {
      const begun__ns = process.hrtime.bigint();
      for (let pass = 0; pass < passes; pass++) reader.readSync(values, status);
      return Promise.resolve(Number(process.hrtime.bigint() - begun__ns) / passes);
    },
    sum: () => {
      reader.readSync(values, status);
      return Promise.resolve(values.subarray(0, TWELVE.length).reduce((a, b) => a + (b || 0), 0));
    },
    close: () => reader.close(),
  };
}

/** The bare loop over the same functions. */
export function bareLoop(env: NvmlEnv): Contestant {
  return contestant(program('bulk-loop'), [], env);
}
