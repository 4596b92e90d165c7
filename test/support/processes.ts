// Looking at processes from a test.
import { readFileSync, rmdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { patience } from './patience';

/** Waits until `condition` holds, a minute at most unless told, and longer where the machine is busy. */
export async function until(condition: () => boolean, limit__ms = 60_000): Promise<void> {
  const start__ms = Date.now();
  while (!condition()) {
    if (Date.now() - start__ms > patience(limit__ms)) throw new Error(`never so: ${condition.toString()}`);
    await setTimeout(10);
  }
}

/**
 * Removes a cgroup once the kernel lets it go, which is a moment after its last process. By rmdir: Node 24's rmSync would
 * remove the kernel's files in it one by one.
 */
export function removeCgroup(path: string): Promise<void> {
  return until(() => {
    try {
      rmdirSync(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      throw error;
    }
  });
}

/** State letter of a process, such as `S` or `Z`; undefined when there is none. */
export function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return undefined;
  }
}

/** Content of a file; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
