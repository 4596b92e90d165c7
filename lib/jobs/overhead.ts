// How much measuring slows a command: bare and sampled runs in turn, each sampled one compared with the bare one of
// its round. `nvpulse overhead` is this as a table.
import { NvpulseError } from '../errors';
import { parseInterval, refuseUnknown, type Duration } from '../sampling/options';
import { ratioOf, type Ratio } from './confidence';
import { HeldCommand } from './held-command';
import { runJob, type RunJobOptions } from './run-job';

export interface OverheadOptions {
  readonly command: readonly string[];
  /** @default ['1ms', '10ms', '100ms'] */
  readonly intervals?: readonly Duration[];
  /** Bare runs, and sampled ones for each interval; 2 to 1000. @default 10 */
  readonly rounds?: number;
  /** The command's whole environment. @default this process's */
  readonly env?: NodeJS.ProcessEnv;
  /** Told after each run. */
  readonly onRun?: (done: number, of: number) => void;
}

/**
 * What the runs prove, by the 95 % confidence interval of the duration's ratio: `slower` where all of it is above 1,
 * `not_slower` where all of it is below 1.01, else `inconclusive`: too few rounds, or too restless a machine.
 */
export type Verdict = 'slower' | 'not_slower' | 'inconclusive';

export interface IntervalOverhead {
  readonly interval: Duration;
  /** Time of the sampled runs ÷ time of the bare run of the same round. */
  readonly duration: Ratio;
  readonly verdict: Verdict;
  /** The same of the process tree's CPU time; absent where it used none that could be counted. */
  readonly cpu?: Ratio;
  /** CPU time of the sampling threads, of one CPU: the mean of all runs. */
  readonly sampler_cpu__pct: number;
}

export interface Overhead {
  readonly rounds: number;
  /** Median of the bare runs. */
  readonly bare__s: number;
  readonly intervals: readonly IntervalOverhead[];
}

interface Run {
  readonly duration__s: number;
  readonly cpu__s: number;
  readonly sampler_cpu__pct: number;
}

const OPTIONS = [
  'command',
  'intervals',
  'rounds',
  'env',
  'onRun',
] as const satisfies readonly (keyof OverheadOptions)[];
const ROUNDS_MAX = 1000;
/** A slowdown that nobody minds. */
const NOT_SLOWER = 1.01;
/** What the command writes to stdout would drown the answer. */
const STDIO = ['ignore', 'ignore', 'inherit'] as const;

/**
 * Runs a command again and again, from the supervisor's start of it to its end: with the sampler and without.
 * The order turns round each time, so that a machine that warms up favours neither; a first run is not counted.
 *
 * @throws ERR_OPTION for the caller's mistakes · ERR_COMMAND… where the command cannot be run, or fails
 */
export async function measureOverhead(options: OverheadOptions): Promise<Overhead> {
  refuseUnknown(options, OPTIONS, 'measureOverhead');
  const { command, intervals = ['1ms', '10ms', '100ms'], rounds = 10, onRun } = options;
  const env = options.env === undefined ? {} : { env: options.env };
  for (const interval of intervals) parseInterval(interval, 'interval');
  if (!Number.isInteger(rounds) || rounds < 2 || rounds > ROUNDS_MAX)
    throw new NvpulseError(
      'ERR_OPTION',
      `rounds: ${rounds} is not allowed; allowed are whole numbers from 2 to ${ROUNDS_MAX}`,
    );
  const variants = [undefined, ...intervals];
  const runs = new Map<Duration | undefined, Run[]>(variants.map((variant) => [variant, []]));
  await bareRun({ command, ...env });
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const run = await (variant === undefined
        ? bareRun({ command, ...env })
        : sampledRun({ command, interval: variant, ...env }));
      runs.get(variant)?.push(run);
      onRun?.(++done, rounds * variants.length);
    }
  }
  const bare = runs.get(undefined) ?? [];
  return {
    rounds,
    bare__s: median(bare.map(({ duration__s }) => duration__s)),
    intervals: intervals.map((interval) => overheadOf(interval, runs.get(interval) ?? [], bare)),
  };
}

function overheadOf(interval: Duration, sampled: readonly Run[], bare: readonly Run[]): IntervalOverhead {
  const ratios = (value: (run: Run) => number): number[] =>
    sampled.flatMap((run, round) => {
      const other = bare[round];
      return other && value(other) > 0 && value(run) > 0 ? [value(run) / value(other)] : [];
    });
  const cpu = ratios(({ cpu__s }) => cpu__s);
  const duration = ratioOf(ratios(({ duration__s }) => duration__s));
  return {
    interval,
    duration,
    verdict: verdictOf(duration),
    ...(cpu.length < 2 ? {} : { cpu: ratioOf(cpu) }),
    sampler_cpu__pct: sampled.reduce((sum, run) => sum + run.sampler_cpu__pct, 0) / sampled.length,
  };
}

/** See `Verdict`. */
export function verdictOf({ low, high }: Omit<Ratio, 'mean'>): Verdict {
  if (low > 1) return 'slower';
  return high < NOT_SLOWER ? 'not_slower' : 'inconclusive';
}

async function bareRun(what: Pick<RunJobOptions, 'command' | 'env'>): Promise<Run> {
  const held = new HeldCommand({ ...what, stdio: STDIO });
  try {
    await held.ready;
    const started = await held.start();
    const ended = await held.ended();
    refuseFailed(what.command, ended.status);
    const { cpuUser__s, cpuSystem__s } = ended.tree;
    return {
      duration__s: Number(ended.time__ns - started.time__ns) / 1e9,
      cpu__s: cpuUser__s + cpuSystem__s,
      sampler_cpu__pct: 0,
    };
  } finally {
    held.release();
  }
}

async function sampledRun(what: Pick<RunJobOptions, 'command' | 'interval' | 'env'>): Promise<Run> {
  const { summary, exit } = await runJob({ ...what, recording: false, stdio: STDIO });
  refuseFailed(what.command, exit.exitCode ?? 1);
  const job = summary.entities.find((entity) => entity.entity === 'job');
  const cpu = job?.metrics.cpu_time__s;
  return {
    duration__s: summary.job.duration__s,
    cpu__s: cpu && 'delta' in cpu ? cpu.delta : 0,
    sampler_cpu__pct: summary.sampler.cpu__pct ?? NaN,
  };
}

/** Runs that fail need not do the same work. */
function refuseFailed(command: readonly string[], status: number): void {
  if (status === 0) return;
  throw new NvpulseError(
    'ERR_COMMAND',
    `'${command.join(' ')}' failed (exit ${status}); nothing is compared`,
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
