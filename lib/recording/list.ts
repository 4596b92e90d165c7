// The recordings below a folder, from their manifests alone.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { recordingRoot } from './folder';
import { readManifest } from './manifest';

export interface RecordingListing {
  readonly dir: string;
  readonly name: string;
  /** ISO 8601 UTC with nine decimals. */
  readonly start: string;
  /** Null where the recording was not closed: it is being written, or was cut. */
  readonly duration__s: number | null;
  readonly complete: boolean;
  readonly simulated: boolean;
  /** Bytes of all its files. */
  readonly size__B: number;
}

/** Oldest first; folders that are no recording, or are from a newer version, are left out. */
export async function listRecordings(root = recordingRoot()): Promise<readonly RecordingListing[]> {
  const folders = await readdir(root, { withFileTypes: true }).catch(() => []);
  const listings = await Promise.all(
    folders.filter((entry) => entry.isDirectory()).map(({ name }) => listing(join(root, name))),
  );
  return listings
    .filter((one) => one !== undefined)
    .sort((one, other) => (one.start < other.start ? -1 : one.start > other.start ? 1 : 0));
}

async function listing(dir: string): Promise<RecordingListing | undefined> {
  const manifest = await readManifest(dir).catch(() => undefined);
  if (!manifest) return undefined;
  const { name, start, end, complete, simulated } = manifest;
  const duration__s = end === null ? null : (Date.parse(end) - Date.parse(start)) / 1000;
  return { dir, name, start, duration__s, complete, simulated, size__B: await sizeOf(dir) };
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
