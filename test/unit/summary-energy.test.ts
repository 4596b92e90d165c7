// Energy over exact windows, against waveforms whose integral is known in closed form.
import fc from 'fast-check';
import { STATUS } from '../../lib/catalog';
import type { JobSummary } from '../../lib/jobs/summary-types';
import { gpu, SECOND, type Reading } from '../support/readings';
import { metricOf, summaryOfReadings } from '../support/summaries';

/** Power in W and its integral since 0 s in J. */
interface Wave {
  readonly power: (time__s: number) => number;
  readonly energy: (time__s: number) => number;
}

function constant(level__W: number): Wave {
  return { power: () => level__W, energy: (time__s) => level__W * time__s };
}

function sine(mean__W: number, swing__W: number, period__s: number): Wave {
  const omega = (2 * Math.PI) / period__s;
  return {
    power: (time__s) => mean__W + swing__W * Math.sin(omega * time__s),
    energy: (time__s) => mean__W * time__s + (swing__W / omega) * (1 - Math.cos(omega * time__s)),
  };
}

function square(low__W: number, high__W: number, period__s: number): Wave {
  return {
    power: (time__s) => ((((time__s / period__s) % 1) + 1) % 1 < 0.5 ? high__W : low__W),
    energy(time__s) {
      const periods = Math.floor(time__s / period__s);
      const rest__s = time__s - periods * period__s;
      const high__s = Math.min(rest__s, period__s / 2);
      return (
        periods * (low__W + high__W) * (period__s / 2) + high__s * high__W + (rest__s - high__s) * low__W
      );
    },
  };
}

interface Sampling {
  readonly interval__s: number;
  /** Of the driver's counter, in s; 0 for a GPU without one. */
  readonly refresh__s: number;
  /** Does the GPU tell its power? */
  readonly hasPower?: boolean;
  readonly phase__s?: number;
}

/** Readings each interval and at the very start and stop, as a sampler takes them; the counter in whole mJ. */
function readingsOf(wave: Wave, start__s: number, stop__s: number, sampling: Sampling): Reading[] {
  const { interval__s, refresh__s, hasPower = true, phase__s = 0 } = sampling;
  const count = Math.floor((stop__s - start__s) / interval__s);
  const regular = Array.from({ length: count }, (_, index) => start__s + phase__s + index * interval__s);
  const times = [start__s - 0.0005, ...regular, stop__s + 0.0005].sort((a, b) => a - b);
  const unsupported = { status: STATUS.unsupported };
  return times.map((time__s) => ({
    instance: gpu(0),
    time__ns: Math.round(time__s * SECOND),
    values: {
      energy__J:
        refresh__s === 0 ? unsupported : counter(wave, Math.floor(time__s / refresh__s) * refresh__s),
      power_draw__W: hasPower ? wave.power(time__s) : unsupported,
    },
  }));
}

function counter(wave: Wave, time__s: number): number {
  return 1000 + Math.floor(1000 * wave.energy(time__s)) / 1000;
}

function measured(wave: Wave, start__s: number, stop__s: number, sampling: Sampling): JobSummary {
  const readings = readingsOf(wave, start__s, stop__s, sampling);
  return summaryOfReadings(readings, { start__s, stop__s, interval__s: sampling.interval__s });
}

/** Relative error, and whether the truth is within the stated uncertainty. */
function judge(wave: Wave, start__s: number, stop__s: number, { energy }: JobSummary) {
  const truth__J = wave.energy(stop__s) - wave.energy(start__s);
  const error__J = Math.abs((energy.gpu__J ?? NaN) - truth__J);
  // Half a mJ at each end is the counter's own rounding.
  return { error: error__J / truth__J, honest: error__J <= (energy.uncertainty__J ?? NaN) + 0.002 };
}

const waves = [
  ['constant', constant(250)],
  ['sine', sine(400, 250, 2)],
  ['square', square(100, 600, 3)],
] as const;

