// Batches from readings written by hand: what a sampler would have seen.
import { metricsOf, STATUS, type Entity, type Instance, type MetricName } from '../../lib/catalog';
import { createBatch, type Batch, type TableColumns } from '../../lib/sampling/batch';

export const SECOND = 1_000_000_000;

/** One row: what is not named was not due. A value is a number, or the status of a missing one. */
export interface Reading {
  readonly instance: Instance;
  readonly time__ns: number;
  readonly values: Readonly<Partial<Record<MetricName, number | { readonly status: number }>>>;
}

function columnsOf(entity: Entity, readings: readonly Reading[]): TableColumns {
  const cells = metricsOf(entity).flatMap(({ name }) =>
    readings.map(({ values }) => values[name] ?? { status: STATUS.notDue }),
  );
  return {
    entity,
    time: BigInt64Array.from(readings, ({ time__ns }) => BigInt(Math.round(time__ns))),
    instance: Uint32Array.from(readings, ({ instance }) => instance.id),
    values: Float64Array.from(cells, (cell) => (typeof cell === 'number' ? cell : NaN)),
    status: Uint16Array.from(cells, (cell) => (typeof cell === 'number' ? STATUS.ok : cell.status)),
  };
}

/** One batch of readings, in their order. */
export function batchOf(readings: readonly Reading[], droppedRows = 0, utcOffset__ns = 0n): Batch {
  const entities = [...new Set(readings.map(({ instance }) => instance.entity))];
  return createBatch({
    tables: entities.map((entity) =>
      columnsOf(
        entity,
        readings.filter(({ instance }) => instance.entity === entity),
      ),
    ),
    instances: new Map(readings.map(({ instance }) => [instance.id, instance])),
    events: [],
    utcOffset__ns,
    droppedRows,
  });
}

export const HOST: Instance = { id: 1, entity: 'host', identity: { name: 'box' } };
export const MEMORY: Instance = { id: 2, entity: 'memory', identity: {} };
export const JOB: Instance = { id: 3, entity: 'job', identity: { id: 'j', tracking: 'tree' } };

export function gpu(index: number): Instance {
  const identity = {
    index,
    uuid: `GPU-${index}`,
    name: 'NVIDIA T4',
    pci_bus_id: `0000:0${index}:00.0`,
    serial: null,
  };
  return { id: 100 + index, entity: 'gpu', identity: { ...identity, driver_version: '580.1' } };
}

export function process(pid: number, name = 'cc1'): Instance {
  return { id: 1000 + pid, entity: 'process', identity: { pid, name, job: 'j' } };
}

/** A process on a GPU; its number is another by pid, GPU and name. */
export function gpuProcess(pid: number, name = 'python3', index = 0): Instance {
  const identity = { index, uuid: `GPU-${index}`, pid, name, job: 'j' };
  return { id: 100_000 * (index + 1) + 100 * pid + name.length, entity: 'gpu_process', identity };
}
