// A file that only grows, by whole pieces: a piece that fails to be written is cut off again.
// Callbacks, not `fs.promises`: a handle's write costs a tenth of a millisecond more, once a second.
import { close, fdatasync, fstat, ftruncate, open, rm, stat, truncate, write } from 'node:fs';
import { promisify } from 'node:util';
import { ADDING, ADDING_THROUGH_LINKS, PRIVATE, type Access } from './private';

const [closeFile, syncFile, statFile, statPath, cutFile, openFile, removeFile, cutPath] = [
  promisify(close),
  promisify(fdatasync),
  promisify(fstat),
  promisify(stat),
  promisify(ftruncate),
  promisify(open),
  promisify(rm),
  promisify(truncate),
];

/** What was written is gone: someone removed the file, or put another in its place. */
export class RemovedError extends Error {
  constructor(path: string) {
    super(`'${path}' was removed`);
  }
}

export class AppendFile {
  private fd: number | undefined;
  /** Of the open file, to tell it from another at its path. */
  private inode = 0;

  /**
   * The file is created, or opened, at the first piece.
   * @param length of a file that is there already
   */
  constructor(
    readonly path: string,
    private length = 0,
    private readonly access: Access = PRIVATE,
  ) {}

  /** Bytes of whole pieces. */
  get size(): number {
    return this.length;
  }

  /**
   * Rejects with the system's error; the file then ends where it did, as far as that can be done. Rejects with
   * RemovedError where it is no longer there: the next piece begins another.
   */
  async append(piece: Buffer): Promise<void> {
    const fd = await this.open();
    try {
      await writeAll(fd, piece);
      this.length += piece.length;
    } catch (error) {
      await cutFile(fd, this.length).catch(() => undefined);
      await this.close();
      throw error;
    }
  }

  /** Once all pieces are on the disk. Rejects with the system's error. */
  async sync(): Promise<void> {
    if (this.fd !== undefined) await syncFile(this.fd);
  }

  /** Whether what was written is still at its path: what is added to a file that was removed is lost without an error. */
  async isThere(): Promise<boolean> {
    if (this.fd === undefined && this.length === 0) return true;
    const found = await statPath(this.path).catch(() => undefined);
    return (
      found !== undefined && (this.fd === undefined || found.ino === this.inode) && found.size >= this.length
    );
  }

  /** Rejects with RemovedError where what was written is no longer there. */
  async check(): Promise<void> {
    if (await this.isThere()) return;
    await this.close();
    this.length = 0;
    throw new RemovedError(this.path);
  }

  /** Opens it, so that another file at its path is told from it. Rejects as `append` does. */
  async open(): Promise<number> {
    await this.check();
    if (this.fd === undefined) {
      const { file, followsLinks } = this.access;
      this.fd = await openFile(this.path, followsLinks ? ADDING_THROUGH_LINKS : ADDING, file);
      this.inode = (await statFile(this.fd)).ino;
    }
    return this.fd;
  }

  async clear(): Promise<void> {
    if (this.length === 0) return;
    await (this.fd === undefined ? cutPath(this.path, 0) : cutFile(this.fd, 0));
    this.length = 0;
  }

  async remove(): Promise<void> {
    await this.close();
    await removeFile(this.path, { force: true });
  }

  /** Errors of closing are those of writes that `append` has reported. */
  async close(): Promise<void> {
    const { fd } = this;
    this.fd = undefined;
    if (fd !== undefined) await closeFile(fd).catch(() => undefined);
  }
}

function writeAll(fd: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const rest = (from: number): void => {
      write(fd, bytes, from, bytes.length - from, null, (error, written) => {
        if (error) reject(error);
        else if (from + written < bytes.length) rest(from + written);
        else resolve();
      });
    };
    rest(0);
  });
}
