// The state folder belongs to one server at a time: a lock of the kernel's, which ends with the process however it ends.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { NvpulseError } from '../errors';
import { addon } from '../native/addon';
import { reasonOf } from '../reason';

export interface Lock {
  release(): void;
}

/**
 * Creates the folder where it is missing, and takes it.
 * @throws ERR_OPTION where another server has it, or it cannot be written
 */
export function lockState(dir: string): Lock {
  const fd = openLock(dir);
  const errno = addon().lock(fd);
  if (errno === 0) return { release: () => closeSync(fd) };
  closeSync(fd);
  throw new NvpulseError(
    'ERR_OPTION',
    errno === constants.errno.EWOULDBLOCK
      ? `--state: another server works in '${dir}'; stop it, or name another folder`
      : `--state: '${dir}' cannot be locked (errno ${errno}); name a folder on a local disk`,
  );
}

function openLock(dir: string): number {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return openSync(join(dir, 'lock'), 'a', 0o600);
  } catch (cause) {
    throw new NvpulseError('ERR_OPTION', `--state: '${dir}' cannot be written: ${reasonOf(cause)}`, {
      cause,
    });
  }
}
