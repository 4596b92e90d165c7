// Windows that overlap on one stream: each gets the summary that a fold of its own gives, bit for bit.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { metricsOf, STATUS } from '../../lib/catalog';
import { SharedFold, type SharedWindow } from '../../lib/jobs/fold-shared';
import { SummaryFold } from '../../lib/jobs/fold';
import type { Folded } from '../../lib/jobs/fold-window';
import type { Batch } from '../../lib/sampling/batch';
import { newestOf } from '../../lib/sampling/batch';
import { batchOf, gpu, gpuProcess, HOST, process, SECOND, type Reading } from '../support/readings';
import { streamOf, type Subject } from '../support/streams';

const INTERVAL__NS = 1e8;
/** All readings before a window count. */
const MARGIN__NS = 3600n * 1_000_000_000n;
const CORES = 4;

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
  { weight: 8, arbitrary: fc.constantFrom(0, 1, 2) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { status: 15 },
      { status: STATUS.notDue },
      { status: STATUS.needsSecondReading },
    ),
  },
);
const subjects: readonly Subject[] = [
  [HOST, ['cpu_busy__s', 'cpu_utilization__pct', 'load_1min']],
  [gpu(0), ['power_draw__W', 'energy__J', 'perf_state']],
  [gpu(1), ['gpu_utilization__pct', 'energy__J', 'process_num']],
  [process(1), ['cpu_time__s', 'memory_rss__MiB']],
  [gpuProcess(1, 'python3'), ['process_memory__MiB', 'process_sm__pct']],
];
const stream = streamOf(subjects, value, 200);
const cuts = fc.array(fc.nat(200), { maxLength: 20 });

interface Span {
  readonly start__ns: bigint;
  readonly stop__ns: bigint;
  /** Of a restored window the end is known with its start, or before its rows come; of others as they do. */
  readonly told: 'with the start' | 'at once' | 'as it comes';
}

const span = fc
  .tuple(
    fc.nat(30_000),
    fc.nat(20_000),
    fc.constantFrom('with the start' as const, 'at once' as const, 'as it comes' as const),
  )
  .map(([start__ms, length__ms, told]): Span => {
    const start__ns = BigInt(start__ms) * 1_000_000n;
    return { start__ns, stop__ns: start__ns + BigInt(length__ms + 1) * 1_000_000n, told };
  });
/** Longer than any stream. */
const THROUGHOUT: Span = { start__ns: 0n, stop__ns: 1n << 62n, told: 'as it comes' };
/** The first is there before all readings. */
const spans = fc.array(span, { minLength: 1, maxLength: 12, size: 'max' });

function cut(readings: readonly Reading[], at: readonly number[]): readonly Batch[] {
  const edges = [0, ...[...at].sort((a, b) => a - b), readings.length];
  return edges.slice(1).map((edge, index) => batchOf(readings.slice(edges[index], edge)));
}

interface Found {
  readonly folded: Folded;
  /** What it saw: from the batch before it on, where it ended before another came; else all that others had seen. */
  readonly batches: readonly Batch[];
}

/** As a server has them: windows open and close between batches. The first one's job is that of the processes. */
function together(batches: readonly Batch[], all: readonly Span[]): readonly Found[] {
  const fold = new SharedFold({ interval__ns: INTERVAL__NS, margin__ns: MARGIN__NS });
  const windows = new Map<Span, SharedWindow>();
  const closed = new Set<Span>();
  const opened = new Map<Span, number>();
  const open = (one: Span, index: number) => {
    const { start__ns, stop__ns, told } = one;
    const job = one === all[0] ? 'j' : 'another';
    const options = { start__ns, job, ...(told === 'with the start' ? { stop__ns } : {}) };
    const window = fold.open(options, batches[index - 1]);
    if (told === 'at once') window.close(stop__ns);
    windows.set(one, window);
    opened.set(one, index);
  };
  const [first, ...others] = all;
  if (first) open(first, 0);
  const inOrder = others.sort((a, b) => Number(a.start__ns - b.start__ns));
  for (const [index, batch] of batches.entries()) {
    const newest__ns = newestOf(batch);
    for (const one of inOrder) if (!windows.has(one) && one.start__ns <= newest__ns) open(one, index);
    for (const [one, window] of windows) {
      if (one.told !== 'as it comes' || closed.has(one) || one.stop__ns > newest__ns) continue;
      window.close(one.stop__ns);
      closed.add(one);
    }
    fold.push(batch);
  }
  return all.map((one) => {
    if (!windows.has(one)) open(one, batches.length);
    const window = windows.get(one);
    if (!window) throw new Error('it was opened');
    if (one.told === 'as it comes' && !closed.has(one)) window.close(one.stop__ns);
    window.seal();
    const from = window.followed ? 0 : Math.max(0, (opened.get(one) ?? 0) - 1);
    return { folded: window.result(CORES), batches: batches.slice(from) };
  });
}

