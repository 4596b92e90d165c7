// Energy where readings are missing, late or wrong: the truth, known in closed form, lies within what is stated.
import fc from 'fast-check';
import { STATUS } from '../../lib/catalog';
import type { JobSummary } from '../../lib/jobs/summary-types';
import { gpu, SECOND, type Reading } from '../support/readings';
import { metricOf, summaryOfReadings } from '../support/summaries';

/** Power in W that changes at once: [from second, level], the first from the beginning of time. */
type Levels = readonly (readonly [from__s: number, level__W: number])[];

/** Joules from 0 s on. */
function energyAt(levels: Levels, time__s: number): number {
  return levels.reduce((sum, [from__s, level__W], index) => {
    const begin__s = index === 0 ? Math.min(0, time__s) : from__s;
    const end__s = Math.min(time__s, levels[index + 1]?.[0] ?? Infinity);
    return sum + level__W * (index === 0 ? end__s : Math.max(0, end__s - begin__s));
  }, 0);
}

function powerAt(levels: Levels, time__s: number): number {
  return levels.findLast(([from__s]) => from__s <= time__s)?.[1] ?? levels[0]?.[1] ?? 0;
}

interface Board {
  readonly levels: Levels;
  /** In force; not told where absent. */
  readonly limit__W?: number;
  /** Of the counter; 0 where there is none. */
  readonly refresh__s: number;
  /** Power readings are means of the last second. */
  readonly isMean?: boolean;
  /** Times at which the driver was loaded: the counter starts from zero. */
  readonly loads?: readonly number[];
  /** The counter stands still from here on. */
  readonly stuck__s?: number;
  /** What the counter had in the beginning, in J. */
  readonly before__J?: number;
}

function counterAt(board: Board, time__s: number): number {
  const { levels, refresh__s, loads = [], stuck__s = Infinity, before__J = 5000 } = board;
  const refreshed__s = Math.floor(Math.min(time__s, stuck__s) / refresh__s) * refresh__s;
  const loaded__s = loads.findLast((load__s) => load__s <= Math.min(time__s, stuck__s));
  const since__J =
    loaded__s === undefined
      ? before__J + energyAt(levels, refreshed__s)
      : Math.max(0, energyAt(levels, refreshed__s) - energyAt(levels, loaded__s));
  return Math.floor(1000 * since__J) / 1000;
}

function readingAt(board: Board, time__s: number): Reading {
  const { levels, limit__W, refresh__s, isMean } = board;
  const mean__W = energyAt(levels, time__s) - energyAt(levels, time__s - 1);
  const unsupported = { status: STATUS.unsupported };
  return {
    instance: gpu(0),
    time__ns: Math.round(time__s * SECOND),
    values: {
      energy__J: refresh__s === 0 ? unsupported : counterAt(board, time__s),
      power_draw__W: isMean ? mean__W : powerAt(levels, time__s),
      ...(limit__W === undefined ? {} : { power_limit__W: limit__W }),
    },
  };
}

function failed(time__s: number): Reading {
  const gone = { status: STATUS.gone };
  return {
    instance: gpu(0),
    time__ns: Math.round(time__s * SECOND),
    values: { energy__J: gone, power_draw__W: gone },
  };
}

/** Each interval from just before the start to just after the stop. */
function ticks(start__s: number, stop__s: number, interval__s: number): number[] {
  const count = Math.floor((stop__s - start__s) / interval__s);
  const regular = Array.from({ length: count }, (_, index) => start__s + (index + 0.37) * interval__s);
  return [start__s - 0.0005, ...regular, stop__s + 0.0005];
}

/** How far off, and by how much more than was stated; half a mJ at each end is the counter's own rounding. */
function judge({ energy }: JobSummary, truth__J: number) {
  const off__J = Math.abs((energy.gpu__J ?? NaN) - truth__J);
  return { off__J, isHonest: off__J <= (energy.uncertainty__J ?? NaN) + 0.002 };
}

