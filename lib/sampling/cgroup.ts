// Where a cgroup v2 lies in the file system: people and /proc/PID/cgroup name it by its path below the mount.
import { statfsSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { NvpulseError } from '../errors';
import { mounts } from './mountinfo';

/** CGROUP2_SUPER_MAGIC of statfs(2). */
const CGROUP2 = 0x63677270;

/** A cgroup v2: its folder, and how its rows name it. */
interface Cgroup {
  readonly folder: string;
  readonly name: string;
}

function isCgroup(folder: string): boolean {
  try {
    return statSync(folder).isDirectory() && statfsSync(folder).type === CGROUP2;
  } catch {
    return false;
  }
}

/** `path` with another beginning; undefined where it does not begin so. */
function moved(path: string, from: string, to: string): string | undefined {
  const inside = from === '/' || path === from || path.startsWith(`${from}/`);
  return inside ? normalize(join(to, from === '/' ? path : path.slice(from.length))) : undefined;
}

/**
 * A cgroup v2, given as the kernel names it (`/kubepods/pod1`), or by its folder; `name` is the kernel's.
 * @throws ERR_OPTION where there is none
 */
export function findCgroup(cgroup: string): Cgroup {
  const path = normalize(cgroup).replace(/(?<=.)\/+$/, '');
  // The root of such a mount is the group that its point shows.
  const mounted = mounts().filter(({ type }) => type === 'cgroup2');
  const found = mounted
    .flatMap(({ root, point }) => [
      { folder: path, name: moved(path, point, root) },
      { folder: moved(path, root, point), name: path },
    ])
    .find(
      (candidate): candidate is Cgroup =>
        candidate.folder !== undefined && candidate.name !== undefined && isCgroup(candidate.folder),
    );
  if (found && path.startsWith('/')) return found;
  throw new NvpulseError(
    'ERR_OPTION',
    mounted.length === 0
      ? `cgroup: '${cgroup}': no cgroup v2 is mounted here; name a process by pid instead`
      : `cgroup: '${cgroup}' is no cgroup v2; allowed is its path as /proc/PID/cgroup has it after '0::', ` +
          `or its folder below ${mounted.map(({ point }) => point).join(', ')}`,
  );
}
