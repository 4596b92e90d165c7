// Follows a recording, also one that is being written: every row once, from the journal or from the segments,
// whichever has it first. Where it has come to is a position, from which another reader goes on.
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Entity, Instance } from '../catalog';
import { createBatch, instancesOf, type Batch } from '../sampling/batch';
import { joinChunks, sliceChunk, toCatalog, type Chunk } from './chunk';
import { EventTail } from './event-tail';
import { TOLD_FOR__FLUSHES } from './events';
import { namesIn, sizeOf, Watched } from './files';
import { JournalTail, type JournalPiece } from './journal-tail';
import { readManifest, type Manifest } from './manifest';
import { TABLE_START, TAIL_START, type TablePosition, type TailPosition } from './position';
import type { RecordingProblem } from './segment-reader';
import { SegmentTail, type PlacedChunk, type SegmentList } from './segment-tail';
import { knownSchema, parseSegmentName, segmentName } from './segments';
import { readTrimmed, trimmedOf } from './trimmed';
import type { JobSpan, RecordedInterval } from './windows';

/** Rows that were handed out. */
export interface TailRead {
  /** Without events. */
  readonly batch: Batch;
  /** Everything up to these rows was handed out. */
  readonly position: TailPosition;
  /** GPU figures are a simulator's, as the manifest says now: its writer corrects it before it writes such rows. */
  readonly simulated: boolean;
  /** No table is behind the others: what comes next of any was sampled later, but for the delay of a reading. */
  readonly settled: boolean;
}

/** Rows of one table on their way out. */
interface Piece {
  readonly entity: Entity;
  readonly chunk: Chunk;
  /** Number of the chunk's first row among those of its flush. */
  readonly base: number;
  /** Of the chunk's rows, the first that was not handed out. */
  from: number;
  /** The position when all were handed out. */
  readonly after: TablePosition;
}

interface FollowedTable {
  readonly segments: SegmentTail;
  position: TablePosition;
  next: PlacedChunk | undefined;
}

/** Calls of one tail must not overlap. */
export class RecordingTail {
  private readonly folder: Watched;
  private readonly journal: JournalTail;
  private readonly log: EventTail;
  private readonly tables = new Map<Entity, FollowedTable>();
  private readonly found = new Map<string, RecordingProblem>();
  private lists = new Map<Entity, SegmentList>();
  private journaled: readonly JournalPiece[] = [];
  private pending: Piece[] = [];
  private isOver = false;
  /** Nothing will be added, though it was not closed. */
  private isCut = false;
  /** The flush with which instances were forgotten last. */
  private swept = 0;

  private constructor(
    readonly dir: string,
    private current: Manifest,
    private readonly from: TailPosition,
  ) {
    this.folder = new Watched(dir);
    this.journal = new JournalTail(dir, (entity) => (current.catalog[entity] ?? []).map(({ name }) => name));
    this.log = new EventTail(dir, current);
  }

  /**
   * Opens a recording that is being written, was cut, or is finished.
   * @param from a position that an earlier `read` gave
   * @throws ERR_RECORDING where it is none, or a newer one
   */
  static async open(dir: string, from: TailPosition = TAIL_START): Promise<RecordingTail> {
    return new RecordingTail(dir, await readManifest(dir), from);
  }

  get manifest(): Manifest {
    return this.current;
  }

  get utcOffset__ns(): bigint {
    return BigInt(this.current.clock.utcOffset__ns);
  }

  /** What rows to come may be about, and GPUs. */
  get instances(): ReadonlyMap<number, Instance> {
    return this.log.instances;
  }

  /** Windows that rows to come may be in, and those that were handed out last. */
  get spans(): readonly JobSpan[] {
    return this.log.spans;
  }

  /** How often was read, from when; the first holds for all of these rows before the second. */
  get intervals(): readonly RecordedInterval[] {
    return this.log.intervals;
  }

  /** The recording was closed, and all of it was handed out. */
  get ended(): boolean {
    return this.isOver;
  }

  /** What could not be read. */
  get problems(): readonly RecordingProblem[] {
    return [...this.log.problems, ...this.found.values()];
  }

  /** Everything before it was handed out. */
  get position(): TailPosition {
    const tables: Partial<Record<Entity, TablePosition>> = { ...this.from.tables };
    for (const [entity, { position }] of this.tables) tables[entity] = position;
    return { tables };
  }

