// Follows events.ndjson: lines that were added since the last look, a piece at a time. It keeps what comes may be about,
// however long the recording is.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Entity, Instance } from '../catalog';
import { EVENTS, eventsIn, parseEvents, problemsIn, TOLD_FOR__FLUSHES, type EventLog } from './events';
import { readFrom, sizeOf, Watched } from './files';
import { intervalsOf, SpanFold, type JobSpan, type RecordedInterval } from './windows';
import { MANIFEST, readManifest, type Manifest } from './manifest';
import type { RecordingProblem } from './segment-reader';

/** As much is read at once, unless a line is longer. */
const PIECE__B = 256 * 1024;
/** Of a file's first line, which tells it from another: no two begin at one time. */
const HEAD__B = 4096;
/** What is told with rows may stand in the flush after theirs: the end of a command, for one. */
const AHEAD__FLUSHES = 1;
/** Rows come ten seconds after later ones at most; windows that ended so long before all that comes concern none of it. */
const PAST__NS = 60_000_000_000n;

/** Calls must not overlap. */
export class EventTail {
  private readonly path: string;
  private head = Buffer.alloc(0);
  private offset = 0;
  private lines = 0;
  private number = 0;
  private bad: readonly RecordingProblem[] = [];
  private known = new Map<number, Instance>();
  /** By instance: the latest flush that it is known to be in. */
  private readonly latest = new Map<number, number>();
  private fold = new SpanFold();
  private readAt: readonly RecordedInterval[];
  /** By flush: time of the newest event, of flushes that may go on. */
  private newest = new Map<number, bigint>();
  /** Of all that was read; -1 before. */
  private latestFlush = -1;
  /** Windows that ended before it are forgotten. */
  private past__ns = -PAST__NS;
  private readonly manifestFile: Watched;
  /** Nothing will be added. */
  private isEnded = false;
  private isForeseen = false;

  constructor(
    private readonly dir: string,
    private readonly manifest: Manifest,
  ) {
    this.path = join(dir, EVENTS);
    this.manifestFile = new Watched(join(dir, MANIFEST));
    this.readAt = intervalsOf([], manifest);
  }

  /** How many events of the file were read, with lines that are none. */
  get count(): number {
    return this.number;
  }

  /**
   * Which file was read, by its first line; '' before. Who removes one that is written makes its writer begin another,
   * which may have the inode of the one before.
   */
  get file(): string {
    return this.head.length === 0
      ? ''
      : createHash('sha256').update(this.head).digest('base64url').slice(0, 16);
  }

  /** Lines that are none. */
  get problems(): readonly RecordingProblem[] {
    return this.bad;
  }

  /** Bytes that were told. */
  get size__B(): number {
    return sizeOf(this.path);
  }

  /** Bytes of the file that were read. */
  get read__B(): number {
    return this.offset;
  }

  /** Bytes that were not read. */
  get unread__B(): number {
    const { size__B } = this;
    return size__B < this.offset ? size__B : size__B - this.offset;
  }

  /** Those that rows to come may be about. */
  get instances(): ReadonlyMap<number, Instance> {
    return this.known;
  }

  /** Windows that rows to come may be in; another array after a change. */
  get spans(): readonly JobSpan[] {
    return this.fold.spans;
  }

  /** The first holds for all rows to come before the second. */
  get intervals(): readonly RecordedInterval[] {
    return this.readAt;
  }

  /** The events that come next, in the order in which they were told, some at a time; undefined where all were read. */
  async read(): Promise<EventLog['entries'] | undefined> {
    await this.look();
    const lines = await this.linesAt(this.offset);
    return lines && this.take(lines);
  }

  /**
   * Reads all that was told with the rows of a flush, or before.
   * @param flush all rows to come are of it, or later; absent where there are none now: then all is read
   * @param before__B what was told before rows were looked for: where there are none, those to come are of the latest flush
   * in it, or later
   */
  async readTo(flush: number | undefined, before__B: number): Promise<void> {
    await this.look();
    do {
      if (flush !== undefined) this.pass(flush);
      else if (this.offset <= before__B) this.pass(this.latestFlush);
    } while (this.latestFlush <= (flush ?? Infinity) + AHEAD__FLUSHES && (await this.read()));
  }

  /** Rows of a flush are about it. */
  note(id: number, flush: number): void {
    this.latest.set(id, Math.max(this.latest.get(id) ?? 0, flush));
  }

