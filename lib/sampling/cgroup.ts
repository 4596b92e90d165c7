// Where a cgroup v2 lies in the file system: people and /proc/PID/cgroup name it by its path below the mount.
import { readFileSync, statfsSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { NvpulseError } from '../errors';

/** CGROUP2_SUPER_MAGIC of statfs(2). */
const CGROUP2 = 0x63677270;

/** A cgroup2 mount: `root` is the group that its `point` shows. */
interface Mount {
  readonly root: string;
  readonly point: string;
}

function mounts(): readonly Mount[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, , , root, point] = line.split(' ');
      return line.includes(' - cgroup2 ') && root && point ? [{ root, point }] : [];
    });
}

function isCgroup(folder: string): boolean {
  try {
    return statSync(folder).isDirectory() && statfsSync(folder).type === CGROUP2;
  } catch {
    return false;
  }
}

/** The folder that shows the group `path` under a mount; undefined where the mount shows other groups. */
function under({ root, point }: Mount, path: string): string | undefined {
  if (root === '/') return join(point, path);
  return path === root || path.startsWith(`${root}/`) ? join(point, path.slice(root.length)) : undefined;
}

/**
 * The folder of a cgroup v2, given as the kernel names it (`/kubepods/pod1`), or as that folder.
 * @throws ERR_OPTION where there is none
 */
export function cgroupFolder(cgroup: string): string {
  const path = normalize(cgroup).replace(/(?<=.)\/+$/, '');
  const mounted = mounts();
  const candidates = [path, ...mounted.map((mount) => under(mount, path))];
  const folder = path.startsWith('/')
    ? candidates.find((candidate) => candidate !== undefined && isCgroup(candidate))
    : undefined;
  if (folder !== undefined) return folder;
  throw new NvpulseError(
    'ERR_OPTION',
    mounted.length === 0
      ? `cgroup: '${cgroup}': no cgroup v2 is mounted here; name a process by pid instead`
      : `cgroup: '${cgroup}' is no cgroup v2; allowed is its path as /proc/PID/cgroup has it after '0::', ` +
          `or its folder below ${mounted.map(({ point }) => point).join(', ')}`,
  );
}
