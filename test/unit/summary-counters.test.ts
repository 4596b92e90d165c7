// Counters over exact windows, the gauges that derive from them, and processes that come and go.
import { STATUS, type Instance } from '../../lib/catalog';
import { HOST, JOB, process, SECOND, type Reading } from '../support/readings';
import { META, metricOf, summaryOfMetric, summaryOfReadings, type Window } from '../support/summaries';

type Points = Parameters<typeof summaryOfMetric>[2];

function switches(points: Points, window: Partial<Window> = {}) {
  return summaryOfMetric(HOST, 'context_switches', points, {
    start__s: 0,
    stop__s: 10,
    interval__s: 1,
    ...window,
  });
}

describe('a counter', () => {
  test('is interpolated between the readings on both sides of an edge', () => {
    // From 100 + 0.5 × 100 at 0 s to 1000 + 0.25 × 400 at 10 s.
    expect(
      switches([
        [-1, 100],
        [1, 200],
        [9, 1000],
        [13, 1400],
      ]),
    ).toEqual({ delta: 950, rate: 95 });
  });

  test('counts from and to the nearest reading inside where an edge has but one side', () => {
    expect(
      switches([
        [1, 200],
        [9, 1000],
      ]),
    ).toEqual({ delta: 800, rate: 80 });
  });

  test('takes readings on the very edges as they are', () => {
    expect(
      switches([
        [-1, 0],
        [0, 7],
        [10, 107],
        [11, 9999],
      ]),
    ).toEqual({ delta: 100, rate: 10 });
  });

  test('has its figure in a window between two readings', () => {
    expect(
      switches(
        [
          [0, 0],
          [10, 100],
        ],
        { start__s: 4, stop__s: 5 },
      ),
    ).toEqual({ delta: 10, rate: 10 });
  });

  test('restarts its baseline at a fall, and sums the rises', () => {
    expect(
      switches([
        [0, 50],
        [2, 80],
        [4, 10],
        [6, 30],
        [10, 30],
      ]),
    ).toEqual({ delta: 50, rate: 5 });
  });

  test('counts across readings that are missing', () => {
    expect(
      switches([
        [0, 0],
        [5, { status: STATUS.readFailed }],
        [10, 100],
      ]),
    ).toEqual({ delta: 100, rate: 10 });
  });

  test('that is read once tells no difference', () => {
    expect(switches([[5, 10]])).toEqual({ state: 'transient', reason: 'too few readings for this window' });
  });

  test('that cannot be read says why', () => {
    expect(switches([[5, { status: STATUS.denied }]])).toEqual({
      state: 'denied',
      reason: 'no permission to read it',
    });
  });
});

/** Host CPU: `cpu_busy__s` as given, `cpu_utilization__pct` where given; four CPUs (META). */
function cpu(
  points: readonly (readonly [time__s: number, busy__s: number, utilization?: number])[],
  window: Window,
) {
  const readings = points.map(([time__s, cpu_busy__s, utilization]): Reading => ({
    instance: HOST,
    time__ns: Math.round(time__s * SECOND),
    values: { cpu_busy__s, cpu_utilization__pct: utilization ?? { status: STATUS.needsSecondReading } },
  }));
  return metricOf(summaryOfReadings(readings, window), 'host', 'cpu_utilization__pct');
}

