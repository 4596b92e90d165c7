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
    return await made(dir, mode);
  } catch (error) {
    if (!is('ENOENT', error) || dirname(dir) === dir) throw error;
    await makeFolder(dirname(dir), mode);
    return made(dir, mode);
  }
}

/** Others may be making the same. */
async function made(dir: string, mode: number | undefined): Promise<boolean> {
  try {
    await mkdir(dir, mode);
    return true;
  } catch (error) {
    if (is('EEXIST', error) && (await stat(dir)).isDirectory()) return false;
    throw error;
  }
}

/** The same, at once. */
export function makeFolderSync(dir: string, mode?: number): boolean {
  try {
    return madeSync(dir, mode);
  } catch (error) {
    if (!is('ENOENT', error) || dirname(dir) === dir) throw error;
    makeFolderSync(dirname(dir), mode);
    return madeSync(dir, mode);
  }
}

function madeSync(dir: string, mode: number | undefined): boolean {
  try {
    mkdirSync(dir, mode);
    return true;
  } catch (error) {
    if (is('EEXIST', error) && statSync(dir).isDirectory()) return false;
    throw error;
  }
}

function is(code: string, error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
