// The recording's writer: takes batches as they come, makes them survive within half a second (journal), and
// brings them into compressed segments when enough of them are together. A disk that fails never disturbs the
// caller: what could not be written is counted.
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Entity, Instance } from '../catalog';
import { NvpulseError } from '../errors';
import type { Batch, Table } from '../sampling/batch';
import { formatUtc } from '../time';
import { AppendFile, RemovedError } from './append-file';
import { metricNames } from './columns';
import { encodeChunk } from './encode';
import {
  EVENTS,
  formatEvent,
  formatInstance,
  TOLD_FOR__FLUSHES,
  type EventFields,
  type EventKind,
  type Json,
} from './events';
import { sizeOf as sizeOfFile, Watched } from './files';
import { claimFolder } from './folder';
import { compress } from './gzip';
import { encodeEntry, JOURNAL } from './journal';
import {
  createManifest,
  MANIFEST,
  writeManifest,
  type Manifest,
  type RecordedExit,
  type RecordingMeta,
} from './manifest';
import { reasonOf } from '../reason';
import { USUAL, type Access } from './private';
import { syncFolder } from './replace-file';
import { SegmentSequence } from './segments';
import { SummaryLog, type SummaryPlace } from './summaries';

/** Rows are in a file half a second after they came, or at once where none came in that time. */
const FLUSH__MS = 500;
/** Chunks this large compress an eighth better than a quarter of it; made after this long in any case. */
const CHUNK = { plain__B: 2 ** 20, age__ms: 30_000 } as const;
/** Above the first a caller is asked to wait, above the second rows are dropped and counted. */
const BACKLOG = { slow__B: 16 * 2 ** 20, full__B: 64 * 2 ** 20 } as const;
/** Event lines kept while they can't be written. */
const EVENT_LINES_MAX = 10_000;

/** A table's rows on their way to the disk. */
interface Outgoing {
  readonly entity: Entity;
  readonly rows: number;
  readonly plain__B: number;
  readonly chunk: Promise<Buffer>;
}

export interface CloseOptions {
  /** False where something ended early, and the recording doesn't hold all that it should. @default true */
  readonly complete?: boolean;
  /** Kept with the stop event. */
  readonly data?: Json;
  /** How the command ended that was recorded. @default null: there was none */
  readonly exit?: RecordedExit | null;
  /** How long the command, or the one window that was recorded, lasted. @default null: as long as the recording */
  readonly duration__s?: number | null;
}

export class RecordingWriter {
  private journal: AppendFile;
  private eventFile: AppendFile;
  private readonly summaries: SummaryLog;
  private readonly segments = new Map<Entity, SegmentSequence>();
  /** What the pending batches are about. */
  private instances = new Map<number, Instance>();
  /** By instance that was told: the latest flush that it is in. */
  private readonly told = new Map<number, number>();
  /** Batches for the next chunk, those of them that the journal doesn't have yet, and unwritten event lines. */
  private pending: Batch[] = [];
  private unjournaled: Batch[] = [];
  /** Entries that the journal could not take: it has to stay the beginning of what the next chunk holds. */
  private owed: { readonly flush: number; readonly entries: Buffer } | undefined;
  private lines: string[] = [];
  private pending__B = 0;
  private backlog__B = 0;
  private flush = 1;
  private flushed__ms = -Infinity;
  private chunked__ms = performance.now();
  private timer: NodeJS.Timeout | undefined;
  /** Writes happen here one after another. */
  private lane: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;
  private written__B = 0;
  private lost = 0;
  private error: NvpulseError | undefined;
  private removed = false;
  /** The manifest is on the disk. */
  private isDurable = false;
  /** What is removed changes it. */
  private readonly folder: Watched;

  private constructor(
    /** The recording's folder. */
    readonly dir: string,
    private current: Manifest,
    private readonly utcOffset__ns: bigint,
    private readonly access: Access,
  ) {
    this.journal = this.fileOf(JOURNAL);
    this.eventFile = this.fileOf(EVENTS);
    this.summaries = new SummaryLog(dir, access);
    this.folder = new Watched(dir);
  }