const within = (from__s: number, to__s: number) => (time__s: number) => time__s >= from__s && time__s < to__s;
const not = (test: (time__s: number) => boolean) => (time__s: number) => !test(time__s);

describe('a driver that is loaded anew', () => {
  const board: Board = { levels: [[0, 243]], limit__W: 300, refresh__s: 0.1, loads: [10], before__J: 1e6 };
  const outage = within(9.3, 11.6);

  test('costs no energy: what was drawn meanwhile is told by the power, and is in the uncertainty', () => {
    // 243 W for 20 s, of which 2.3 s were not seen.
    const readings = ticks(0, 20, 0.1)
      .filter(not(outage))
      .map((time__s) => readingAt(board, time__s));
    const summary = summaryOfReadings(readings, { stop__s: 20 });
    expect(summary.energy.method).toBe('counter');
    // A refresh of 0.1 s after the outage is what it may be off by.
    const { off__J, isHonest } = judge(summary, 4860);
    expect(isHonest).toBe(true);
    expect(off__J).toBeLessThan(24.3);
    // It may have drawn nothing in the outage.
    expect(summary.energy.uncertainty__J).toBeGreaterThan(2.3 * 243);
    expect(summary.energy.uncertainty__J).toBeLessThan(800);
  });

  test('is no different where power changed meanwhile', () => {
    const levels: Levels = [
      [0, 250],
      [9.4, 20],
      [11.5, 280],
    ];
    const readings = ticks(0, 20, 0.1)
      .filter(not(outage))
      .map((time__s) => readingAt({ ...board, levels }, time__s));
    const summary = summaryOfReadings(readings, { stop__s: 20 });
    expect(judge(summary, energyAt(levels, 20)).isHonest).toBe(true);
  });

  test('is noticed where the counter has grown beyond its old value in a gap', () => {
    const young: Board = { ...board, before__J: 100, loads: [3] };
    const readings = ticks(0, 40, 0.1)
      .filter(not(within(2, 35)))
      .map((time__s) => readingAt(young, time__s));
    const summary = summaryOfReadings(readings, { stop__s: 40 });
    // A refresh of 0.1 s after the gap is what it may be off by.
    const { off__J, isHonest } = judge(summary, 243 * 40);
    expect(isHonest).toBe(true);
    expect(off__J).toBeLessThan(24.3);
  });

  test('before the window, or across its end, is not counted twice', () => {
    const readings = ticks(-5, 20, 0.1).map((time__s) =>
      readingAt({ ...board, loads: [-2, 19.95] }, time__s),
    );
    for (const stop__s of [8, 19.93, 19.97]) {
      const summary = summaryOfReadings(readings, { stop__s });
      expect(judge(summary, 243 * stop__s)).toEqual({ off__J: expect.closeTo(0, -1), isHonest: true });
    }
  });
});

describe('a counter that the power contradicts', () => {
  test('is not the answer, and the method says so', () => {
    // It counts a thirtieth of what is drawn.
    const slow = ticks(0, 60, 0.1).map((time__s): Reading => ({
      instance: gpu(0),
      time__ns: Math.round(time__s * SECOND),
      values: {
        energy__J: 5000 + (268 / 30) * (Math.floor(time__s * 10) / 10),
        power_draw__W: 268,
        power_limit__W: 300,
      },
    }));
    const summary = summaryOfReadings(slow, { stop__s: 60 });
    expect(summary.energy).toMatchObject({ method: 'integrated_power', gpu__J: expect.closeTo(16_080, 6) });
    expect(summary.energy.uncertainty__J).toBeLessThan(200);
  });

  test('because it stands still has the GPU show what the total counts', () => {
    const board: Board = { levels: [[0, 200]], limit__W: 300, refresh__s: 0.1, stuck__s: -1 };
    const readings = ticks(0, 20, 0.1).map((time__s) => readingAt(board, time__s));
    const summary = summaryOfReadings(readings, { stop__s: 20 });
    expect(summary.energy).toMatchObject({ method: 'integrated_power', gpu__J: expect.closeTo(4000, 6) });
    expect(metricOf(summary, 'gpu', 'energy__J')).toEqual({
      delta: expect.closeTo(4000, 6),
      rate: expect.closeTo(200, 6),
    });
  });

  test('because it stuck on the way leaves the rest to the power', () => {
    const board: Board = { levels: [[0, 200]], limit__W: 300, refresh__s: 0.1, stuck__s: 5 };
    const readings = ticks(0, 20, 0.1).map((time__s) => readingAt(board, time__s));
    const summary = summaryOfReadings(readings, { stop__s: 20 });
    expect(judge(summary, 4000)).toEqual({ off__J: expect.closeTo(0, 0), isHonest: true });
    expect(summary.energy.uncertainty__J).toBeLessThan(200);
  });
});

