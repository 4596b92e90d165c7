// Keeps the spool within its limit. What cannot be delivered goes first, then what is acknowledged, the oldest first: open
// windows would be folded again from the newest. What no sink has taken goes only when nothing else is left, and it is
// counted. Where the disk is full, whoever filled it, what cannot be delivered or is acknowledged goes too, and nothing else.
import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  newestSummaries,
  parsePosition,
  parseSummaryPlace,
  surveyRecordings,
  trimRecording,
  trimSummaries,
  type RecordingListing,
  type TailPosition,
  type UnreadFolder,
} from '../recording';
import { namesIn, sizeOf } from '../recording/files';
import { MANIFEST } from '../recording/manifest';
import { parseSegmentName } from '../recording/segments';
import { reasonOf } from '../reason';
import type { TakenRecording } from './job-summary';

export interface SpoolOptions {
  /** Folder of the recordings. */
  readonly dir: string;
  readonly limit__B: number;
  /** Folder of the recording that is being written. */
  readonly current: () => string;
  /** How far a sink has taken the recording in a folder; undefined where it has none of it. */
  readonly taken: (dir: string) => Promise<TakenRecording | undefined>;
  readonly log: (line: string) => void;
}

/** It is brought down to this share of the limit, so that it isn't at it at once again. */
const TARGET = 0.9;
/** The disk is as good as full with less room than this share of it, or this much. */
const ROOM = { share: 0.05, most__B: 64 * 2 ** 20 } as const;

/** A recording's folder has its manifest sooner than this after it was made. */
const BEGINNING__MS = 60_000;

export class Spool {
  private size = 0;
  /** Recordings without a manifest, by folder: what is to be said of each. */
  private lost = new Map<string, string>();
  /** What the spool is to come down to, in bytes. */
  private goal = Infinity;
  private dropped = 0;
  private keeping: Promise<void> | undefined;

  constructor(private readonly options: SpoolOptions) {}

  /** Bytes of all recordings, when they were last looked at. */
  get size__B(): number {
    return this.size;
  }

  get limit__B(): number {
    return this.options.limit__B;
  }

  /** What in it cannot be delivered, a sentence each. */
  get troubles(): readonly string[] {
    return [...this.lost.values()];
  }

  /** Bytes that no sink had taken, and that had to go. */
  get dropped__B(): number {
    return this.dropped;
  }

  /** Looks, and makes room where it is needed. Calls that come meanwhile share it. Never rejects. */
  keep(): Promise<void> {
    this.keeping ??= this.look()
      .catch((error: unknown) => this.options.log(`spool: ${reasonOf(error)}`))
      .finally(() => (this.keeping = undefined));
    return this.keeping;
  }

  private async look(): Promise<void> {
    const { dir, limit__B } = this.options;
    const { recordings, unread } = await surveyRecordings(dir);
    this.size = [...recordings, ...unread].reduce((sum, { size__B }) => sum + size__B, 0);
    const lost = await this.lostOf(unread);
    const limited = this.size > limit__B ? TARGET * limit__B : Infinity;
    const lacking__B = await roomLacking(dir);
    this.goal = lacking__B > 0 ? Math.min(limited, this.size - lacking__B) : limited;
    await this.dropLost(lost);
    if (!this.isOver) return;
    const taken = await this.takenOf(recordings);
    await this.dropTaken(recordings, taken);
    this.goal = limited;
    // Of what cannot be read it is not known how old it is: a newer version may deliver it.
    await this.dropOldest([...unread.filter(({ hasNoManifest }) => !hasNoManifest), ...recordings]);
  }

  /** Recordings that have no manifest, and are not only beginning; told where they are new. */
  private async lostOf(unread: readonly UnreadFolder[]): Promise<readonly UnreadFolder[]> {
    const { current, log } = this.options;
    const now__ms = Date.now();
    const old = unread.filter(
      ({ dir, hasNoManifest, changed__ms }) =>
        hasNoManifest && dir !== current() && now__ms - changed__ms > BEGINNING__MS,
    );
    const before = this.lost;
    this.lost = new Map();
    const lost: UnreadFolder[] = [];
    for (const one of old) {
      const { dir, size__B } = one;
      if (!(await isRecordedIn(dir))) {
        await this.free(dir, () => removeFolder(dir));
        continue;
      }
      const text = `'${dir}' has no ${MANIFEST}: none of its ${size__B} bytes can be delivered`;
      if (!before.has(dir)) log(`spool: ${text}`);
      this.lost.set(dir, text);
      lost.push(one);
    }
    return lost;
  }

