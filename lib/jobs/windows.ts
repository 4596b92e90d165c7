// Windows around code: what the machine did while a function ran.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { GpuState, NativeStats } from '../native/addon';
import type { Batch } from '../sampling/batch';
import type { Machine } from '../sampling/machine';
import { SummaryFold } from './fold';
import { summaryOf } from './summary';
import { hostInfo } from './summary-host';
import type { JobSummary } from './summary-types';

/** What a window needs of a sampler; `Sampler` is one. */
export interface WindowSource extends AsyncIterable<Batch> {
  readonly interval__ns: number;
  readonly utcOffset__ns: bigint;
  readonly machine: Machine;
  now(): bigint;
  tick(): Promise<boolean>;
  gpu(): GpuState;
  stats(): NativeStats;
}

export interface WindowMeta {
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Told of the summary when the window closes, also where the function throws. */
  readonly onSummary?: (summary: JobSummary) => void;
}

/** How long to wait for the last reading where a driver does not answer, in milliseconds. */
const LAST_READING__MS = 250;

/** Feeds one iterator's batches to a fold, until it is told to stop or the sampler ends. */
class Follower {
  ended = false;
  readonly running: Promise<void>;
  private awaited: { readonly time__ns: bigint; readonly resolve: () => void } | undefined;

  constructor(
    private readonly batches: AsyncIterator<Batch>,
    private readonly fold: SummaryFold,
  ) {
    this.running = this.run();
    // Who waits for it learns of a failure; until then it must not end the process.
    this.running.catch(() => undefined);
  }

  /** Once rows of this time or later are folded, the sampler has ended, or they are long in coming. */
  async reached(time__ns: bigint): Promise<void> {
    if (this.fold.newest__ns >= time__ns) return;
    const reached = new Promise<void>((resolve) => (this.awaited = { time__ns, resolve }));
    await Promise.race([reached, this.running, delay(LAST_READING__MS, undefined, { ref: false })]);
  }

  async stop(): Promise<void> {
    await this.batches.return?.();
    await this.running;
  }

  private async run(): Promise<void> {
    for (let next = await this.batches.next(); !next.done; next = await this.batches.next()) {
      this.fold.push(next.value);
      if (this.awaited && this.fold.newest__ns >= this.awaited.time__ns) this.awaited.resolve();
    }
    this.ended = true;
  }
}

/** What the sampler did between two looks at it; lateness and call latencies stay those since its start. */
export function since(before: NativeStats, after: NativeStats): NativeStats {
  return {
    ...after,
    ticks: after.ticks - before.ticks,
    late_ticks: after.late_ticks - before.late_ticks,
    rows_dropped: after.rows_dropped - before.rows_dropped,
    implausible_readings: after.implausible_readings - before.implausible_readings,
    sampler_cpu_time__s: after.sampler_cpu_time__s - before.sampler_cpu_time__s,
  };
}

/** An open window: a fold that follows the sampler until it is closed. */
class OpenWindow {
  private readonly fold: SummaryFold;
  private readonly follower: Follower;

  constructor(
    private readonly source: WindowSource,
    private readonly start__ns: bigint,
    private readonly before: NativeStats,
    batches: AsyncIterator<Batch>,
  ) {
    this.fold = new SummaryFold({ start__ns, interval__ns: source.interval__ns });
    this.follower = new Follower(batches, this.fold);
  }

  async close(name: string, labels: Readonly<Record<string, string>>): Promise<JobSummary> {
    const { source, fold, follower } = this;
    const stop__ns = fold.close(source.now());
    if (!follower.ended) await source.tick();
    await follower.reached(stop__ns);
    const complete = !follower.ended;
    await follower.stop();
    const gpu = source.gpu();
    return summaryOf(fold, {
      simulated: gpu.simulated,
      complete,
      job: { id: randomUUID(), name, labels, exitCode: null, signal: null },
      host: hostInfo(source.machine),
      gpu,
      sampler: {
        interval__ns: source.interval__ns,
        elapsed__s: Number(stop__ns - this.start__ns) / 1e9,
        stats: since(this.before, source.stats()),
      },
      utcOffset__ns: source.utcOffset__ns,
    });
  }
}

/**
 * Runs a function and tells what the machine did meanwhile, over the exact time from its call to its end (of the
 * promise, where it gives one). Windows may nest and overlap on one sampler. There is a reading before the start and
 * one after the end, so that a function shorter than the interval has its figures too.
 *
 * An error of the function passes through unchanged; the window's summary then goes to `onSummary` alone.
 * @param sampler started, and not stopped before the function ends (else `complete` is false)
 */
export async function window<T>(
  sampler: WindowSource,
  name: string,
  fn: () => T | Promise<T>,
  options: WindowMeta = {},
): Promise<{ result: T; summary: JobSummary }> {
  const batches = sampler[Symbol.asyncIterator]();
  await sampler.tick();
  const open = new OpenWindow(sampler, sampler.now(), sampler.stats(), batches);
  const close = async () => {
    const summary = await open.close(name, options.labels ?? {});
    options.onSummary?.(summary);
    return summary;
  };
  let result: T;
  try {
    result = await fn();
  } catch (error) {
    // The function's error matters more than any that closing may add.
    await close().catch(() => undefined);
    throw error;
  }
  return { result, summary: await close() };
}