  /**
   * Starts a recording in a folder that is created, or is empty.
   * @throws ERR_OPTION where `dir` is not empty or no folder; ERR_IO where it can't be created or written
   */
  static async create(dir: string, meta: RecordingMeta, access: Access = USUAL): Promise<RecordingWriter> {
    await claimFolder(dir);
    const manifest = createManifest(meta, process.hrtime.bigint());
    try {
      await writeManifest(dir, manifest, false, access.file);
    } catch (cause) {
      throw new NvpulseError('ERR_IO', `cannot record into '${dir}': ${reasonOf(cause)}`, { cause });
    }
    const writer = new RecordingWriter(dir, manifest, meta.utcOffset__ns, access);
    writer.event('start', { time__ns: BigInt(manifest.clock.start__ns) });
    return writer;
  }

  /** Instances that are kept in mind. */
  get instanceNum(): number {
    return this.told.size;
  }

  get manifest(): Manifest {
    return this.current;
  }

  /** Bytes written so far, without the manifest. */
  get bytesWritten(): number {
    return this.written__B;
  }

  /** Rows that could not be recorded. */
  get lostRows(): number {
    return this.lost;
  }

  /** The latest failure to write; the recording goes on when the disk does. */
  get lastError(): NvpulseError | undefined {
    return this.error;
  }

  /** Some of what was recorded is gone: someone removed the folder, or a file of it. */
  get isRemoved(): boolean {
    return this.removed;
  }

  /**
   * Takes a batch. Never throws for what the disk does. A promise asks the caller to wait before it hands over
   * more; who cannot wait may go on, until rows are dropped at 64 MiB of backlog.
   * @throws ERR_STATE after `close`
   */
  write(batch: Batch): void | Promise<void> {
    this.refuseClosed('write');
    const size__B = sizeOf(batch);
    if (this.backlog__B + this.pending__B + size__B > BACKLOG.full__B && this.backlog__B > 0) {
      return this.lose(rowsOf(batch.tables), 'the disk is too slow');
    }
    this.note(batch);
    this.pending.push(batch);
    this.unjournaled.push(batch);
    this.pending__B += size__B;
    const now__ms = performance.now();
    if (this.pending__B >= CHUNK.plain__B || now__ms - this.chunked__ms >= CHUNK.age__ms) this.chunk();
    else this.flushSoon(now__ms);
    return this.backlog__B > BACKLOG.slow__B ? this.lane : undefined;
  }

  /** Adds an event. @throws ERR_STATE after `close` */
  event(kind: EventKind, fields: EventFields = {}): void {
    this.refuseClosed('event');
    this.lines.push(formatEvent(kind, fields, this.utcOffset__ns, this.flush));
    this.flushSoon(performance.now());
  }

  /** Adds a named mark at this moment. @throws ERR_STATE after `close` */
  mark(name: string): void {
    this.event('mark', { text: name });
  }

  /**
   * Adds what became of windows, as JSON, on the disk when done; where each stands. Rejects with ERR_IO: then none was added.
   * @throws ERR_STATE after `close`
   */
  tellSummaries(values: readonly object[]): Promise<readonly SummaryPlace[]> {
    this.refuseClosed('tellSummaries');
    const told = this.lane
      .then(async () => {
        // Without its manifest it would be no recording after a loss of power.
        if (!this.isDurable) {
          await this.writeManifest(true);
          await syncFolder(dirname(this.dir));
        }
        this.isDurable = true;
        return this.summaries.append(values);
      })
      .catch((error: unknown) => {
        this.fail(error);
        throw this.failureOf(error);
      });
    this.lane = told.then(
      () => undefined,
      () => undefined,
    );
    return told;
  }

  /** Corrects what was told at the start, once more is known. @throws ERR_STATE after `close` */
  describe(known: Partial<Omit<RecordingMeta, 'utcOffset__ns'>>): void {
    this.refuseClosed('describe');
    this.current = { ...this.current, ...known };
    this.enqueue(() => this.writeManifest(this.isDurable));
  }

  /**
   * Once all that was handed over so far is in files, so that it survives the end of this process.
   * False where some of it could not be written, or is no longer there: see `lastError`.
   */
  async flushed(): Promise<boolean> {
    const { error } = this;
    this.flushNow();
    this.enqueue(() => this.check());
    await this.lane;
    return this.error === error;
  }

  /** Writes what is left and ends the recording. Never throws: see `lastError`. Twice is allowed. */
  close(options: CloseOptions = {}): Promise<void> {
    this.closing ??= this.finish(options);
    return this.closing;
  }

