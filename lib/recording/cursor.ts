// Small JSON files that survive a crash of the machine: how far a reader has come, what was trimmed.
import { readFile } from 'node:fs/promises';
import { NvpulseError } from '../errors';
import { reasonOf } from '../reason';
import { isMissing } from './files';
import { replaceFile } from './replace-file';

/**
 * Replaces the file at once: whoever reads it, also after a crash, has the old content or the new one.
 * Calls for one path must not overlap. @throws ERR_IO
 */
export async function writeCursor(path: string, value: unknown): Promise<void> {
  try {
    await replaceFile(path, [`${JSON.stringify(value)}\n`]);
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
    if (isMissing(cause)) return undefined;
    throw new NvpulseError('ERR_IO', `cannot read '${path}': ${reasonOf(cause)}`, { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