describe('a gauge that derives from a counter', () => {
  test('has the mean of the counter over the exact window, and the samples for the rest', () => {
    // 4 CPUs: idle for 2 s, all busy for 2 s. The window cuts both halfway.
    const points = [
      [0, 0],
      [1, 0, 0],
      [2, 0, 0],
      [3, 4, 100],
      [4, 8, 100],
      [5, 8, 0],
    ] as const;
    expect(cpu(points, { start__s: 1.5, stop__s: 3.5, interval__s: 1 })).toEqual({
      mean: 75,
      min: 0,
      max: 100,
      p50: 100,
      p95: 100,
      last: 100,
      samples: 2,
      coverage: 1,
    });
  });

  test('is widened to hold its mean', () => {
    // The samples' rates differ from the counter's: quantised.
    const summary = cpu(
      [
        [0, 0],
        [1, 2, 40],
        [2, 4, 40],
      ],
      { stop__s: 2, interval__s: 1 },
    );
    expect(summary).toMatchObject({ mean: 50, min: 40, max: 50, p50: 40, samples: 1 });
  });

  test('weighs each sample by the time since the one before', () => {
    // All busy for a second, then idle for two tenths: half of the time is busy, though most samples are not.
    const points = [
      [0, 0],
      [1, 4, 100],
      [1.1, 4, 0],
      [1.2, 4, 0],
    ] as const;
    expect(cpu(points, { stop__s: 1.2, interval__s: 1 })).toMatchObject({ p50: 100, p95: 100, min: 0 });
  });

  test('of a job too short for a sample comes from the counter', () => {
    expect(
      cpu(
        [
          [-0.01, 10],
          [0.05, 10.12],
        ],
        { stop__s: 0.04 },
      ),
    ).toEqual({
      mean: expect.closeTo(50, 6),
      min: expect.closeTo(50, 6),
      max: expect.closeTo(50, 6),
      p50: expect.closeTo(50, 6),
      p95: expect.closeTo(50, 6),
      last: expect.closeTo(50, 6),
      samples: 2,
      coverage: 1,
    });
  });

  test('is cut to its physical bound', () => {
    expect(
      cpu(
        [
          [0, 0],
          [1, 4.2],
          [2, 8.4],
        ],
        { stop__s: 2, interval__s: 1 },
      ),
    ).toMatchObject({ mean: 100, max: 100 });
  });

  test('is of as many CPUs as were seen, else of those of the host', () => {
    const core = (index: number): Instance => ({ id: 50 + index, entity: 'core', identity: { core: index } });
    const readings = [0, 1].flatMap((time__s): Reading[] => [
      { instance: HOST, time__ns: time__s * SECOND, values: { cpu_busy__s: time__s } },
      { instance: core(0), time__ns: time__s * SECOND, values: { core_busy__s: time__s } },
      { instance: core(1), time__ns: time__s * SECOND, values: { core_busy__s: 0 } },
    ]);
    const summary = summaryOfReadings(readings, { stop__s: 1, interval__s: 1 });
    expect(metricOf(summary, 'host', 'cpu_utilization__pct')).toMatchObject({ mean: 50 });
    expect(metricOf(summary, 'core', 'cpu_utilization__pct')).toMatchObject({ mean: 100 });
  });

  test('covers what its counter was followed over', () => {
    expect(
      cpu(
        [
          [4, 0],
          [5, 4, 100],
          [6, 8, 100],
        ],
        { stop__s: 10, interval__s: 1 },
      ),
    ).toMatchObject({
      mean: 100,
      coverage: 0.2,
      samples: 2,
    });
  });
});

function processRow(pid: number, time__s: number, cpu_time__s: number): Reading {
  return { instance: process(pid), time__ns: Math.round(time__s * SECOND), values: { cpu_time__s } };
}