describe('by the counter', () => {
  test.each(waves)(
    'a %s of 10 s is within 1 %% at 10 and 100 ms, and the truth within the uncertainty',
    (_, wave) => {
      for (const interval__s of [0.01, 0.1])
        for (const refresh__s of [0.02, 0.1]) {
          const summary = measured(wave, 5.337, 15.337, { interval__s, refresh__s });
          const { error, honest } = judge(wave, 5.337, 15.337, summary);
          expect(summary.energy.method).toBe('counter');
          expect(error).toBeLessThan(0.01);
          expect(honest).toBe(true);
        }
    },
  );

  test('steps, not readings, mark the edges: a short window of 300 ms is within 2 %', () => {
    // The counter steps each 100 ms; between steps its readings stand still.
    const wave = constant(300);
    for (const start__s of [1.0, 1.03, 1.06, 1.09]) {
      const summary = measured(wave, start__s, start__s + 0.3, { interval__s: 0.01, refresh__s: 0.1 });
      expect(summary.energy.method).toBe('counter');
      expect(judge(wave, start__s, start__s + 0.3, summary).error).toBeLessThan(0.02);
    }
  });

  test('a window inside a longer stream is interpolated between the steps around its edges', () => {
    const wave = square(100, 600, 1);
    const readings = readingsOf(wave, 0, 10, { interval__s: 0.01, refresh__s: 0.02 });
    const { energy } = summaryOfReadings(readings, { start__s: 2.25, stop__s: 4, interval__s: 0.01 });
    // 0.25 s high, 0.5 s low, 0.5 s high, 0.5 s low.
    expect(energy.gpu__J).toBeCloseTo(0.75 * 600 + 1 * 100, -0.7);
    expect(energy).toMatchObject({ method: 'counter' });
  });

  test('works without power readings', () => {
    const wave = constant(250);
    const summary = measured(wave, 5.337, 8.337, { interval__s: 0.1, refresh__s: 0.02, hasPower: false });
    expect(summary.energy.method).toBe('counter');
    expect(judge(wave, 5.337, 8.337, summary)).toMatchObject({ honest: true });
    expect(judge(wave, 5.337, 8.337, summary).error).toBeLessThan(0.02);
  });

  test('the GPU’s own difference is the same energy', () => {
    const summary = measured(sine(400, 250, 2), 5.337, 9.337, { interval__s: 0.1, refresh__s: 0.02 });
    const delta = summary.energy.gpu__J ?? NaN;
    expect(metricOf(summary, 'gpu', 'energy__J')).toEqual({ delta, rate: delta / 4 });
  });

  test('a restart of the counter loses what was between two readings, no more', () => {
    const wave = constant(250);
    const readings = readingsOf(wave, 0, 10, { interval__s: 0.1, refresh__s: 0.02 }).map((reading) =>
      reading.time__ns < 5 * SECOND
        ? reading
        : {
            ...reading,
            values: { ...reading.values, energy__J: wave.energy(reading.time__ns / SECOND - 5) },
          },
    );
    const { energy } = summaryOfReadings(readings, { stop__s: 10 });
    expect(Math.abs((energy.gpu__J ?? NaN) - 2500)).toBeLessThan(2 * 0.1 * 250);
  });

  describe('that disagrees with the power', () => {
    const disagreeing = (power_draw__W: number) =>
      summaryOfReadings(
        readingsOf(constant(100), 0, 10, { interval__s: 0.1, refresh__s: 0.02 }).map((reading) => ({
          ...reading,
          values: { ...reading.values, power_draw__W },
        })),
        { stop__s: 10 },
      ).energy;

    test('by more than sensors may is not the answer', () => {
      expect(disagreeing(170)).toMatchObject({
        method: 'integrated_power',
        gpu__J: expect.closeTo(1700, 6),
      });
    });

    test('by what sensors may has an uncertainty that holds both', () => {
      // 170 J apart, beyond the 0.5 s of 117 W that the power leaves open.
      const { method, gpu__J, uncertainty__J } = disagreeing(117);
      expect(method).toBe('counter');
      expect(gpu__J).toBeLessThan(1010);
      expect((gpu__J ?? 0) + (uncertainty__J ?? 0)).toBeGreaterThan(1170 + 58);
    });
  });
});

