// Parts of batches: views, of which nothing is copied but rows that lie scattered.
import type { Entity, Instance } from '../catalog';
import type { Table } from '../sampling/batch';
import { jobOf, type FoldInput } from './fold-subjects';

/** First row of a table at `time__ns` or later. */
function lowerBound(time: BigInt64Array, time__ns: bigint): number {
  let [from, to] = [0, time.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((time[middle] ?? 0n) < time__ns) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Rows `[from, to)` of a table. */
function rowsOf(table: Table, from: number, to: number): Table {
  if (from === 0 && to === table.length) return table;
  return {
    entity: table.entity,
    length: to - from,
    time: table.time.subarray(from, to),
    instance: table.instance.subarray(from, to),
    values: (metric) => table.values(metric).subarray(from, to),
    status: (metric) => table.status(metric).subarray(from, to),
  };
}

function tablesOf(
  { tables, instances, droppedRows }: FoldInput,
  range: (time: BigInt64Array) => readonly [from: number, to: number],
): FoldInput {
  const parts = tables.map((table) => rowsOf(table, ...range(table.time)));
  return { tables: parts.filter(({ length }) => length > 0), instances, droppedRows };
}

/** The rows of `time__ns` or later. */
export function sliceFrom(batch: FoldInput, time__ns: bigint): FoldInput {
  return tablesOf(batch, (time) => [lowerBound(time, time__ns), time.length]);
}

/** The rows before `time__ns`. */
export function sliceBefore(batch: FoldInput, time__ns: bigint): FoldInput {
  return tablesOf(batch, (time) => [0, lowerBound(time, time__ns)]);
}

/** Of each table the rows within `span__ns` of its last, but none before `time__ns`. */
export function sliceLast(batch: FoldInput, span__ns: bigint, time__ns: bigint): FoldInput {
  const from = (time: BigInt64Array): bigint => {
    const last = (time.at(-1) ?? 0n) - span__ns;
    return last > time__ns ? last : time__ns;
  };
  return tablesOf({ ...batch, droppedRows: 0 }, (time) => [lowerBound(time, from(time)), time.length]);
}

/** Entities whose rows are each of one job. */
const OF_JOBS: ReadonlySet<Entity> = new Set<Entity>(['job', 'process', 'gpu_process']);

/** The tables whose rows are of no job, but of the machine. */
export function machineTables({ tables }: FoldInput): readonly Table[] {
  return tables.filter(({ entity }) => !OF_JOBS.has(entity));
}

/** Of each job that has rows its own ones. */
export function tablesByJob({ tables, instances }: FoldInput): ReadonlyMap<string, readonly Table[]> {
  const byJob = new Map<string, Table[]>();
  for (const table of tables) {
    if (!OF_JOBS.has(table.entity)) continue;
    for (const [job, rows] of rowsByJob(table, instances)) {
      const own = rows.length === table.length ? table : pick(table, rows);
      byJob.set(job, [...(byJob.get(job) ?? []), own]);
    }
  }
  return byJob;
}

function rowsByJob(
  { instance }: Table,
  instances: ReadonlyMap<number, Instance>,
): ReadonlyMap<string, readonly number[]> {
  const byJob = new Map<string, number[]>();
  instance.forEach((id, row) => {
    const one = instances.get(id);
    const job = one && jobOf(one);
    if (job === undefined) return;
    const rows = byJob.get(job);
    if (rows) rows.push(row);
    else byJob.set(job, [row]);
  });
  return byJob;
}

/** A copy of some rows. */
function pick(table: Table, rows: readonly number[]): Table {
  const of = (column: Float64Array | Uint16Array) => rows.map((row) => column[row] ?? 0);
  return {
    entity: table.entity,
    length: rows.length,
    time: BigInt64Array.from(rows, (row) => table.time[row] ?? 0n),
    instance: Uint32Array.from(rows, (row) => table.instance[row] ?? 0),
    values: (metric) => Float64Array.from(of(table.values(metric))),
    status: (metric) => Uint16Array.from(of(table.status(metric))),
  };
}
