// Files that are replaced as a whole: whoever reads one, also after a crash, has the old content or the new one.
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../make-folder';
import { ANEW, FILE_MODE, FOLDER_MODE } from './private';

/**
 * On the disk when done; the folder is made where it is missing. Calls for one path must not overlap. Rejects with the
 * system's error: then the file is as it was.
 */
export async function replaceFile(path: string, pieces: Iterable<string | Uint8Array>): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.tmp`);
  await makeFolder(folder, FOLDER_MODE);
  try {
    await write(temporary, pieces);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

async function write(path: string, pieces: Iterable<string | Uint8Array>): Promise<void> {
  const file = await open(path, ANEW, FILE_MODE);
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A name is on disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