describe('by integrated power', () => {
  test.each(waves)(
    'a %s of 10 s is within 2 %% at 100 ms, and the truth within the uncertainty',
    (_, wave) => {
      const summary = measured(wave, 5.337, 15.337, { interval__s: 0.1, refresh__s: 0 });
      expect(summary.energy.method).toBe('integrated_power');
      const { error, honest } = judge(wave, 5.337, 15.337, summary);
      expect(error).toBeLessThan(0.02);
      expect(honest).toBe(true);
    },
  );

  test('serves a window that is shorter than the counter’s refresh', () => {
    const wave = constant(300);
    const summary = measured(wave, 1.02, 1.06, { interval__s: 0.01, refresh__s: 0.1 });
    expect(summary.energy).toMatchObject({ method: 'integrated_power', gpu__J: expect.closeTo(12, 9) });
  });

  test('serves a window with a single step of the counter, which tells no difference', () => {
    const summary = measured(constant(300), 1.07, 1.13, { interval__s: 0.01, refresh__s: 0.1 });
    expect(summary.energy).toMatchObject({ method: 'integrated_power', gpu__J: expect.closeTo(18, 9) });
  });

  test('has the uncertainty of its formula', () => {
    const readings = [100, 100, 300, 200, 200].map((power_draw__W, time__s): Reading => ({
      instance: gpu(0),
      time__ns: time__s * SECOND,
      values: { power_draw__W },
    }));
    // Trapezoids of 100, 200, 250, 200 J; changes of 200 and 100 W over 1 s, halved; 0.5 s × 300 W.
    expect(summaryOfReadings(readings, { stop__s: 4, interval__s: 1 }).energy).toEqual({
      gpu__J: 750,
      method: 'integrated_power',
      uncertainty__J: 300,
    });
  });

  test('does not count what a lost GPU may have drawn, and says how much that may be', () => {
    const readings = readingsOf(constant(200), 0, 10, { interval__s: 0.1, refresh__s: 0 }).map((reading) =>
      reading.time__ns < 4 * SECOND
        ? reading
        : { ...reading, values: { power_draw__W: { status: STATUS.gone } } },
    );
    const { energy } = summaryOfReadings(readings, { stop__s: 10 });
    expect(energy.gpu__J).toBeCloseTo(800, 6);
    expect(energy.uncertainty__J).toBeGreaterThan(1200);
  });
});

describe('over several GPUs', () => {
  const at = (index: number, readings: readonly Reading[]) =>
    readings.map((reading) => ({ ...reading, instance: gpu(index) }));
  const byCounter = readingsOf(constant(100), 0, 10, { interval__s: 0.1, refresh__s: 0.02 });
  const byPower = readingsOf(constant(50), 0, 10, { interval__s: 0.1, refresh__s: 0 });

  test('energies add up, and a mixed method is said', () => {
    const { energy } = summaryOfReadings([...at(0, byCounter), ...at(1, byPower)], { stop__s: 10 });
    expect(energy.method).toBe('mixed');
    expect(energy.gpu__J).toBeCloseTo(1500, -1);
  });

  test('there is none without GPUs, and none where no GPU tells', () => {
    const none = { gpu__J: null, method: 'none', uncertainty__J: null };
    const silent = readingsOf(constant(100), 0, 10, { interval__s: 0.1, refresh__s: 0, hasPower: false });
    expect(summaryOfReadings([], { stop__s: 10 }).energy).toEqual(none);
    expect(summaryOfReadings(silent, { stop__s: 10 }).energy).toEqual(none);
  });
});

test('the truth is within the stated uncertainty, for any wave, window and sampling', () => {
  const level = fc.integer({ min: 20, max: 700 });
  const period = fc.integer({ min: 20, max: 80 }).map((tenths) => tenths / 10);
  const wave = fc.oneof(
    level.map(constant),
    fc
      .tuple(fc.integer({ min: 300, max: 500 }), fc.integer({ min: 0, max: 300 }), period)
      .map((args) => sine(...args)),
    fc.tuple(level, level, period).map((args) => square(...args)),
  );
  const sampling = fc.record({
    interval__s: fc.constantFrom(0.005, 0.01, 0.05, 0.1, 0.25),
    refresh__s: fc.constantFrom(0, 0.02, 0.05, 0.1),
  });
  const window = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 5, max: 6000 }));
  fc.assert(
    fc.property(wave, sampling, window, (wave, sampling, [start__ms, length__ms]) => {
      const [start__s, stop__s] = [1 + start__ms / 1000, 1 + (start__ms + length__ms) / 1000];
      const summary = measured(wave, start__s, stop__s, { ...sampling, phase__s: sampling.interval__s / 3 });
      expect(judge(wave, start__s, stop__s, summary)).toMatchObject({ honest: true });
    }),
    { numRuns: 300 },
  );
});
