// What would let nvpulse measure more here, one sentence each. Pure.
import type { AbsentState } from '../catalog';
import type { GpuState, NativeStats } from '../native/addon';

/** A driver that is set up anew for each client takes longer than this. */
const SLOW_INIT__US = 500_000;

const BY_STATE: Readonly<Partial<Record<GpuState['state'], string>>> = {
  no_driver:
    'No NVIDIA driver: host metrics are all there is. In a container, start it with --gpus all (NVIDIA Container Toolkit).',
  no_library:
    'The driver is loaded, but libnvidia-ml.so.1 is not found. In a container, set NVIDIA_DRIVER_CAPABILITIES=utility,compute; else install the driver’s library, or name it in NVPULSE_NVML.',
  not_nvml: 'The library is not NVML: correct NVPULSE_NVML, or unset it.',
  stalled: 'The driver does not answer: see the kernel log (dmesg, lines with NVRM and Xid).',
  failed:
    'NVML does not start: see whether nvidia-smi works, and the kernel log (dmesg, lines with NVRM and Xid).',
};

/** @param states why metrics of GPUs have no value */
export function adviceOn(
  gpu: GpuState,
  stats: NativeStats,
  states: ReadonlySet<AbsentState>,
): readonly string[] {
  const init = stats.calls.find(({ name }) => name.startsWith('nvmlInit'));
  const advice = [
    BY_STATE[gpu.state],
    init && init.p50__us > SLOW_INIT__US
      ? `The driver took ${(init.p50__us / 1e6).toFixed(1)} s to start: without persistence each client waits so long. An administrator may run nvidia-persistenced.`
      : undefined,
    states.has('denied')
      ? 'Some metrics are denied: let this user read /dev/nvidia*, or run where it may. Root is not needed for the rest.'
      : undefined,
    states.has('gone')
      ? 'A GPU is gone or needs a reset: see the kernel log (dmesg, lines with Xid).'
      : undefined,
    gpu.simulated ? 'The GPUs are simulated: nothing here tells of real ones.' : undefined,
  ];
  return advice.filter((line) => line !== undefined);
}
