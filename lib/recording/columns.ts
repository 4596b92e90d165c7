// The columns of a recorded table: what stands beside the metrics, and how statuses become text.
import { metricsOf, unitOf, type Entity, type Identities, type MetricName } from '../catalog';
import type { ColumnField } from './arrow-messages';

type KeyColumns = {
  readonly [E in Entity]: { readonly [K in keyof Identities[E]]?: 'int32' | 'string' };
};

/** Identity fields that every row carries, so that readers need no join. The rest is with the instances. */
const KEYS: KeyColumns = {
  host: { name: 'string' },
  core: { core: 'int32' },
  memory: {},
  disk: { device: 'string' },
  filesystem: { mount: 'string', device: 'string', type: 'string' },
  network: { interface: 'string' },
  cgroup: { path: 'string' },
  job: { id: 'string' },
  process: { pid: 'int32', name: 'string', job: 'string' },
  gpu: { index: 'int32', uuid: 'string', name: 'string' },
  gpu_process: { index: 'int32', uuid: 'string', pid: 'int32', name: 'string', job: 'string' },
  mig: { uuid: 'string' },
  agent: {},
};

export interface KeyColumn {
  readonly name: string;
  readonly type: 'int32' | 'string';
}

/** What the writer needs at every flush, made once. */
interface Layout {
  readonly keys: readonly KeyColumn[];
  readonly metrics: readonly MetricName[];
  readonly columns: readonly ColumnField[];
}

const layouts = new Map<Entity, Layout>();

function layoutOf(entity: Entity): Layout {
  const known = layouts.get(entity);
  if (known) return known;
  const keys = Object.entries<'int32' | 'string'>(KEYS[entity]).map(([name, type]) => ({ name, type }));
  const metrics = metricsOf(entity).map(({ name }) => name);
  const layout = { keys, metrics, columns: allColumns(entity, keys) };
  layouts.set(entity, layout);
  return layout;
}

export function keyColumns(entity: Entity): readonly KeyColumn[] {
  return layoutOf(entity).keys;
}

/** Names of the entity's metrics in the order of their columns. */
export function metricNames(entity: Entity): readonly MetricName[] {
  return layoutOf(entity).metrics;
}

/** All columns in their order: time, keys, metrics, instance, status. */
export function columnsOf(entity: Entity): readonly ColumnField[] {
  return layoutOf(entity).columns;
}

function allColumns(entity: Entity, keys: readonly KeyColumn[]): readonly ColumnField[] {
  return [
    { name: 'time', type: 'time', nullable: false, metadata: {} },
    ...keys.map((key) => ({ ...key, nullable: true, metadata: {} })),
    ...metricsOf(entity).map(({ name, kind, description }) => ({
      name,
      type: 'float64' as const,
      nullable: true,
      metadata: { kind, unit: unitOf(name), description },
    })),
    { name: 'instance', type: 'uint32', nullable: false, metadata: {} },
    {
      name: 'status',
      type: 'string',
      nullable: true,
      metadata: { description: 'metric:status of each metric without a value' },
    },
  ];
}

/** `name:status …` of the metrics whose status is not 0. */
export function formatStatus(entries: readonly (readonly [string, number])[]): string {
  return entries.map(([name, status]) => `${name}:${status}`).join(' ');
}

export function parseStatus(text: string): readonly (readonly [string, number])[] {
  return text.split(' ').map((entry) => {
    const at = entry.lastIndexOf(':');
    return [entry.slice(0, at), Number(entry.slice(at + 1))] as const;
  });
}