describe('processes', () => {
  const listed = (readings: readonly Reading[], window: Window) => {
    const { entities, processes_left_out } = summaryOfReadings(readings, window);
    const processes = entities.flatMap((entity) => (entity.entity === 'process' ? [entity] : []));
    const cpu__s = processes.map(({ pid, metrics }) => [
      pid,
      metrics.cpu_time__s && 'delta' in metrics.cpu_time__s ? metrics.cpu_time__s.delta : null,
    ]);
    return { cpu__s, processes_left_out };
  };

  test('that appear were born since the tick before, with counters of zero', () => {
    const readings = [
      processRow(1, 0, 100),
      processRow(1, 1, 101),
      processRow(2, 1, 0.5),
      processRow(1, 2, 102),
    ];
    expect(listed(readings, { stop__s: 2.5 })).toEqual({
      cpu__s: [
        [1, 2],
        [2, 0.5],
      ],
      processes_left_out: 0,
    });
  });

  test('of the first tick were there before, unless the tree began later', () => {
    const readings = [processRow(1, 0.1, 0.1), processRow(1, 1, 0.9)];
    expect(listed(readings, { stop__s: 2 }).cpu__s).toEqual([[1, 0.8]]);
    expect(listed(readings, { stop__s: 2, treeBegan__s: 0 }).cpu__s).toEqual([[1, 0.9]]);
  });

  test('hold their memory until the tick that misses them', () => {
    const row = (pid: number, tick: number): Reading => ({
      instance: process(pid),
      time__ns: tick * 0.1 * SECOND,
      values: { memory_rss__MiB: 10 * pid },
    });
    const readings = [row(1, 0), row(2, 0), row(1, 1), row(2, 1), row(1, 2), row(1, 3), row(2, 4), row(1, 4)];
    const { entities } = summaryOfReadings(readings, { stop__s: 0.5 });
    const memory = entities.flatMap((entity) =>
      entity.entity === 'process' ? [entity.metrics.memory_rss__MiB] : [],
    );
    // The second is missed by the ticks at 0.2 and 0.3 s, and back at 0.4 s.
    expect(memory).toEqual([
      expect.objectContaining({ mean: 10, coverage: 1 }),
      expect.objectContaining({ mean: 20, coverage: expect.closeTo(0.6, 9) }),
    ]);
  });

  test('that ended before the window are not in it', () => {
    const readings = [
      processRow(1, 0, 0),
      processRow(2, 0, 0),
      processRow(1, 1, 1),
      processRow(2, 5, 1),
      processRow(2, 6, 2),
    ];
    expect(listed(readings, { start__s: 5, stop__s: 6 }).cpu__s).toEqual([[2, 1]]);
  });

  test('are listed by CPU time, 20 at most, the others counted', () => {
    const pids = Array.from({ length: 30 }, (_, index) => index + 1);
    const readings = [0, 1].flatMap((time__s) => pids.map((pid) => processRow(pid, time__s, time__s * pid)));
    const { cpu__s, processes_left_out } = listed(readings, { stop__s: 1.5 });
    expect(cpu__s).toEqual(
      pids
        .slice(10)
        .reverse()
        .map((pid) => [pid, pid]),
    );
    expect(processes_left_out).toBe(10);
  });

  test('that ended are forgotten but for the busiest, and counted still', () => {
    // Each lives for one tick, with pid ÷ 1000 s of CPU; 3000 of them, one a second.
    const readings = Array.from({ length: 3000 }, (_, index) =>
      processRow(index + 1, index, (index + 1) / 1000),
    );
    const { cpu__s, processes_left_out } = listed(readings, { stop__s: 3000, treeBegan__s: -1 });
    expect(cpu__s).toEqual(
      Array.from({ length: 20 }, (_, index) => [3000 - index, expect.closeTo((3000 - index) / 1000, 9)]),
    );
    expect(processes_left_out).toBe(2980);
  });
});

test('a reading of before its program was executed is none of the job: its memory is absent', () => {
  const values = { memory_rss_sum__MiB: 0.2, process_num: 1, cpu_time__s: 0 };
  const readings = [-0.01, 0.004].map((time__s): Reading => ({
    instance: JOB,
    time__ns: time__s * SECOND,
    values,
  }));
  const summary = summaryOfReadings(readings, { stop__s: 0.003, treeBegan__s: 0 });
  for (const name of ['memory_rss_sum__MiB', 'process_num'] as const)
    expect(metricOf(summary, 'job', name)).toEqual({
      state: 'transient',
      reason: 'too few readings for this window',
    });
});

