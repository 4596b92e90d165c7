// What is mounted in our mount namespace, proc_pid_mountinfo(5).
import { readFileSync } from 'node:fs';

export interface Mount {
  /** Folder of the file system that the point shows. */
  readonly root: string;
  /** Names with blanks are left as the kernel escapes them. */
  readonly point: string;
  /** Of the file system: `ext4`, `cgroup2`. */
  readonly type: string;
}

/** @throws the system's error where there is no procfs */
export function mounts(): readonly Mount[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [mount = '', device = ''] = line.split(' - ');
      const [, , , root, point] = mount.split(' ');
      const [type] = device.split(' ');
      return root && point && type ? [{ root, point, type }] : [];
    });
}
