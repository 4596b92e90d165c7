// From what the addon drains to the parts of a batch: names for numbers, instances kept.
import { ENTITIES, type Instance } from '../catalog';
import { NvpulseError } from '../errors';
import type { BatchParts, SamplerEvent, TableColumns } from '../sampling/batch';
import type { NativeDrain, NativeInstance, NativeTable } from './addon';

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

/** The parts of a batch. `instances` is what was known before; a new map is made when there are new ones. */
export function batchParts(
  drain: NativeDrain,
  instances: ReadonlyMap<number, Instance>,
  utcOffset__ns: bigint,
): BatchParts {
  const known =
    drain.instances.length === 0
      ? instances
      : new Map([...instances, ...drain.instances.map((native) => [native.id, instanceOf(native)] as const)]);
  return {
    tables: drain.tables.map(tableOf),
    instances: known,
    events: drain.events.map(eventOf),
    utcOffset__ns,
    droppedRows: drain.droppedRows,
  };
}