  private async finish(options: CloseOptions): Promise<void> {
    const { complete = true, data = null, exit = null, duration__s = null } = options;
    const end__ns = process.hrtime.bigint();
    this.lines.push(formatEvent('stop', { time__ns: end__ns, data }, this.utcOffset__ns, this.flush));
    this.chunk();
    await this.lane;
    for (const sequence of this.segments.values()) this.enqueue(() => sequence.end());
    this.enqueueLines();
    this.enqueue(() => this.journal.remove());
    this.enqueue(() => this.eventFile.close());
    this.enqueue(() => this.summaries.close());
    await this.lane;
    const end = formatUtc(end__ns + this.utcOffset__ns);
    this.current = { ...this.current, end, complete, exit, duration__s, lostRows: this.lost };
    this.enqueue(() => this.writeManifest(true));
    await this.lane;
  }

  private fileOf(name: string): AppendFile {
    return new AppendFile(join(this.dir, name), 0, this.access);
  }

  /** Rejects with RemovedError where a part of what was recorded is gone. */
  private async check(): Promise<void> {
    await this.eventFile.check();
    await this.folder.look(async () => {
      if (sizeOfFile(join(this.dir, MANIFEST)) === 0) throw new RemovedError(join(this.dir, MANIFEST));
      await this.journal.check();
      await this.summaries.check();
      for (const sequence of this.segments.values()) await sequence.check();
    });
  }

  private writeManifest(durable: boolean): Promise<void> {
    return writeManifest(this.dir, this.current, durable, this.access.file);
  }

  /** Instances and events of a batch, as lines. */
  private note({ instances, events, droppedRows }: Batch): void {
    for (const [id, instance] of instances) {
      this.instances.set(id, instance);
      this.tell(instance);
    }
    for (const { kind, ...fields } of events) {
      this.lines.push(formatEvent(kind, fields, this.utcOffset__ns, this.flush));
    }
    if (droppedRows > 0) {
      this.lines.push(formatEvent('rows_dropped', { data: droppedRows }, this.utcOffset__ns, this.flush));
    }
  }

  private tell(instance: Instance): void {
    if (!this.told.has(instance.id)) this.lines.push(formatInstance(instance, this.flush));
    this.told.set(instance.id, this.flush);
  }

  /**
   * Leaves out the newest lines, where too many wait. Instances may be among them: all are told again, first those of
   * the pending rows.
   */
  private limitLines(): void {
    if (this.lines.length <= EVENT_LINES_MAX) return;
    this.lines.length = EVENT_LINES_MAX;
    this.tellAgain();
  }

  private tellAgain(): void {
    this.told.clear();
    for (const instance of this.instances.values()) this.tell(instance);
  }

  private flushSoon(now__ms: number): void {
    const wait__ms = this.flushed__ms + FLUSH__MS - now__ms;
    if (wait__ms <= 0) this.flushNow();
    else this.timer ??= setTimeout(() => this.flushNow(), wait__ms);
  }

  /** Event lines to their file, and batches that no segment has to the journal. */
  private flushNow(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushed__ms = performance.now();
    this.enqueueLines();
    if (this.unjournaled.length === 0) return;
    const { flush } = this;
    const entries = Buffer.concat(this.unjournaled.map((batch) => encodeEntry(batch, flush)));
    this.unjournaled = [];
    this.enqueue(() => this.appendToJournal(flush, entries));
  }

  private async appendToJournal(flush: number, added: Buffer): Promise<void> {
    // Of a flush before: on their way into segments.
    if (flush !== this.flush) return;
    const entries = this.owed?.flush === flush ? Buffer.concat([this.owed.entries, added]) : added;
    this.owed = { flush, entries };
    await this.journal.append(entries);
    this.owed = undefined;
    this.written__B += entries.length;
  }

  private enqueueLines(): void {
    if (this.lines.length === 0) return;
    this.enqueue(async () => {
      // In their order, also where those before them have to be written again.
      const { lines } = this;
      if (lines.length === 0) return;
      this.lines = [];
      const text = Buffer.from(lines.join(''));
      try {
        await this.eventFile.append(text);
      } catch (error) {
        this.lines = [...lines, ...this.lines];
        this.limitLines();
        throw error;
      }
      this.written__B += text.length;
    });
  }

