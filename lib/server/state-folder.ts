// What stands in a state folder is its server's alone: nobody else may read it, and no link leads out of it.
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NvpulseError } from '../errors';
import { FILE_MODE, FOLDER_MODE } from '../recording/private';
import { reasonOf } from '../reason';

/** What servers put there; the folder may have other things, too. */
const OURS = [
  'lock',
  'jobs.log',
  '.jobs.log.tmp',
  'used-ids',
  '.used-ids.tmp',
  'spool',
  'summaries',
  'export',
];
const OTHERS = 0o077;

/**
 * Takes from others what an earlier server, or a volume's rules, let them have.
 * @throws ERR_OPTION where a link stands in it, or it cannot be looked at
 */
export function keepToOneself(dir: string): void {
  try {
    for (const name of OURS) visit(join(dir, name));
  } catch (cause) {
    if (cause instanceof NvpulseError) throw cause;
    throw new NvpulseError('ERR_OPTION', `--state: '${dir}' cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

function visit(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (found.isSymbolicLink())
    throw new NvpulseError(
      'ERR_OPTION',
      `--state: '${path}' is a link, and none is followed in a state folder; put there what it leads to, or mount it`,
    );
  const isOurs = found.uid === process.geteuid?.();
  if (isOurs && (found.mode & OTHERS) !== 0) chmodSync(path, found.isDirectory() ? FOLDER_MODE : FILE_MODE);
  if (found.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
}
