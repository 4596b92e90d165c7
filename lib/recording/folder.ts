// Folders of recordings: where they are by default, and claiming one for a new recording.
import { readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { NvpulseError } from '../errors';
import { makeFolder } from '../make-folder';
import { reasonOf } from '../reason';

/**
 * `${XDG_STATE_HOME:-~/.local/state}/nvpulse`; what is not absolute is as good as not set, as the XDG specification says.
 * @throws ERR_IO where there is neither, nor a home of the user's
 */
export function recordingRoot(): string {
  const { XDG_STATE_HOME: state = '' } = process.env;
  return join(isAbsolute(state) ? state : join(home(), '.local', 'state'), 'nvpulse');
}

/** A user that the system does not know (`docker run --user 12345`) has none but in HOME. */
function home(): string {
  try {
    const named = homedir();
    return isAbsolute(named) ? named : userInfo().homedir;
  } catch (cause) {
    throw new NvpulseError(
      'ERR_IO',
      `no place for recordings: user ${process.getuid?.()} has no home; set HOME or XDG_STATE_HOME`,
      { cause },
    );
  }
}

/**
 * A folder that does not exist yet: `<root>/<UTC>-<name>`, such as `20260214T101500Z-train`.
 * @param isTaken whether a folder cannot be had
 */
export function defaultRecordingDir(
  name: string,
  now: Date = new Date(),
  root = recordingRoot(),
  isTaken: (dir: string) => boolean = existsSync,
): string {
  const stamp = now.toISOString().replace(/\.\d+|[-:]/g, '');
  const base = join(root, `${stamp}-${safeName(name)}`);
  let dir = base;
  for (let suffix = 2; isTaken(dir); suffix++) dir = `${base}-${suffix}`;
  return dir;
}

/** Whether a folder is called as recordings are, where nobody gave it another name. */
export function isDefaultName(name: string): boolean {
  return /^\d{8}T\d{6}Z-./.test(name);
}

function safeName(name: string): string {
  const safe = name
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[._-]+/, '')
    .slice(0, 64);
  return safe === '' ? 'recording' : safe;
}

/** Creates the folder, or takes an empty one. @throws ERR_OPTION, ERR_IO */
export async function claimFolder(dir: string): Promise<void> {
  let entries: string[];
  try {
    await makeFolder(dir);
    entries = await readdir(dir);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new NvpulseError(
        'ERR_OPTION',
        `cannot record into '${dir}': it, or a part of its path, is a file; name a new or an empty folder`,
        { cause },
      );
    }
    throw new NvpulseError('ERR_IO', `cannot record into '${dir}': ${reasonOf(cause)}`, { cause });
  }
  if (entries.length === 0) return;
  throw new NvpulseError(
    'ERR_OPTION',
    `cannot record into '${dir}': it is not empty; name a new or an empty folder`,
  );
}
