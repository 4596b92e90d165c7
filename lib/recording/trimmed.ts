// What was removed from the beginning of a recording on purpose. A file of its own: the manifest is its writer's, who
// may be at work.
import { join } from 'node:path';
import { ENTITIES, type Entity } from '../catalog';
import { readCursor, writeCursor } from './cursor';

const TRIMMED = 'trimmed.json';

/** Of each table: the number of the last segment that was removed. */
export interface Trimmed {
  readonly segments: Readonly<Partial<Record<Entity, number>>>;
}

/** How many segments of a table were removed. */
export function trimmedOf({ segments }: Trimmed, entity: Entity): number {
  return segments[entity] ?? 0;
}

export function isTrimmed({ segments }: Trimmed): boolean {
  return Object.keys(segments).length > 0;
}

/** @throws ERR_IO */
export async function readTrimmed(dir: string): Promise<Trimmed> {
  const value = await readCursor(join(dir, TRIMMED));
  const segments: Partial<Record<Entity, number>> = {};
  if (typeof value === 'object' && value !== null && 'segments' in value) {
    const told: Readonly<Record<string, unknown>> = { ...(value.segments as object | null) };
    for (const entity of ENTITIES) {
      const number = told[entity];
      if (typeof number === 'number') segments[entity] = number;
    }
  }
  return { segments };
}

/** @throws ERR_IO */
export async function writeTrimmed(dir: string, trimmed: Trimmed): Promise<void> {
  await writeCursor(join(dir, TRIMMED), trimmed);
}
