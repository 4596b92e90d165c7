// The log behind the book of jobs: a record a line, each with its checksum, on the disk before a request is answered.
// Requests that come together share one fsync.
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { NvpulseError } from '../errors';
import { AppendFile, RemovedError } from '../recording/append-file';
import { isMissing } from '../recording/files';
import { READING } from '../recording/private';
import { replaceFile } from '../recording/replace-file';
import { reasonOf } from '../reason';
import type { JobRecord } from './job-book';

export interface LoggedRecords {
  readonly records: readonly JobRecord[];
  /** Numbers of the lines that could not be read; a last one without an end was cut, and is none of them. */
  readonly damaged: readonly number[];
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: NvpulseError) => void;
}

const CHECKSUM = /^([0-9a-f]{8}) (.+)$/s;

/** Labels are kept as pairs, so that no label can look like nanoseconds. */
function formatRecord(record: JobRecord): string {
  const json = JSON.stringify(record, (key, value: unknown) => {
    if (typeof value === 'bigint') return { $ns: String(value) };
    return key === 'labels' && typeof value === 'object' && value !== null ? Object.entries(value) : value;
  });
  return `${checksum(json)} ${json}\n`;
}

/** Undefined where the line is damaged. */
function parseRecord(line: string): JobRecord | undefined {
  const [, sum, json = ''] = CHECKSUM.exec(line) ?? [];
  if (sum === undefined || sum !== checksum(json)) return undefined;
  return JSON.parse(json, (key, value: unknown) => {
    if (isNanoseconds(value)) return BigInt(value.$ns);
    return key === 'labels' && Array.isArray(value) ? labelsOf(value) : value;
  }) as JobRecord;
}

function labelsOf(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs);
}

function isNanoseconds(value: unknown): value is { readonly $ns: string } {
  return typeof value === 'object' && value !== null && '$ns' in value && typeof value.$ns === 'string';
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** The records of a log; none where there is no log. @throws ERR_IO where it cannot be read */
export async function readJobLog(path: string): Promise<LoggedRecords> {
  let text = '';
  try {
    text = await readFile(path, { encoding: 'utf8', flag: READING });
  } catch (cause) {
    if (!isMissing(cause))
      throw new NvpulseError('ERR_IO', `the jobs in '${path}' cannot be read: ${reasonOf(cause)}`, { cause });
  }
  const records: JobRecord[] = [];
  const damaged: number[] = [];
  text
    .split('\n')
    .slice(0, -1)
    .forEach((line, index) => {
      if (line === '') return;
      const record = parseRecord(line);
      if (record) records.push(record);
      else damaged.push(index + 1);
    });
  return { records, damaged };
}

export interface JobLogOptions {
  readonly path: string;
  /** All that the log has to hold, as few records. */
  readonly snapshot: () => readonly JobRecord[];
  /** Told where the log was removed, and is written again. */
  readonly onRemoved: () => void;
  /** Told of what people should know, a line each. */
  readonly log: (line: string) => void;
}

/** A log that has grown to this is written anew, where that makes it much smaller. */
const COMPACT = { least__B: 2 ** 20, times: 4 } as const;

export class JobLog {
  private lines: string[] = [];
  private waiting: Waiter[] = [];
  private writing = false;
  private failed: string | undefined;
  private file: AppendFile;
  /** The next size at which it is written anew. */
  private limit__B = 0;

  private constructor(private readonly options: JobLogOptions) {
    this.file = new AppendFile(options.path);
  }

  /** A log that begins with a snapshot, in the place of the one before. @throws ERR_IO */
  static async create(options: JobLogOptions): Promise<JobLog> {
    const log = new JobLog(options);
    try {
      await log.rewrite();
    } catch (cause) {
      const why = `the jobs cannot be kept in '${options.path}': ${reasonOf(cause)}`;
      throw new NvpulseError('ERR_IO', why, { cause });
    }
    return log;
  }

  /** Records wait that are not on the disk. */
  get behind(): boolean {
    return this.lines.length > 0;
  }

  /** Why the latest write failed; undefined where it did not. */
  get failure(): string | undefined {
    return this.failed;
  }

  /** Takes a record; `durable` brings it to the disk. */
  append(record: JobRecord): void {
    this.lines.push(formatRecord(record));
  }

  /**
   * Once all records taken so far are on the disk, and those before still are: a log that was removed is written again.
   * Rejects with ERR_IO where that fails; they are kept, and tried again with the next call.
   */
  durable(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    void this.write();
    return done;
  }

  /** What the disk does not take is told, and was answered by no request. */
  async close(): Promise<void> {
    await this.durable().catch((error: unknown) => this.options.log(`jobs.log: ${reasonOf(error)}`));
    await this.file.close();
  }

  private async write(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    while (this.waiting.length > 0) await this.commit();
    this.writing = false;
  }

  /** All that came until now, with one fsync. */
  private async commit(): Promise<void> {
    const { lines, waiting } = this;
    this.lines = [];
    this.waiting = [];
    try {
      await this.put(lines.join(''));
      this.failed = undefined;
      for (const { resolve } of waiting) resolve();
    } catch (cause) {
      this.lines = [...lines, ...this.lines];
      const error = new NvpulseError('ERR_IO', `it cannot be kept on the disk: ${reasonOf(cause)}`, {
        cause,
      });
      this.failed = error.message;
      for (const { reject } of waiting) reject(error);
    }
    if (this.file.size > this.limit__B) await this.compact();
  }

  /** Where the log was removed, it is written again of what memory has, which is all that was ever answered. */
  private async put(text: string): Promise<void> {
    try {
      await (text === '' ? this.file.check() : this.file.appendDurably(Buffer.from(text)));
    } catch (error) {
      if (!(error instanceof RemovedError)) throw error;
      await this.rewrite();
      this.options.onRemoved();
    }
  }

  private async compact(): Promise<void> {
    const { size } = this.file;
    try {
      await this.rewrite();
    } catch (error) {
      // It stays as it is, and is tried again when it has grown as much once more.
      this.limit__B += size;
      this.options.log(`jobs.log: not compacted: ${reasonOf(error)}`);
    }
  }

  /** The snapshot in the place of the file; records that wait stand in it, and taking one twice changes nothing. */
  private async rewrite(): Promise<void> {
    const { path, snapshot } = this.options;
    const text = snapshot().map(formatRecord).join('');
    await replaceFile(path, [text]);
    await this.file.close();
    const size__B = Buffer.byteLength(text);
    this.file = new AppendFile(path, size__B);
    await this.file.open();
    this.limit__B = Math.max(COMPACT.least__B, COMPACT.times * size__B);
  }
}
