// From what the addon drains to the parts of a batch: names for numbers, and the instances that live.
import { ENTITIES, type Instance } from '../catalog';
import { NvpulseError } from '../errors';
import { instancesOf, type BatchParts, type SamplerEvent, type TableColumns } from './batch';
import type { NativeDrain, NativeInstance, NativeTable } from '../native/addon';

function entityAt(index: number): (typeof ENTITIES)[number] {
  const entity = ENTITIES[index];
  if (!entity)
    throw new NvpulseError(
      'ERR_NATIVE',
      `the addon speaks of entity ${index}, which the catalog does not have`,
    );
  return entity;
}

function tableOf(table: NativeTable): TableColumns {
  return { ...table, entity: entityAt(table.entity) };
}

/** The addon's identity fields are those of the catalog's `Identities`: its hash was compared. */
function instanceOf({ id, entity, identity }: NativeInstance): Instance {
  return { id, entity: entityAt(entity), identity } as Instance;
}

function eventOf(event: NativeDrain['events'][number]): SamplerEvent {
  return { ...event, instance: event.instance < 0 ? null : event.instance };
}

/** Drain after drain of one sampler becomes batches. It knows the instances that live, and no others. */
export class Drains {
  private readonly living = new Map<number, Instance>();

  constructor(private readonly utcOffset__ns: bigint) {}

  /** Instances that rows to come may be about. */
  get instanceNum(): number {
    return this.living.size;
  }

  take(drain: NativeDrain): BatchParts {
    const tables = drain.tables.map(tableOf);
    const events = drain.events.map(eventOf);
    const news = drain.instances.map(instanceOf);
    for (const instance of news) this.living.set(instance.id, instance);
    const instances = instancesOf(tables, events, this.living);
    for (const instance of news) instances.set(instance.id, instance);
    for (const id of drain.retired) this.living.delete(id);
    return { tables, instances, events, utcOffset__ns: this.utcOffset__ns, droppedRows: drain.droppedRows };
  }
}
