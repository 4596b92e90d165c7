// Files and folders that are nobody else's: created so, and never through a link that someone put in their place.
import { constants } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { makeFolder } from '../make-folder';

/** How what is written is created. */
export interface Access {
  /** Mode, before the umask. */
  readonly file: number;
  /** Also into what a link in a file's place leads to. */
  readonly followsLinks: boolean;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;

/** To open a file with: written anew, added to, read, read and added to. */
export const ANEW = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;
export const ADDING = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
export const ADDING_THROUGH_LINKS = O_WRONLY | O_CREAT | O_APPEND;
export const READING = O_RDONLY | O_NOFOLLOW;
export const READING_AND_ADDING = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW;

export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;
export const PRIVATE: Access = { file: FILE_MODE, followsLinks: false };
/** As whoever runs it creates files. */
export const USUAL: Access = { file: 0o666, followsLinks: true };

/** Makes the folder where it is missing. @throws the system's error, or where a link leads to another */
export async function makePrivateFolder(dir: string): Promise<void> {
  await makeFolder(dir, FOLDER_MODE);
  if (!(await lstat(dir)).isDirectory()) throw new Error(`'${dir}' is a link, which is not followed`);
}
