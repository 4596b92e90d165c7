// One segment file, chunk by chunk: damage costs the chunk that it hits.
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Entity } from '../catalog';
import { formatUtc } from '../time';
import { END_OF_STREAM } from './arrow-messages';
import type { Chunk } from './chunk';
import { decodeChunk } from './decode';
import { decompress, MEMBER_HEADER__B, memberLength } from './gzip';
import { reasonOf } from '../reason';

/** Something that could not be read. */
export interface RecordingProblem {
  /** Name of the file. */
  readonly segment: string;
  readonly reason: string;
  /** UTC of the last row before the gap, where there is one. */
  readonly lostFrom?: string;
}

export interface SegmentSource {
  readonly path: string;
  readonly entity: Entity;
  readonly utcOffset__ns: bigint;
  /** The segment is the one that was being written when its writer was killed: it may end anywhere. */
  readonly mayBeCut: boolean;
}

/** Every whole chunk in order; what can't be read is told to `report`. */
export async function* readSegment(
  { path, entity, utcOffset__ns, mayBeCut }: SegmentSource,
  report: (problem: RecordingProblem) => void,
): AsyncGenerator<Chunk> {
  let last: bigint | undefined;
  const tell = (reason: string): void => {
    const lostFrom = last === undefined ? {} : { lostFrom: formatUtc(last + utcOffset__ns) };
    report({ segment: basename(path), reason, ...lostFrom });
  };
  let schema: Buffer | undefined;
  for await (const member of members(path)) {
    if (member.kind === 'cut') {
      if (!mayBeCut) tell('it ends early');
      return;
    }
    if (member.kind === 'damage') {
      tell(`damaged: ${member.reason}`);
      // Nothing after the schema can be read without it.
      if (!schema) return;
    } else if (!schema) schema = member.bytes;
    else if (member.bytes.equals(END_OF_STREAM)) return;
    else {
      const chunk = attempt(decodeChunk, entity, schema, member.bytes, utcOffset__ns);
      if (chunk.kind === 'damage') tell(`damaged: ${chunk.reason}`);
      else {
        last = chunk.value.time.at(-1);
        yield chunk.value;
      }
    }
  }
}

interface Damage {
  readonly kind: 'damage';
  readonly reason: string;
}

function damage(thrown: unknown): Damage {
  return { kind: 'damage', reason: reasonOf(thrown) };
}

function attempt<A extends unknown[], T>(
  decode: (...args: A) => T,
  ...args: A
): { readonly kind: 'value'; readonly value: T } | Damage {
  try {
    return { kind: 'value', value: decode(...args) };
  } catch (error) {
    return damage(error);
  }
}

type Member = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'cut' } | Damage;

/** Contents of the file's gzip members; `cut` last where the file ends before its stream does. */
async function* members(path: string): AsyncGenerator<Member, void, void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    return yield damage(error);
  }
  try {
    for (let at = 0; ;) {
      const header = await readAt(file, at, MEMBER_HEADER__B);
      if (header.length < MEMBER_HEADER__B) return yield { kind: 'cut' };
      const length = memberLength(header);
      if (length === undefined) return yield damage(`no chunk at byte ${at}`);
      const member = await readAt(file, at, length);
      if (member.length < length) return yield { kind: 'cut' };
      yield await decompress(member).then((bytes) => ({ kind: 'bytes', bytes }), damage);
      at += length;
    }
  } finally {
    await file.close();
  }
}

/** Fewer bytes where the file ends. */
async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - at)));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
  return bytes.subarray(0, bytesRead);
}
