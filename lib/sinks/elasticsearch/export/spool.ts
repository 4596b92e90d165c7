// The recordings that are to be exported: one, or those below a folder.
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { changedAt, isMissing, namesIn } from '../../../recording/files';
import { isNoRecording, MANIFEST, readManifest } from '../../../recording/manifest';

/** Without a row or an event for this long, or for three intervals, nobody writes a recording any more. */
const SILENCE = { least__ms: 60_000, intervals: 3 } as const;

export class Spool {
  /** Start of each recording that was seen; '' where it cannot be read, undefined of what is none. */
  private readonly starts = new Map<string, string | undefined>();

  /** @param source a recording, or a folder of recordings, which need not be there yet */
  constructor(private readonly source: string) {}

  /**
   * Folders of recordings, oldest first; before them those that cannot be read, which is for who opens them to tell.
   * @throws the system's error where they cannot be looked at
   */
  async list(): Promise<readonly string[]> {
    const names = await namesIn(this.source);
    if (names.includes(MANIFEST)) return [this.source];
    const dirs = names.map((name) => join(this.source, name));
    for (const gone of [...this.starts.keys()].filter((dir) => !dirs.includes(dir))) this.starts.delete(gone);
    for (const dir of dirs) {
      // A folder without a manifest may be a recording that is only beginning.
      if (!this.starts.get(dir)) this.starts.set(dir, await startOf(dir));
    }
    const known = [...this.starts].flatMap(([dir, start]) => (start === undefined ? [] : [{ dir, start }]));
    return known.sort((a, b) => (a.start < b.start ? -1 : 1)).map(({ dir }) => dir);
  }
}

async function startOf(dir: string): Promise<string | undefined> {
  try {
    // A link is none of ours: it may lead out of the state folder.
    return (await lstat(dir)).isDirectory() ? (await readManifest(dir)).start : undefined;
  } catch (error) {
    return isMissing(error) || isNoRecording(error) ? undefined : '';
  }
}

/** Whether someone may still be writing a recording: it was not closed, and is not silent. */
export async function mayGrow(dir: string): Promise<boolean> {
  const { end, interval__ns } = await readManifest(dir);
  if (end !== null) return false;
  const times = (await readdir(dir)).map((file) => changedAt(join(dir, file)));
  const silence__ms = Math.max(SILENCE.least__ms, (SILENCE.intervals * interval__ns) / 1e6);
  return Date.now() - Math.max(0, ...times) < silence__ms;
}