describe('late ticks', () => {
  test('at a constant power count what was drawn between them, and say what they may hide', () => {
    const board: Board = { levels: [[0, 123]], limit__W: 250, refresh__s: 0 };
    // One reading each 2.5 s, where one each 0.1 s was asked for.
    const readings = ticks(0, 20, 2.5).map((time__s) => readingAt(board, time__s));
    const summary = summaryOfReadings(readings, { stop__s: 20 });
    expect(summary.energy).toMatchObject({ method: 'integrated_power', gpu__J: expect.closeTo(2460, 6) });
    expect(summary.energy.uncertainty__J).toBeGreaterThan(2460);
    expect(summary.energy.uncertainty__J).toBeLessThan(2800);
  });

  test('cost a counter nothing but at the edges', () => {
    const board: Board = { levels: [[0, 123]], limit__W: 250, refresh__s: 0.1, before__J: 1e6 };
    const readings = ticks(0, 20, 2.5).map((time__s) => readingAt(board, time__s));
    const summary = summaryOfReadings(readings, { stop__s: 20 });
    expect(summary.energy.method).toBe('counter');
    expect(judge(summary, 2460).isHonest).toBe(true);
    expect(summary.energy.uncertainty__J).toBeLessThan(50);
  });

  describe('by 30 ms, four times a second', () => {
    const board: Board = { levels: [[0, 123]], limit__W: 700, refresh__s: 0 };
    const times = ticks(0, 20, 0.01).filter((_, index) => index % 23 > 2);
    const read = (time__s: number): Reading => readingAt(board, time__s);

    test('are no gaps, and cost the lag of a mean once', () => {
      const { energy } = summaryOfReadings(times.map(read), { stop__s: 20, interval__s: 0.01 });
      expect(energy).toMatchObject({ method: 'integrated_power', gpu__J: expect.closeTo(2460, 6) });
      expect(energy.uncertainty__J).toBeGreaterThan(350);
      expect(energy.uncertainty__J).toBeLessThan(380);
    });

    test('do not hide that a counter shows half of what is drawn', () => {
      const readings = times.map((time__s): Reading => {
        const { values, ...rest } = read(time__s);
        return { ...rest, values: { ...values, energy__J: 5000 + 6 * Math.floor(time__s * 10) } };
      });
      const { energy } = summaryOfReadings(readings, { stop__s: 20, interval__s: 0.01 });
      expect(energy).toMatchObject({ method: 'integrated_power', gpu__J: expect.closeTo(2460, 6) });
      expect(energy.uncertainty__J).toBeLessThan(380);
    });
  });

  test('that are gaps cost what may be hidden in them, and the lag of a mean once', () => {
    const board: Board = { levels: [[0, 123]], limit__W: 700, refresh__s: 0, isMean: true };
    // Each two seconds a gap of 0.51 s.
    const readings = ticks(0, 20, 0.01)
      .filter((_, index) => index % 200 < 150)
      .map((time__s) => readingAt(board, time__s));
    const { energy } = summaryOfReadings(readings, { stop__s: 20, interval__s: 0.01 });
    const hidden__J = 10 * 0.51 * (700 - 123);
    expect(energy.gpu__J).toBeCloseTo(2460, 6);
    expect(energy.uncertainty__J).toBeGreaterThan(hidden__J);
    expect(energy.uncertainty__J).toBeLessThan(hidden__J + 400);
  });
});

