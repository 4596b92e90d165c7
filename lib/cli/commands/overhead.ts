// nvpulse overhead -- CMD: how much measuring slows a command.
import type { Command } from 'commander';
import { measureOverhead, NvpulseError, type Overhead } from '../../index';
import { checkedInterval } from '../options';
import { note, print, writeJson } from '../output';
import { columns } from '../table';

interface Options {
  readonly interval: readonly string[];
  readonly rounds: number;
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .usage('[options] -- <command...>')
    .argument('<command...>', 'the program and its arguments; its stdout is discarded')
    .passThroughOptions()
    .option('-i, --interval <durations>', 'times between readings, separated by commas', intervals, [
      '1ms',
      '10ms',
      '100ms',
    ])
    .option('--rounds <n>', 'runs of each kind, 2 to 1000', rounds, 10)
    .option('--json', 'print as JSON')
    .action(overhead);
}

function intervals(text: string): readonly string[] {
  return text.split(',').map(checkedInterval);
}

function rounds(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 2 && count <= 1000) return count;
  throw new NvpulseError(
    'ERR_OPTION',
    `--rounds: '${text}' is not allowed; allowed are whole numbers from 2 to 1000`,
  );
}

async function overhead(command: readonly string[], { interval, rounds, json }: Options): Promise<void> {
  const onRun = (done: number, of: number): void => void process.stderr.write(`\rrun ${done} of ${of}`);
  const live = process.stderr.isTTY ? { onRun } : {};
  const measured = await measureOverhead({ command, intervals: interval, rounds, ...live });
  if (process.stderr.isTTY) note('');
  if (json) writeJson('-', measured);
  else print(table(measured));
}

function table({ rounds, bare__s, intervals: measured }: Overhead): string {
  const rows = measured.map(({ interval, duration, cpu, sampler_cpu__pct }) => [
    String(interval),
    ...(['mean', 'low', 'high'] as const).map((part) => change(duration[part])),
    cpu ? `${change(cpu.mean)} (${change(cpu.low)} to ${change(cpu.high)})` : '',
    `${sampler_cpu__pct.toFixed(2)} %`,
  ]);
  return [
    columns([['INTERVAL', 'SLOWDOWN', 'FROM', 'TO', 'MORE CPU TIME', 'SAMPLING, OF ONE CPU'], ...rows]),
    `${rounds} rounds, each with a bare run (median ${bare__s.toPrecision(4)} s); means of the ratios in a round,`,
    'with their 95 % confidence interval (Student’s t, of the logarithms)',
  ].join('\n');
}

/** Such as `+0.42 %`. */
function change(ratio: number): string {
  const pct = (ratio - 1) * 100;
  return `${pct < 0 ? '−' : '+'}${Math.abs(pct).toFixed(2)} %`;
}
