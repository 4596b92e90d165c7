// A file that only grows, by whole pieces: a piece that fails to be written is cut off again.
// Callbacks, not `fs.promises`: a handle's write costs a tenth of a millisecond more, once a second.
import { close, fdatasync, fstat, ftruncate, open, rm, stat, truncate, write } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { isNowhere } from './files';
import { ADDING, ADDING_THROUGH_LINKS, PRIVATE, type Access } from './private';
import { syncFolder } from './replace-file';

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
  constructor(readonly path: string) {
    super(`'${path}' was removed`);
  }
}

export class AppendFile {
  private fd: number | undefined;
  /** Of the file once it was opened, to tell it from another at its path. */
  private inode: number | undefined;
  /** Its folder has its name also after a crash of the machine. */
  private isNamed = false;
  /** What a failed write left could not be cut off. */
  private isTorn = false;

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
   * RemovedError where it is no longer there, from then on: who goes on begins another.
   */
  async append(piece: Buffer): Promise<void> {
    const fd = await this.open();
    try {
      await writeAll(fd, piece);
      this.length += piece.length;
    } catch (error) {
      await this.cut(this.length);
      throw error;
    }
  }

  /** As `append`, and on the disk when done, with its name: where only that fails, the file ends where it did, too. */
  async appendDurably(piece: Buffer): Promise<void> {
    const { length } = this;
    await this.append(piece);
    try {
      await this.sync();
    } catch (error) {
      await this.cut(length);
      throw error;
    }
  }

  /** Once all pieces are on the disk, and the file's name. Rejects with the system's error. */
  async sync(): Promise<void> {
    if (this.fd === undefined) return;
    await syncFile(this.fd);
    if (!this.isNamed) await syncFolder(dirname(this.path));
    this.isNamed = true;
  }

  /** Rejects with RemovedError where what was written is not at its path: what is added there is lost without an error. */
  async check(): Promise<void> {
    if (this.inode === undefined && this.length === 0) return;
    const found = await statPath(this.path).catch(undefinedWhereMissing);
    const isIt = this.inode === undefined || found?.ino === this.inode;
    if (!found || !isIt || found.size < this.length) throw new RemovedError(this.path);
  }

  /** Opens it, so that another file at its path is told from it. Rejects as `append` does. */
  async open(): Promise<number> {
    await this.check();
    if (this.fd === undefined) {
      const { file, followsLinks } = this.access;
      this.fd = await openFile(this.path, followsLinks ? ADDING_THROUGH_LINKS : ADDING, file);
      this.inode = (await statFile(this.fd)).ino;
    }
    if (this.isTorn && (await statFile(this.fd)).size > this.length) await cutFile(this.fd, this.length);
    this.isTorn = false;
    return this.fd;
  }

  /** Rejects as `append` does. */
  async clear(): Promise<void> {
    if (this.length === 0) return;
    await this.check();
    await (this.fd === undefined ? cutPath(this.path, 0) : cutFile(this.fd, 0));
    this.length = 0;
  }

  async remove(): Promise<void> {
    await this.close();
    await removeFile(this.path, { force: true });
  }

  /** Of a write that failed; the next one opens the file anew. */
  private async cut(length: number): Promise<void> {
    if (this.fd !== undefined) await cutFile(this.fd, length).catch(() => (this.isTorn = true));
    this.length = length;
    // Nothing of ours is in it: whatever is at its path then will do.
    if (length === 0) this.inode = undefined;
    await this.close();
  }

  /** Errors of closing are those of writes that `append` has reported. */
  async close(): Promise<void> {
    const { fd } = this;
    this.fd = undefined;
    if (fd !== undefined) await closeFile(fd).catch(() => undefined);
  }
}

function undefinedWhereMissing(error: Error): undefined {
  if (!isNowhere(error)) throw error;
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
