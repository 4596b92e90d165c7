// One stretch of sampling by nvpulse in this process, and by the bare loop in a child: the same figures of both.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Sampler, type Batch } from '../../lib';
import { program, type NvmlEnv } from './native';

export interface Stretch {
  readonly ticks: number;
  /** Deadlines that passed while the reading before was not done. */
  readonly missed: number;
  /** CPU of the sampling threads, of one core. */
  readonly cpu__pct: number;
  readonly lateness__us: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface OwnStretch extends Stretch {
  readonly gpuRows: number;
  readonly droppedRows: number;
}

/** CPU time of this process's threads of that name; the kernel counts it in ns. */
function threadCpu__ns(name: string): number {
  return readdirSync('/proc/self/task')
    .filter((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8').startsWith(name))
    .map((task) => Number(readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0);
}

const meter = (sampler: Sampler) => ({
  time__ns: Number(sampler.now()),
  all__ns: threadCpu__ns('nvpulse-'),
  stats: sampler.stats(),
});

export interface OwnOptions {
  readonly env: NvmlEnv;
  readonly interval__ms: number;
}

/** Samples with nvpulse for as long as `during` takes. */
export async function sampleDuring(
  { env, interval__ms }: OwnOptions,
  during: () => Promise<unknown>,
): Promise<OwnStretch> {
  const sampler = new Sampler({ interval: `${interval__ms}ms`, nvml: env.NVPULSE_NVML });
  const times: bigint[] = [];
  const seen = { gpuRows: 0, droppedRows: 0 };
  const take = (batch: Batch): void => {
    const table = batch.table('gpu');
    seen.gpuRows += table?.length ?? 0;
    seen.droppedRows += batch.droppedRows;
    if (table) times.push(table.time[0] ?? 0n, table.time[table.length - 1] ?? 0n);
  };
  const reading = (async () => {
    for await (const batch of sampler) take(batch);
  })();
  sampler.start();
  await setTimeout(200);
  const begun = meter(sampler);
  await during();
  const ended = meter(sampler);
  const devices = Number(env['NVPULSE_STUB_DEVICES'] ?? 8);
  sampler.stop();
  await reading;
  const ticks = seen.gpuRows / devices;
  const expected = Math.round(Number((times.at(-1) ?? 0n) - (times[0] ?? 0n)) / (interval__ms * 1e6)) + 1;
  return {
    ...seen,
    ticks,
    missed: expected - ticks,
    cpu__pct: (100 * (ended.all__ns - begun.all__ns)) / (ended.time__ns - begun.time__ns),
    lateness__us: { ...ended.stats.lateness__us },
  };
}

/** A stretch is looked at in slices of this length, or of one tick where that is longer. */
const SLICE__MS = 50;

/**
 * CPU of the thread that reads GPUs, in µs a tick, slice by slice: an interrupt, or another program's work between two
 * ticks, costs the slice that it falls into, not the others.
 */
export async function tickCosts__us(
  { env, interval__ms }: OwnOptions,
  duration__s: number,
): Promise<readonly number[]> {
  const sampler = new Sampler({ interval: `${interval__ms}ms`, nvml: env.NVPULSE_NVML });
  sampler.start();
  await setTimeout(200);
  const look = () => ({ cpu__ns: threadCpu__ns('nvpulse-gpu'), ticks: sampler.stats().ticks });
  const costs: number[] = [];
  let last = look();
  for (const end = performance.now() + duration__s * 1000; performance.now() < end;) {
    await setTimeout(Math.max(SLICE__MS, interval__ms));
    const now = look();
    if (now.ticks > last.ticks) costs.push((now.cpu__ns - last.cpu__ns) / (now.ticks - last.ticks) / 1000);
    last = now;
  }
  sampler.stop();
  return costs;
}

/** The bare loop for so long. `empty`: it wakes and reads nothing. */
export async function bareSampling(
  env: NvmlEnv,
  interval__ms: number,
  duration__s: number,
  kind: 'reads' | 'empty',
): Promise<Stretch & { readonly tick__us: number }> {
  const { stdout } = await promisify(execFile)(
    program('sampling-loop'),
    [String(interval__ms * 1e6), String(duration__s), kind],
    { env: { ...process.env, ...env } },
  );
  const { cpu__s, ...rest }: { cpu__s: number } & Omit<Stretch, 'cpu__pct'> = JSON.parse(stdout);
  return { ...rest, cpu__pct: (100 * cpu__s) / duration__s, tick__us: (cpu__s * 1e6) / rest.ticks };
}
