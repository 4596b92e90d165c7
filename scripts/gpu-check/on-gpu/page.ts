// The result as a page for people. Pure.
import { unitOf, type CallStats, type Diagnosis, type MetricDiagnosis } from 'nvpulse';
import type { Comparison, When } from './compare';
import type { Result } from './result';

export function pageOf(result: Result): string {
  const parts = [heading(result), differences(result), ...comparisons(result), ...costs(result), run(result)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading({
  date,
  took__s,
  build,
  user,
  gpu,
  gpus,
  peers,
  diagnoses,
  comparisons,
  missing,
}: Result): string {
  const host = diagnoses[0]?.diagnosis.host;
  const count = (verdict: string): number => comparisons.filter((line) => line.verdict === verdict).length;
  const title =
    gpus.length === 0
      ? 'no GPU'
      : `${gpus.length} × ${[...new Set(gpus.map(({ name }) => name))].join(', ')}`;
  return [
    `# ${gpu.simulated ? 'SIMULATED: ' : ''}${title}${gpu.driver_version ? `, driver ${gpu.driver_version}` : ''}`,
    '',
    ...(gpu.simulated ? ['The GPUs are the simulator’s: nothing here tells of real ones.', ''] : []),
    `- **${count('equal')} equal, ${count('differs')} differ, ${count('not comparable')} not comparable**`,
    `- ${date}, took ${took__s.toFixed(0)} s, as user ${user}`,
    `- nvpulse ${build.nvpulse}, commit ${build.commit}, Node ${build.node}`,
    host ? `- ${host.os}, Linux ${host.kernel}, ${host.core_num} × ${host.cpu_model}` : '- host: not told',
    `- NVML: ${gpu.state === 'ok' ? `${gpu.nvml_version}, ${gpu.library}` : gpu.reason}`,
    ...peers.map(({ name, about }) => `- ${name}: ${about}`),
    ...missing.map((part) => `- missing: ${part}`),
  ].join('\n');
}

function differences({ comparisons }: Result): string {
  const lines = comparisons.filter(({ verdict }) => verdict === 'differs');
  return lines.length === 0 ? '' : `## What differs\n\n${comparisonTable(lines)}`;
}

function comparisons({ gpus, comparisons: all }: Result): readonly string[] {
  return gpus.map(({ index, name, uuid, pci_bus_id }) => {
    const lines = all.filter((line) => line.gpu === index);
    return `## GPU ${index}: ${name}, ${pci_bus_id}, ${uuid}\n\n${comparisonTable(lines)}`;
  });
}

/** What was compared as a table, and below it why the rest was not. */
function comparisonTable(lines: readonly Comparison[]): string {
  const compared = lines.filter(({ verdict }) => verdict !== 'not comparable');
  const rows = compared.map((line) => {
    const last = line.rounds.findLast(({ verdict }) => verdict === line.verdict);
    const own = last?.own ? span(last.own.min, last.own.max) : '';
    const theirs = last?.theirs === undefined ? '' : figure(last.theirs);
    return [
      String(line.gpu ?? '?'),
      line.metric,
      line.with,
      line.when,
      line.verdict,
      own,
      theirs,
      line.reason,
    ];
  });
  const rest = new Map<string, string[]>();
  for (const { metric, with: peer, when, reason, verdict } of lines) {
    if (verdict !== 'not comparable') continue;
    const key = `- not comparable with ${peer}, ${when}: ${reason}: `;
    rest.set(key, [...(rest.get(key) ?? []), metric]);
  }
  return [
    ...(rows.length === 0
      ? []
      : [table(['GPU', 'metric', 'with', 'when', 'verdict', 'nvpulse', 'theirs', 'why'], rows)]),
    ...(rest.size === 0 ? [] : [[...rest].map(([key, metrics]) => key + metrics.join(', ')).join('\n')]),
  ].join('\n\n');
}

function costs({ diagnoses }: Result): readonly string[] {
  return diagnoses.flatMap(({ when, diagnosis }) => [
    ...gpuCosts(when, diagnosis),
    otherCalls(when, diagnosis),
  ]);
}

function gpuCosts(when: When, { entities, calls }: Diagnosis): readonly string[] {
  const byName = new Map(calls.map((call) => [call.name, call]));
  const head = ['metric', 'value', 'call', 'p50, µs', 'p99, µs', 'new value each'];
  return entities.flatMap((entity) =>
    entity.entity === 'gpu'
      ? [
          `## GPU ${entity.index} ${when}: costs and changes\n\n` +
            table(
              head,
              entity.metrics.map((metric) => costRow(metric, byName)),
            ),
        ]
      : [],
  );
}

function costRow(metric: MetricDiagnosis, calls: ReadonlyMap<string, CallStats>): readonly string[] {
  const cost = calls.get(metric.call ?? '');
  const value = metric.value === undefined ? `${metric.state}: ${metric.reason}` : figure(metric.value);
  return [
    metric.name,
    `${value} ${metric.value === undefined ? '' : unitOf(metric.name)}`.trimEnd(),
    metric.call ?? '',
    cost ? short(cost.p50__us) : '',
    cost ? short(cost.p99__us) : '',
    changes(metric),
  ];
}

function changes({ refresh }: MetricDiagnosis): string {
  switch (refresh?.state) {
    case undefined:
      return '';
    case 'constant':
      return `constant for ${(refresh.watched__ms / 1000).toFixed(1)} s`;
    case 'at_most':
      return `≤ ${short(refresh.period__ms)} ms (every reading)`;
    case 'observed':
      return `${short(refresh.period__ms)} ms (${refresh.changes} changes)`;
  }
}

/** Calls that read no metric, such as opening. */
function otherCalls(when: When, { calls, entities }: Diagnosis): string {
  const named = new Set(entities.flatMap(({ metrics }) => metrics.map(({ call }) => call)));
  const rows = calls
    .filter(({ name }) => !named.has(name))
    .map(({ name, count, p50__us, p99__us }) => [name, String(count), short(p50__us), short(p99__us)]);
  return rows.length === 0
    ? ''
    : `## Other calls ${when}\n\n${table(['call', 'count', 'p50, µs', 'p99, µs'], rows)}`;
}

function run({ run: measured }: Result): string {
  if (!measured) return '';
  const { load, without, exit, shown } = measured;
  const why = without === undefined ? '' : `\n\nNo load on a GPU: ${without}.`;
  return `## nvpulse run -i 10ms\n\nAround ${load}; exit code ${exit ?? 'none'}.${why}\n\n\`\`\`\n${shown}\n\`\`\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const figure = (value: number): string => String(Number(value.toPrecision(15)));
const short = (value: number): string => String(Number(value.toPrecision(3)));
const span = (min: number, max: number): string =>
  min === max ? figure(min) : `${figure(min)} … ${figure(max)}`;