  /**
   * The rows that come next, of each table in order of time; undefined where there are none now.
   * @param maxRows of all tables together, at least 1
   */
  async read(maxRows: number): Promise<TailRead | undefined> {
    if (this.pending.length === 0 && !this.isOver) await this.refill();
    if (this.pending.length === 0) {
      // Who asks again at once must not keep a writer of the same process from its turn.
      await turn();
      return undefined;
    }
    const taken = this.take(maxRows);
    const instances = instancesOf(taken, [], this.instances);
    const batch = createBatch({
      tables: taken.map(toCatalog),
      instances,
      events: [],
      utcOffset__ns: this.utcOffset__ns,
      droppedRows: 0,
    });
    this.forgetAfter(taken);
    const { simulated } = this.current;
    return { batch, position: this.position, simulated, settled: this.pending.length === 0 };
  }

  /** Once nothing will be added, though it was not closed: then what is damaged at its end is a problem. */
  async end(): Promise<void> {
    if (this.isOver) return;
    this.isCut = true;
    await this.refill();
  }

  /** Instances that were told long before the rows that were handed out, and that none of them is about. */
  private forgetAfter(taken: readonly Chunk[]): void {
    for (const { instance, flush } of taken) for (const id of new Set(instance)) this.log.note(id, flush);
    const newest = Math.max(...taken.map(({ flush }) => flush));
    if (newest <= this.swept) return;
    this.swept = newest;
    // Before the place where this tail began it does not know which rows there were.
    this.log.forget((entity) => {
      const begun = this.from.tables[entity]?.flush ?? 0;
      const { flush } = this.tables.get(entity)?.position ?? TABLE_START;
      return flush - begun > TOLD_FOR__FLUSHES ? flush : 0;
    });
  }

  /** Bytes on disk of what a position does not have. */
  async backlog(position: TailPosition = this.position): Promise<number> {
    await this.look();
    let sum = 0;
    for (const [entity, { numbers }] of this.lists) {
      const { segment, offset } = this.placeOf(entity, position);
      for (const number of numbers.filter((one) => one >= segment)) {
        const size = sizeOf(join(this.dir, segmentName(entity, number)));
        sum += number === segment ? Math.max(0, size - offset) : size;
      }
    }
    return (
      sum +
      this.journal.beyond((entity, flush, rows) => {
        const at = position.tables[entity] ?? TABLE_START;
        return at.flush > flush || (at.flush === flush && at.rows >= rows);
      })
    );
  }

  /** Where what the position lacks begins: chunks with no other rows than it has are passed already. */
  private placeOf(entity: Entity, position: TailPosition): TablePosition {
    const asked = position.tables[entity] ?? TABLE_START;
    const reached = this.tables.get(entity)?.position;
    return reached?.flush === asked.flush && reached.rows === asked.rows ? reached : asked;
  }

  private async refill(): Promise<void> {
    for (;;) {
      const told__B = this.log.size__B;
      // The journal first: what moves to a segment meanwhile is then in both, not in neither.
      const added = await this.journal.read();
      const kept = [...this.journaled, ...added];
      this.journaled = kept.filter(({ chunk }) => chunk.flush === this.journal.flush);
      await this.look();
      const isClosed = this.current.end !== null;
      // One after another: on a disk that hangs, all tables together would take every thread of libuv's pool.
      for (const [entity, list] of this.lists) await this.peek(entity, list);
      // Rows first, the manifest and events after: what was told before a row is known with it.
      await this.look();
      await this.log.readTo(this.nextFlush(), told__B);
      const isMore = this.takeChunks() || this.takeJournal();
      if (this.pending.length > 0) return;
      if (!isMore) {
        this.isOver = isClosed;
        return;
      }
    }
  }

  /** What the folder holds now. */
  private async look(): Promise<void> {
    await this.folder.look(() => this.list());
  }

  private async list(): Promise<void> {
    // The manifest first: where it says that the recording was closed, the list is that of a closed one.
    this.current = await readManifest(this.dir);
    const numbers = new Map<Entity, number[]>();
    for (const file of await namesIn(this.dir)) {
      const segment = parseSegmentName(file);
      if (!segment) continue;
      const known = numbers.get(segment.entity);
      if (known) known.push(segment.number);
      else numbers.set(segment.entity, [segment.number]);
    }
    const trimmed = await readTrimmed(this.dir);
    const isClosed = this.current.end !== null;
    this.lists = new Map(
      [...numbers].map(([entity, own]) => [
        entity,
        { numbers: own, trimmed: trimmedOf(trimmed, entity), isClosed },
      ]),
    );
  }

