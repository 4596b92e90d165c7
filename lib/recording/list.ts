// The recordings below a folder, from their manifests alone, and which of them is meant by a name.
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { NvpulseError } from '../errors';
import { reasonOf } from '../reason';
import { changedAt, isMissing } from './files';
import { isDefaultName, recordingRoot } from './folder';
import { isNoRecording, lengthOf, readManifest, type RecordedExit } from './manifest';

export interface RecordingListing {
  readonly dir: string;
  readonly name: string;
  /** ISO 8601 UTC with nine decimals. */
  readonly start: string;
  /**
   * Of its command, or of the window that was recorded, as the summary says; of a recording with several the
   * recording's own. Null where the recording was not closed: it is being written, or was cut.
   */
  readonly duration__s: number | null;
  readonly complete: boolean;
  /** How the command ended; null without one, and where the recording was not closed. */
  readonly exit: RecordedExit | null;
  readonly simulated: boolean;
  /** Bytes of all its files. */
  readonly size__B: number;
}

/** A folder that is called as recordings are, and cannot be read as one. */
export interface UnreadFolder {
  readonly dir: string;
  /** Else it is damaged, or a newer version's. */
  readonly hasNoManifest: boolean;
  /** Bytes of all its files. */
  readonly size__B: number;
  /** When a file of it was made or removed last, milliseconds since the epoch. */
  readonly changed__ms: number;
}

/** What a folder of recordings holds. */
export interface Survey {
  /** Oldest first. */
  readonly recordings: readonly RecordingListing[];
  readonly unread: readonly UnreadFolder[];
}

/**
 * Oldest first; folders that are no recording, or are from a newer version, are left out.
 * @throws ERR_IO where the folder is there and cannot be read
 */
export async function listRecordings(root = recordingRoot()): Promise<readonly RecordingListing[]> {
  return (await surveyRecordings(root)).recordings;
}

/** @throws ERR_IO where the folder is there and cannot be read */
export async function surveyRecordings(root: string): Promise<Survey> {
  const folders = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    const why = `the recordings in '${root}' cannot be read: ${reasonOf(cause)}`;
    throw new NvpulseError('ERR_IO', why, { cause });
  });
  const found = await Promise.all(
    folders
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => {
        const dir = join(root, name);
        return listing(dir).catch((error: unknown) => (isDefaultName(name) ? unread(dir, error) : undefined));
      }),
  );
  return {
    recordings: found
      .filter((one) => one !== undefined && 'start' in one)
      .sort((one, other) => (one.start < other.start ? -1 : one.start > other.start ? 1 : 0)),
    unread: found.filter((one) => one !== undefined && 'changed__ms' in one),
  };
}

async function unread(dir: string, error: unknown): Promise<UnreadFolder> {
  return {
    dir,
    hasNoManifest: isNoRecording(error),
    size__B: await sizeOf(dir),
    changed__ms: changedAt(dir),
  };
}

/**
 * The recordings that a person may mean, the newest first: the one in that folder, else those in the default place
 * whose folder or whose job has that name.
 * @throws ERR_RECORDING where there is none
 */
export async function findRecordings(
  nameOrDir: string,
): Promise<readonly [RecordingListing, ...RecordingListing[]]> {
  try {
    return [await listing(nameOrDir)];
  } catch (cause) {
    const root = recordingRoot();
    const named = (await listRecordings(root)).filter(
      ({ dir, name }) => name === nameOrDir || basename(dir) === nameOrDir,
    );
    const [newest, ...older] = named.reverse();
    if (newest) return [newest, ...older];
    const here = reasonOf(cause);
    throw new NvpulseError('ERR_RECORDING', `${here}; and none in ${root} has that name`, { cause });
  }
}

/** @throws ERR_RECORDING */
async function listing(dir: string): Promise<RecordingListing> {
  const manifest = await readManifest(dir);
  const { name, start, complete, exit, simulated } = manifest;
  const duration__s = manifest.duration__s ?? lengthOf(manifest);
  return { dir, name, start, duration__s, complete, exit, simulated, size__B: await sizeOf(dir) };
}

async function sizeOf(dir: string): Promise<number> {
  const files = await readdir(dir).catch(() => []);
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(dir, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
