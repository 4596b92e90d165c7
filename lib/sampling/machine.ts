// Which machine is meant, where nvpulse itself sits in a container.
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { NvpulseError } from '../errors';
import { mounts } from './mountinfo';

export interface MachineOptions {
  /**
   * Folder at which the machine's root is mounted, as `/host` in a container: its file systems are measured through
   * it, and its operating system is read there. @default our own root
   */
  readonly rootfs?: string | undefined;
  /** What the machine is called in rows, summaries and documents: 1 to 253 characters, no blanks. @default as the kernel has it */
  readonly hostName?: string | undefined;
}

/** Of options that were checked. */
export interface Machine {
  /** Without a slash at its end; '': our own root. */
  readonly rootfs: string;
  readonly hostName: string;
}

/** The longest name that DNS has (RFC 1035). */
const NAME = /^[^\s\p{C}]{1,253}$/u;

/** @throws ERR_OPTION where nothing is mounted at `rootfs`, or `hostName` is no name */
export function machineOf({ rootfs, hostName = hostname() }: MachineOptions): Machine {
  if (!NAME.test(hostName))
    throw new NvpulseError(
      'ERR_OPTION',
      `hostName: '${hostName}' is no name of a machine; allowed are 1 to 253 characters without blanks`,
    );
  return { rootfs: rootfs === undefined ? '' : mounted(rootfs), hostName };
}

function mounted(rootfs: string): string {
  const folder = resolve(rootfs).replace(/\/$/, '');
  const isMounted = (): boolean =>
    folder === '' || (statSync(folder).isDirectory() && mounts().some(({ point }) => point === folder));
  try {
    if (isMounted()) return folder;
  } catch {
    // Said below.
  }
  throw new NvpulseError(
    'ERR_OPTION',
    `rootfs: nothing is mounted at '${rootfs}'; mount the machine's root there, as with docker run -v /:/host:ro`,
  );
}
