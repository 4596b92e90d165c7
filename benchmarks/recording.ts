// The recording's writer, from batches in memory to closed files: readings of eight GPUs, seeded, with the noise and
// the refresh periods of a driver.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingWriter } from '../lib/recording';
import type { Batch } from '../lib/sampling/batch';
import { makeBatches, META } from './harness/gpu-readings';
import type { Benchmark, Figure } from './harness/report';
import { scaled, spreadOf } from './harness/rounds';

const ROUNDS = 7;
const VALUES_A_ROUND = 40e6;
/** Values made in advance, and written again and again: chunks don't know of each other. */
const VALUES_MADE = 4e6;

interface Round {
  readonly rate__M: number;
  readonly size__B: number;
  readonly cpu__ns: number;
}

async function round(batches: readonly Batch[], values: number, repeats: number): Promise<Round> {
  const dir = mkdtempSync(join(tmpdir(), 'nvpulse-bench-recording-'));
  const cpu = process.cpuUsage();
  const start__ms = performance.now();
  const writer = await RecordingWriter.create(dir, META);
  for (let repeat = 0; repeat < repeats; repeat++) for (const batch of batches) await writer.write(batch);
  await writer.close();
  const duration__s = (performance.now() - start__ms) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  if (writer.lastError) throw writer.lastError;
  const sizes = readdirSync(dir).map((file) => statSync(join(dir, file)).size);
  rmSync(dir, { recursive: true });
  const written = values * repeats;
  return {
    rate__M: written / duration__s / 1e6,
    size__B: sizes.reduce((sum, size) => sum + size, 0) / written,
    cpu__ns: ((user + system) * 1000) / written,
  };
}

async function measure(interval__ms: number, effort: number, limits: boolean): Promise<readonly Figure[]> {
  const { batches, values } = makeBatches(interval__ms, VALUES_MADE);
  const repeats = Math.max(1, Math.round(VALUES_A_ROUND / values));
  await round(batches, values, 1);
  const rounds: Round[] = [];
  for (let at = 0; at < scaled(ROUNDS, effort); at++) rounds.push(await round(batches, values, repeats));
  const figure = (what: string, of: (one: Round) => number, unit: string): Figure => {
    const { median, range } = spreadOf(rounds.map(of));
    return { what: `${what}, readings each ${interval__ms} ms`, value: median, unit, spread: range };
  };
  const rate = figure('speed', ({ rate__M }) => rate__M, 'M values/s');
  const size = figure('size', ({ size__B }) => size__B, 'B a value');
  const cpu = figure('CPU', ({ cpu__ns }) => cpu__ns, 'ns a value');
  return limits
    ? [{ ...rate, limit: { atLeast: 30 } }, { ...size, limit: { atMost: 0.7 } }, cpu]
    : [rate, size, cpu];
}

export const benchmark: Benchmark = {
  title: 'recording 8 GPUs, seeded data with noise and driver refresh periods, from batches to closed files',
  run: async ({ effort }) => [...(await measure(10, effort, true)), ...(await measure(100, effort, false))],
};
