// Looks at files that another process may be writing, or removing. What is not there is empty.
// Callbacks, not `fs.promises`: a look costs half of what it does there, and a reader looks at a dozen files a time.
import { close, open, read, readdir, stat, type Stats } from 'node:fs';
import { promisify } from 'node:util';

const [closeFile, openFile, readFileAt, statPath, readFolder] = [
  promisify(close),
  promisify(open),
  promisify(read),
  promisify(stat),
  promisify(readdir),
];

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await statPath(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Bytes; 0 where there is no such file. */
export async function sizeOf(path: string): Promise<number> {
  return (await statOf(path))?.size ?? 0;
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

/** Tells whether a file or a folder may have changed since it was asked before. */
export class Watched {
  private seen = '';

  constructor(private readonly path: string) {}

  /** Its size where it may have changed; undefined where it did not. */
  async changed(): Promise<number | undefined> {
    const found = await statOf(this.path);
    const size = found?.size ?? 0;
    const mark = found ? `${found.ino} ${found.size} ${found.mtimeMs}` : '';
    const same = mark === this.seen && mark !== '';
    const settled = found !== undefined && Date.now() - found.mtimeMs > SETTLED__MS;
    this.seen = settled ? mark : '';
    return same ? undefined : size;
  }
}
