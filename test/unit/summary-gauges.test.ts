// Gauges and states over exact windows: by hand-computed tables, closed forms, and properties.
import fc from 'fast-check';
import { STATUS } from '../../lib/catalog';
import { Distribution } from '../../lib/jobs/fold-distribution';
import { MEMORY, gpu } from '../support/readings';
import { summaryOfMetric, type Window } from '../support/summaries';

const lost = { status: STATUS.gone };
const notDue = { status: STATUS.notDue };

/** power_draw__W is of the fast tier: at an interval of 1 s a reading holds for 3 s without a row. */
function power(points: Parameters<typeof summaryOfMetric>[2], window: Partial<Window> = {}) {
  return summaryOfMetric(gpu(0), 'power_draw__W', points, {
    start__s: 0,
    stop__s: 10,
    interval__s: 1,
    ...window,
  });
}

function every(step__s: number, stop__s: number, value: (time__s: number) => number): [number, number][] {
  return Array.from({ length: Math.round(stop__s / step__s) }, (_, index) => {
    const time__s = index * step__s;
    return [time__s, value(time__s)];
  });
}

describe('a gauge over an exact window', () => {
  test('holds each reading until the next, and one from before into the window', () => {
    const points = [
      [-1, 100],
      [2, 200],
      [4, 400],
      [6, 400],
      [8, 0],
    ] as const;
    // 100 for 2 s, 200 for 2 s, 400 for 4 s, 0 for 2 s.
    expect(power(points)).toEqual({
      mean: 220,
      min: 0,
      max: 400,
      p50: 200,
      p95: 400,
      last: 0,
      samples: 4,
      coverage: 1,
    });
  });

  test('leaves the stretch before the first reading uncovered', () => {
    expect(
      power([
        [4, 50],
        [6, 50],
        [8, 50],
      ]),
    ).toMatchObject({ mean: 50, coverage: 0.6, samples: 3 });
  });

  test('takes a reading at the start in, and one at the stop not', () => {
    const points = [...every(1, 10, () => 10), [10, 999]] as const;
    expect(power(points)).toMatchObject({ mean: 10, max: 10, last: 10, samples: 10, coverage: 1 });
  });

  test('ends the hold at a missing status, and keeps the numbers of before', () => {
    expect(
      power([
        [0, 10],
        [2, 30],
        [4, lost],
        [6, lost],
      ]),
    ).toEqual({
      mean: 20,
      min: 10,
      max: 30,
      p50: 10,
      p95: 30,
      last: 30,
      samples: 2,
      coverage: 0.4,
    });
  });

  test('holds on while rows say that it was not due', () => {
    const waiting = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((time__s) => [time__s, notDue] as const);
    expect(power([[0, 10], ...waiting])).toMatchObject({ mean: 10, coverage: 1, samples: 1 });
  });

  test('does not take up a lost value again when rows say that it is not due', () => {
    expect(
      power([
        [0, 10],
        [2, lost],
        [3, notDue],
        [4, notDue],
      ]),
    ).toMatchObject({ coverage: 0.2 });
  });

  test('holds for three periods at most where rows stay away', () => {
    expect(
      power([
        [0, 10],
        [7, 20],
      ]),
    ).toMatchObject({ mean: 15, coverage: 0.6, samples: 2 });
  });

  test('does not bridge rows that stayed away, though the value is the same', () => {
    const points = [
      [0, 10],
      [7, 10],
    ] as const;
    expect(power(points)).toMatchObject({ mean: 10, coverage: 0.6, samples: 2 });
  });

  describe('with rows that come more slowly than was asked for', () => {
    // Seventeen in 15 s, as where reading thousands of processes is left out for its cost.
    const seventeen = Array.from({ length: 17 }, (_, index): [number, number] => [
      index === 0 ? -0.001 : (index - 0.5 + 0.2 * Math.sin(index)) * 0.9,
      100 + (index % 2),
    ]);

    test.each([0.01, 0.1, 1])('is covered as it was read, at an interval of %d s', (interval__s) => {
      const whole = power(seventeen, { stop__s: 15, interval__s });
      expect(whole).toEqual(power(seventeen, { stop__s: 15, interval__s: 1 }));
      expect(whole).toMatchObject({ coverage: 1 });
    });

    test('is not covered where they stayed away for longer than that', () => {
      const points = seventeen.filter(([time__s]) => time__s < 4 || time__s > 11);
      // From the last row before 4 s to the first after 11 s, less three of the periods beside it.
      const { coverage } = power(points, { stop__s: 15, interval__s: 0.1 }) as { coverage: number };
      expect(coverage).toBeGreaterThan(0.65);
      expect(coverage).toBeLessThan(0.8);
    });

    test('nor after the last of them, because of a silence before it', () => {
      const stalled = [...every(0.1, 2, () => 5), [5, 5]] as const;
      // Up to 1.9 s and three intervals on; three intervals from 5 s on.
      expect(power(stalled, { interval__s: 0.1 })).toMatchObject({ coverage: expect.closeTo(0.25, 9) });
    });

    test('nor where a single silence is longer than the readings beside it explain', () => {
      const regular = every(0.1, 10, () => 5).filter(([time__s]) => time__s < 3 || time__s >= 6);
      expect(power(regular, { interval__s: 0.1 })).toMatchObject({ coverage: expect.closeTo(0.72, 2) });
    });
  });

  test('reckons the hold by the slower of interval and tier', () => {
    // memory_used__MiB is read each 100 ms at the fastest: 0.3 s of hold at an interval of 1 ms.
    const held = summaryOfMetric(MEMORY, 'memory_used__MiB', [[0, 5]], { stop__s: 1, interval__s: 0.001 });
    expect(held).toMatchObject({ coverage: 0.3 });
  });

  test('holds without end where readings come only when asked for', () => {
    expect(
      power(
        [
          [0, 10],
          [9000, 20],
        ],
        { stop__s: 9000, interval__s: 0 },
      ),
    ).toMatchObject({ mean: 10, coverage: 1 });
  });

  test('has its value in a window between two readings', () => {
    expect(
      power(
        [
          [0, 10],
          [1, 20],
          [2, 30],
        ],
        { start__s: 1.25, stop__s: 1.75 },
      ),
    ).toEqual({
      mean: 20,
      min: 20,
      max: 20,
      p50: 20,
      p95: 20,
      last: 20,
      samples: 0,
      coverage: 1,
    });
  });

  test('is exact for a constant, whatever the steps', () => {
    expect(power(every(0.1, 10, () => 0.1))).toMatchObject({ mean: 0.1, min: 0.1, max: 0.1, coverage: 1 });
  });

  test('follows a square wave in closed form', () => {
    // 100 W for 3 of each 4 s, 20 W for the fourth.
    const square = every(0.5, 12, (time__s) => (time__s % 4 < 3 ? 100 : 20));
    expect(power(square, { stop__s: 12 })).toMatchObject({ mean: 80, min: 20, max: 100, p50: 100, p95: 100 });
    expect(power(square, { start__s: 2.5, stop__s: 4 })).toMatchObject({
      mean: (0.5 * 100 + 20) / 1.5,
      p50: 20,
    });
  });

  test('follows a ramp in closed form', () => {
    // The hold lags by half a step: the mean of 0 … 99 over 100 steps is 49.5.
    const ramp = power(every(0.1, 10, (time__s) => 10 * time__s));
    expect(ramp).toMatchObject({ min: 0, samples: 100, coverage: 1 });
    expect(ramp).toHaveProperty('mean', expect.closeTo(49.5, 9));
    expect(ramp).toHaveProperty('p50', expect.closeTo(49, 9));
    expect(ramp).toHaveProperty('p95', expect.closeTo(94, 9));
  });
});

