// The summary as a whole: its shape, its schema, and that how a stream is cut changes nothing.
import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { ENTITIES, metricsOf, STATUS, type Entity, type Instance, type MetricName } from '../../lib/catalog';
import { SummaryFold } from '../../lib/jobs/fold';
import { summarize, summaryOf } from '../../lib/jobs/summary';
import { hostInfo } from '../../lib/jobs/summary-host';
import schema from '../../lib/jobs/summary.schema.json';
import type { Batch } from '../../lib/sampling/batch';
import { machineOf } from '../../lib/sampling/machine';
import { VERSION } from '../../lib/version';
import {
  batchOf,
  gpu,
  gpuProcess,
  HOST,
  JOB,
  MEMORY,
  process,
  SECOND,
  type Reading,
} from '../support/readings';
import { streamOf, type Subject } from '../support/streams';
import { foldOf, META, summaryOfReadings } from '../support/summaries';

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

function expectValid(summary: unknown): void {
  // As it is written: through JSON, where NaN would become null.
  validate(JSON.parse(JSON.stringify(summary)));
  expect(validate.errors).toBeNull();
}

const INSTANCES: readonly Instance[] = [
  HOST,
  { id: 20, entity: 'core', identity: { core: 0 } },
  { id: 21, entity: 'core', identity: { core: 10 } },
  { id: 22, entity: 'core', identity: { core: 9 } },
  MEMORY,
  { id: 30, entity: 'disk', identity: { device: 'sda' } },
  { id: 31, entity: 'filesystem', identity: { mount: '/', device: '/dev/sda1', type: 'ext4' } },
  { id: 32, entity: 'network', identity: { interface: 'eth0' } },
  JOB,
  process(7, 'python3'),
  gpu(1),
  gpu(0),
  { id: 40, entity: 'gpu_process', identity: { index: 0, uuid: 'GPU-0', pid: 7, name: 'python3', job: 'j' } },
  { id: 41, entity: 'agent', identity: {} },
];

/** Each metric of each instance each 100 ms, with values of its own. */
function everything(stop__s: number): readonly Reading[] {
  return Array.from({ length: stop__s * 10 }, (_, tick) =>
    INSTANCES.map((instance): Reading => {
      const values = metricsOf(instance.entity).map(({ name, kind }, column) => {
        const level = instance.id + column + (kind === 'counter' ? tick : tick % 3);
        return [name, name === 'fan_speed__pct' ? { status: 3 } : level] as const;
      });
      return { instance, time__ns: tick * 0.1 * SECOND, values: Object.fromEntries(values) };
    }),
  ).flat();
}

describe('the summary', () => {
  const summary = summaryOfReadings(everything(10), { start__s: 1, stop__s: 9 });

  test('tells the job, the host and the sampling', () => {
    const { nvpulse, simulated, complete, job, host, gpu: driver, sampler } = summary;
    expect({ nvpulse, simulated, complete }).toEqual({ nvpulse: VERSION, simulated: false, complete: true });
    expect(job).toEqual({
      id: 'j',
      name: 'train',
      labels: { team: 'imaging' },
      start: '2023-11-14T22:13:21.000000000Z',
      end: '2023-11-14T22:13:29.000000000Z',
      duration__s: 8,
      exitCode: 0,
      signal: null,
    });
    expect(host).toEqual(META.host);
    expect(driver).toEqual({ state: 'ok', reason: '' });
    expect(sampler).toEqual({
      interval__ms: 100,
      ticks: 100,
      lateTicks: 1,
      droppedRows: 0,
      lateness__us: { p50: 11, p99: 60, max: 400 },
      cpu__pct: 0.2,
      calls: { nvmlDeviceGetPowerUsage: { count: 100, p50__us: 8, p99__us: 30 } },
    });
  });

  test('has each entity with its identity, in the order of the catalog and of identities', () => {
    expect(summary.entities.map(({ entity }) => entity)).toEqual(
      INSTANCES.map(({ entity }) => entity).sort((a, b) => ENTITIES.indexOf(a) - ENTITIES.indexOf(b)),
    );
    expect(summary.entities.flatMap((entity) => (entity.entity === 'core' ? [entity.core] : []))).toEqual([
      0, 9, 10,
    ]);
    expect(summary.entities.flatMap((entity) => (entity.entity === 'gpu' ? [entity.uuid] : []))).toEqual([
      'GPU-0',
      'GPU-1',
    ]);
  });

  test('has every metric of the catalog, in the form of its kind', () => {
    for (const { entity, metrics } of summary.entities) {
      const found: Readonly<Partial<Record<MetricName, object>>> = metrics;
      expect(Object.keys(found)).toEqual(metricsOf(entity).map(({ name }) => name));
      for (const { name, kind } of metricsOf(entity)) {
        const key =
          name === 'fan_speed__pct' ? 'reason' : { gauge: 'mean', counter: 'delta', state: 'share' }[kind];
        expect([entity, name, found[name]]).toEqual([
          entity,
          name,
          expect.objectContaining({ [key]: expect.anything() }),
        ]);
      }
    }
  });

  test('fits its schema', () => {
    expectValid(summary);
    expectValid(summaryOfReadings([], { stop__s: 1 }, { complete: false, simulated: true }));
    const finalUsage = {
      tracking: 'cgroup',
      cpuUser__s: 1,
      cpuSystem__s: 0,
      ioRead__B: null,
      ioWrite__B: null,
      rssPeak__MiB: 1,
    } as const;
    expectValid(summaryOfReadings([], { stop__s: 0 }, { finalUsage, host: hostInfo(machineOf({})) }));
    expectValid(summaryOfReadings(everything(1), { start__s: 0.52, stop__s: 0.53 }));
  });

  test('counts rows that its batches lost', () => {
    const fold = foldOf({ stop__s: 1 });
    fold.push(batchOf([], 3));
    fold.push(batchOf([], 4));
    expect(summaryOf(fold, META).sampler.droppedRows).toBe(7);
  });
});

