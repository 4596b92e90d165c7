// What a Linux system says that it is. https://www.freedesktop.org/software/systemd/man/os-release.html
import { readFileSync } from 'node:fs';

type Field = 'NAME' | 'PRETTY_NAME' | 'VERSION_ID';

/** Undefined where there is no /etc/os-release, as on systems that are not Linux. */
export function osRelease(): Readonly<Partial<Record<Field, string>>> | undefined {
  try {
    const lines = readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)=(["']?)(.*)\2$/gm);
    return Object.fromEntries(Array.from(lines, ([, field = '', , value = '']) => [field, value]));
  } catch {
    return undefined;
  }
}
