// What a Linux system says that it is. https://www.freedesktop.org/software/systemd/man/os-release.html
import { readFileSync } from 'node:fs';
import { inRoot } from './in-root';

type Field = 'NAME' | 'PRETTY_NAME' | 'VERSION_ID';

/**
 * Undefined where there is no /etc/os-release, as on systems that are not Linux.
 * @param rootfs where the root of the system is mounted, '' for our own
 */
export function osRelease(rootfs: string): Readonly<Partial<Record<Field, string>>> | undefined {
  try {
    const lines = readFileSync(inRoot(rootfs, '/etc/os-release'), 'utf8').matchAll(/^(\w+)=(["']?)(.*)\2$/gm);
    return Object.fromEntries(Array.from(lines, ([, field = '', , value = '']) => [field, value]));
  } catch {
    return undefined;
  }
}
