// What a job runs as, a process or a cgroup.
import { readFileSync } from 'node:fs';
import { NvpulseError } from '../errors';
import type { JobRoot } from './job';

/** Field 22 of /proc/<pid>/stat, counted from the first after the name: proc_pid_stat(5). */
const START_TIME = 19;

/** Clock ticks since boot at which a process began; undefined where there is none. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]);
  } catch {
    // It has ended.
    return undefined;
  }
}

/** @throws ERR_OPTION where there is no such process on this host, or both are named */
export function rootOf(request: {
  readonly pid?: number | undefined;
  readonly cgroup?: string | undefined;
}): JobRoot | null {
  const { pid, cgroup } = request;
  if (pid !== undefined && cgroup !== undefined)
    throw new NvpulseError('ERR_OPTION', 'pid, cgroup: give one of them');
  if (cgroup !== undefined) return { kind: 'cgroup', path: cgroup };
  if (pid === undefined) return null;
  const started = startOf(pid);
  if (started !== undefined) return { kind: 'pid', pid, started };
  throw new NvpulseError(
    'ERR_OPTION',
    `pid: there is no process ${pid} where the server runs; allowed is one that runs, by its number there`,
  );
}

/** Whether it is the same as when the job started: a process's number may be another's by now. */
export function isSame(root: JobRoot): boolean {
  return root.kind === 'cgroup' || startOf(root.pid) === root.started;
}