  /** Of the rows that come next; undefined where there are none now. */
  private nextFlush(): number | undefined {
    const waiting = [...this.tables.values()].flatMap(({ next }) => next?.chunk.flush ?? []);
    const flushes = [...waiting, ...this.journaled.map(({ chunk }) => chunk.flush)];
    return flushes.length === 0 ? undefined : Math.min(...flushes);
  }

  private async peek(entity: Entity, list: SegmentList): Promise<void> {
    const table = this.tableOf(entity);
    if (table.next) return;
    table.next = await table.segments.next(list, this.isCut);
    // The end of a segment, and what is damaged, is passed without rows.
    if (!table.next) table.position = { ...table.position, ...table.segments.at };
  }

  private tableOf(entity: Entity): FollowedTable {
    const known = this.tables.get(entity);
    if (known) return known;
    const position = this.from.tables[entity] ?? TABLE_START;
    const report = (segment: string, reason: string): void => {
      this.found.set(`${segment} ${reason}`, { segment, reason });
    };
    const { segment, offset } = position;
    const schema = knownSchema(this.current, entity);
    const segments = new SegmentTail(
      this.dir,
      entity,
      this.utcOffset__ns,
      schema,
      { segment, offset },
      report,
    );
    const table: FollowedTable = { segments, position, next: undefined };
    this.tables.set(entity, table);
    return table;
  }

  /** Chunks of the lowest flush become pending; false where there are none. */
  private takeChunks(): boolean {
    const waiting = [...this.tables].flatMap(([entity, table]) =>
      table.next ? [{ entity, table, ...table.next }] : [],
    );
    const flush = Math.min(...waiting.map(({ chunk }) => chunk.flush));
    for (const { entity, table, chunk, next } of waiting) {
      if (chunk.flush !== flush) continue;
      table.next = undefined;
      const rows = chunk.time.length;
      const handedOut = handedOutOf(table.position, flush);
      if (handedOut >= rows) table.position = { ...table.position, ...next };
      else this.pending.push({ entity, chunk, base: 0, from: handedOut, after: { flush, rows, ...next } });
    }
    return waiting.length > 0;
  }

  /** The journal's rows become pending; false where there are none. */
  private takeJournal(): boolean {
    const reached = new Map<Entity, number>();
    for (const { chunk, before } of this.journaled) {
      const { entity, flush } = chunk;
      const { position } = this.tableOf(entity);
      const rows = before + chunk.time.length;
      const handedOut = reached.get(entity) ?? handedOutOf(position, flush);
      if (handedOut >= rows) continue;
      const from = handedOut - before;
      this.pending.push({ entity, chunk, base: before, from, after: { ...position, flush, rows } });
      reached.set(entity, rows);
    }
    this.journaled = [];
    return this.pending.length > 0;
  }

  /** At most so many of the pending rows, one chunk a table. */
  private take(maxRows: number): readonly Chunk[] {
    const taken = new Map<Entity, [Chunk, ...Chunk[]]>();
    for (let left = maxRows; left > 0;) {
      const [piece] = this.pending;
      if (!piece) break;
      const { entity, chunk, from } = piece;
      const rows = Math.min(left, chunk.time.length - from);
      const slice = sliceChunk(chunk, from, from + rows);
      const before = taken.get(entity);
      if (before) before.push(slice);
      else taken.set(entity, [slice]);
      this.handOut(piece, rows);
      left -= rows;
    }
    return [...taken.values()].map(joinChunks);
  }

  private handOut(piece: Piece, rows: number): void {
    const { entity, chunk, base, after } = piece;
    const table = this.tableOf(entity);
    piece.from += rows;
    const isAll = piece.from === chunk.time.length;
    table.position = isAll ? after : { ...table.position, flush: after.flush, rows: base + piece.from };
    if (isAll) this.pending.shift();
  }
}

/** How many rows of a flush are before a position. */
function handedOutOf({ flush, rows }: TablePosition, asked: number): number {
  return flush === asked ? rows : flush > asked ? Infinity : 0;
}
