// nvpulse doctor: what can be measured here, what each reading costs, and how often the driver refreshes it.
import type { Command } from 'commander';
import { diagnose, type Diagnosis, type EntityDiagnosis, type MetricDiagnosis } from '../../index';
import { NVML_VARIABLE, explain } from '../help';
import { simulated } from '../options';
import { note, print, writeJson } from '../output';
import { shownValue } from '../shown';
import { simulateHere } from '../simulate';
import { columns } from '../table';

interface Options {
  readonly json?: true;
  readonly simulate?: string;
}

export function define(command: Command): void {
  command.option('--json', 'print as JSON').addOption(simulated()).action(doctor);
  explain(command, {
    examples: ['nvpulse doctor', 'nvpulse doctor --simulate t4', 'nvpulse doctor --json'],
    environment: [NVML_VARIABLE],
  });
}

async function doctor(options: Options): Promise<void> {
  if (options.simulate !== undefined) simulateHere(options.simulate);
  note('reading for 3 s …');
  const diagnosis = await diagnose();
  if (options.json) return writeJson('-', diagnosis);
  print([machine(diagnosis), ...gpus(diagnosis), rest(diagnosis), ...advice(diagnosis)].join('\n\n'));
}

function machine({ nvpulse, host, gpu }: Diagnosis): string {
  const simulation = gpu.simulated
    ? [['SIMULATED', `the GPUs are the simulator’s, profile ${gpu.profile}`]]
    : [];
  const driver =
    gpu.state === 'ok'
      ? [
          ['driver', gpu.driver_version],
          ['NVML', gpu.nvml_version],
        ]
      : [['GPUs', gpu.reason]];
  return columns([
    ['nvpulse', nvpulse],
    ['machine', `${host.name}: ${host.os}, Linux ${host.kernel}`],
    ['CPUs', `${host.core_num} × ${host.cpu_model}`],
    ...simulation,
    ...driver,
    ...(gpu.library === '' ? [] : [['library', gpu.library]]),
  ]);
}

function gpus({ entities, calls }: Diagnosis): readonly string[] {
  const costs = new Map(
    calls.map(({ name, p50__us, p99__us }) => [name, `${micros(p50__us)} / ${micros(p99__us)}`]),
  );
  return entities.flatMap((entity) => {
    if (entity.entity !== 'gpu') return [];
    const { index, name, uuid, pci_bus_id, serial } = entity;
    const title = `GPU ${index}  ${name}  ${uuid}  ${pci_bus_id}${serial === null ? '' : `  serial ${serial}`}`;
    const rows = entity.metrics.map((metric) => [
      metric.name,
      reading(metric),
      costs.get(metric.call ?? '') ?? '',
      refreshOf(metric),
    ]);
    return [`${title}\n${columns([['METRIC', 'VALUE', 'COST p50 / p99, µs', 'NEW VALUE EACH'], ...rows])}`];
  });
}

/** Of the other entities, one line a metric: there may be hundreds of cores and disks. */
function rest({ entities }: Diagnosis): string {
  const lines = new Map<string, string[]>();
  for (const entity of entities) {
    if (entity.entity === 'gpu' || entity.entity === 'gpu_process') continue;
    for (const metric of entity.metrics) {
      const key = `${entity.entity}\t${metric.name}`;
      lines.set(key, [...(lines.get(key) ?? []), `${labelOf(entity)}${reading(metric)}`]);
    }
  }
  const rows = [...lines].map(([key, readings]) => [...key.split('\t'), short(readings)]);
  return columns([['ENTITY', 'METRIC', 'VALUE'], ...rows]);
}

function advice({ troubles, advice: found }: Diagnosis): readonly string[] {
  const lines = [...troubles, ...found];
  return lines.length === 0 ? [] : [lines.map((line) => `* ${line}`).join('\n')];
}

const SHOWN = 4;

function short(readings: readonly string[]): string {
  const more = readings.length > SHOWN ? [`… ${readings.length} in all`] : [];
  return [...readings.slice(0, SHOWN), ...more].join('  ');
}

function labelOf(entity: EntityDiagnosis): string {
  switch (entity.entity) {
    case 'core':
      return `${entity.core}: `;
    case 'disk':
      return `${entity.device}: `;
    case 'filesystem':
      return `${entity.mount}: `;
    case 'network':
      return `${entity.interface}: `;
    default:
      return '';
  }
}

function reading({ name, value, state, reason }: MetricDiagnosis): string {
  if (value === undefined) return `${state ?? 'transient'}: ${reason ?? ''}`;
  return shownValue(name, value);
}

function refreshOf({ refresh }: MetricDiagnosis): string {
  if (!refresh) return '';
  switch (refresh.state) {
    case 'constant':
      return `constant for ${(refresh.watched__ms / 1000).toFixed(1)} s`;
    case 'at_most':
      return `≤ ${millis(refresh.period__ms)} (every reading)`;
    case 'observed':
      return `${millis(refresh.period__ms)} (${refresh.changes} changes)`;
  }
}

const micros = (us: number): string => us.toFixed(us < 10 ? 1 : 0);
const millis = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
