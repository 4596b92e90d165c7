// What became of the windows of a server's jobs: a line of JSON each, in gzip members, so that a reader steps from one
// to the next and may begin at any. Files of bounded size: those that a sink has taken can go.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppendFile } from './append-file';
import { namesIn, readFrom, sizeOf } from './files';
import { compress, decompress, MEMBER_HEADER__B, memberLength } from './gzip';
import { memberAt } from './members';
import type { Access } from './private';

/** A file that has reached this takes no more. */
const ROTATE__B = 8 * 2 ** 20;
/** As much is read at once, unless a line is longer. */
const READ__B = 512 * 1024;

const FILE = /^summaries-(\d{6})\.ndjson\.gz$/;

/** Number of a file, and byte offset of a line in it. */
export interface SummaryPlace {
  readonly file: number;
  readonly offset: number;
}

export const SUMMARIES_START: SummaryPlace = { file: 1, offset: 0 };

export interface ToldSummary {
  /** JSON, as it was told; undefined where the line is damaged. */
  readonly value: unknown;
  readonly at: SummaryPlace;
  /** Where what comes after it begins. */
  readonly next: SummaryPlace;
}

function pathOf(dir: string, file: number): string {
  return join(dir, `summaries-${String(file).padStart(6, '0')}.ndjson.gz`);
}

/** Of which number; undefined where the file is none of these. */
export function parseSummaryName(name: string): number | undefined {
  const [, number] = FILE.exec(name) ?? [];
  return number === undefined ? undefined : Number(number);
}

export function isBefore(place: SummaryPlace, other: SummaryPlace): boolean {
  return place.file < other.file || (place.file === other.file && place.offset < other.offset);
}

/** Calls must not overlap: the writer's queue sees to it. */
export class SummaryLog {
  private number = 1;
  private file: AppendFile;

  constructor(
    private readonly dir: string,
    private readonly access: Access,
  ) {
    this.file = this.fileAt(this.number);
  }

  /**
   * On the disk when done; where each stands. Rejects with the system's error, or with RemovedError where what was told
   * last is gone: then none of them counts.
   */
  async append(values: readonly object[]): Promise<readonly SummaryPlace[]> {
    if (this.file.size >= ROTATE__B) await this.begin();
    const members = await Promise.all(
      values.map((value) => compress(Buffer.from(`${JSON.stringify(value)}\n`))),
    );
    let offset = this.file.size;
    const places = members.map(({ length }) => {
      const place = { file: this.number, offset };
      offset += length;
      return place;
    });
    await this.orBegin(() => this.file.appendDurably(Buffer.concat(members)));
    return places;
  }

  /** Rejects with RemovedError where what was told last is gone. */
  check(): Promise<void> {
    return this.orBegin(() => this.file.check());
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** A reader may have seen what a failed write left, or what was removed: what comes next has other places. */
  private async orBegin(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.begin();
      throw error;
    }
  }

  /** A file that got nothing leaves nothing. */
  private async begin(): Promise<void> {
    const before = this.file;
    this.file = this.fileAt(++this.number);
    await (before.size === 0 ? before.remove().catch(() => undefined) : before.close());
  }

  private fileAt(number: number): AppendFile {
    return new AppendFile(pathOf(this.dir, number), 0, this.access);
  }
}

/** Numbers of the files that a recording has, ascending. */
async function filesIn(dir: string): Promise<readonly number[]> {
  const numbers = (await namesIn(dir)).flatMap((name) => parseSummaryName(name) ?? []);
  return numbers.sort((one, other) => one - other);
}

/** Whether a recording tells what became of its windows. */
export async function tellsSummaries(dir: string): Promise<boolean> {
  return (await filesIn(dir)).length > 0;
}

/** What was told from a place on, about half a megabyte of it at most. */
export async function readSummaries(dir: string, from: SummaryPlace): Promise<readonly ToldSummary[]> {
  const files = await filesIn(dir);
  for (const file of files.filter((number) => number >= from.file)) {
    const found = await readFile(dir, { file, offset: file === from.file ? from.offset : 0 });
    if (found.length > 0) return found;
  }
  return [];
}

/** The one at a place; undefined where it is there no longer, or damaged. */
export async function readSummary(dir: string, { file, offset }: SummaryPlace): Promise<unknown> {
  const path = pathOf(dir, file);
  const length = memberLength(await readFrom(path, offset, MEMBER_HEADER__B));
  if (length === undefined || length > sizeOf(path) - offset) return undefined;
  return parse(await readFrom(path, offset, length));
}

async function readFile(dir: string, from: SummaryPlace): Promise<readonly ToldSummary[]> {
  const path = pathOf(dir, from.file);
  const told = await wholeIn(await readFrom(path, from.offset, READ__B), from);
  if (told.length > 0) return told;
  // One that is longer, damaged, or half written: the rest of the file tells which.
  return firstIn(await readFrom(path, from.offset, Math.max(0, sizeOf(path) - from.offset)), from);
}

/** All that are whole, up to the first that is not. */
async function wholeIn(bytes: Buffer, { file, offset }: SummaryPlace): Promise<readonly ToldSummary[]> {
  const told: ToldSummary[] = [];
  for (let at = 0; ;) {
    const length = memberLength(bytes.subarray(at));
    if (length === undefined || at + length > bytes.length) return told;
    const value = await parse(bytes.subarray(at, at + length));
    if (value === undefined) return told;
    told.push({
      value,
      at: { file, offset: offset + at },
      next: { file, offset: offset + at + length },
    });
    at += length;
  }
}

/**
 * The first. What is half written is none yet: it is waited for, and where it was never finished it is told again in a later
 * file.
 */
async function firstIn(bytes: Buffer, at: SummaryPlace): Promise<readonly ToldSummary[]> {
  const read = (from: number, length: number): Promise<Buffer> =>
    Promise.resolve(bytes.subarray(from, from + length));
  const member = await memberAt(read, 0);
  if (member.kind === 'cut') return [];
  const value = member.kind === 'whole' ? jsonOf(member.bytes) : undefined;
  return [{ value, at, next: { ...at, offset: at.offset + (member.end ?? bytes.length) } }];
}

async function parse(member: Buffer): Promise<unknown> {
  return decompress(member).then(jsonOf, () => undefined);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Bytes of what is told from a place on. */
export async function summariesBeyond(dir: string, { file, offset }: SummaryPlace): Promise<number> {
  let sum = 0;
  for (const number of (await filesIn(dir)).filter((one) => one >= file)) {
    const size = sizeOf(pathOf(dir, number));
    sum += number === file ? Math.max(0, size - offset) : size;
  }
  return sum;
}

/** Where the newest file begins. */
export async function newestSummaries(dir: string): Promise<SummaryPlace> {
  return { file: (await filesIn(dir)).at(-1) ?? SUMMARIES_START.file, offset: 0 };
}

/** Removes the files before that of a place; bytes that were removed. */
export async function trimSummaries(dir: string, { file }: SummaryPlace): Promise<number> {
  let bytes = 0;
  for (const number of (await filesIn(dir)).filter((one) => one < file)) {
    bytes += sizeOf(pathOf(dir, number));
    await rm(pathOf(dir, number), { force: true });
  }
  return bytes;
}

/** A place from JSON; undefined where it is none. */
export function parseSummaryPlace(value: unknown): SummaryPlace | undefined {
  if (typeof value !== 'object' || value === null || !('file' in value) || !('offset' in value))
    return undefined;
  const { file, offset } = value;
  return typeof file === 'number' && typeof offset === 'number' ? { file, offset } : undefined;
}
