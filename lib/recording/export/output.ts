// Where an export goes: a file that appears when it is whole, or stdout.
import { once } from 'node:events';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface Output {
  write(bytes: Uint8Array): Promise<void>;
  /** All is written: the file takes its name. */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export async function openOutput(path: string): Promise<Output> {
  if (path === '-') return standardOutput();
  const known = await stat(path).catch(() => undefined);
  if (known && !known.isFile()) return await deviceOutput(path);
  return await fileOutput(known ? await realpath(path) : path);
}

/** A device or a pipe, which nothing may take the place of. */
async function deviceOutput(path: string): Promise<Output> {
  const file = await open(path, 'w');
  return {
    write: (bytes) => file.appendFile(bytes),
    commit: () => file.close(),
    discard: () => file.close().catch(() => undefined),
  };
}

async function fileOutput(path: string): Promise<Output> {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  const file = await open(partial, 'w');
  return {
    write: (bytes) => file.appendFile(bytes),
    commit: async () => {
      await file.close();
      await rename(partial, path);
    },
    discard: async () => {
      await file.close().catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}

function standardOutput(): Output {
  const failed = new Promise<never>((_, reject) => process.stdout.once('error', reject));
  failed.catch(() => undefined);
  return {
    write: async (bytes) => {
      if (!process.stdout.write(bytes)) await Promise.race([once(process.stdout, 'drain'), failed]);
    },
    commit: async () => {},
    discard: async () => {},
  };
}
