// Removes from a recording's beginning what its reader has acknowledged, by whole segments.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entity } from '../catalog';
import { namesIn, sizeOf } from './files';
import type { TailPosition } from './position';
import { parseSegmentName } from './segments';
import { readTrimmed, writeTrimmed } from './trimmed';

export interface TrimResult {
  readonly segments: number;
  readonly bytes: number;
}

/**
 * Removes every segment of which a position has all rows. The recording says so from then on, and still opens. Its
 * writer may be at work. Calls for one recording must not overlap. @throws ERR_IO
 */
export async function trimRecording(dir: string, position: TailPosition): Promise<TrimResult> {
  const segments = (await namesIn(dir)).flatMap((file) => {
    const segment = parseSegmentName(file);
    const reached = segment && position.tables[segment.entity]?.segment;
    return reached !== undefined && segment && segment.number < reached ? [{ ...segment, file }] : [];
  });
  if (segments.length === 0) return { segments: 0, bytes: 0 };
  const trimmed: Partial<Record<Entity, number>> = { ...(await readTrimmed(dir)).segments };
  for (const { entity, number } of segments) trimmed[entity] = Math.max(number, trimmed[entity] ?? 0);
  // Told before it is done: where this is cut off, a segment that is still there disturbs nobody.
  await writeTrimmed(dir, { segments: trimmed });
  let bytes = 0;
  for (const { file } of segments) {
    const path = join(dir, file);
    bytes += sizeOf(path);
    await rm(path, { force: true });
  }
  return { segments: segments.length, bytes };
}
