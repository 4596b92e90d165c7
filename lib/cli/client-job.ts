// job.json: what a start leaves for the stop that comes later in another container.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NvpulseError } from '../index';
import { makeFolderSync } from '../make-folder';
import { reasonOf } from '../reason';

const FILE = 'job.json';

/** @throws ERR_IO */
export function writeJobFile(dir: string, job: { readonly id: string; readonly name: string }): void {
  try {
    makeFolderSync(dir);
    writeFileSync(join(dir, FILE), `${JSON.stringify(job)}\n`);
  } catch (cause) {
    throw new NvpulseError('ERR_IO', `--output: '${dir}' cannot be written: ${reasonOf(cause)}`, { cause });
  }
}

/** Id of the job that a start left. @throws ERR_IO where there is none that can be read */
export function readJobFile(dir: string): string {
  try {
    const { id } = JSON.parse(readFileSync(join(dir, FILE), 'utf8')) as { readonly id?: unknown };
    if (typeof id === 'string') return id;
    throw new Error(`${FILE} has no id`);
  } catch (cause) {
    throw new NvpulseError('ERR_IO', `--input: no job in '${dir}': ${reasonOf(cause)}`, { cause });
  }
}