describe('the schema', () => {
  const summary = summaryOfReadings(everything(2), { stop__s: 2 });

  test.each([
    ['a key that it does not know', { ...summary, extra: 1 }],
    ['a key that is missing', { ...summary, energy: undefined }],
    ['a figure that is no number', { ...summary, job: { ...summary.job, duration__s: NaN } }],
    ['a time with three decimals', { ...summary, job: { ...summary.job, end: '2023-11-14T22:13:29.000Z' } }],
    ['an entity without its identity', { ...summary, entities: [{ entity: 'disk', metrics: {} }] }],
    [
      'a metric that is half a gauge',
      { ...summary, entities: [{ entity: 'memory', metrics: { memory_used__MiB: { mean: 1 } } }] },
    ],
  ])('refuses %s', (_, wrong) => {
    expect(validate(JSON.parse(JSON.stringify(wrong)))).toBe(false);
  });

  test('knows each entity of the catalog', () => {
    const known = schema.properties.entities.items.oneOf.map(({ properties }) => properties.entity.const);
    expect(known).toEqual([...ENTITIES]);
  });
});

describe('how a stream is cut', () => {
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
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
    [process(1), ['cpu_time__s', 'memory_rss__MiB']],
    [process(2), ['cpu_time__s', 'memory_rss__MiB']],
    [gpuProcess(1, 'sh'), ['process_memory__MiB', 'process_sm__pct']],
    [gpuProcess(1, 'python3'), ['process_memory__MiB', 'process_sm__pct']],
    [gpuProcess(2, 'python3', 1), ['process_memory__MiB', 'process_sm__pct']],
  ];
  const stream = streamOf(subjects, value, 150);
  const cuts = fc.array(fc.nat(150), { maxLength: 12 });
  const window = { start__s: 2, stop__s: 9, treeBegan__s: 2 };

  function cut(readings: readonly Reading[], at: readonly number[]): readonly Batch[] {
    const edges = [0, ...[...at].sort((a, b) => a - b), readings.length];
    return edges.slice(1).map((edge, index) => batchOf(readings.slice(edges[index], edge)));
  }

  test('into batches changes no bit', () => {
    fc.assert(
      fc.property(stream, cuts, (readings, at) => {
        const fold = foldOf(window);
        for (const batch of cut(readings, at)) fold.push(batch);
        const whole = summaryOfReadings(readings, window);
        expect(JSON.stringify(summaryOf(fold, META))).toBe(JSON.stringify(whole));
        expectValid(whole);
      }),
    );
  });

  test('and when the end is learnt changes no bit', () => {
    fc.assert(
      fc.property(stream, cuts, fc.nat(12), (readings, at, learnt) => {
        const batches = cut(readings, at);
        const fold = new SummaryFold({
          start__ns: 2_000_000_000n,
          interval__ns: 1e8,
          treeBegan__ns: 2_000_000_000n,
        });
        // The end is learnt before the second batch after it at the latest.
        const last = batches.findIndex(({ tables }) =>
          tables.some(({ time }) => time.some((time__ns) => time__ns >= 9e9)),
        );
        const known = Math.min(learnt, last < 0 ? batches.length : last + 1);
        batches.forEach((batch, index) => {
          if (index === known) fold.close(9_000_000_000n);
          fold.push(batch);
        });
        if (known >= batches.length) fold.close(9_000_000_000n);
        expect(JSON.stringify(summaryOf(fold, META))).toBe(
          JSON.stringify(summaryOfReadings(readings, window)),
        );
      }),
    );
  });

  test('changes no bit where processes are forgotten, which takes thousands', () => {
    // Each lives for 5 s; CPU time in an order that is not that of their births.
    const readings = Array.from({ length: 4000 }, (_, index): Reading[] => {
      const cpu_time__s = ((index * 7919) % 4001) / 1000;
      return [0, 5].map((age__s) => ({
        instance: process(index),
        time__ns: (index * 0.1 + age__s) * SECOND,
        values: { cpu_time__s: cpu_time__s * (0.1 + age__s) },
      }));
    })
      .flat()
      .sort((a, b) => a.time__ns - b.time__ns);
    const whole = summaryOfReadings(readings, { stop__s: 400, treeBegan__s: 0 });
    expect(whole.processes_left_out).toBe(3980);
    fc.assert(
      fc.property(fc.array(fc.nat(8000), { minLength: 1, maxLength: 40, size: 'max' }), (at) => {
        const fold = foldOf({ stop__s: 400, treeBegan__s: 0 });
        for (const batch of cut(readings, at)) fold.push(batch);
        expect(JSON.stringify(summaryOf(fold, META))).toBe(JSON.stringify(whole));
      }),
      { numRuns: 10 },
    );
  });

  test('by entity changes no bit', () => {
    fc.assert(
      fc.property(stream, (readings) => {
        const of = (wanted: Entity) => readings.filter(({ instance }) => instance.entity === wanted);
        const fold = foldOf(window);
        for (const entity of ['process', 'gpu_process', 'gpu', 'host'] as const)
          fold.push(batchOf(of(entity)));
        expect(JSON.stringify(summaryOf(fold, META))).toBe(
          JSON.stringify(summaryOfReadings(readings, window)),
        );
      }),
    );
  });

  test('keeps mean, min, max and percentiles in their order', () => {
    fc.assert(
      fc.property(stream, (readings) => {
        for (const { metrics } of summaryOfReadings(readings, window).entities)
          for (const metric of Object.values(metrics)) {
            if (!('mean' in metric)) continue;
            const { min, p50, p95, max, mean, coverage } = metric;
            expect(min <= p50 && p50 <= p95 && p95 <= max && min <= mean && mean <= max).toBe(true);
            expect(coverage > 0 && coverage <= 1).toBe(true);
          }
      }),
    );
  });

  test('nested windows over one stream are independent of each other', async () => {
    const batches = cut(everything(10), [100, 500]);
    const inner = { start__ns: 3_000_000_000n, stop__ns: 4_000_000_000n, interval__ns: 1e8 };
    const outer = { ...inner, start__ns: 1_000_000_000n, stop__ns: 8_000_000_000n };
    const folds = [new SummaryFold(inner), new SummaryFold(outer)];
    for (const batch of batches) for (const fold of folds) fold.push(batch);
    const together = folds.map((fold) => summaryOf(fold, META));
    expect(together).toEqual([await summarize(batches, inner, META), await summarize(batches, outer, META)]);
  });
});

