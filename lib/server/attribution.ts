// Whose GPUs: from what a start names, and from where a job's processes are seen.
import { NvpulseError } from '../errors';
import type { GpuState } from '../native/addon';

export interface KnownGpu {
  readonly index: number;
  readonly uuid: string;
}

/**
 * UUIDs of the GPUs that a start names by index or UUID, each once.
 * @throws ERR_OPTION where there is no such GPU · ERR_SERVER while the driver has not answered
 */
export function namedGpus(
  names: readonly (number | string)[],
  known: readonly KnownGpu[],
  { state, reason }: Pick<GpuState, 'state' | 'reason'>,
): readonly string[] {
  if (names.length > 0 && known.length === 0 && state === 'waiting')
    throw new NvpulseError(
      'ERR_SERVER',
      "the GPU driver has not answered yet, so the job's GPUs are not known; try again",
    );
  const found = names.map((name) => {
    const gpu = known.find(({ index, uuid }) => uuid === name || String(index) === String(name));
    if (gpu) return gpu.uuid;
    const there = known.map(({ index, uuid }) => `${index} (${uuid})`).join(', ');
    throw new NvpulseError(
      'ERR_OPTION',
      `gpus: there is no GPU '${name}' here; ${there === '' ? `there is none: ${reason}` : `there are ${there}`}`,
    );
  });
  return [...new Set(found)];
}
