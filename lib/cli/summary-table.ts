// The summary as a table for people, on a terminal or in a log.
import type { EntitySummary, JobSummary } from '../index';
import { gpuAbsences, gpuLines } from './summary-gpus';
import { absenceOf, counterOf, entitiesOf, gaugeOf } from './summary-metrics';
import { digits, energyGiveOrTake, memory, percent, seconds, traffic } from './summary-units';

export interface TableOptions {
  /** Escape sequences for bold, dim and colours. */
  readonly color: boolean;
  /** Columns of the terminal; lines wrap between figures. @default 100 */
  readonly width?: number;
}

/** Of a kind of thing that there may be many of, the busiest are shown. */
const SHOWN = 3;
const INDENT = 2;
const LABEL = 11;

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'plain';
const SGR: Readonly<Record<Style, string>> = { bold: '1', dim: '2', red: '31', yellow: '33;1', plain: '' };

/** A line of the table: its label, and figures that may wrap between each other; or one row of columns. */
interface Line {
  readonly label: string;
  readonly parts: readonly string[] | { readonly row: string };
  readonly style?: Style;
}

/** Names come from programs and users: nothing in them may steer the terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

function styled(text: string, style: Style, color: boolean): string {
  return color && text !== '' && style !== 'plain' ? `\u001b[${SGR[style]}m${text}\u001b[0m` : text;
}

/** Adds a piece to the last row, or where it does not fit there, as a row of its own. */
function append(rows: string[], piece: string, gap: string, room: number): void {
  const last = rows.at(-1);
  if (last !== undefined && last.length + gap.length + piece.length <= room)
    rows[rows.length - 1] = `${last}${gap}${piece}`;
  else rows.push(piece);
}

/** Parts joined by two spaces into rows of at most `room` columns; a part that is longer breaks between words. */
function wrapped(parts: readonly string[], room: number): readonly string[] {
  const rows: string[] = [];
  for (const part of parts) {
    if (part.length <= room) append(rows, part, '  ', room);
    else for (const word of part.split(' ')) append(rows, word, ' ', room);
  }
  return rows;
}

function roomOf({ width = 100 }: TableOptions): number {
  return Math.max(20, width - INDENT - LABEL);
}

function rendered({ label, parts, style = 'plain' }: Line, options: TableOptions): readonly string[] {
  const rows = 'row' in parts ? [printable(parts.row)] : wrapped(parts.map(printable), roomOf(options));
  const labelStyle = style === 'plain' ? 'dim' : style;
  return rows.map((row, index) => {
    const head = styled((index === 0 ? label : '').padEnd(LABEL), labelStyle, options.color);
    return `${' '.repeat(INDENT)}${head}${styled(row, style, options.color)}`.trimEnd();
  });
}

function present(parts: readonly (string | false | undefined)[]): readonly string[] {
  return parts.filter((part): part is string => typeof part === 'string');
}

function title(summary: JobSummary, options: TableOptions): string {
  const { name, duration__s, exitCode, signal } = summary.job;
  const failed = signal !== null || (exitCode !== null && exitCode !== 0);
  const end = signal ?? (exitCode === null ? '' : `exit ${exitCode}`);
  const parts = [styled(printable(name), 'bold', options.color), seconds(duration__s)];
  return [...parts, ...(end === '' ? [] : [styled(end, failed ? 'red' : 'plain', options.color)])].join('  ');
}

function warnings(summary: JobSummary): readonly Line[] {
  const lost = summary.sampler.droppedRows;
  return [
    ...(summary.simulated
      ? [
          {
            label: 'SIMULATED',
            parts: ['the GPUs are the simulator’s: no figure of theirs is a measurement'],
          },
        ]
      : []),
    ...(summary.complete
      ? []
      : [
          {
            label: 'CUT SHORT',
            parts: ['what follows the last reading is not known: figures are of what there is'],
          },
        ]),
    ...(lost > 0
      ? [{ label: 'LOST', parts: [`${lost} rows were dropped, because they were not fetched in time`] }]
      : []),
  ].map((line) => ({ ...line, style: 'yellow' as const }));
}

function jobLines(summary: JobSummary): readonly Line[] {
  const [job] = entitiesOf(summary, 'job');
  if (!job) return [];
  const [cpu, user, system] = (['cpu_time__s', 'cpu_user_time__s', 'cpu_system_time__s'] as const).map(
    (name) => counterOf(job, name),
  );
  return [
    {
      label: 'CPU',
      parts: present([
        cpu && `${digits(cpu.rate)} of ${summary.host.core_num} CPUs on average`,
        cpu && `${seconds(cpu.delta)} in all`,
        user && system && `(user ${seconds(user.delta)}, system ${seconds(system.delta)})`,
      ]),
    },
    { label: 'memory', parts: memoryParts(summary, job) },
    { label: 'I/O', parts: ioParts(job) },
    busiest(summary),
  ];
}

