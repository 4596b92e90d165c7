// What an export's rows look like: the columns of one table, or of all tables side by side.
import { describeStatus, type Entity, type Instance } from '../../catalog';
import type { Chunk } from '../chunk';
import { keyColumns, parseStatus, type KeyColumn } from '../columns';
import type { Manifest } from '../manifest';
import { statusVectors } from '../status-vectors';

export type Cell = string | number | bigint | null;

export interface ExportColumn {
  readonly name: string;
  /** `time`: UTC nanoseconds as bigint. */
  readonly type: 'time' | 'int32' | 'string' | 'float64';
}

/** Rows by column, in the order of the columns. */
export interface Block {
  readonly rows: number;
  readonly cells: readonly (readonly Cell[])[];
}

/**
 * The columns of an export: `entity`, time, keys, metrics, and `absent`, which says why values are missing.
 * Keys and metrics that several tables share are one column: a name means one quantity.
 */
export function exportColumns(entities: readonly Entity[], manifest: Manifest): readonly ExportColumn[] {
  const keys = entities.flatMap((entity) => keyColumns(entity));
  const metrics = entities.flatMap((entity) => manifest.catalog[entity] ?? []);
  const columns: ExportColumn[] = [
    { name: 'entity', type: 'string' },
    { name: 'time', type: 'time' },
    ...keys,
    ...metrics.map(({ name }) => ({ name, type: 'float64' as const })),
    { name: 'absent', type: 'string' },
  ];
  return [...new Map(columns.map((column) => [column.name, column])).values()];
}

/** A chunk's rows under these columns. */
export function toBlock(
  chunk: Chunk,
  columns: readonly ExportColumn[],
  instances: ReadonlyMap<number, Instance>,
  utcOffset__ns: bigint,
): Block {
  const rows = chunk.time.length;
  const own = new Map<string, () => Cell[]>([
    ['entity', () => Array<Cell>(rows).fill(chunk.entity)],
    ['time', () => Array.from(chunk.time, (time) => time + utcOffset__ns)],
    ['absent', () => absences(chunk)],
    ...keyColumns(chunk.entity).map((key) => [key.name, () => keyCells(chunk, key, instances)] as const),
    ...chunk.names.map((name, metric) => [name, () => metricCells(chunk, metric)] as const),
  ]);
  const cells = columns.map(({ name }) => own.get(name)?.() ?? Array<Cell>(rows).fill(null));
  return { rows, cells };
}

/** The values that are there. */
function metricCells({ time, values, status }: Chunk, metric: number): Cell[] {
  const start = metric * time.length;
  return Array.from(time, (_, row) => (status[start + row] === 0 ? (values[start + row] ?? null) : null));
}

function keyCells(
  { instance }: Chunk,
  { name, type }: KeyColumn,
  instances: ReadonlyMap<number, Instance>,
): Cell[] {
  const wanted = type === 'int32' ? 'number' : 'string';
  const cellOf = (id: number): Cell => {
    const value: unknown = new Map(Object.entries(instances.get(id)?.identity ?? {})).get(name);
    return typeof value === wanted ? (value as Cell) : null;
  };
  const cells = new Map([...new Set(instance)].map((id) => [id, cellOf(id)]));
  return Array.from(instance, (id) => cells.get(id) ?? null);
}

/** `metric=state …` per row; null where nothing is missing but what was not due. */
function absences({ names, status, time }: Chunk): Cell[] {
  const rows = time.length;
  const gaps = names
    .map((name, metric) => ({ name, status: status.subarray(metric * rows, (metric + 1) * rows) }))
    .filter((gap) => gap.status.some((value) => value !== 0));
  const { index, texts } = statusVectors(rows, gaps);
  const absent = texts.map(toStates);
  return Array.from(index, (position) => absent[position] ?? null);
}

function toStates(text: string): string | null {
  const states = parseStatus(text)
    .map(([name, status]) => ({ name, state: describeStatus(status).state }))
    .filter(({ state }) => state !== 'pending')
    .map(({ name, state }) => `${name}=${state}`);
  return states.length > 0 ? states.join(' ') : null;
}
