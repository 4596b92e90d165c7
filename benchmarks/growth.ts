// What a tick costs as GPUs and rate grow: a + b × values, beside a loop that wakes and reads nothing.
import { metricsOf } from '../lib/catalog';
import { adopt, stub } from './harness/native';
import type { Benchmark, Finding } from './harness/report';
import { scaled, spreadOf } from './harness/rounds';
import { bareSampling, tickCosts__us } from './harness/sampling';

const DEVICES = [1, 2, 4, 8, 16, 32, 64];
/** Rounds are short and many, so that all numbers of GPUs see the machine's good and bad minutes alike. */
const RATES = [
  { name: '1 kHz', interval__ms: 1, stretch__s: 1, rounds: 5 },
  { name: '100 Hz', interval__ms: 10, stretch__s: 1, rounds: 5 },
  { name: '10 Hz', interval__ms: 100, stretch__s: 2, rounds: 10 },
] as const;

/** What a tick reads of each GPU. */
const FAST_METRICS = metricsOf('gpu').filter(({ tier }) => tier === 'fast').length;

interface Line {
  readonly a: number;
  readonly b: number;
}

/** Least squares, each point by its relative error: costs differ by a factor of fifty. */
function fit(points: readonly (readonly [number, number])[]): Line {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const [x, y] of points) {
    const weight = 1 / (y * y);
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const b = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  return { a: (wy - b * wx) / w, b };
}

interface Round {
  readonly empty__us: number;
  /** µs a tick, by number of GPUs. */
  readonly cost__us: ReadonlyMap<number, number>;
}

async function round(interval__ms: number, duration__s: number): Promise<Round> {
  const cost__us = new Map<number, number>();
  const empty = await bareSampling(stub(), interval__ms, duration__s, 'empty');
  for (const devices of DEVICES) {
    const env = adopt(stub(devices));
    cost__us.set(devices, spreadOf(await tickCosts__us({ env, interval__ms }, duration__s)).median);
  }
  return { empty__us: empty.tick__us, cost__us };
}

/**
 * From 8 GPUs on: the slope of each doubling, by how much it differs from that of all at most. A doubling's is the
 * median of the rounds' own, so that a slow round does not tilt it.
 */
function unevenness__pct(rounds: readonly Round[], points: readonly (readonly [number, number])[]): number {
  const large = DEVICES.filter((devices) => devices >= 8);
  const { b } = fit(points.filter(([values]) => values >= 8 * FAST_METRICS));
  const slopes = large.slice(1).map((devices) => {
    const added__us = rounds.map(
      ({ cost__us }) => (cost__us.get(devices) ?? NaN) - (cost__us.get(devices / 2) ?? NaN),
    );
    return spreadOf(added__us).median / ((devices / 2) * FAST_METRICS);
  });
  return 100 * Math.max(...slopes.map((slope) => Math.abs(slope / b - 1)));
}

function findings(name: string, rounds: readonly Round[]): readonly Finding[] {
  const points = DEVICES.map(
    (devices) =>
      [
        devices * FAST_METRICS,
        spreadOf(rounds.map(({ cost__us }) => cost__us.get(devices) ?? NaN)).median,
      ] as const,
  );
  const { a, b } = fit(points);
  const empty__us = spreadOf(rounds.map((one) => one.empty__us)).median;
  const costs = points
    .map(([values, cost__us]) => `${values / FAST_METRICS}: ${cost__us.toFixed(1)}`)
    .join(', ');
  return [
    { what: `b at ${name}`, value: b * 1000, unit: 'ns/value', note: `µs a tick by GPUs: ${costs}` },
    {
      what: `unevenness of b from 8 to 64 GPUs at ${name}`,
      value: unevenness__pct(rounds, points),
      unit: '%',
      limit: { atMost: 25 },
    },
    {
      what: `a ÷ empty loop at ${name}`,
      value: a / empty__us,
      unit: '×',
      limit: { atMost: 1.5 },
      note: `${a.toFixed(1)} µs of ${empty__us.toFixed(1)} µs`,
    },
  ];
}

export const benchmark: Benchmark = {
  title:
    'CPU of a tick of the GPU thread fitted as a + b × values, 1 to 64 stub GPUs at 10 Hz to 1 kHz; ' +
    'an empty loop only wakes',
  run: async ({ effort }) => {
    const all: Finding[] = [];
    for (const { name, interval__ms, stretch__s, rounds: asked } of RATES) {
      const rounds: Round[] = [];
      for (let i = 0; i < scaled(asked, effort); i++) rounds.push(await round(interval__ms, stretch__s));
      all.push(...findings(name, rounds));
    }
    return all;
  },
};
