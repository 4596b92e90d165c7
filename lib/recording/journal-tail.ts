// Follows the journal: rows that are in no segment yet. It is emptied, and filled again, with each flush.
import { join } from 'node:path';
import type { Entity } from '../catalog';
import type { Chunk } from './chunk';
import { readFrom, sizeOf, Watched } from './files';
import { decodeEntries, JOURNAL } from './journal';

/** Rows of one table from the journal. */
export interface JournalPiece {
  readonly chunk: Chunk;
  /** How many rows of the same flush and table are before it. */
  readonly before: number;
}

/** Where an entry ends, and how many rows of each table there are up to there. */
interface EntryEnd {
  readonly end: number;
  readonly rows: ReadonlyMap<Entity, number>;
}

export class JournalTail {
  private readonly path: string;
  private readonly watched: Watched;
  private offset = 0;
  private current = 0;
  private rows = new Map<Entity, number>();
  private ends: EntryEnd[] = [];

  constructor(
    dir: string,
    private readonly namesOf: (entity: Entity) => readonly string[],
  ) {
    this.path = join(dir, JOURNAL);
    this.watched = new Watched(this.path);
  }

  /** Number of the flush that the journal's rows belong to; 0 before the first. */
  get flush(): number {
    return this.current;
  }

  /** Rows that were added since the last look; those of a flush before, which segments have by now, are not told. */
  async read(): Promise<readonly JournalPiece[]> {
    return (await this.watched.look((size) => this.readTo(size))) ?? [];
  }

  private async readTo(size: number): Promise<readonly JournalPiece[]> {
    if (size > this.offset && this.offset > 0) {
      const added = this.decode(await readFrom(this.path, this.offset, size - this.offset));
      if (added) return added;
    }
    // It was emptied since, or ends with an entry that is half written.
    this.restart(this.current);
    if (size === 0) return [];
    return this.decode(await readFrom(this.path, 0, size)) ?? [];
  }

  /** Bytes of the entries that hold rows which a position does not have, those that were added since among them. */
  beyond(has: (entity: Entity, flush: number, rows: number) => boolean): number {
    const last = this.ends.findLastIndex(({ rows }) =>
      [...rows].every(([entity, count]) => has(entity, this.current, count)),
    );
    const size = sizeOf(this.path);
    // Smaller than it was: it was emptied since, and what it holds now is new.
    return size < this.offset ? size : size - (this.ends[last]?.end ?? 0);
  }

  /** Undefined where what was read does not go on from what was read before. */
  private decode(bytes: Buffer): readonly JournalPiece[] | undefined {
    let pieces: JournalPiece[] = [];
    const start = this.offset;
    let whole = false;
    for (const { flush, chunks, end } of decodeEntries(bytes, this.namesOf)) {
      if (flush !== this.current) {
        if (start > 0) return undefined;
        pieces = [];
        this.restart(flush);
      }
      whole = true;
      for (const chunk of chunks) {
        const before = this.rows.get(chunk.entity) ?? 0;
        this.rows.set(chunk.entity, before + chunk.time.length);
        pieces.push({ chunk, before });
      }
      this.offset = start + end;
      this.ends.push({ end: this.offset, rows: new Map(this.rows) });
    }
    return whole ? pieces : undefined;
  }

  private restart(flush: number): void {
    this.current = flush;
    this.offset = 0;
    this.rows = new Map();
    this.ends = [];
  }
}
