// nvpulse metrics: the catalog.
import type { Command } from 'commander';
import { METRICS, unitOf, type Metric } from '../../index';
import { explain } from '../help';
import { print, writeJson } from '../output';
import { columns } from '../table';

export function define(command: Command): void {
  command.option('--json', 'print as JSON').action(metrics);
  explain(command, { examples: ['nvpulse metrics', 'nvpulse metrics --json'] });
}

function metrics(options: { readonly json?: true }): void {
  const all: readonly Metric[] = METRICS;
  if (options.json)
    return writeJson(
      '-',
      all.map((metric) => ({ ...metric, unit: unitOf(metric.name) })),
    );
  const rows = all.map(({ entity, name, kind, tier, description }) => [
    entity,
    name,
    kind,
    tier,
    description,
  ]);
  print(columns([['ENTITY', 'METRIC', 'KIND', 'TIER', 'DESCRIPTION'], ...rows]));
}
