// What a summary says of the machine it was taken on: from node:os and /etc/os-release, so that it costs next to nothing.
import { readFileSync } from 'node:fs';
import { cpus, hostname, release, totalmem, type } from 'node:os';
import type { HostInfo } from './summary-types';

function osName(): string {
  try {
    const line = /^PRETTY_NAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'));
    return line?.[1]?.replace(/^(["'])(.*)\1$/, '$2') || type();
  } catch {
    // No such file, as on systems that are not Linux.
    return type();
  }
}

/** This machine. `core_num` counts logical CPUs. */
export function hostInfo(): HostInfo {
  const cores = cpus();
  return {
    name: hostname(),
    os: osName(),
    kernel: release(),
    cpu_model: cores[0]?.model.trim() || 'unknown',
    core_num: cores.length,
    memory_total__MiB: totalmem() / 1048576,
  };
}