function alone(batches: readonly Batch[], { start__ns, stop__ns }: Span, job: string): Folded {
  const fold = new SummaryFold({ start__ns, stop__ns, interval__ns: INTERVAL__NS, job });
  for (const batch of batches) fold.push(batch);
  return fold.result(CORES);
}

/** Every bit of it. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)) ?? '';
}

/** All but energy: its bits depend on what a counter had reached before the window. */
function withoutEnergy({ energy: _, entities, ...rest }: Folded) {
  const others = entities.map((one) => ({ ...one, metrics: { ...one.metrics, energy__J: undefined } }));
  return { ...rest, entities: others };
}

/** Of that what is told of the machine. */
function machineOf(folded: Folded): unknown {
  return withoutEnergy(folded).entities.filter(({ entity }) => entity === 'host' || entity === 'gpu');
}

test('the first window has all that it has by itself', () => {
  fc.assert(
    fc.property(stream, cuts, spans, (readings, at, all) => {
      const batches = cut(readings, at);
      const [found] = together(batches, all);
      const [first] = all;
      if (!found || !first) throw new Error('there is one');
      expect(textOf(withoutEnergy(found.folded))).toBe(textOf(withoutEnergy(alone(batches, first, 'j'))));
    }),
    { endOnFailure: true },
  );
});

test('so has each of the others of the machine, whatever opened and ended before and meanwhile', () => {
  fc.assert(
    fc.property(stream, cuts, spans, (readings, at, drawn) => {
      const batches = cut(readings, at);
      const all = [THROUGHOUT, ...drawn];
      together(batches, all)
        .slice(1)
        .forEach((found, index) => {
          const one = drawn[index];
          expect(textOf(machineOf(found.folded))).toBe(
            textOf(one && machineOf(alone(found.batches, one, 'another'))),
          );
        });
    }),
    { endOnFailure: true },
  );
});

test('and beyond 256 distinct values, where means are of many more readings than are kept', () => {
  const readings = Array.from({ length: 20_000 }, (_, tick): Reading => {
    const load_1min = 3 + Math.sin(tick / 700) + ((tick * 7919) % 1000) / 1000;
    return { instance: HOST, time__ns: tick * INTERVAL__NS, values: { load_1min } };
  });
  const batches = cut(
    readings,
    Array.from({ length: 400 }, (_, index) => index * 50),
  );
  const all = Array.from({ length: 40 }, (_, index): Span => {
    const start__ns = BigInt(((index * 389) % 1000) * SECOND);
    return {
      start__ns,
      stop__ns: start__ns + BigInt((200 + index * 17) * SECOND),
      told: index % 2 === 0 ? 'at once' : 'as it comes',
    };
  });
  together(batches, [THROUGHOUT, ...all])
    .slice(1)
    .forEach((found, index) => {
      const one = all[index];
      expect(textOf(machineOf(found.folded))).toBe(
        textOf(one && machineOf(alone(found.batches, one, 'another'))),
      );
    });
});

