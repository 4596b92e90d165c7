// The GPUs in the summary's table: a line for each, and what their driver does not tell.
import type { EntitySummary, GaugeSummary, JobSummary, MetricName } from '../index';
import { absenceOf, counterOf, entitiesOf, gaugeOf } from './summary-metrics';
import { digits, energy, memory, percent } from './summary-units';

type Gpu = Extract<EntitySummary, { entity: 'gpu' }>;

/** What stands where a GPU does not tell. */
const ABSENT = '–';
/** A GPU that was seen for less of the window than this is marked. */
const WHOLE = 0.95;

interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly cell: (gpu: Gpu) => string;
  /** Left out where the terminal is too narrow, the highest first. */
  readonly spare?: number;
}

function gauge(name: MetricName<'gpu'>, show: (gauge: GaugeSummary) => string): Column['cell'] {
  return (gpu) => {
    const found = gaugeOf(gpu, name);
    return found ? show(found) : ABSENT;
  };
}

const COLUMNS: readonly Column[] = [
  { head: '', align: 'right', cell: ({ index }) => String(index) },
  { head: '', align: 'left', cell: ({ name }) => name, spare: 2 },
  { head: 'busy', align: 'right', cell: gauge('gpu_utilization__pct', ({ mean }) => percent(mean)) },
  { head: 'max', align: 'right', cell: gauge('gpu_utilization__pct', ({ max }) => percent(max)), spare: 1 },
  { head: 'memory', align: 'right', cell: gauge('memory_used__MiB', ({ max }) => memory(max)) },
  {
    head: 'power',
    align: 'right',
    cell: gauge('power_draw__W', ({ mean }) => `${digits(Math.round(mean))} W`),
  },
  {
    head: 'max',
    align: 'right',
    cell: gauge('power_draw__W', ({ max }) => `${digits(Math.round(max))} W`),
    spare: 3,
  },
  {
    head: 'hottest',
    align: 'right',
    cell: gauge('gpu_temperature__C', ({ max }) => `${digits(Math.round(max))} °C`),
  },
  { head: 'energy', align: 'right', cell: (gpu) => energyOf(gpu) },
  { head: '', align: 'left', cell: (gpu) => seen(gpu) },
];

function energyOf(gpu: Gpu): string {
  const counted = counterOf(gpu, 'energy__J');
  return counted ? energy(counted.delta) : ABSENT;
}

/** Lost in the middle, or stalled: its figures are of that part of the window alone. */
function seen(gpu: Gpu): string {
  const coverage = gaugeOf(gpu, 'memory_used__MiB')?.coverage ?? 1;
  return coverage < WHOLE ? `seen for ${percent(100 * coverage)} of the time` : '';
}

/** A heading and a row for each GPU, as wide as the widest of each column. */
function aligned(gpus: readonly Gpu[], columns: readonly Column[]): readonly string[] {
  const rows = [columns.map(({ head }) => head), ...gpus.map((gpu) => columns.map(({ cell }) => cell(gpu)))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return columns[column]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}

/** A heading and a line for each GPU, of at most `room` columns where that can be; none where there is no GPU. */
export function gpuLines(summary: JobSummary, room: number): readonly string[] {
  const gpus = entitiesOf(summary, 'gpu');
  if (gpus.length === 0) return [];
  for (const spare of [4, 3, 2, 1]) {
    const columns = COLUMNS.filter((column) => (column.spare ?? 0) < spare);
    const lines = aligned(gpus, columns);
    if (spare === 1 || lines.every(({ length }) => length <= room)) return lines;
  }
  return [];
}

/** `fan_speed__pct` as people say it: without its unit. */
function spoken(name: string): string {
  return name.replace(/__\w+$/, '').replaceAll('_', ' ');
}

/** What GPUs do not tell, by reason: on all of them alike, or on some. */
export function gpuAbsences(summary: JobSummary): readonly string[] {
  const gpus = entitiesOf(summary, 'gpu');
  const byReason = new Map<string, Map<string, number>>();
  for (const gpu of gpus)
    for (const name of Object.keys(gpu.metrics) as MetricName<'gpu'>[]) {
      const reason = absenceOf(gpu, name)?.reason;
      if (reason === undefined) continue;
      const names = byReason.get(reason) ?? new Map<string, number>();
      byReason.set(reason, names.set(spoken(name), (names.get(spoken(name)) ?? 0) + 1));
    }
  return [...byReason].map(([reason, names]) => {
    const listed = [...names].map(([name, count]) =>
      count === gpus.length ? name : `${name} (${count} of ${gpus.length})`,
    );
    return `no ${listed.join(', ')}: ${reason}`;
  });
}
