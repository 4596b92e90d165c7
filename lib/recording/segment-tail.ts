// Follows one table's segments, chunk by chunk, from some place on. What is half written is waited for.
import { join } from 'node:path';
import type { Entity } from '../catalog';
import { END_OF_STREAM } from './arrow-messages';
import type { Chunk } from './chunk';
import { decodeChunk } from './decode';
import { readFrom, sizeOf } from './files';
import { decompress, MEMBER_HEADER__B, memberLength } from './gzip';
import { reasonOf } from '../reason';
import { segmentName } from './segments';

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
}

/** As much is read at once, unless a chunk is longer. */
const READ__B = 256 * 1024;

type Member =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly end: number }
  /** `end` is absent where nothing after it can be found. */
  | { readonly kind: 'damaged'; readonly reason: string; readonly end?: number }
  | { readonly kind: 'cut'; readonly isPart: boolean };

export class SegmentTail {
  private window: { readonly start: number; readonly bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  /** The segment's first member, once it was read. */
  private schema: Buffer | undefined;

  /**
   * @param place where to begin
   * @param report told of what can't be read
   */
  constructor(
    private readonly dir: string,
    private readonly entity: Entity,
    private readonly utcOffset__ns: bigint,
    private place: Place,
    private readonly report: (segment: string, reason: string) => void,
  ) {}

  /** Where what comes next is to be looked for. */
  get at(): Place {
    return this.place;
  }

  /** The next chunk; undefined where there is none now. */
  async next({ numbers, trimmed }: SegmentList): Promise<PlacedChunk | undefined> {
    for (;;) {
      const { segment } = this.place;
      const found = numbers.find((number) => number >= segment);
      if (found === undefined) return undefined;
      if (found > segment) {
        this.move(found);
        if (found > trimmed + 1) this.tell('one before it is missing');
      }
      // A writer that has gone on to the next one adds nothing to this.
      const isLeft = numbers.some((number) => number > found);
      const chunk = await this.nextOfSegment(isLeft);
      if (chunk === 'over' || (chunk === 'none' && isLeft)) this.move(found + 1);
      else return chunk === 'none' ? undefined : { chunk, next: this.place };
    }
  }

  private async nextOfSegment(isLeft: boolean): Promise<Chunk | 'over' | 'none'> {
    if (!this.schema) {
      const first = await this.member(0);
      if (first.kind === 'damaged') this.tell(`damaged: ${first.reason}`);
      // Nothing can be read without it.
      if (first.kind !== 'bytes') return 'none';
      this.schema = first.bytes;
      if (this.place.offset === 0) this.place = { ...this.place, offset: first.end };
    }
    for (;;) {
      const member = await this.member(this.place.offset);
      if (member.kind === 'cut') {
        if (member.isPart && isLeft) this.tell('it ends early');
        return 'none';
      }
      if (member.kind === 'damaged') this.tell(`damaged: ${member.reason}`);
      else if (member.bytes.equals(END_OF_STREAM)) return 'over';
      if (member.end === undefined) return 'none';
      this.place = { ...this.place, offset: member.end };
      const chunk = member.kind === 'bytes' && this.decode(this.schema, member.bytes);
      if (chunk) return chunk;
    }
  }

  private decode(schema: Buffer, messages: Buffer): Chunk | undefined {
    try {
      return decodeChunk(this.entity, schema, messages, this.utcOffset__ns);
    } catch (error) {
      this.tell(`damaged: ${reasonOf(error)}`);
      return undefined;
    }
  }

  private async member(at: number): Promise<Member> {
    const header = await this.bytesAt(at, MEMBER_HEADER__B);
    if (header.length < MEMBER_HEADER__B) return { kind: 'cut', isPart: header.length > 0 };
    const length = memberLength(header);
    if (length === undefined) return { kind: 'damaged', reason: `no chunk at byte ${at}` };
    const member = await this.bytesAt(at, length);
    if (member.length < length) return { kind: 'cut', isPart: true };
    const end = at + length;
    return decompress(member).then(
      (bytes) => ({ kind: 'bytes', bytes, end }),
      (error: unknown) => ({ kind: 'damaged', reason: reasonOf(error), end }),
    );
  }

  /** Fewer where the file ends now. */
  private async bytesAt(at: number, length: number): Promise<Buffer> {
    const { start, bytes } = this.window;
    if (at < start || at + length > start + bytes.length) await this.readWindow(at, length);
    const from = at - this.window.start;
    return this.window.bytes.subarray(from, from + length);
  }

  private async readWindow(at: number, length: number): Promise<void> {
    const path = join(this.dir, segmentName(this.entity, this.place.segment));
    const there = Math.max(0, sizeOf(path) - at);
    const bytes =
      there === 0 ? Buffer.alloc(0) : await readFrom(path, at, Math.min(there, Math.max(length, READ__B)));
    this.window = { start: at, bytes };
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
