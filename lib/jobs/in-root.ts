// Paths as a machine has them whose root is mounted in a folder of ours.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** As many as the kernel follows. */
const LINKS_MAX = 40;

/**
 * Where a file of that machine lies for us: its links lead to its own files, also absolute ones.
 * @throws where links lead to each other
 */
export function inRoot(rootfs: string, path: string): string {
  const steps = path.split('/');
  let at = '/';
  let links = 0;
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const next = join(at, step);
    const target = linkAt(rootfs + next);
    if (target === undefined) at = next;
    else {
      if (++links > LINKS_MAX) throw new Error(`'${path}' is a link that leads nowhere`);
      if (target.startsWith('/')) at = '/';
      steps.unshift(...target.split('/'));
    }
  }
  return rootfs + at;
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // It is no link, or is not there at all.
    return undefined;
  }
}
