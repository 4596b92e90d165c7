// Readings of the simulator by PyPI's nvidia-ml-py, which loads it as it would a driver's library.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Python } from './python';
import type { GpuMetric, Simulation } from '../../lib/testing';

/** The release that tests are written against. */
export const NVIDIA_ML_PY = 'nvidia-ml-py==13.615.71';

/** NVML's return code, in place of a value. */
export type Code = { readonly code: number };

export interface PythonGpu {
  readonly identity: Readonly<Record<string, string | number | Code>>;
  readonly metrics: Readonly<Record<GpuMetric, number | Code>>;
  readonly processes: readonly {
    readonly pid: number;
    readonly memory__MiB: number | null;
    readonly sm__pct: number | null;
  }[];
}

/** All devices in order; a code where the handle is refused. */
export function readGpus(python: Python, simulation: Simulation): readonly (PythonGpu | Code)[] {
  const script = readFileSync(join(__dirname, '..', 'python', 'read_gpus.py'), 'utf8');
  const answer = python.json(script, { env: simulation.env });
  if (!Array.isArray(answer)) throw new Error('read_gpus.py printed no list');
  return answer;
}
