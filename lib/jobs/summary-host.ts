// What a summary says of the machine it was taken on: from node:os and /etc/os-release, so that it costs next to nothing.
import { cpus, release, totalmem, type } from 'node:os';
import type { Machine } from '../sampling/machine';
import { osRelease } from './os-release';
import type { HostInfo } from './summary-types';

/** The machine. `core_num` counts logical CPUs. */
export function hostInfo({ hostName, rootfs }: Machine): HostInfo {
  const cores = cpus();
  return {
    name: hostName,
    os: osRelease(rootfs)?.PRETTY_NAME || type(),
    kernel: release(),
    cpu_model: cores[0]?.model.trim() || 'unknown',
    core_num: cores.length,
    memory_total__MiB: totalmem() / 1048576,
  };
}