  /** Brings all pending batches into segments; the journal has then nothing that they lack. */
  private chunk(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushed__ms = this.chunked__ms = performance.now();
    this.enqueueLines();
    if (this.pending.length === 0) return;
    const outgoing = this.encodePending();
    const plain__B = outgoing.reduce((sum, chunk) => sum + chunk.plain__B, 0);
    this.pending = [];
    this.unjournaled = [];
    this.pending__B = 0;
    this.instances = new Map();
    this.flush++;
    for (const [id, flush] of this.told) if (this.flush - flush > TOLD_FOR__FLUSHES) this.told.delete(id);
    this.backlog__B += plain__B;
    this.enqueue(async () => {
      for (const chunk of outgoing) await this.append(chunk);
      this.backlog__B -= plain__B;
      await this.journal.clear();
    });
  }

  private encodePending(): Outgoing[] {
    const byEntity = new Map<Entity, Table[]>();
    for (const table of this.pending.flatMap(({ tables }) => tables)) {
      if (table.length === 0) continue;
      const tables = byEntity.get(table.entity);
      if (tables) tables.push(table);
      else byEntity.set(table.entity, [table]);
    }
    const { instances, utcOffset__ns, flush } = this;
    return [...byEntity].map(([entity, tables]) => {
      const plain = Buffer.concat(encodeChunk({ entity, tables, instances, utcOffset__ns, flush }));
      const chunk = compress(plain);
      // A failure is told where the chunk is awaited, which may be later.
      chunk.catch(() => undefined);
      return { entity, rows: rowsOf(tables), plain__B: plain.length, chunk };
    });
  }

  private async append({ entity, rows, plain__B, chunk }: Outgoing): Promise<void> {
    const sequence = this.segments.get(entity) ?? new SegmentSequence(this.dir, entity, this.access);
    this.segments.set(entity, sequence);
    try {
      this.written__B += await this.addTo(sequence, await chunk, plain__B);
    } catch (error) {
      this.fail(error);
      this.lose(rows, reasonOf(error));
    }
  }

  private async addTo(sequence: SegmentSequence, chunk: Buffer, plain__B: number): Promise<number> {
    try {
      return await sequence.append(chunk, plain__B);
    } catch (error) {
      if (!(error instanceof RemovedError)) throw error;
      // What the segment held is gone; what comes goes into the next.
      this.fail(error);
      return sequence.append(chunk, plain__B);
    }
  }

  private lose(rows: number, why: string): void {
    this.lost += rows;
    this.lines.push(formatEvent('rows_lost', { text: why, data: rows }, this.utcOffset__ns, this.flush));
    this.limitLines();
  }

  private enqueue(job: () => Promise<void>): void {
    this.lane = this.lane.then(job).catch((error: unknown) => this.fail(error));
  }

  private fail(cause: unknown): void {
    this.error = this.failureOf(cause);
    if (cause instanceof RemovedError) this.replace(cause.path);
  }

  /** What was removed is begun again, with what memory has of it: others may go on with the recording as it is. */
  private replace(path: string): void {
    this.removed = true;
    if (path === this.eventFile.path) {
      void this.eventFile.close();
      this.eventFile = this.fileOf(EVENTS);
      // First, and at a time of its own: a file is told from another by its first line.
      const lost = { text: `'${path}' was removed` };
      this.lines.unshift(formatEvent('events_lost', lost, this.utcOffset__ns, this.flush));
      this.tellAgain();
    }
    if (path === this.journal.path) {
      void this.journal.close();
      this.journal = this.fileOf(JOURNAL);
      this.owed = undefined;
      // A journal is the beginning of what its flush brings: this one begins with the next.
      this.chunk();
    }
  }

  private failureOf(cause: unknown): NvpulseError {
    return new NvpulseError('ERR_IO', `recording into '${this.dir}' failed: ${reasonOf(cause)}`, { cause });
  }

  private refuseClosed(call: string): void {
    if (this.closing) throw new NvpulseError('ERR_STATE', `RecordingWriter.${call}: the recording is closed`);
  }
}

function rowsOf(tables: readonly Table[]): number {
  return tables.reduce((sum, { length }) => sum + length, 0);
}

/** About what a batch takes in memory. */
function sizeOf({ tables }: Batch): number {
  return tables.reduce(
    (sum, { entity, length }) => sum + length * (12 + 10 * metricNames(entity).length),
    64,
  );
}
