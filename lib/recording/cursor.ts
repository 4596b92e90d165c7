// Small JSON files that survive a crash of the machine: how far a reader has come, what was trimmed.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NvpulseError } from '../errors';
import { reasonOf } from '../reason';

/**
 * Replaces the file at once: whoever reads it, also after a crash, has the old content or the new one.
 * Calls for one path must not overlap. @throws ERR_IO
 */
export async function writeCursor(path: string, value: unknown): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (cause) {
    throw new NvpulseError('ERR_IO', `cannot write '${path}': ${reasonOf(cause)}`, { cause });
  }
}

/**
 * The file's content; undefined where there is none, or it is no JSON: who reads a cursor can begin again.
 * @throws ERR_IO where there is one that can't be read
 */
export async function readCursor(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new NvpulseError('ERR_IO', `cannot read '${path}': ${reasonOf(cause)}`, { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A name is on disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