/** What the kernel keeps or charges first; a sum of resident memory counts what is shared several times. */
function memoryParts(summary: JobSummary, job: Extract<EntitySummary, { entity: 'job' }>): readonly string[] {
  const [cgroup] = job.tracking === 'cgroup' ? entitiesOf(summary, 'cgroup') : [];
  const peak = gaugeOf(cgroup, 'cgroup_memory_peak__MiB');
  const charged = gaugeOf(cgroup, 'cgroup_memory__MiB');
  const largest = gaugeOf(job, 'memory_rss_peak__MiB');
  const sum = gaugeOf(job, 'memory_rss_sum__MiB');
  const processes = gaugeOf(job, 'process_num');
  const isSeveral = processes !== undefined && processes.max > 1;
  return present([
    peak ? `peak ${memory(peak.max)}` : charged && `at most ${memory(charged.max)}`,
    largest && `largest process at most ${memory(largest.max)}`,
    isSeveral && sum && `resident in sum at most ${memory(sum.max)}`,
    processes && `processes at most ${processes.max}`,
  ]);
}

function ioParts(job: EntitySummary): readonly string[] {
  const [read, write] = [counterOf(job, 'io_read__B'), counterOf(job, 'io_write__B')];
  const why = absenceOf(job, 'io_read__B')?.reason;
  if (!read && !write) return [`not known${why === undefined ? '' : `: ${why}`}`];
  return present([read && `read ${traffic(read.delta)}`, write && `written ${traffic(write.delta)}`]);
}

function busiest(summary: JobSummary): Line {
  const processes = entitiesOf(summary, 'process');
  const parts = processes.slice(0, SHOWN).flatMap((process) => {
    const cpu = counterOf(process, 'cpu_time__s');
    return cpu && cpu.delta > 0 ? [`${process.name} (${process.pid}) ${seconds(cpu.delta)}`] : [];
  });
  return { label: 'busiest', parts: processes.length > 1 ? parts : [] };
}

/** No driver is a normal state; these are not. */
const TROUBLE: ReadonlySet<JobSummary['gpu']['state']> = new Set(['not_nvml', 'failed', 'stalled']);

function gpuSection(summary: JobSummary, options: TableOptions): readonly Line[] {
  const { state, reason } = summary.gpu;
  const rows = gpuLines(summary, roomOf(options)).map((row, index): Line => ({
    label: index === 0 ? 'GPU' : '',
    parts: { row },
  }));
  const style = TROUBLE.has(state) || state === 'ok' ? 'yellow' : 'plain';
  const absences = gpuAbsences(summary).map((parts): Line => ({ label: '', parts: [parts], style: 'dim' }));
  // A command can end before its GPUs have answered once.
  const why = reason || (state !== 'ok' ? state : rows.length === 0 ? 'no GPU was read in this time' : '');
  const whyLine: readonly Line[] = why === '' ? [] : [{ label: 'GPU', parts: [why], style }];
  return [...rows, ...absences, ...whyLine, ...energyLine(summary)];
}

const METHOD = {
  counter: 'by the GPUs’ energy counters',
  integrated_power: 'by integrated power',
  mixed: 'by energy counters, and integrated power where there is none',
  none: '',
} as const;

function energyLine({ energy: { gpu__J, uncertainty__J, method }, entities }: JobSummary): readonly Line[] {
  if (gpu__J === null)
    return entities.some(({ entity }) => entity === 'gpu')
      ? [{ label: 'energy', parts: ['not known: no GPU tells its energy or power'] }]
      : [];
  return [
    { label: 'energy', parts: [`${energyGiveOrTake(gpu__J, uncertainty__J ?? 0)} in all`, METHOD[method]] },
  ];
}

/** Lines for those with traffic, the most first. */
function trafficLines<E extends EntitySummary>(
  entities: readonly E[],
  label: string,
  bytesOf: (entity: E) => number,
  parts: (entity: E) => readonly string[],
): readonly Line[] {
  const active = entities.filter((entity) => bytesOf(entity) > 0).sort((a, b) => bytesOf(b) - bytesOf(a));
  const lines = active
    .slice(0, SHOWN)
    .map((entity, index) => ({ label: index === 0 ? label : '', parts: parts(entity) }));
  const rest = active.length - lines.length;
  return rest > 0 ? [...lines, { label: '', parts: [`and ${rest} more`] }] : lines;
}

