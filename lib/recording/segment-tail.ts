// Follows one table's segments, chunk by chunk, from some place on. What is half written is waited for.
import { join } from 'node:path';
import type { Entity } from '../catalog';
import { END_OF_STREAM } from './arrow-messages';
import type { Chunk } from './chunk';
import { decodeChunk } from './decode';
import { readFrom, sizeOf } from './files';
import { damagedFrom, memberAt, type Member } from './members';
import { reasonOf } from '../reason';
import { NO_SCHEMA, segmentName } from './segments';

/** Number of a segment, and byte offset of a chunk in it. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
}

export interface PlacedChunk {
  readonly chunk: Chunk;
  /** What comes after it. */
  readonly next: Place;
}

/** The table's segments, looked up before they are read. */
export interface SegmentList {
  /** Ascending. */
  readonly numbers: readonly number[];
  /** Those up to this number were removed on purpose. */
  readonly trimmed: number;
  /** Nothing will be added to any. */
  readonly isClosed: boolean;
}

/** Whether a segment may grow: not where its writer has gone on to the next or closed it, nor where it was cut. */
interface Fate {
  readonly isLeft: boolean;
  readonly isCut: boolean;
}

/** As much is read at once, unless a chunk is longer. */
const READ__B = 256 * 1024;

export class SegmentTail {
  private window: { readonly start: number; readonly bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  /** The segment's first member, once it was read. */
  private schema: Buffer | undefined;

  /**
   * @param known the first member of every segment; undefined where it has to be read
   * @param place where to begin
   * @param report told of what can't be read
   */
  constructor(
    private readonly dir: string,
    private readonly entity: Entity,
    private readonly utcOffset__ns: bigint,
    private readonly known: Buffer | undefined,
    private place: Place,
    private readonly report: (segment: string, reason: string) => void,
  ) {}

  /** Where what comes next is to be looked for. */
  get at(): Place {
    return this.place;
  }

  /**
   * The next chunk; undefined where there is none now.
   * @param isCut nothing will be added, though nothing was closed
   */
  async next({ numbers, trimmed, isClosed }: SegmentList, isCut: boolean): Promise<PlacedChunk | undefined> {
    for (;;) {
      const { segment } = this.place;
      const found = numbers.find((number) => number >= segment);
      if (found === undefined) return undefined;
      if (found > segment) {
        this.move(found);
        if (found > trimmed + 1) this.tell('one before it is missing');
      }
      // A writer that has gone on to the next one adds nothing to this.
      const isLeft = isClosed || numbers.some((number) => number > found);
      const chunk = await this.nextOfSegment({ isLeft, isCut });
      if (chunk === 'over' || (chunk === 'none' && isLeft)) this.move(found + 1);
      else return chunk === 'none' ? undefined : { chunk, next: this.place };
    }
  }

  private async nextOfSegment(fate: Fate): Promise<Chunk | 'over' | 'none'> {
    if (!this.schema) {
      const first = await this.member(0, fate);
      if (first.kind === 'cut') return 'none';
      this.schema = first.kind === 'whole' ? first.bytes : this.known;
      if (!this.schema) {
        this.tell(NO_SCHEMA);
        return 'over';
      }
      if (this.place.offset === 0) this.place = { ...this.place, offset: first.end };
    }
    for (;;) {
      const member = await this.member(this.place.offset, fate);
      if (member.kind === 'cut') return 'none';
      if (member.kind === 'whole' && member.bytes.equals(END_OF_STREAM)) return 'over';
      const { offset } = this.place;
      this.place = { ...this.place, offset: member.end };
      if (member.kind === 'damaged') continue;
      try {
        return decodeChunk(this.entity, this.schema, member.bytes, this.utcOffset__ns);
      } catch (error) {
        this.tell(damagedFrom(offset, member.end, reasonOf(error)));
      }
    }
  }

  /** What is damaged is told once it is known where it ends: as long as the segment may grow, that is where the next begins. */
  private async member(
    at: number,
    { isLeft, isCut }: Fate,
  ): Promise<Member & ({ kind: 'cut' } | { end: number })> {
    const member = await memberAt((from, length) => this.bytesAt(from, length), at);
    if (member.kind === 'cut' && member.isPart && isLeft) this.tell('it ends early');
    if (member.kind !== 'damaged') return member;
    if (member.end === undefined && !isLeft && !isCut) return { kind: 'cut', isPart: true };
    const end = member.end ?? this.size__B;
    // Who goes on behind it was told.
    if (at >= this.place.offset) this.tell(damagedFrom(at, end, member.reason));
    return { ...member, end };
  }

  /** Fewer where the file ends now. */
  private async bytesAt(at: number, length: number): Promise<Buffer> {
    const { start, bytes } = this.window;
    if (at < start || at + length > start + bytes.length) await this.readWindow(at, length);
    const from = at - this.window.start;
    return this.window.bytes.subarray(from, from + length);
  }

  private async readWindow(at: number, length: number): Promise<void> {
    const there = Math.max(0, this.size__B - at);
    const bytes =
      there === 0
        ? Buffer.alloc(0)
        : await readFrom(this.path, at, Math.min(there, Math.max(length, READ__B)));
    this.window = { start: at, bytes };
  }

  private get path(): string {
    return join(this.dir, segmentName(this.entity, this.place.segment));
  }

  private get size__B(): number {
    return sizeOf(this.path);
  }

  private move(segment: number): void {
    this.place = { segment, offset: 0 };
    this.window = { start: 0, bytes: Buffer.alloc(0) };
    this.schema = undefined;
  }

  private tell(reason: string): void {
    this.report(segmentName(this.entity, this.place.segment), reason);
  }
}
