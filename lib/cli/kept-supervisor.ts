// The supervisor that bin/nvpulse.js has forked before Node, where it could.
import { fstatSync } from 'node:fs';
import type { RunJobOptions } from '../index';

/** Once: nothing that is started from here on is told of it. */
export function takeKeptSupervisor(): Pick<RunJobOptions, 'kept'> {
  const [fd, pid] = (process.env['NVPULSE_KEPT_SUPERVISOR'] ?? '').split(' ').map(Number);
  delete process.env['NVPULSE_KEPT_SUPERVISOR'];
  return fd !== undefined && pid !== undefined && isSocket(fd) ? { kept: { fd, pid } } : {};
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
