// The formula by itself: periods of refresh, energy as the integral of power, and what it refuses.
import {
  energyBetween,
  expected,
  expectedStatus,
  simulate,
  type GpuMetric,
  type ProfileName,
} from '../../../lib/testing';

const START__NS = 1_790_000_000_000_000_000n;
const MS = 1_000_000n;

const REFRESH__MS: readonly (readonly [ProfileName, GpuMetric, bigint])[] = [
  ['h200x8', 'power_draw__W', 100n],
  ['h200x8', 'energy__J', 20n],
  ['h200x8', 'gpu_clock__MHz', 100n],
  ['h200x8', 'gpu_temperature__C', 1000n],
  ['h200x8', 'memory_used__MiB', 100n],
  ['t4', 'gpu_utilization__pct', 200n],
  ['laptop', 'gpu_utilization__pct', 500n],
];

describe('a reading', () => {
  test.each(REFRESH__MS)('%s %s keeps its value for %d ms, then follows', (profile, metric, refresh__ms) => {
    const values = new Map<number, Set<number | undefined>>();
    for (let ms = 0n; ms < 60_000n; ms += refresh__ms / 4n) {
      const period = Number(ms / refresh__ms);
      const seen = values.get(period) ?? new Set();
      const time__ns = START__NS + ms * MS + 999_999n;
      values.set(period, seen.add(expected(profile, 0, metric, time__ns, START__NS)));
    }
    expect([...values.values()].every((seen) => seen.size === 1)).toBe(true);
    const sequence = [...values.values()].map((seen) => [...seen][0]);
    const changes = sequence.filter((value, i) => i > 0 && value !== sequence[i - 1]).length;
    expect(changes).toBeGreaterThan(20);
  });

  test('of an old board is the instant, of a new one the mean of the last second', () => {
    const at = (profile: ProfileName, ms: bigint) =>
      expected(profile, 0, 'power_draw__W', START__NS + ms * MS);
    const old = new Set(Array.from({ length: 60 }, (_, i) => at('t4', BigInt(i) * 100n)));
    expect([...old].sort()).toEqual([27, 68]);
    const swing = Array.from({ length: 100 }, (_, i) => at('h200x8', BigInt(i) * 100n) ?? 0);
    // The mean of a sine over a tenth of its period: its amplitude times sin(π/10) / (π/10).
    expect(Math.max(...swing)).toBeCloseTo(400 + (200 * Math.sin(Math.PI / 10)) / (Math.PI / 10), 0);
  });
});

describe('energy', () => {
  // Square, ramp and sine. The t4's power is the instant; over whole periods a mean of it is no different.
  test.each([
    ['t4', 6],
    ['laptop', 8],
    ['h200x8', 10],
    ['odd', 12],
  ] as const)('of %s over a period is the integral of its power', (profile, period__s) => {
    const gpu = profile === 'odd' ? 1 : 0;
    let sum__J = 0;
    const step__ms = 100n;
    for (let ms = 0n; ms < BigInt(period__s) * 1000n; ms += step__ms) {
      const mean__W = [0n, step__ms].map(
        (more) => expected(profile, gpu, 'power_draw__W', START__NS + (ms + more) * MS) ?? NaN,
      );
      const [first = NaN, second = NaN] = mean__W;
      // A square is flat between refreshes; the others are near enough to straight.
      sum__J += ((profile === 't4' ? first : (first + second) / 2) * Number(step__ms)) / 1000;
    }
    const exact__J = energyBetween(profile, gpu, START__NS, START__NS + BigInt(period__s) * 1000n * MS);
    // A ramp falls back within one step, which the trapezoid cannot see.
    const tolerance__J = profile === 'odd' ? exact__J * 0.01 : exact__J * 1e-6 + 1e-3;
    expect(Math.abs(sum__J - exact__J)).toBeLessThan(tolerance__J);
  });

  test('of a second is the mean power of that second', () => {
    for (let s = 0n; s < 40n; s++) {
      const end__ns = START__NS + s * 1000n * MS;
      const energy__J = energyBetween('h200x8', 5, end__ns - 1000n * MS, end__ns);
      expect(energy__J).toBeCloseTo(expected('h200x8', 5, 'power_draw__W', end__ns) ?? NaN, 9);
    }
  });

  test('counts from the load of the driver, a day before where nothing else is said', () => {
    const at = (loaded__ns?: bigint) => expected('h200x8', 3, 'energy__J', START__NS, loaded__ns);
    const hour__ns = 3_600_000n * MS;
    expect(at(START__NS - hour__ns)).toBe(energyBetween('h200x8', 3, START__NS - hour__ns, START__NS));
    expect(at()).toBe(energyBetween('h200x8', 3, START__NS - 24n * hour__ns, START__NS));
    expect(at(START__NS)).toBe(0);
    expect(at(START__NS + hour__ns)).toBe(0);
  });

  test('is what the counter gains', () => {
    const at = (ms: bigint) =>
      expected('h200x8', 3, 'energy__J', START__NS + ms * MS, START__NS - 5_000n * MS) ?? NaN;
    expect(at(12_340n) - at(0n)).toBeCloseTo(
      energyBetween('h200x8', 3, START__NS, START__NS + 12_340n * MS),
      3,
    );
  });
});

test('an unsupported metric has a code and no value', () => {
  expect(expected('h200x8', 0, 'fan_speed__pct', START__NS)).toBeUndefined();
  expect(expectedStatus('h200x8', 0, 'fan_speed__pct')).toBe(3);
  expect(expectedStatus('odd', 1, 'memory_used__MiB')).toBe(4);
  expect(expectedStatus('odd', 2, 'gpu_temperature__C')).toBe(999);
  expect(expectedStatus('odd', 4, 'perf_state')).toBe(4);
});

describe('refuses', () => {
  test('a profile that is none', () => {
    for (const name of ['h200x0', 'h200x65', 'h200x08', 'h200x1.5'] as const) {
      expect(() => simulate({ profile: name })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
      expect(() => simulate({ profile: name })).toThrow(name);
    }
  });

  test('a device that is not there', () => {
    expect(() => expected('t4', 1, 'perf_state', 0n)).toThrow(
      'gpuIndex: 1 is not there; this profile has 0 to 0',
    );
  });

  test('energy of a device without power', () => {
    expect(() => energyBetween('odd', 0, 0n, 1n)).toThrow('gpuIndex: 0 of odd measures no power');
  });

  test('an unknown option, and times before 1970', () => {
    const misspelt = { profil: 't4', latency: 'none' } as const;
    expect(() => simulate(misspelt)).toThrow("simulate: unknown option 'profil'");
    expect(() => simulate({ time__ns: -1n })).toThrow('time__ns: -1 is before 1970');
    expect(() => simulate({ loaded__ns: -1n })).toThrow('loaded__ns: -1 is before 1970');
  });
});
