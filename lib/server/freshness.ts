// How old the newest readings are.
import type { Entity } from '../catalog';
import type { Batch } from '../sampling/batch';

export class Freshness {
  private readonly newest = new Map<Entity, bigint>();

  push(batch: Batch): void {
    for (const { entity, time } of batch.tables) {
      const last = time.at(-1);
      if (last !== undefined) this.newest.set(entity, last + batch.utcOffset__ns);
    }
  }

  /** Seconds; null where there was no reading. */
  age__s(entity: Entity, now__ns: bigint): number | null {
    const newest = this.newest.get(entity);
    return newest === undefined ? null : Number(now__ns - newest) / 1e9;
  }
}
