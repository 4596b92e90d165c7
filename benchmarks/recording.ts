// The recording's writer, from batches in memory to closed files: readings of eight GPUs, seeded, with the noise and
// the refresh periods of a driver.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricsOf, STATUS, type Instance, type Tier } from '../lib/catalog';
import { RecordingWriter, type RecordingMeta } from '../lib/recording';
import { createBatch, type Batch } from '../lib/sampling/batch';
import type { Benchmark, Figure } from './harness/report';
import { scaled, spreadOf } from './harness/rounds';

const GPUS = 8;
const ROUNDS = 7;
const VALUES_A_ROUND = 40e6;
/** Values made in advance, and written again and again: chunks don't know of each other. */
const VALUES_MADE = 4e6;
const DRAIN__MS = 250;
const UTC_OFFSET__NS = 1_790_000_000_000_000_000n;

const META: RecordingMeta = {
  name: 'benchmark',
  labels: {},
  simulated: true,
  profile: '',
  host: { name: '', os: '', kernel: '', cpu_model: '', core_num: 1, memory_total__MiB: 1 },
  gpu: { state: 'ok', reason: '', driver_version: '', nvml_version: '' },
  interval__ns: 1e7,
  utcOffset__ns: UTC_OFFSET__NS,
};

/** xorshift32: uniform in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** What a driver shows: a wave with noise, in steps of its unit, renewed as docs/SIMULATOR.md has it. */
interface Shape {
  readonly low: number;
  readonly high: number;
  readonly noise: number;
  readonly step: number;
  readonly refresh__ms: number;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  gpu_clock__MHz: { low: 1200, high: 1980, noise: 30, step: 15, refresh__ms: 100 },
  memory_clock__MHz: { low: 3201, high: 3201, noise: 0, step: 1, refresh__ms: 100 },
  graphics_clock__MHz: { low: 1200, high: 1980, noise: 30, step: 15, refresh__ms: 100 },
  gpu_utilization__pct: { low: 60, high: 100, noise: 8, step: 1, refresh__ms: 100 },
  memory_utilization__pct: { low: 20, high: 70, noise: 6, step: 1, refresh__ms: 100 },
  encoder_utilization__pct: { low: 0, high: 0, noise: 0, step: 1, refresh__ms: 167 },
  decoder_utilization__pct: { low: 0, high: 0, noise: 0, step: 1, refresh__ms: 167 },
  gpu_temperature__C: { low: 45, high: 72, noise: 0.5, step: 1, refresh__ms: 1000 },
  memory_temperature__C: { low: 50, high: 78, noise: 0.5, step: 1, refresh__ms: 1000 },
  perf_state: { low: 0, high: 0, noise: 0, step: 1, refresh__ms: 100 },
  power_draw__W: { low: 250, high: 690, noise: 15, step: 0.001, refresh__ms: 100 },
  process_num: { low: 1, high: 1, noise: 0, step: 1, refresh__ms: 1000 },
  memory_used__MiB: { low: 60_000, high: 120_000, noise: 50, step: 2, refresh__ms: 100 },
  memory_free__MiB: { low: 20_000, high: 80_000, noise: 50, step: 2, refresh__ms: 100 },
  memory_total__MiB: { low: 143_771, high: 143_771, noise: 0, step: 1, refresh__ms: 1000 },
  power_limit__W: { low: 700, high: 700, noise: 0, step: 1, refresh__ms: 1000 },
  energy__J: { low: 0, high: 1e6, noise: 0.5, step: 0.001, refresh__ms: 20 },
};
const PERIOD__MS = 37_000;
const TIER__MS: Readonly<Record<Tier, number>> = { fast: 0, medium: 100, slow: 1000 };

/** One metric of one GPU, reading by reading. */
class Reading {
  private renewed__ms = -Infinity;
  private read__ms = -Infinity;
  private value = 0;

  constructor(
    private readonly shape: Shape | undefined,
    private readonly tier: Tier,
    private readonly phase__ms: number,
    private readonly noise: () => number,
  ) {}

  at(time__ms: number): { readonly value: number; readonly status: number } {
    if (!this.shape) return { value: NaN, status: STATUS.unsupported };
    if (time__ms - this.read__ms < TIER__MS[this.tier]) return { value: NaN, status: STATUS.notDue };
    this.read__ms = time__ms;
    if (time__ms - this.renewed__ms >= this.shape.refresh__ms) this.renew(time__ms, this.shape);
    return { value: this.value, status: 0 };
  }

  private renew(time__ms: number, { low, high, noise, step, refresh__ms }: Shape): void {
    this.renewed__ms = time__ms - (time__ms % refresh__ms);
    const wave = (1 + Math.sin((2 * Math.PI * (time__ms + this.phase__ms)) / PERIOD__MS)) / 2;
    const exact = low + (high - low) * wave + noise * (this.noise() + this.noise() - 1);
    const steps = 1 / step;
    this.value = Number.isInteger(steps)
      ? Math.round(exact * steps) / steps
      : Math.round(exact / step) * step;
  }
}

const INSTANCES: ReadonlyMap<number, Instance> = new Map(
  Array.from({ length: GPUS }, (_, index): [number, Instance] => [
    index,
    {
      id: index,
      entity: 'gpu',
      identity: {
        index,
        uuid: `GPU-b3a1c5e0-0000-4000-8000-00000000000${index}`,
        name: 'NVIDIA H200',
        pci_bus_id: `00000000:${index}0:00.0`,
        serial: null,
        driver_version: '595.71',
      },
    },
  ]),
);

/** What a sampler at this interval hands out, and how many values are in it. */
function makeBatches(interval__ms: number): { readonly batches: readonly Batch[]; readonly values: number } {
  const noise = random(42);
  const metrics = metricsOf('gpu');
  const readings = Array.from({ length: GPUS }, (_, gpu) =>
    metrics.map(({ name, tier }) => new Reading(SHAPES[name], tier, gpu * 4000, noise)),
  );
  const batches: Batch[] = [];
  const ticks = Math.max(1, Math.round(DRAIN__MS / interval__ms));
  let values = 0;
  for (let tick = 0; values < VALUES_MADE; tick += ticks) {
    const rows = ticks * GPUS;
    const columns = {
      entity: 'gpu' as const,
      time: new BigInt64Array(rows),
      instance: new Uint32Array(rows),
      values: new Float64Array(rows * metrics.length),
      status: new Uint16Array(rows * metrics.length),
    };
    for (let row = 0; row < rows; row++) {
      const gpu = row % GPUS;
      const time__ms = (tick + Math.floor(row / GPUS)) * interval__ms;
      columns.time[row] = BigInt(Math.round(time__ms * 1e6 + gpu * 25_000 + noise() * 5000));
      columns.instance[row] = gpu;
      readings[gpu]?.forEach((reading, metric) => {
        const { value, status } = reading.at(time__ms);
        columns.values[metric * rows + row] = value;
        columns.status[metric * rows + row] = status;
        if (status === 0) values++;
      });
    }
    const parts = { tables: [columns], instances: INSTANCES, events: [], utcOffset__ns: UTC_OFFSET__NS };
    batches.push(createBatch({ ...parts, droppedRows: 0 }));
  }
  return { batches, values };
}

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
  const { batches, values } = makeBatches(interval__ms);
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