  /**
   * Forgets what no row to come is about, unless it is told again. GPUs are kept: events are about them too.
   * @param flush of an entity: all rows to come are of this one or later
   */
  forget(flush: (entity: Entity) => number): void {
    for (const [id, { entity }] of this.known) {
      if (entity === 'gpu' || flush(entity) - (this.latest.get(id) ?? 0) <= TOLD_FOR__FLUSHES) continue;
      this.known.delete(id);
      this.latest.delete(id);
    }
  }

  /** Forgets windows and intervals that were over when what comes was sampled: it is all of this flush, or later. */
  pass(flush: number): void {
    let { past__ns } = this;
    for (const [number, time__ns] of this.newest) {
      if (number >= flush) continue;
      this.newest.delete(number);
      if (time__ns - PAST__NS > past__ns) past__ns = time__ns - PAST__NS;
    }
    if (past__ns === this.past__ns) return;
    this.past__ns = past__ns;
    this.fold.forget(past__ns);
    const now = this.readAt.findLastIndex(({ from__ns }) => from__ns <= past__ns);
    if (now > 0) this.readAt = this.readAt.slice(now);
  }

  /** Before anything is read. */
  private async look(): Promise<void> {
    if (this.unread__B === 0) return;
    const head = await readFrom(this.path, 0, this.head.length);
    const isSame = head.equals(this.head.subarray(0, head.length));
    if (!isSame) this.begin();
    else if (this.size__B < this.offset) this.restart();
    await this.foresee();
  }

  /** Of a recording that has ended: looks for what windows' ends say of rows that come before. */
  private async foresee(): Promise<void> {
    if (this.isForeseen) return;
    await this.manifestFile.look(async () => {
      this.isEnded = (await readManifest(this.dir)).end !== null;
    });
    if (!this.isEnded) return;
    let at = this.offset;
    for (let lines = await this.linesAt(at); lines; lines = await this.linesAt(at)) {
      at += lines.length;
      const ofWindows = lines
        .toString()
        .split(/(?<=\n)/)
        .filter((line) => line.includes('window_st'));
      for (const event of eventsIn(parseEvents(ofWindows.join('')).entries)) this.fold.foresee(event);
    }
    this.isForeseen = true;
  }

  /** Whole lines from a byte on, some at a time; undefined where there are none now: what is half written is waited for. */
  private async linesAt(offset: number): Promise<Buffer | undefined> {
    const { size__B } = this;
    for (let length = PIECE__B; offset < size__B; length *= 2) {
      const bytes = await readFrom(this.path, offset, Math.min(length, size__B - offset));
      const end = bytes.lastIndexOf(0x0a) + 1;
      if (end > 0) return bytes.subarray(0, end);
      if (bytes.length < length) return undefined;
    }
    return undefined;
  }

  private take(lines: Buffer): EventLog['entries'] {
    if (this.offset === 0)
      this.head = Buffer.from(lines.subarray(0, lines.indexOf(0x0a) + 1).subarray(0, HEAD__B));
    this.offset += lines.length;
    const { entries, instances, told, lineNum } = parseEvents(lines.toString(), this.lines);
    const events = eventsIn(entries);
    this.lines += lineNum;
    this.number += entries.length;
    this.bad = [...this.bad, ...problemsIn(entries)];
    for (const [id, instance] of instances) this.known.set(id, instance);
    for (const [id, flush] of told) this.note(id, flush);
    for (const event of events) {
      const { flush, time__ns } = event;
      this.fold.push(event);
      if (flush > this.latestFlush) this.latestFlush = flush;
      if (time__ns > (this.newest.get(flush) ?? -PAST__NS)) this.newest.set(flush, time__ns);
    }
    const [, ...changes] = intervalsOf(events, this.manifest);
    if (changes.length > 0) this.readAt = [...this.readAt, ...changes];
    return entries;
  }

  /** A piece that could not be written whole was cut off again, after it was read. */
  private restart(): void {
    this.begin();
    this.known = new Map();
    this.fold = new SpanFold();
    this.readAt = intervalsOf([], this.manifest);
    this.newest = new Map();
    this.latestFlush = -1;
  }

  private begin(): void {
    this.offset = 0;
    this.lines = 0;
    this.number = 0;
    this.bad = [];
    this.isForeseen = false;
  }
}
