// A disk that is soon full: a file system of its own, where this user may mount one.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Runs a test in a new folder that is a file system of so many MiB; says so where it can't. */
export async function onTinyDisk(
  folder: string,
  size__MiB: number,
  test: () => Promise<void>,
): Promise<void> {
  mkdirSync(folder);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size__MiB}m`, 'tmpfs', folder]);
  if (status !== 0) return void process.stderr.write(`skipped: ${folder}: this user may not mount a tmpfs\n`);
  try {
    await test();
  } finally {
    spawnSync('umount', ['-l', folder]);
  }
}

/** Takes all that is left, by the file `fill`, which may be there already. */
export function fill(disk: string): void {
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=1k', 'oflag=append', 'conv=notrunc']);
}