describe('the exact figures of a job', () => {
  const finalUsage = {
    tracking: 'tree',
    cpuUser__s: 1.5,
    cpuSystem__s: 0.5,
    ioRead__B: 4096,
    ioWrite__B: null,
    rssPeak__MiB: 64,
  } as const;
  const reading = (time__s: number, seconds: number): Reading => ({
    instance: JOB,
    time__ns: time__s * SECOND,
    values: {
      cpu_time__s: seconds,
      cpu_user_time__s: seconds,
      io_write__B: seconds * 1e6,
      memory_rss_peak__MiB: 32 + seconds,
    },
  });

  test('take the place of the sampled ones; what is unknown stays as sampled', () => {
    const summary = summaryOfReadings(
      [reading(0, 0), reading(1, 1)],
      { stop__s: 2, interval__s: 1 },
      { finalUsage },
    );
    expect(metricOf(summary, 'job', 'cpu_time__s')).toEqual({ delta: 2, rate: 1 });
    expect(metricOf(summary, 'job', 'cpu_system_time__s')).toEqual({ delta: 0.5, rate: 0.25 });
    expect(metricOf(summary, 'job', 'io_read__B')).toEqual({ delta: 4096, rate: 2048 });
    expect(metricOf(summary, 'job', 'io_write__B')).toEqual({ delta: 1e6, rate: 5e5 });
    expect(metricOf(summary, 'job', 'memory_rss_peak__MiB')).toMatchObject({ mean: 32.5, max: 64, last: 64 });
  });

  test('are the means of the rates that derive from them', () => {
    const summary = summaryOfReadings(
      [reading(0, 0), reading(1, 1)],
      { stop__s: 2, interval__s: 1 },
      { finalUsage },
    );
    expect(metricOf(summary, 'job', 'cpus_used')).toMatchObject({ mean: 1, min: 1, max: 1 });
    expect(metricOf(summary, 'job', 'cpus_user')).toMatchObject({ mean: 0.75, min: 0.75, max: 1 });
    expect(metricOf(summary, 'job', 'io_read__MBps')).toMatchObject({ mean: 0.002048 });
    expect(metricOf(summary, 'job', 'io_write__MBps')).toMatchObject({ mean: 1 });
  });

  test('do not replace what was sampled of more: children of a parent that ignores SIGCHLD', () => {
    const readings = [0, 1].map((time__s): Reading => ({
      instance: JOB,
      time__ns: time__s * SECOND,
      values: {
        cpu_time__s: 4 * time__s,
        cpu_user_time__s: time__s,
        cpu_system_time__s: 3 * time__s,
        io_read__B: 8192 * time__s,
      },
    }));
    const summary = summaryOfReadings(readings, { stop__s: 2, interval__s: 1 }, { finalUsage });
    expect(metricOf(summary, 'job', 'cpu_user_time__s')).toEqual({ delta: 1, rate: 0.5 });
    expect(metricOf(summary, 'job', 'cpu_system_time__s')).toEqual({ delta: 3, rate: 1.5 });
    expect(metricOf(summary, 'job', 'cpu_time__s')).toEqual({ delta: 4, rate: 2 });
    expect(metricOf(summary, 'job', 'io_read__B')).toEqual({ delta: 8192, rate: 4096 });
  });

  test('stand alone where the job ended before its first reading', () => {
    const host = { instance: HOST, time__ns: 0, values: { load_1min: 1 } };
    const summary = summaryOfReadings([host], { stop__s: 0.001 }, { finalUsage });
    expect(summary.entities.map(({ entity }) => entity)).toEqual(['host', 'job']);
    expect(summary.entities[1]).toMatchObject({ id: META.job.id, tracking: 'tree' });
    expect(metricOf(summary, 'job', 'cpu_time__s')).toEqual({ delta: 2, rate: 2000 });
    expect(metricOf(summary, 'job', 'cpus_used')).toMatchObject({ mean: 2000, last: 2000 });
    expect(metricOf(summary, 'job', 'memory_rss_peak__MiB')).toMatchObject({
      max: 64,
      samples: 1,
      coverage: 0,
    });
  });
});
