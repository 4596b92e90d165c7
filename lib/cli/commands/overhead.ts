// nvpulse overhead -- CMD: how much measuring slows a command.
import type { Command } from 'commander';
import { measureOverhead, NvpulseError, type Overhead, type Verdict } from '../../index';
import { NVML_VARIABLE, explain } from '../help';
import { checkedInterval, simulated } from '../options';
import { print, writeJson } from '../output';
import { withProgress } from '../progress';
import { simulateHere } from '../simulate';
import { columns } from '../table';

interface Options {
  readonly interval: readonly string[];
  readonly rounds: number;
  readonly json?: true;
  readonly simulate?: string;
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
    .addOption(simulated())
    .action(overhead);
  explain(command, {
    examples: ['nvpulse overhead -- ./benchmark', 'nvpulse overhead -i 1ms,1s --rounds 30 -- ./benchmark'],
    environment: [NVML_VARIABLE],
  });
}

function intervals(text: string): readonly string[] {
  return text.split(',').map(checkedInterval('--interval'));
}

function rounds(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 2 && count <= 1000) return count;
  throw new NvpulseError(
    'ERR_OPTION',
    `--rounds: '${text}' is not allowed; allowed are whole numbers from 2 to 1000`,
  );
}

async function overhead(
  command: readonly string[],
  { interval, rounds, json, simulate }: Options,
): Promise<void> {
  const env = { ...process.env };
  if (simulate !== undefined) simulateHere(simulate);
  const measured = await withProgress((progress) => {
    const onRun = (done: number, of: number): void => progress.show(`run ${done} of ${of}`);
    return measureOverhead({ command, intervals: interval, rounds, env, onRun });
  });
  if (json) writeJson('-', measured);
  else print(table(measured));
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  slower: 'slower',
  not_slower: 'not slower by 1 %',
  inconclusive: 'inconclusive',
};

function table({ rounds, bare__s, intervals: measured }: Overhead): string {
  const rows = measured.map(({ interval, duration, verdict, cpu, sampler_cpu__pct }) => [
    String(interval),
    VERDICTS[verdict],
    ...(['mean', 'low', 'high'] as const).map((part) => change(duration[part])),
    cpu ? `${change(cpu.mean)} (${change(cpu.low)} to ${change(cpu.high)})` : '',
    `${sampler_cpu__pct.toFixed(2)} %`,
  ]);
  return [
    columns([
      ['INTERVAL', 'VERDICT', 'SLOWDOWN', 'FROM', 'TO', 'MORE CPU TIME', 'SAMPLING, OF ONE CPU'],
      ...rows,
    ]),
    `${rounds} rounds, each with a bare run (median ${bare__s.toPrecision(4)} s); means of the ratios in a round,`,
    'with their 95 % confidence interval (Student’s t, of the logarithms)',
    ...(measured.some(({ verdict }) => verdict === 'inconclusive')
      ? [
          'inconclusive: the runs differ by more than what is looked for; take more --rounds, or a quieter machine',
        ]
      : []),
  ].join('\n');
}

/** Such as `+0.42 %`. */
function change(ratio: number): string {
  const pct = (ratio - 1) * 100;
  return `${pct < 0 ? '−' : '+'}${Math.abs(pct).toFixed(2)} %`;
}
