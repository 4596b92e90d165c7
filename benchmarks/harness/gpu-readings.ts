// Batches of eight GPUs' readings, seeded, with the noise and the refresh periods of a driver.
import { metricsOf, STATUS, type Instance, type Tier } from '../../lib/catalog';
import type { RecordingMeta } from '../../lib/recording';
import { createBatch, type Batch } from '../../lib/sampling/batch';

export const GPUS = 8;
const DRAIN__MS = 250;
const UTC_OFFSET__NS = 1_790_000_000_000_000_000n;

/** What a recording of them says of itself. */
export const META: RecordingMeta = {
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

/** What a sampler at this interval hands out, at least so many values, and how many they are. */
export function makeBatches(
  interval__ms: number,
  least: number,
): { readonly batches: readonly Batch[]; readonly values: number } {
  const noise = random(42);
  const metrics = metricsOf('gpu');
  const readings = Array.from({ length: GPUS }, (_, gpu) =>
    metrics.map(({ name, tier }) => new Reading(SHAPES[name], tier, gpu * 4000, noise)),
  );
  const batches: Batch[] = [];
  const ticks = Math.max(1, Math.round(DRAIN__MS / interval__ms));
  let values = 0;
  for (let tick = 0; values < least; tick += ticks) {
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
