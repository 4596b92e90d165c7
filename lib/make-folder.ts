// Folders, with those above them. Node's own recursive mkdir never returns below /proc (seen with 20.20).
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * @param mode of those that are made
 * @returns whether it was missing
 * @throws the system's error; EEXIST where a file stands there
 */
export async function makeFolder(dir: string, mode?: number): Promise<boolean> {
  try {
    await mkdir(dir, mode);
  } catch (error) {
    if (is('EEXIST', error) && (await stat(dir)).isDirectory()) return false;
    if (!is('ENOENT', error) || !(await makeFolder(dirname(dir), mode))) throw error;
    await mkdir(dir, mode);
  }
  return true;
}

/** The same, at once. */
export function makeFolderSync(dir: string, mode?: number): boolean {
  try {
    mkdirSync(dir, mode);
  } catch (error) {
    if (is('EEXIST', error) && statSync(dir).isDirectory()) return false;
    if (!is('ENOENT', error) || !makeFolderSync(dirname(dir), mode)) throw error;
    mkdirSync(dir, mode);
  }
  return true;
}

function is(code: string, error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
