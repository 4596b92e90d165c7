// A file that only grows, by whole pieces: a piece that fails to be written is cut off again.
// Callbacks, not `fs.promises`: a handle's write costs a tenth of a millisecond more, once a second.
import { close, fdatasync, fstat, ftruncate, open, rm, truncate, write } from 'node:fs';
import { promisify } from 'node:util';

const [closeFile, syncFile, statFile, cutFile, openFile, removeFile, cutPath] = [
  promisify(close),
  promisify(fdatasync),
  promisify(fstat),
  promisify(ftruncate),
  promisify(open),
  promisify(rm),
  promisify(truncate),
];

export class AppendFile {
  private fd: number | undefined;

  /**
   * The file is created, or opened, at the first piece.
   * @param length of a file that is there already
   */
  constructor(
    readonly path: string,
    private length = 0,
  ) {}

  /** Bytes of whole pieces. */
  get size(): number {
    return this.length;
  }

  /** Rejects with the system's error; the file then ends where it did, as far as that can be done. */
  async append(piece: Buffer): Promise<void> {
    const fd = (this.fd ??= await openFile(this.path, 'a'));
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

  /** Whether an open file still has a name: what is written to a removed one is lost without an error. */
  async isLinked(): Promise<boolean> {
    return this.fd === undefined || (await statFile(this.fd)).nlink > 0;
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
