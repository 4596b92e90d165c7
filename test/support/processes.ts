// Looking at processes from a test.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Waits until `condition` holds, half a minute at most unless told. */
export async function until(condition: () => boolean, patience__ms = 30_000): Promise<void> {
  for (let attempt = 0; !condition(); attempt++) {
    if (attempt >= patience__ms / 10) throw new Error(`never so: ${condition.toString()}`);
    await setTimeout(10);
  }
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