describe('an open window', () => {
  const open = () => new SummaryFold({ start__ns: 5n, interval__ns: 1e8 });

  test('has no summary yet, and closes once', () => {
    const fold = open();
    expect(() => summaryOf(fold, META)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
    fold.close(6n);
    expect(() => fold.close(7n)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
  });

  test('does not end before it starts', () => {
    expect(() => open().close(4n)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });

  test('holds back what is newer than a second and two batches, and ends there at the earliest', () => {
    const fold = open();
    const readings = (time__s: number): Reading[] => [
      { instance: HOST, time__ns: time__s * SECOND, values: { load_1min: time__s } },
    ];
    for (const time__s of [1, 2, 3, 4]) fold.push(batchOf(readings(time__s)));
    // At 4 s, with two newer batches: the readings up to 2 s are folded.
    expect(fold.close(1_500_000_000n)).toBe(2_000_000_000n);
  });
});

test('this machine is described', () => {
  const { name, os, kernel, cpu_model, core_num, memory_total__MiB } = hostInfo(machineOf({}));
  for (const text of [name, os, kernel, cpu_model]) expect(text).toMatch(/^\S.*$/);
  expect(os).not.toMatch(/"/);
  expect(core_num).toBeGreaterThan(0);
  expect(memory_total__MiB).toBeGreaterThan(100);
});