test('a GPU that is lost is not counted on, and may have drawn its limit', () => {
  const board: Board = { levels: [[0, 200]], limit__W: 300, refresh__s: 0.1, before__J: 1e6 };
  const readings = ticks(0, 20, 0.1).map((time__s) =>
    time__s < 12 ? readingAt(board, time__s) : failed(time__s),
  );
  const { energy } = summaryOfReadings(readings, { stop__s: 20 });
  expect(energy.gpu__J).toBeCloseTo(2400, -2);
  expect(energy.uncertainty__J).toBeGreaterThan(8 * 300);
});

describe('the truth is within what is stated', () => {
  const top__W = 700;
  const levels = fc
    .array(fc.tuple(fc.integer({ min: 500, max: 4000 }), fc.integer({ min: 0, max: top__W })), {
      minLength: 1,
      maxLength: 12,
    })
    .map((drawn): Levels => {
      let from__s = 0;
      return drawn.map(([length__ms, level__W], index) => {
        from__s += index === 0 ? 0 : length__ms / 1000;
        return [from__s, level__W];
      });
    });
  const times = (maxLength: number) => fc.array(fc.integer({ min: 0, max: 24_000 }), { maxLength });
  const gaps = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 24_000 }), fc.integer({ min: 50, max: 8000 }), fc.boolean()),
    { maxLength: 3 },
  );
  const world = fc.record({
    levels,
    refresh__s: fc.constantFrom(0, 0.02, 0.1),
    isMean: fc.boolean(),
    loads: times(2).map((all) => all.map((time__ms) => time__ms / 1000).sort((a, b) => a - b)),
    stuck__s: fc.option(
      fc.integer({ min: 0, max: 24_000 }).map((time__ms) => time__ms / 1000),
      { nil: Infinity },
    ),
    before__J: fc.constantFrom(0, 50, 5000, 1e6),
  });
  const sampling = fc.record({
    interval__s: fc.constantFrom(0.01, 0.05, 0.1),
    /** Of each hundred ticks so many come at all. */
    kept: fc.constantFrom(100, 100, 100, 60, 10, 2),
    seed: fc.nat(),
    /** After so many ticks so many do not come, again and again. */
    late: fc.option(fc.tuple(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 60 })), {
      nil: null,
    }),
    gaps,
    start__ms: fc.integer({ min: 0, max: 8000 }),
    length__ms: fc.integer({ min: 5, max: 16_000 }),
  });

  test('for any power, counter, gap, restart, stand-still and lateness', () => {
    fc.assert(
      fc.property(
        world,
        sampling,
        (drawn, { interval__s, kept, seed, late, gaps: holes, start__ms, length__ms }) => {
          // That a counter stood still is seen by readings, not between them.
          const isDense = kept === 100 && late === null && holes.length === 0;
          const board: Board = {
            ...drawn,
            limit__W: top__W,
            stuck__s: isDense ? drawn.stuck__s : Infinity,
          };
          const [start__s, stop__s] = [1 + start__ms / 1000, 1 + (start__ms + length__ms) / 1000];
          const readings = ticks(start__s, stop__s, interval__s).flatMap((time__s, index) => {
            const hole = holes.find(([from__ms, long__ms]) =>
              within(from__ms / 1000, (from__ms + long__ms) / 1000)(time__s),
            );
            if (hole) return hole[2] ? [failed(time__s)] : [];
            if (late && index % (late[0] + late[1]) >= late[0]) return [];
            return (seed + index * 7919) % 100 < kept ? [readingAt(board, time__s)] : [];
          });
          const summary = summaryOfReadings(readings, { start__s, stop__s, interval__s });
          const truth__J = energyAt(board.levels, stop__s) - energyAt(board.levels, start__s);
          if (summary.energy.gpu__J !== null) expect(judge(summary, truth__J).isHonest).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
