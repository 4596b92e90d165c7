// The state folder belongs to one server at a time: a lock of the kernel's, which ends with the process however it ends.
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { NvpulseError } from '../errors';
import { makeFolderSync } from '../make-folder';
import { addon } from '../native/addon';
import { ADDING, FILE_MODE, FOLDER_MODE } from '../recording/private';
import { reasonOf } from '../reason';

const NAME = 'lock';

/** A state folder that is this server's. */
export class Lock {
  private constructor(
    private readonly dir: string,
    private fd: number,
  ) {}

  /**
   * Creates the folder where it is missing, and takes it.
   * @throws ERR_OPTION where another server has it, or it cannot be written
   */
  static take(dir: string): Lock {
    return new Lock(dir, takeLock(dir));
  }

  /** Takes the folder again where someone removed it. @throws ERR_OPTION where another server has it by now */
  hold(): void {
    const found = statSync(join(this.dir, NAME), { throwIfNoEntry: false });
    if (found?.ino === fstatSync(this.fd).ino) return;
    const fd = takeLock(this.dir);
    closeSync(this.fd);
    this.fd = fd;
  }

  release(): void {
    closeSync(this.fd);
  }
}

function takeLock(dir: string): number {
  const fd = openLock(dir);
  const errno = addon().lock(fd);
  if (errno === 0) return fd;
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
    makeFolderSync(dir, FOLDER_MODE);
    return openSync(join(dir, NAME), ADDING, FILE_MODE);
  } catch (cause) {
    const isLink = (cause as NodeJS.ErrnoException).code === 'ELOOP';
    const reason = isLink ? 'its lock is a link, and none is followed' : reasonOf(cause);
    throw new NvpulseError('ERR_OPTION', `--state: '${dir}' cannot be written: ${reason}`, { cause });
  }
}