  private async dropLost(lost: readonly UnreadFolder[]): Promise<void> {
    for (const { dir } of lost) {
      if (!this.isOver) return;
      const before = this.size;
      await this.free(dir, () => removeFolder(dir));
      const bytes = before - this.size;
      if (bytes === 0) continue;
      this.dropped += bytes;
      this.lost.delete(dir);
      this.options.log(`spool: '${dir}' is removed: ${bytes} bytes that could not be delivered`);
    }
  }

  /** By folder. */
  private async takenOf(
    recordings: readonly RecordingListing[],
  ): Promise<ReadonlyMap<string, TakenRecording>> {
    const taken = new Map<string, TakenRecording>();
    for (const { dir } of recordings) {
      const one = await this.options.taken(dir).catch((error: unknown) => this.tell(dir, error));
      if (one) taken.set(dir, one);
    }
    return taken;
  }

  /** What cannot be removed of one recording keeps no other. */
  private async free(dir: string, remove: () => Promise<number>): Promise<void> {
    this.size -= await remove().catch((error: unknown) => {
      this.tell(dir, error);
      return 0;
    });
  }

  private tell(dir: string, error: unknown): undefined {
    this.options.log(`spool: ${dir}: ${reasonOf(error)}`);
  }

  private get isOver(): boolean {
    return this.size > this.goal;
  }

  /** What a sink has taken, oldest first. */
  private async dropTaken(
    recordings: readonly RecordingListing[],
    taken: ReadonlyMap<string, TakenRecording>,
  ): Promise<void> {
    for (const { dir } of recordings) {
      const sink = taken.get(dir);
      if (!this.isOver) return;
      if (!sink) continue;
      if (sink.finished && dir !== this.options.current()) await this.free(dir, () => removeFolder(dir));
      else {
        const summaries = parseSummaryPlace(sink.summaries);
        if (summaries) await this.free(dir, () => trimSummaries(dir, summaries));
        const position = parsePosition(sink.position);
        if (position) await this.free(dir, async () => (await trimRecording(dir, position)).bytes);
      }
    }
  }

  private async dropOldest(recordings: readonly { readonly dir: string }[]): Promise<void> {
    const before = this.size;
    for (const { dir } of recordings) {
      if (!this.isOver) break;
      if (dir !== this.options.current()) await this.free(dir, () => removeFolder(dir));
      else {
        await this.free(dir, async () => {
          const oldest = await oldestSegments(dir, this.size - this.goal);
          return (await trimRecording(dir, oldest)).bytes;
        });
        if (this.isOver) await this.free(dir, async () => trimSummaries(dir, await newestSummaries(dir)));
      }
    }
    const dropped = before - this.size;
    if (dropped <= 0) return;
    this.dropped += dropped;
    this.options.log(`spool: at its limit; ${dropped} bytes that were not exported are removed`);
  }
}

/** Bytes that the disk of a folder lacks to have room; 0 where that cannot be told. */
async function roomLacking(dir: string): Promise<number> {
  const disk = await statfs(dir).catch(() => undefined);
  if (!disk) return 0;
  const wanted = Math.min(ROOM.share * disk.blocks * disk.bsize, ROOM.most__B);
  return wanted - disk.bavail * disk.bsize;
}

/** Whether anything of a recording is in a folder: its manifest comes first, under another name. */
async function isRecordedIn(dir: string): Promise<boolean> {
  return (await namesIn(dir)).some((name) => !name.startsWith('.'));
}

/** 0 bytes where it is gone. */
async function removeFolder(dir: string): Promise<number> {
  const bytes = (await namesIn(dir)).reduce((sum, file) => sum + sizeOf(join(dir, file)), 0);
  await rm(dir, { recursive: true, force: true });
  return bytes;
}

/** A position behind the oldest segments, of about so many bytes, of a recording that is being written. */
async function oldestSegments(dir: string, bytes: number): Promise<TailPosition> {
  const files = await Promise.all(
    (await readdir(dir)).map(async (file) => {
      const segment = parseSegmentName(file);
      const { size, mtimeMs } = await stat(join(dir, file));
      return segment ? [{ ...segment, size, mtimeMs }] : [];
    }),
  );
  const segments = files.flat().sort((one, other) => one.mtimeMs - other.mtimeMs);
  const tables: Record<string, TailPosition['tables'][keyof TailPosition['tables']]> = {};
  let rest = bytes;
  for (const { entity, number, size } of segments) {
    // The last one of each table is being written.
    const isLast = !segments.some((other) => other.entity === entity && other.number > number);
    if (rest <= 0 || isLast) continue;
    rest -= size;
    tables[entity] = { flush: 0, rows: 0, segment: number + 1, offset: 0 };
  }
  return { tables };
}
