// Windows around functions, on a source whose clock and readings the test makes.
import { STATUS } from '../../lib/catalog';
import { window, type WindowSource } from '../../lib/jobs/windows';
import type { JobSummary } from '../../lib/jobs/summary-types';
import type { Batch } from '../../lib/sampling/batch';
import { batchOf, gpu, HOST, SECOND, type Reading } from '../support/readings';
import { META, metricOf } from '../support/summaries';

/** A sampler whose time passes when it is told, and which reads when it is asked. */
class Source implements WindowSource {
  readonly interval__ns = 0.1 * SECOND;
  readonly utcOffset__ns = 0n;
  readonly machine = { rootfs: '', hostName: 'node-7' };
  power__W = 100;
  answers = true;
  private time__ns = 50 * SECOND;
  private ticks = 0;
  private readonly readers = new Set<{ queue: Batch[]; wake: () => void }>();
  private stopped = false;

  now(): bigint {
    // Time never stands still.
    return BigInt(++this.time__ns);
  }

  /** Lets time pass, with a reading each interval. */
  pass(time__s: number): void {
    for (const end__ns = this.time__ns + time__s * SECOND; this.time__ns < end__ns;) {
      this.time__ns += this.interval__ns;
      this.read();
    }
  }

  async tick(): Promise<boolean> {
    this.time__ns++;
    if (this.answers) this.read();
    return Promise.resolve(this.answers);
  }

  gpu() {
    return {
      ...META.gpu,
      driver_version: '',
      nvml_version: '',
      library: '',
      simulated: true,
      profile: 't4',
      state: 'ok' as const,
    };
  }

  stats() {
    return { ...META.sampler.stats, ticks: this.ticks, sampler_cpu_time__s: this.ticks / 1000 };
  }

  stop(): void {
    this.stopped = true;
    for (const { wake } of this.readers) wake();
  }

  get readerCount(): number {
    return this.readers.size;
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch> {
    const reader = { queue: new Array<Batch>(), wake: () => undefined as void };
    this.readers.add(reader);
    let returned = false;
    const next = async (): Promise<IteratorResult<Batch, undefined>> => {
      for (;;) {
        const value = reader.queue.shift();
        if (value) return { done: false, value };
        if (returned || this.stopped) return { done: true, value: undefined };
        await new Promise<void>((resolve) => (reader.wake = resolve));
      }
    };
    const end = () => {
      returned = true;
      this.readers.delete(reader);
      reader.wake();
      return Promise.resolve({ done: true as const, value: undefined });
    };
    return { next, return: end };
  }

  private read(): void {
    this.ticks++;
    const row: Reading[] = [
      {
        instance: gpu(0),
        time__ns: this.time__ns,
        values: { power_draw__W: this.power__W, energy__J: { status: STATUS.unsupported } },
      },
      { instance: HOST, time__ns: this.time__ns, values: { context_switches: this.time__ns / SECOND } },
    ];
    for (const { queue, wake } of this.readers) {
      queue.push(batchOf(row));
      wake();
    }
  }
}

describe('a window', () => {
  test('gives the result, and what happened while the function ran', async () => {
    const source = new Source();
    source.pass(1);
    const { result, summary } = await window(
      source,
      'stage',
      () => {
        source.pass(1);
        source.power__W = 300;
        source.pass(1);
        return 42;
      },
      { labels: { stage: 'infer' } },
    );
    expect(result).toBe(42);
    expect(summary).toMatchObject({
      complete: true,
      simulated: true,
      sampler: { interval__ms: 100, ticks: 21, cpu__pct: expect.closeTo(1.05, 2) },
    });
    expect(summary.job).toMatchObject({
      name: 'stage',
      labels: { stage: 'infer' },
      exitCode: null,
      signal: null,
    });
    expect(summary.job.duration__s).toBeCloseTo(2, 6);
    // 100 W until the reading at 1.1 s, then 300 W.
    expect(metricOf(summary, 'gpu', 'power_draw__W')).toMatchObject({
      mean: expect.closeTo(190, 4),
      coverage: 1,
    });
    expect(metricOf(summary, 'host', 'context_switches')).toMatchObject({ delta: expect.closeTo(2, 5) });
  });

  test('shorter than the interval has its figures', async () => {
    const { summary } = await window(new Source(), 'quick', async () => Promise.resolve());
    expect(metricOf(summary, 'gpu', 'power_draw__W')).toMatchObject({ mean: 100, samples: 0, coverage: 1 });
    expect(metricOf(summary, 'host', 'context_switches')).toHaveProperty('delta');
  });

  test('may nest in another, and overlap with it', async () => {
    const source = new Source();
    const step = async (time__s: number, power__W: number) => {
      await Promise.resolve();
      source.power__W = power__W;
      source.pass(time__s);
    };
    const outer = await window(source, 'outer', async () => {
      await step(1, 100);
      const inner = await window(source, 'inner', () => step(1, 500));
      await step(1, 100);
      return inner.summary;
    });
    const energyOf = ({ energy }: JobSummary) => energy.gpu__J ?? NaN;
    expect(outer.summary.job.duration__s).toBeCloseTo(3, 6);
    expect(outer.result.job.duration__s).toBeCloseTo(1, 6);
    expect(energyOf(outer.result)).toBeGreaterThan(450);
    expect(Math.abs(energyOf(outer.summary) - 700)).toBeLessThan(45);
    expect(metricOf(outer.result, 'gpu', 'power_draw__W')).toMatchObject({ max: 500 });
  });

  test('lets the function’s error through unchanged, closes, and gives the summary to onSummary', async () => {
    const source = new Source();
    const error = new Error('out of memory');
    const summaries: JobSummary[] = [];
    const failing = window(
      source,
      'failing',
      () => {
        source.pass(1);
        throw error;
      },
      { onSummary: (summary) => summaries.push(summary) },
    );
    await expect(failing).rejects.toBe(error);
    expect(summaries).toHaveLength(1);
    expect(summaries[0]?.job.duration__s).toBeCloseTo(1, 6);
    expect(source.readerCount).toBe(0);
  });

  test('gives the summary to onSummary where all is well too', async () => {
    const summaries: JobSummary[] = [];
    const { summary } = await window(new Source(), 'fine', () => 1, {
      onSummary: (given) => summaries.push(given),
    });
    expect(summaries).toEqual([summary]);
  });

  test('leaves no reader behind', async () => {
    const source = new Source();
    await Promise.all([window(source, 'a', () => source.pass(1)), window(source, 'b', () => source.pass(1))]);
    expect(source.readerCount).toBe(0);
  });

  test('whose sampler stops before the function ends is not complete', async () => {
    const source = new Source();
    const { summary } = await window(source, 'cut', async () => {
      source.pass(1);
      source.stop();
      await new Promise(setImmediate);
    });
    expect(summary.complete).toBe(false);
    expect(metricOf(summary, 'gpu', 'power_draw__W')).toMatchObject({ mean: 100 });
  });

  test('does not wait for a driver that does not answer', async () => {
    const source = new Source();
    const { summary } = await window(source, 'hung', () => {
      source.pass(1);
      source.answers = false;
    });
    expect(summary.complete).toBe(true);
    expect(metricOf(summary, 'gpu', 'power_draw__W')).toMatchObject({
      mean: 100,
      coverage: expect.closeTo(1, 6),
    });
  });
});
