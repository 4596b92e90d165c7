// How old the newest readings are, and which GPUs have none.
import type { Entity } from '../catalog';
import type { Batch } from '../sampling/batch';

export class Freshness {
  private readonly newest = new Map<Entity, bigint>();
  /** By instance: what happened to a GPU that has not come back. */
  private readonly absent = new Map<number, string>();

  push(batch: Batch): void {
    for (const { entity, time } of batch.tables) {
      const last = time.at(-1);
      if (last !== undefined) this.newest.set(entity, last + batch.utcOffset__ns);
    }
    for (const { kind, instance, text } of batch.events) {
      if (instance === null) continue;
      if (kind === 'device_lost' || kind === 'device_stalled') this.absent.set(instance, text);
      if (kind === 'device_recovered') this.absent.delete(instance);
    }
  }

  /** What happened to each GPU that is lost or hangs, a sentence each. */
  get troubles(): readonly string[] {
    return [...this.absent.values()];
  }

  /** Seconds; null where there was no reading. */
  age__s(entity: Entity, now__ns: bigint): number | null {
    const newest = this.newest.get(entity);
    return newest === undefined ? null : Number(now__ns - newest) / 1e9;
  }
}