/** What is not known is not said to be none. */
function told(what: string, bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${what} ${traffic(bytes)}`;
}

function diskLines(summary: JobSummary): readonly Line[] {
  const read = (disk: EntitySummary) => counterOf(disk, 'disk_read__B')?.delta;
  const written = (disk: EntitySummary) => counterOf(disk, 'disk_write__B')?.delta;
  return trafficLines(
    entitiesOf(summary, 'disk'),
    'disk',
    (disk) => (read(disk) ?? 0) + (written(disk) ?? 0),
    (disk) => {
      const busy = gaugeOf(disk, 'disk_busy__pct');
      return present([
        disk.device,
        told('read', read(disk)),
        told('written', written(disk)),
        busy && `busy ${percent(busy.mean)}`,
      ]);
    },
  );
}

function networkLines(summary: JobSummary): readonly Line[] {
  const received = (network: EntitySummary) => counterOf(network, 'network_receive__B')?.delta;
  const sent = (network: EntitySummary) => counterOf(network, 'network_transmit__B')?.delta;
  return trafficLines(
    entitiesOf(summary, 'network'),
    'network',
    (network) => (received(network) ?? 0) + (sent(network) ?? 0),
    (network) =>
      present([network.interface, told('received', received(network)), told('sent', sent(network))]),
  );
}

/** File systems whose use changed by a MiB or more. */
function filesystemLines(summary: JobSummary): readonly Line[] {
  const used = (filesystem: EntitySummary) => gaugeOf(filesystem, 'used__MiB');
  const change__B = (filesystem: EntitySummary) => {
    const found = used(filesystem);
    return found && found.max - found.min >= 1 ? (found.max - found.min) * 1048576 : 0;
  };
  const share = (filesystem: EntitySummary) => {
    const found = gaugeOf(filesystem, 'used__pct');
    return found && `${percent(found.last)} at the end`;
  };
  return trafficLines(entitiesOf(summary, 'filesystem'), 'files', change__B, (filesystem) =>
    present([
      filesystem.mount,
      `used at most ${memory(used(filesystem)?.max ?? 0)}, changed by ${traffic(change__B(filesystem))}`,
      share(filesystem),
    ]),
  );
}

function hostLine(summary: JobSummary): Line {
  const [host] = entitiesOf(summary, 'host');
  const [ram] = entitiesOf(summary, 'memory');
  const cpu = gaugeOf(host, 'cpu_utilization__pct');
  const used = gaugeOf(ram, 'memory_used__MiB');
  const pressure = (['cpu', 'memory', 'io'] as const).flatMap((what) => {
    const mean = gaugeOf(host, `${what}_pressure__pct`)?.mean ?? 0;
    return mean >= 1 ? [`${what} pressure ${percent(mean)}`] : [];
  });
  return {
    label: 'machine',
    parts: present([
      summary.host.name,
      cpu && `CPUs ${percent(cpu.mean)} of ${summary.host.core_num}, at most ${percent(cpu.max)}`,
      used && `memory at most ${memory(used.max)} of ${memory(summary.host.memory_total__MiB)}`,
      ...pressure,
    ]),
  };
}

/** Ticks that could not be made in time were left out, not made up for. */
function readings(made: number, skipped: number): string {
  if (skipped === 0) return `${made} readings`;
  return `${made} readings, ${skipped} more ${skipped === 1 ? 'was' : 'were'} skipped for lack of time`;
}

function samplerLine(summary: JobSummary): Line {
  const [job] = entitiesOf(summary, 'job');
  const { interval__ms, ticks, lateTicks, cpu__pct } = summary.sampler;
  const interval = interval__ms > 0 ? `each ${seconds(interval__ms / 1000)}` : 'when asked';
  return {
    label: 'sampling',
    parts: present([
      interval,
      readings(ticks, lateTicks),
      cpu__pct !== null && `${percent(cpu__pct)} of one CPU`,
      job && `the job followed by its ${job.tracking === 'cgroup' ? 'cgroup' : 'process tree'}`,
    ]),
    style: 'dim',
  };
}

/**
 * A summary as lines for people, each ended by a line feed. What could not be measured says so; simulated figures
 * are marked first of all.
 */
export function formatSummary(summary: JobSummary, options: TableOptions): string {
  const lines = [
    ...warnings(summary),
    ...jobLines(summary),
    ...gpuSection(summary, options),
    ...diskLines(summary),
    ...filesystemLines(summary),
    ...networkLines(summary),
    hostLine(summary),
    samplerLine(summary),
  ];
  return [title(summary, options), ...lines.flatMap((line) => rendered(line, options))].join('\n') + '\n';
}
