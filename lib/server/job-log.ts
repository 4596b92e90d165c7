// The log behind the book of jobs: a record a line, each with its checksum, on the disk before a request is answered.
// Requests that come together share one fsync.
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { NvpulseError } from '../errors';
import { AppendFile } from '../recording/append-file';
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
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
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

export class JobLog {
  private lines: string[] = [];
  private waiting: Waiter[] = [];
  private writing = false;
  private failed: string | undefined;

  private constructor(private readonly file: AppendFile) {}

  /** A log that begins with these records, in the place of the one before. @throws ERR_IO */
  static async create(path: string, records: readonly JobRecord[]): Promise<JobLog> {
    const text = records.map(formatRecord).join('');
    try {
      await replace(path, text);
    } catch (cause) {
      throw new NvpulseError('ERR_IO', `the jobs cannot be kept in '${path}': ${reasonOf(cause)}`, { cause });
    }
    return new JobLog(new AppendFile(path, Buffer.byteLength(text)));
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
   * Once all records taken so far are on the disk. Rejects with ERR_IO where that fails; they are kept, and tried again
   * with the next call.
   */
  durable(): Promise<void> {
    if (this.lines.length === 0 && !this.writing) return Promise.resolve();
    const done = new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    void this.write();
    return done;
  }

  async close(): Promise<void> {
    await this.durable();
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
      if (lines.length > 0) {
        await this.file.append(Buffer.from(lines.join('')));
        await this.file.sync();
      }
      this.failed = undefined;
      for (const { resolve } of waiting) resolve();
    } catch (cause) {
      // What a failed write left of a line must not spoil the next.
      this.lines = ['\n', ...lines, ...this.lines];
      const error = new NvpulseError('ERR_IO', `it cannot be kept on the disk: ${reasonOf(cause)}`, {
        cause,
      });
      this.failed = error.message;
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** The file has this text, or what it had, whatever happens meanwhile. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
