// Looks at files that another process may be writing, or removing. What is not there is empty.
// Sizes are asked for synchronously: the inodes of files in use are in memory, so that this takes 2 µs, where handing
// the question to a thread takes 20 µs; and a reader looks at a dozen files, some times a second.
import { close, open, read, readdir, readFile, statSync, type Stats } from 'node:fs';
import { promisify } from 'node:util';

const [closeFile, openFile, readAll, readFileAt, readFolder] = [
  promisify(close),
  promisify(open),
  promisify(readFile),
  promisify(read),
  promisify(readdir),
];

/** Of the system's errors: there is no such file, or folder. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** As `isMissing`, also where a folder on the way to it is a file. */
export function isNowhere(error: unknown): boolean {
  return isMissing(error) || (error as NodeJS.ErrnoException).code === 'ENOTDIR';
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Bytes; 0 where there is no such file. */
export function sizeOf(path: string): number {
  return statOf(path)?.size ?? 0;
}

/** When it was last changed, milliseconds since the epoch; 0 where there is no such file. */
export function changedAt(path: string): number {
  return statOf(path)?.mtimeMs ?? 0;
}

/** At most `length` bytes: fewer where the file ends. */
export async function readFrom(path: string, at: number, length: number): Promise<Buffer> {
  let fd: number;
  try {
    fd = await openFile(path, 'r');
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  }
  try {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await readFileAt(fd, bytes, filled, length - filled, at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await closeFile(fd);
  }
}

/** All of a file; nothing where there is none. */
export async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readAll(path);
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  }
}

/** Names of the folder's files, sorted. */
export async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return (await readFolder(dir)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** A file's time has steps of some milliseconds: what changed so lately may change again without a trace. */
const SETTLED__MS = 100;

/** A file or a folder that is looked at again where it may have changed. */
export class Watched {
  private seen = '';

  constructor(private readonly path: string) {}

  /**
   * What `see` gives, by its size in bytes; undefined where nothing has changed since it was seen before. A look that
   * failed has seen nothing: the next one is made again.
   */
  async look<T>(see: (size__B: number) => Promise<T>): Promise<T | undefined> {
    const found = statOf(this.path);
    const mark = found ? `${found.ino} ${found.size} ${found.mtimeMs}` : '';
    if (mark === this.seen && mark !== '') return undefined;
    const isSettled = found !== undefined && Date.now() - found.mtimeMs > SETTLED__MS;
    this.seen = '';
    const result = await see(found?.size ?? 0);
    this.seen = isSettled ? mark : '';
    return result;
  }
}
