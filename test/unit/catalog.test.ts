// The catalog's own rules: names, units, sources, and what the native side must have alike.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeStatus, ENTITIES, METRICS, metricsOf, STATUS, unitOf, type Metric } from '../../lib';

const ALL: readonly Metric[] = METRICS;
const UNITS = ['', 'pct', 'MHz', 'C', 'W', 'J', 'MiB', 'MBps', 'B', 's', 'us'];

test('the original’s thirteen GPU names are there, and exactly so', () => {
  expect(metricsOf('gpu').map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'gpu_clock__MHz',
      'memory_clock__MHz',
      'graphics_clock__MHz',
      'gpu_utilization__pct',
      'memory_utilization__pct',
      'encoder_utilization__pct',
      'decoder_utilization__pct',
      'gpu_temperature__C',
      'memory_temperature__C',
      'fan_speed__pct',
      'perf_state',
      'power_draw__W',
      'process_num',
    ]),
  );
});

test('a metric is one row: entity and name are unique', () => {
  const keys = ALL.map(({ entity, name }) => `${entity} ${name}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each(ALL)('$entity $name is well formed', ({ entity, name, description, source }) => {
  expect(ENTITIES).toContain(entity);
  expect(name).toMatch(/^[a-z0-9_]+?(__[A-Za-z]+)?$/);
  expect(UNITS).toContain(unitOf(name));
  expect(description).toMatch(/^[A-Z].*[^.]$/);
  if (!('derive' in source)) return;
  const from = metricsOf(entity).find((metric) => metric.name === source.derive.from);
  expect(from?.kind).toBe('counter');
});

test('names that entities of one stream share have one unit and one kind', () => {
  const host = ALL.filter(({ entity }) => entity !== 'gpu' && entity !== 'gpu_process');
  for (const { name, kind } of host) {
    expect(new Set(host.filter((other) => other.name === name).map((other) => other.kind))).toEqual(
      new Set([kind]),
    );
  }
});

test('the native statuses have the same numbers', () => {
  const header = readFileSync(join(__dirname, '..', '..', 'native', 'sampler', 'status.h'), 'utf8');
  const native = Object.fromEntries(
    [...header.matchAll(/constexpr Status k(\w+) = (\d+);/g)].map(([, name, value]) => [
      `${name?.charAt(0).toLowerCase()}${name?.slice(1)}`,
      Number(value),
    ]),
  );
  expect(native).toEqual(STATUS);
});

test.each([
  [0, 'ok'],
  [3, 'unsupported'],
  [4, 'denied'],
  [15, 'gone'],
  [999, 'transient'],
  [555, 'transient'],
  [60000, 'pending'],
  [60005, 'stalled'],
])('status %d is %s', (status, state) => {
  expect(describeStatus(status).state).toBe(state);
});
