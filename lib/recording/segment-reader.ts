// One segment file, chunk by chunk: damage costs the chunk that it hits.
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Entity } from '../catalog';
import { formatUtc } from '../time';
import { END_OF_STREAM } from './arrow-messages';
import type { Chunk } from './chunk';
import { decodeChunk } from './decode';
import { damagedFrom, memberAt } from './members';
import { reasonOf } from '../reason';
import { NO_SCHEMA } from './segments';

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
  /** Its first member; undefined where it has to be read. */
  readonly known: Buffer | undefined;
  /** The segment is the one that was being written when its writer was killed: it may end anywhere. */
  readonly mayBeCut: boolean;
}

/** Every whole chunk in order; what can't be read is told to `report`. */
export async function* readSegment(
  source: SegmentSource,
  report: (problem: RecordingProblem) => void,
): AsyncGenerator<Chunk> {
  const { path, utcOffset__ns } = source;
  let last: bigint | undefined;
  const tell = (reason: string): void => {
    const lostFrom = last === undefined ? {} : { lostFrom: formatUtc(last + utcOffset__ns) };
    report({ segment: basename(path), reason, ...lostFrom });
  };
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    return tell(`it cannot be read: ${reasonOf(error)}`);
  }
  try {
    for await (const chunk of chunksIn(file, source, tell)) {
      last = chunk.time.at(-1);
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

async function* chunksIn(
  file: FileHandle,
  { entity, utcOffset__ns, known, mayBeCut }: SegmentSource,
  tell: (reason: string) => void,
): AsyncGenerator<Chunk, void, void> {
  let schema: Buffer | undefined;
  let end = 0;
  for (;;) {
    const at = end;
    const member = await memberAt((from, length) => readAt(file, from, length), at);
    if (member.kind === 'cut') {
      if (!mayBeCut) tell('it ends early');
      return;
    }
    if (member.kind === 'damaged')
      tell(damagedFrom(at, member.end ?? (await file.stat()).size, member.reason));
    if (member.end === undefined) return;
    end = member.end;
    if (!schema) {
      schema = member.kind === 'whole' ? member.bytes : known;
      if (!schema) return tell(NO_SCHEMA);
    } else if (member.kind === 'whole') {
      if (member.bytes.equals(END_OF_STREAM)) return;
      let chunk: Chunk;
      try {
        chunk = decodeChunk(entity, schema, member.bytes, utcOffset__ns);
      } catch (error) {
        tell(damagedFrom(at, end, reasonOf(error)));
        continue;
      }
      yield chunk;
    }
  }
}

/** Fewer bytes where the file ends. */
async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - at)));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
  return bytes.subarray(0, bytesRead);
}