/** A GPU each 0.1 to 2 s, whose driver is loaded anew now and then, and does not always answer. */
const drawing = fc
  .array(
    fc.record({
      step__ms: fc.oneof({ weight: 9, arbitrary: fc.constant(100) }, { weight: 1, arbitrary: fc.nat(1900) }),
      power__W: fc.integer({ min: 50_000, max: 700_000 }).map((power__mW) => power__mW / 1000),
      isReset: fc.nat(40).map((drawn) => drawn === 0),
      fails: fc.nat(30).map((drawn) => drawn === 0),
    }),
    { minLength: 20, maxLength: 200, size: 'max' },
  )
  .map((steps): readonly Reading[] => {
    let [time__ns, energy__J] = [0, 1e6];
    return steps.map(({ step__ms, power__W, isReset, fails }) => {
      time__ns += (step__ms + 1) * 1e6;
      energy__J = isReset ? 0 : energy__J + (power__W * (step__ms + 1)) / 1000;
      const read = fails
        ? { power_draw__W: { status: 15 }, energy__J: { status: 15 } }
        : { power_draw__W: power__W, energy__J };
      return { instance: gpu(0), time__ns, values: { ...read, power_limit__W: 700 } };
    });
  });

test('energy and its bound are the same, to what rounding adds', () => {
  fc.assert(
    fc.property(drawing, cuts, spans, (readings, at, drawn) => {
      const batches = cut(readings, at);
      const all = [THROUGHOUT, ...drawn];
      together(batches, all)
        .slice(1)
        .forEach(({ folded, batches: seen }, index) => {
          const one = drawn[index];
          const { energy } = one ? alone(seen, one, 'another') : folded;
          expect(folded.energy.method).toBe(energy.method);
          expect(folded.energy.gpu__J ?? 0).toBeCloseTo(energy.gpu__J ?? 0, 6);
          expect(folded.energy.uncertainty__J ?? 0).toBeCloseTo(energy.uncertainty__J ?? 0, 6);
        });
    }),
    { endOnFailure: true },
  );
});

describe('a window that is open', () => {
  const GPUS = Array.from({ length: 8 }, (_, index) => gpu(index));
  const MOST__kB = 150;
  let random = 1;

  /** Uniform, from 0 to 1; the same in each run. */
  function drawn(): number {
    random = (random * 48_271) % 2_147_483_647;
    return random / 2_147_483_647;
  }

  /** Each metric of eight GPUs and of the host, with values of its own at each tick. */
  function tick(at: number): Batch {
    return batchOf(
      [HOST, ...GPUS].map((instance): Reading => {
        const values = metricsOf(instance.entity).map(({ name, kind }) => {
          if (kind === 'state') return [name, Math.floor(3 * drawn())] as const;
          return [name, kind === 'counter' ? at * 50 : 100 + 500 * drawn()] as const;
        });
        return { instance, time__ns: at * INTERVAL__NS, values: Object.fromEntries(values) };
      }),
    );
  }

  /** Bytes in use, all garbage gone. */
  function heap(): number {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('node has no gc');
    collect();
    return globalThis.process.memoryUsage().heapUsed;
  }

  test.each([
    ['one a tick', 1, 400],
    ['one a second', 10, 60],
  ])('costs little, %s, and for as long as it is open', (_, apart, count) => {
    const fold = new SharedFold({ interval__ns: INTERVAL__NS, margin__ns: 300_000_000n });
    const begin = { start__ns: 0n, job: 'first' };
    let at = 0;
    const pass = (ticks: number): void => {
      for (const end = at + ticks; at < end; at++) fold.push(tick(at));
    };
    fold.open(begin);
    pass(2000);
    const before = heap();
    const windows = Array.from({ length: count }, (__, index) => {
      pass(apart);
      return fold.open({ start__ns: BigInt(at * INTERVAL__NS - 1), job: String(index) });
    });
    const cost__kB = (): number => (heap() - before) / windows.length / 1000;
    pass(200);
    expect(cost__kB()).toBeLessThan(MOST__kB);
    pass(2000);
    expect(cost__kB()).toBeLessThan(MOST__kB);
  });
});

test('a window that is told to end before its rows are read shares them all the same', () => {
  const fold = new SharedFold({ interval__ns: INTERVAL__NS, margin__ns: 300_000_000n });
  const window = fold.open({ start__ns: 0n, job: 'restored' });
  window.close(2_000_000_000n);
  fold.push(batchOf([{ instance: HOST, time__ns: SECOND, values: { load_1min: 1 } }]));
  expect([window.followed, window.fold.isClosed]).toEqual([true, false]);
  fold.push(batchOf([{ instance: HOST, time__ns: 3 * SECOND, values: { load_1min: 2 } }]));
  expect(window.fold.isClosed).toBe(true);
});