describe('a gauge that was never read', () => {
  test.each([
    [STATUS.unsupported, 'unsupported', 'this kernel or device does not offer it'],
    [3, 'unsupported', 'not supported by this device'],
    [STATUS.stalled, 'stalled', 'a driver call does not return'],
    [15, 'gone', 'the GPU is lost'],
  ])('of status %i is %s', (status, state, reason) => {
    expect(
      power([
        [0, { status }],
        [1, notDue],
        [2, { status }],
      ]),
    ).toEqual({ state, reason });
  });

  test('because nothing fell due is transient', () => {
    expect(
      power([
        [0, notDue],
        [1, notDue],
      ]),
    ).toEqual({ state: 'transient', reason: 'too few readings for this window' });
  });

  test('in the window, though it was before, is absent', () => {
    expect(
      power([
        [-9, 10],
        [-8, lost],
        [2, lost],
      ]),
    ).toMatchObject({ state: 'gone' });
  });
});

describe('a state', () => {
  const state = (points: Parameters<typeof summaryOfMetric>[2]) =>
    summaryOfMetric(gpu(0), 'perf_state', points, { stop__s: 10, interval__s: 1 });

  test('has shares by time', () => {
    expect(
      state([
        [-1, 8],
        [1, 0],
        [3, 0],
        [5, 0],
        [7, 0],
        [9, 2],
      ]),
    ).toEqual({ last: 2, share: { '0': 0.8, '2': 0.1, '8': 0.1 } });
  });

  test('shares the covered time alone', () => {
    expect(
      state([
        [0, 8],
        [1, 0],
        [2, lost],
      ]),
    ).toEqual({ last: 0, share: { '0': 0.5, '8': 0.5 } });
  });
});

