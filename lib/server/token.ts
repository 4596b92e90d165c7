// The token: who knows it may use the server.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync, type Stats } from 'node:fs';
import { NvpulseError } from '../errors';
import { reasonOf } from '../reason';

const LEAST = 16;
const READABLE = { byGroup: 0o040, byAll: 0o004 } as const;

function textOf(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new NvpulseError('ERR_OPTION', `${option}: '${path}' cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Who else may read a file; undefined for nobody. A group is trusted where this process is in it and another gave the
 * file to it, as Kubernetes gives a secret and root a service its file. Of a file of one's own the group is but the one
 * that all one's files have, and everybody may be in that.
 */
function readersOf({ mode, uid, gid }: Stats): string | undefined {
  if ((mode & READABLE.byAll) !== 0) return 'every user of this machine';
  if ((mode & READABLE.byGroup) === 0) return undefined;
  const isGiven = uid === 0 || uid !== process.geteuid?.();
  const own = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  return isGiven && own.includes(gid) ? undefined : `group ${gid}`;
}

/**
 * The server's token.
 * @throws ERR_OPTION where the file cannot be read, others may read it, or the token is shorter than 16 characters
 */
export function readServerToken(path: string): string {
  const token = textOf(path, '--token-file');
  const readers = readersOf(statSync(path));
  if (readers !== undefined)
    throw new NvpulseError('ERR_OPTION', `--token-file: '${path}' may be read by ${readers}; chmod 600 it`);
  if (token.length < LEAST)
    throw new NvpulseError(
      'ERR_OPTION',
      `--token-file: the token in '${path}' has ${token.length} characters; at least ${LEAST} are needed, such as of openssl rand -hex 32`,
    );
  return token;
}

/**
 * A client's token; where it is mounted into a pod, all there may read it.
 * @throws ERR_OPTION where the file cannot be read, or is empty
 */
export function readClientToken(path: string): string {
  const token = textOf(path, '--token-file');
  if (token !== '') return token;
  throw new NvpulseError('ERR_OPTION', `--token-file: '${path}' is empty`);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether an `Authorization` header carries the token; how long it takes tells nothing of the token. */
export function isAuthorised(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}
