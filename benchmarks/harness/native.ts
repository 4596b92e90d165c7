// The C++ programs that nvpulse is measured against, built on demand, and the libraries that they read.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');
export const BUILD = join(ROOT, 'build-bench');

/** The command line as it is installed: the build in dist. */
export const NVPULSE = [process.execPath, join(ROOT, 'bin', 'nvpulse.js')] as const;

/** Path of a program of benchmarks/native. */
export const program = (name: 'bulk-loop' | 'sampling-loop' | 'used'): string => join(BUILD, name);

export function buildNative(): void {
  const source = join(ROOT, 'benchmarks', 'native');
  execFileSync('cmake', ['-S', source, '-B', BUILD, '-DCMAKE_BUILD_TYPE=Release', '-Wno-dev'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('cmake', ['--build', BUILD, '-j2'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Variables that make nvpulse and any other NVML client read one library. */
export type NvmlEnv = { readonly NVPULSE_NVML: string } & Readonly<Record<string, string>>;

const reading = (path: string, env: Readonly<Record<string, string>>): NvmlEnv => ({
  NVPULSE_NVML: path,
  LD_LIBRARY_PATH: dirname(path),
  ...env,
});

/** An NVML whose calls cost nothing. */
export function stub(devices = 8): NvmlEnv {
  return reading(join(BUILD, 'stub', 'libnvidia-ml.so.1'), { NVPULSE_STUB_DEVICES: String(devices) });
}

/** Eight simulated GPUs; `real`: its calls take as long as those of drivers. */
export function simulator(latency: 'none' | 'real'): NvmlEnv {
  return reading(join(ROOT, 'build', 'Release', 'libnvidia-ml.so.1'), {
    NVPULSE_SIM_PROFILE: 'h200x8',
    NVPULSE_SIM_LATENCY: latency,
    NVPULSE_SIM_PROCESSES: 'profile',
  });
}

/** For what loads the library into this process: the environment it reads is this one's. */
export function adopt(env: NvmlEnv): NvmlEnv {
  Object.assign(process.env, env);
  return env;
}