describe('a distribution', () => {
  // Values of less than 10⁻³⁰⁰ count as zero, and no metric has them.
  const level = fc
    .double({ noNaN: true, min: -1e6, max: 1e6 })
    .map((value) => (Math.abs(value) < 1e-300 ? 0 : value));
  const weight = fc.integer({ min: 1, max: 1e9 });
  const weighted = fc.array(fc.tuple(level, weight), { minLength: 1, maxLength: 600, size: 'max' });

  function distributionOf(values: readonly (readonly [number, number])[]): Distribution {
    const distribution = new Distribution();
    for (const [value, weight] of values) distribution.add(value, weight);
    return distribution;
  }

  function exactPercentile(values: readonly (readonly [number, number])[], share: number): number {
    const total = values.reduce((sum, [, weight]) => sum + weight, 0);
    let reached = 0;
    for (const [value, weight] of [...values].sort(([a], [b]) => a - b)) {
      reached += weight;
      if (reached >= share * total) return value;
    }
    return NaN;
  }

  test('orders min, p50, p95, max and mean, and keeps percentiles within 0.4 %', () => {
    fc.assert(
      fc.property(weighted, (values) => {
        const distribution = distributionOf(values);
        const { min, max, mean } = distribution;
        const [p50, p95] = [distribution.percentile(0.5), distribution.percentile(0.95)];
        expect(min <= p50 && p50 <= p95 && p95 <= max && min <= mean && mean <= max).toBe(true);
        for (const [share, found] of [
          [0.5, p50],
          [0.95, p95],
        ] as const) {
          const exact = exactPercentile(values, share);
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.004);
        }
      }),
      { endOnFailure: true },
    );
  });

  test('does not depend on the order for percentiles', () => {
    fc.assert(
      fc.property(weighted, (values) => {
        const [forth, back] = [distributionOf(values), distributionOf([...values].reverse())];
        expect(back.percentile(0.5)).toBe(forth.percentile(0.5));
        expect(back.percentile(0.95)).toBe(forth.percentile(0.95));
      }),
    );
  });

  test('is exact up to 256 distinct values and within 0.4 % beyond', () => {
    const values = (count: number) => Array.from({ length: count }, (_, index) => [1000 + index, 1] as const);
    expect(distributionOf(values(256)).percentile(0.5)).toBe(1127);
    const beyond = distributionOf(values(257)).percentile(0.5);
    expect(beyond).not.toBe(1128);
    expect(Math.abs(beyond / 1128 - 1)).toBeLessThanOrEqual(0.004);
  });

  test('keeps a million distinct values in a bounded number of buckets', () => {
    const distribution = new Distribution();
    for (let index = 0; index < 1e6; index++) distribution.add(index / 1e6 - 0.25, 1);
    expect(distribution.percentile(0.25)).toBeCloseTo(0, 5);
    expect(distribution.percentile(0.75)).toBeGreaterThan(0.4975);
    expect(distribution.percentile(0.75)).toBeLessThan(0.5025);
    expect(distribution.mean).toBeCloseTo(0.25, 5);
  });
});
