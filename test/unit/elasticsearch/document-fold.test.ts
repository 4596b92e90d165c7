// Documents as the exporter makes them: what is folded, where it is cut, and that nothing else decides it.
import fc from 'fast-check';
import { metricsOf, type Entity, type Instance } from '../../../lib/catalog';
import {
  TABLE_START,
  TAIL_START,
  type JobSpan,
  type RecordedInterval,
  type TailPosition,
  type TailRead,
} from '../../../lib/recording';
import { createBatch, type Batch } from '../../../lib/sampling/batch';
import { documentId, Meter, instanceKey, toDocuments } from '../../../lib/sinks/elasticsearch';
import type { OutgoingDocument } from '../../../lib/sinks/elasticsearch/documents/packed';
import { DocumentFold } from '../../../lib/sinks/elasticsearch/documents/document-fold';
import { BEGINNING, parseCheckpoint } from '../../../lib/sinks/elasticsearch/export/recording-documents';
import { META, table } from '../../fixtures/recording/batches';
import { lineOf } from '../../support/document-line';
import { batchOf as batchOfReadings, gpu as gpuOf, HOST, SECOND, type Reading } from '../../support/readings';
import { META as SUMMARY_META, metricOf, summaryOfReadings } from '../../support/summaries';

/** A recording that starts at 2026-09-21T14:13:20.100000000Z, on the grid of 100 ms. */
const START__NS = 5_000_000_000n;
const OFFSET__NS = 1_790_000_000_100_000_000n - START__NS;
const MANIFEST = {
  id: 'r1',
  clock: { start__ns: String(START__NS), utcOffset__ns: String(OFFSET__NS) },
  host: META.host,
};
const MS = 1_000_000;

const GPU = gpuOf(0);
const gpu = (index: number) => ({
  index,
  uuid: `GPU-${index}`,
  name: 'NVIDIA H200',
  pci_bus_id: '0',
  serial: null,
  driver_version: '595',
});
const INSTANCES: ReadonlyMap<number, Instance> = new Map(
  (
    [
      { id: 1, entity: 'host', identity: { name: 'n1' } },
      { id: 2, entity: 'gpu', identity: gpu(0) },
      { id: 3, entity: 'gpu', identity: gpu(1) },
      { id: 4, entity: 'process', identity: { ...{ job: 'a' }, pid: 7, name: 'pythön' } },
      { id: 5, entity: 'job', identity: { id: 'a', tracking: 'tree' } },
      { id: 6, entity: 'core', identity: { core: 0 } },
    ] satisfies Instance[]
  ).map((one) => [one.id, one]),
);

const ENERGY = metricsOf('gpu').findIndex(({ name }) => name === 'energy__J');
/** Of a GPU the third value is its energy counter. */
const columnOf = (entity: Entity, metric: number): number =>
  entity === 'gpu' && metric === ENERGY ? 2 : entity === 'gpu' && metric === 2 ? ENERGY : metric;

/** One row: milliseconds since the start, an instance, and its first values; the rest is missing. */
type Row = readonly [time__ms: number, instance: number, ...values: number[]];

function batchOf(rows: readonly Row[]): Batch {
  const byEntity = new Map<Entity, Row[]>();
  for (const row of rows) {
    const { entity } = INSTANCES.get(row[1])!;
    byEntity.set(entity, [...(byEntity.get(entity) ?? []), row]);
  }
  const tables = [...byEntity].map(([entity, own]) =>
    table(
      entity,
      own.map(([time__ms, instance]) => ({ time: START__NS + BigInt(Math.round(time__ms * MS)), instance })),
      (metric, row) => {
        const value = own[row]?.[columnOf(entity, metric) + 2] ?? NaN;
        return { value, status: Number.isNaN(value) ? 3 : 0 };
      },
    ),
  );
  return createBatch({ tables, instances: INSTANCES, events: [], utcOffset__ns: OFFSET__NS, droppedRows: 0 });
}

const at = (time__ms: number): bigint => START__NS + BigInt(Math.round(time__ms * MS));
const every = (interval__ms: number, from__ms = 0): RecordedInterval => ({
  from__ns: at(from__ms),
  interval__ns: interval__ms * MS,
});

function node(id: string, start__ms: number, stop__ms?: number): JobSpan {
  const stop = stop__ms === undefined ? {} : { stop__ns: at(stop__ms) };
  return { id, name: id, labels: {}, start__ns: at(start__ms), ...stop, gpu_scope: 'node', gpus: 'node' };
}

/** Reads as a tail gives them; positions count rows. */
function readsOf(reads: readonly (readonly Row[])[], from: TailPosition = TAIL_START): TailRead[] {
  let position = from;
  return reads.map((rows) => {
    const batch = batchOf(rows);
    const tables = { ...position.tables };
    for (const { entity, length } of batch.tables) {
      const before = tables[entity] ?? { ...TABLE_START, flush: 1 };
      tables[entity] = { ...before, rows: before.rows + length };
    }
    position = { tables };
    return { batch, position, simulated: false, settled: true };
  });
}

/** The rows that a position does not have. */
function rowsAfter(rows: readonly Row[], { tables }: Pick<TailPosition, 'tables'>): Row[] {
  const passed: Partial<Record<Entity, number>> = {};
  return rows.filter(([, instance]) => {
    const { entity } = INSTANCES.get(instance)!;
    const count = (passed[entity] = (passed[entity] ?? 0) + 1);
    return count > (tables[entity]?.rows ?? 0);
  });
}

interface Run {
  readonly reads: readonly (readonly Row[])[];
  readonly windows?: readonly JobSpan[];
  readonly intervals?: readonly RecordedInterval[];
  readonly resolution__ns?: number;
}

function fold({
  reads,
  windows = [],
  intervals = [every(10)],
  resolution__ns = 100 * MS,
}: Run): OutgoingDocument[] {
  const documents = new DocumentFold(MANIFEST, { resolution__ns });
  const given = readsOf(reads).flatMap((read) => documents.push(read, windows, intervals));
  return [...given, ...documents.end()];
}

type Source = Record<string, unknown>;
const parse = (document: OutgoingDocument): Source => JSON.parse(lineOf(document)) as Source;
/** Milliseconds of the timestamp since the start. */
const time__ms = (source: Source): number =>
  Number(String(source['@timestamp']).slice(17, 29)) * 1000 - 20_100;
const brief = (documents: readonly OutgoingDocument[], field: string) =>
  documents.map(parse).map((source) => [Number(time__ms(source).toFixed(6)), source[field], source['job']]);

const CPU = metricsOf('host')[0]!.name;
const CLOCK = metricsOf('gpu')[0]!.name;

describe('folding', () => {
  test('a gauge: mean, least, greatest and last; a counter and a state: the last', () => {
    const gauges = metricsOf('gpu');
    const state = gauges.findIndex(({ name }) => name === 'perf_state');
    const values = (clock: number, perf: number, joule: number): number[] =>
      Array.from(gauges, (_, index) =>
        index === 0 ? clock : index === state ? perf : index === 2 ? joule : NaN,
      );
    const documents = fold({
      reads: [
        [
          [0, 2, ...values(1, 8, 100.25)],
          [10, 2, ...values(5, 2, 101.5)],
          [20, 2, ...values(NaN, NaN, 103.0625)],
          [99.999999, 2, ...values(3, NaN, NaN)],
          [100, 2, ...values(7, 0, 104)],
        ],
      ],
      intervals: [every(50)],
    });
    const common = { 'host.name': 'n1', entity: 'gpu', index: 0, uuid: 'GPU-0', name: 'NVIDIA H200' };
    expect(documents.map(parse)).toEqual([
      {
        '@timestamp': '2026-09-21T14:13:20.100000000Z',
        ...common,
        gpu_clock__MHz: 3,
        gpu_clock__MHz_min: 1,
        gpu_clock__MHz_max: 5,
        gpu_clock__MHz_last: 3,
        perf_state: 2,
        energy__J: 103.0625,
        sampled__s: 0.1,
        energy_drawn__J: 2.8125,
      },
      {
        '@timestamp': '2026-09-21T14:13:20.200000000Z',
        ...common,
        gpu_clock__MHz: 7,
        gpu_clock__MHz_min: 7,
        gpu_clock__MHz_max: 7,
        gpu_clock__MHz_last: 7,
        perf_state: 0,
        energy__J: 104,
        energy_drawn__J: 0.9375,
      },
    ]);
    const key = instanceKey('r1', INSTANCES.get(2)!, 100 * MS);
    expect(documents.map(({ index, id }) => [index, id])).toEqual([
      ['gpumetrics', documentId(key, 1_790_000_000_100_000_000n)],
      ['gpumetrics', documentId(key, 1_790_000_000_200_000_000n)],
    ]);
  });

  test('boundaries are multiples of the resolution since the epoch, wherever rows begin', () => {
    const rows: Row[] = [30, 130, 250, 290, 450].map((time) => [time, 1, time]);
    expect(brief(fold({ reads: [rows] }), CPU)).toEqual([
      [0, 30, undefined],
      [100, 130, undefined],
      [200, 270, undefined],
      [400, 450, undefined],
    ]);
    // 20.1 s after a whole minute.
    expect(brief(fold({ reads: [rows], resolution__ns: 60e9 }), `${CPU}_last`)).toEqual([
      [-20_100, 450, undefined],
    ]);
  });

  test('windows cut: what they share with their neighbours is in neither', () => {
    const rows: Row[] = [0, 20, 30, 40, 60, 90].map((time) => [time, 1, time]);
    const windows = [node('a', 30, 60), node('b', 40)];
    expect(brief(fold({ reads: [rows], windows }), CPU)).toEqual([
      [0, 10, undefined],
      [30, 30, ['a']],
      [40, 40, ['a', 'b']],
      [60, 75, ['b']],
    ]);
  });

  test('a window on one GPU leaves the other’s documents whole', () => {
    const windows: JobSpan[] = [
      {
        id: 'a',
        name: 'a',
        labels: {},
        start__ns: at(0),
        gpu_scope: 'process',
        gpus: [
          { from__ns: at(20), uuids: ['GPU-1'] },
          { from__ns: at(60), uuids: [] },
        ],
      },
    ];
    const rows: Row[] = [0, 20, 60].flatMap((time): Row[] => [
      [time, 2, time],
      [time + 1, 3, time],
    ]);
    const documents = fold({ reads: [rows], windows }).map(parse);
    const of = (index: number) =>
      documents
        .filter((source) => source['index'] === index)
        .map((source) => [Math.round(time__ms(source)), source[CLOCK], source['job']]);
    expect(of(0)).toEqual([[0, 80 / 3, undefined]]);
    expect(of(1)).toEqual([
      [0, 0, undefined],
      [20, 20, ['a']],
      [60, 60, undefined],
    ]);
  });

  test('samples as far apart as the resolution stay as they are; a change of the interval cuts', () => {
    const rows: Row[] = [0, 3, 103, 210, 220, 230, 260, 310, 410].map((time) => [time, 1, time]);
    const intervals = [every(100), every(10, 210), every(100, 240)];
    const documents = fold({ reads: [rows], intervals });
    expect(brief(documents, CPU)).toEqual([
      [0, 0, undefined],
      [3, 3, undefined],
      [103, 103, undefined],
      [210, 220, undefined],
      [260, 260, undefined],
      [310, 310, undefined],
      [410, 410, undefined],
    ]);
    expect(documents.map((one) => `${CPU}_min` in parse(one))).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
  });

  test('nothing is made of rows without values, and of cores that nobody asked for', () => {
    expect(
      fold({
        reads: [
          [
            [0, 1],
            [10, 6, 5],
          ],
        ],
      }),
    ).toEqual([]);
    const cores = new DocumentFold(MANIFEST, { resolution__ns: 100 * MS, cores: true });
    const [read] = readsOf([[[0, 6, 5]]]);
    expect(cores.push(read!, [], [every(100)])).toHaveLength(1);
  });
});

describe('whose they are', () => {
  const rows: Row[] = [0, 200, 400, 600].flatMap((time): Row[] => [
    [time, 1, 1],
    [time, 2, 1],
    [time, 4, 1],
  ]);
  const named = { ...node('a', -600_000), name: 'träin' };
  const told = (windows: readonly JobSpan[], field: string) =>
    fold({ reads: [rows], windows, intervals: [every(100)] })
      .map(parse)
      .map((source) => [source['entity'], source[field]]);

  test('the host’s say what its jobs are called: start, name and, behind a tab, the id', () => {
    const [first, second, third, last] = told([named, node('b', 200, 400)], 'job_title').filter(
      ([entity]) => entity === 'host',
    );
    expect(first).toEqual(['host', ['2026-09-21 14:03:20 träin\ta']]);
    expect(second).toEqual(['host', ['2026-09-21 14:03:20 träin\ta', '2026-09-21 14:13:20 b\tb']]);
    expect([third, last]).toEqual([first, first]);
    expect(told([named], 'job_title').find(([entity]) => entity === 'gpu')).toEqual(['gpu', first?.[1]]);
    expect(told([named], 'job_title').find(([entity]) => entity === 'process')).toEqual([
      'process',
      undefined,
    ]);
  });

  test('of more than a hundred windows the newest are called by name, all by id', () => {
    const many = Array.from({ length: 150 }, (_, index) => node(`job-${index}`, -1000 * ((index * 7) % 150)));
    const [[, titles] = [], [, jobs] = []] = ['job_title', 'job'].map(
      (field) => told(many, field).find(([entity]) => entity === 'host') ?? [],
    );
    const called = (titles as readonly string[]).map((title) => title.split('\t')[1]);
    const newest = [...many].sort((a, b) => (a.start__ns > b.start__ns ? -1 : 1)).slice(0, 100);
    expect(called).toEqual(newest.map(({ id }) => id));
    expect(jobs).toHaveLength(150);
  });

  test('the host’s and the GPUs’ say how long their job has been open, where it is one', () => {
    const times = told([named, node('b', 200, 399.5)], 'job_time__s');
    for (const entity of ['host', 'gpu'])
      expect(times.filter(([of]) => of === entity).map(([, time__s]) => time__s)).toEqual([
        600,
        undefined,
        600.4,
        600.6,
      ]);
    expect(times.filter(([of, time__s]) => of === 'process' && time__s !== undefined)).toEqual([]);
    expect(told([], 'job_time__s').filter(([, value]) => value !== undefined)).toEqual([]);
  });

  test('those of a recording with simulated GPUs say so, others do not', () => {
    const simulated = new DocumentFold(MANIFEST, { resolution__ns: 100 * MS });
    const marks = readsOf([rows])
      .flatMap((read) => simulated.push({ ...read, simulated: true }, [], [every(100)]))
      .map((one) => parse(one)['simulated']);
    expect(marks).toEqual(rows.map(() => true));
    expect(told([], 'simulated').filter(([, mark]) => mark !== undefined)).toEqual([]);
  });
});

describe('what is told of the time since the document before', () => {
  /** Rows of GPU 0 and GPU 1: time, and what the counter shows. */
  const counted = (...rows: readonly (readonly [time__ms: number, ...counters: number[]])[]): Row[] =>
    rows.flatMap(([time, ...counters]) =>
      counters.map((joule, index): Row => [time + index / 10, 2 + index, NaN, NaN, joule]),
    );
  const drawnOf = (documents: readonly OutgoingDocument[], field = 'energy_drawn__J') =>
    documents.map(parse).map((source) => [source['index'], source[field]]);

  test('the sum is what the counter rose by, of each GPU; the first document has none', () => {
    const rows = counted([0, 500, 7000], [100, 510.125, 7000], [200, 510.126, 7300], [300, 550, 7301.5]);
    expect(drawnOf(fold({ reads: [rows], intervals: [every(100)] }))).toEqual([
      [0, undefined],
      [1, undefined],
      [0, 10.125],
      [1, 0],
      [0, 0.001],
      [1, 300],
      [0, 39.874],
      [1, 1.5],
    ]);
  });

  test('after a fall it is what the counter shows: it began at zero', () => {
    const rows = counted([0, 500], [100, 510], [200, 4], [300, 10]);
    expect(drawnOf(fold({ reads: [rows], intervals: [every(100)] })).map(([, joule]) => joule)).toEqual([
      undefined,
      10,
      4,
      6,
    ]);
  });

  test('a reading that is missing, and a GPU that was away for minutes, lose nothing', () => {
    const rows = counted([0, 500], [100, NaN], [200, 520], [300_000, 90_520]);
    rows[1] = [100, 2, 1200];
    expect(drawnOf(fold({ reads: [rows], intervals: [every(100)] })).map(([, joule]) => joule)).toEqual([
      undefined,
      undefined,
      20,
      90_000,
    ]);
  });

  test('folded: of all rows of the stretch, and each joule once', () => {
    const rows = counted([0, 500], [40, 501], [90, 503], [110, 507], [230, 515], [270, 516]);
    expect(drawnOf(fold({ reads: [rows] })).map(([, joule]) => joule)).toEqual([3, 4, 9]);
  });

  test('the part from before the first of the jobs began is told', () => {
    const rows = counted([0, 500], [1000, 600], [1100, 650], [2100, 660]);
    const documents = fold({ reads: [rows], windows: [node('a', 750, 1600)], intervals: [every(100)] });
    expect(drawnOf(documents).map(([, joule]) => joule)).toEqual([undefined, 100, 50, 10]);
    // Three quarters of the second from 0 to 1000 ms.
    expect(drawnOf(documents, 'energy_before__J').map(([, joule]) => joule)).toEqual([
      undefined,
      75,
      undefined,
      undefined,
    ]);
  });

  test('a job loses nothing where others begin and end beside it', () => {
    const rows = counted([0, 500], [1000, 600], [2000, 700], [3000, 800], [4000, 900]);
    const windows = [node('a', 500), node('b', 1500, 2500), node('c', 2700, 2900)];
    const documents = fold({ reads: [rows], windows, intervals: [every(1000)] });
    expect(drawnOf(documents, 'energy_before__J').map(([, joule]) => joule)).toEqual([
      undefined,
      50,
      undefined,
      undefined,
      undefined,
    ]);
    // One job follows the other.
    const after = fold({
      reads: [rows],
      windows: [node('a', 500, 1500), node('b', 1500)],
      intervals: [every(1000)],
    });
    expect(drawnOf(after, 'energy_before__J').map(([, joule]) => joule)).toEqual([
      undefined,
      50,
      50,
      undefined,
      undefined,
    ]);
  });

  test('how long it was, for the host and each GPU, from the first of its jobs on', () => {
    const rows: Row[] = [
      [0, 1, 1],
      [0, 2, 1],
      [1000, 1, 1],
      [1000, 4, 1],
      [2000, 1, 1],
      [2500, 2, NaN],
      [3000, 2, 1],
      [5000, 1, 1],
    ];
    const documents = fold({ reads: [rows], windows: [node('a', 1750)], intervals: [every(1000)] });
    const spans = documents.map(parse).map((source) => [source['entity'], source['sampled__s']]);
    expect(spans.filter(([entity]) => entity === 'host')).toEqual([
      ['host', undefined],
      ['host', 1],
      ['host', 0.25],
      ['host', 3],
    ]);
    // A reading that failed stands for nothing.
    expect(spans.filter(([entity]) => entity === 'gpu')).toEqual([
      ['gpu', undefined],
      ['gpu', 0.5],
    ]);
    expect(spans.filter(([entity]) => entity === 'process')).toEqual([['process', undefined]]);
  });

  /** Milliseconds that documents of GPU 0, and of the host, stand for, of rows at these times. */
  const spansOf = (times__ms: readonly number[], intervals: readonly RecordedInterval[]) => {
    const rows = times__ms.flatMap((time): Row[] => [
      [time, 1, 1],
      [time, 2, 1],
    ]);
    const sources = fold({ reads: [rows], intervals, resolution__ns: MS }).map(parse);
    const of = (entity: string) =>
      sources
        .filter((source) => source['entity'] === entity)
        .map(({ sampled__s: span__s }) => (span__s === undefined ? 0 : Math.round(Number(span__s) * 1000)));
    return { gpu: of('gpu'), host: of('host') };
  };

  test.each([
    ['a hang', [0, 100, 200, 30_200, 30_300], [every(100)], [0, 100, 100, 300, 100]],
    [
      'readings that come less often than asked for',
      [0, 500, 1000, 31_000],
      [every(100)],
      [0, 300, 500, 1500],
    ],
    [
      'another interval, and a reading at once',
      [0, 100, 150, 10_150],
      [every(100), every(10_000, 150)],
      [0, 100, 50, 10_000],
    ],
    [
      'and back',
      [0, 10_000, 20_000, 25_000, 25_100],
      [every(10_000), every(100, 25_000)],
      [0, 10_000, 10_000, 5000, 100],
    ],
  ])(
    '%s: a GPU’s stands for three periods at most, a host’s, which is of rates, for all of it',
    (_, times, intervals, gpu) => {
      const spans = spansOf(times, intervals);
      expect(spans.gpu).toEqual(gpu);
      expect(spans.host).toEqual(times.map((time, at) => time - (times[at - 1] ?? time)));
    },
  );

  test('all metrics of a host that are gauges are rates, but the load; none of a GPU is', () => {
    const rates = (entity: Entity) =>
      metricsOf(entity).flatMap(({ name, kind, source }) =>
        kind === 'gauge' && 'derive' in source ? [name] : [],
      );
    const gauges = metricsOf('host').flatMap(({ name, kind }) => (kind === 'gauge' ? [name] : []));
    expect(gauges.filter((name) => !rates('host').includes(name))).toEqual(['load_1min']);
    expect(rates('gpu')).toEqual([]);
  });

  test('means that are weighted by it are those of the summary, a hang included', () => {
    const length__s = 60;
    const hang = (time__s: number): boolean => time__s > 20 && time__s < 50;
    const times__s = Array.from({ length: 10 * length__s + 1 }, (_, tick) => tick / 10).filter(
      (time) => !hang(time),
    );
    const busy = (time__s: number): number => (time__s < 10 ? 0.1 : 0.9);
    let [busy__s, before__s] = [0, 0];
    const readings = times__s.flatMap((time__s): Reading[] => {
      const share = busy(time__s);
      busy__s += share * (time__s - before__s) * SUMMARY_META.host.core_num;
      before__s = time__s;
      const values = { cpu_busy__s: busy__s, cpu_utilization__pct: 100 * share };
      const time__ns = time__s * SECOND;
      return [
        { instance: HOST, time__ns, values: time__s > 0 ? values : { cpu_busy__s: 0 } },
        { instance: GPU, time__ns, values: { gpu_utilization__pct: 100 * share } },
      ];
    });
    const fold = new DocumentFold(
      { ...MANIFEST, clock: { start__ns: '0', utcOffset__ns: '0' } },
      { resolution__ns: 100 * MS },
    );
    const read = {
      batch: batchOfReadings(readings),
      position: { tables: {} },
      simulated: false,
      settled: true,
    };
    const every100ms = [{ from__ns: 0n, interval__ns: 100 * MS }];
    const sources = [...fold.push(read, [], every100ms), ...fold.end()].map(parse);
    const summary = summaryOfReadings(readings, { stop__s: length__s });
    for (const [entity, name] of [
      ['gpu', 'gpu_utilization__pct'],
      ['host', 'cpu_utilization__pct'],
    ] as const) {
      const weighed = sources.filter((source) => source['entity'] === entity && source[name] !== undefined);
      const weight = (source: Source) => Number(source['sampled__s'] ?? 0);
      const sum__s = weighed.reduce((sum, source) => sum + weight(source), 0);
      const mean = weighed.reduce((sum, source) => sum + weight(source) * Number(source[name]), 0) / sum__s;
      const metric = metricOf(summary, entity, name);
      expect(metric).toMatchObject({
        mean: expect.closeTo(mean, 0) as number,
        coverage: expect.closeTo(sum__s / length__s, 2) as number,
      });
    }
  });

  test('folded: that of all rows of the stretch', () => {
    const rows = counted([0, 500], [40, 501], [90, 503], [110, 507], [230, 515], [270, 516]);
    const documents = fold({ reads: [rows], intervals: [every(50)] });
    const spans = documents.map((document) => parse(document)['sampled__s']);
    expect(spans).toEqual([0.09, 0.02, 0.16]);
  });
});

describe('what is given when', () => {
  test('a bucket once a later row of its table is there; one whose table has no more, ten seconds later', () => {
    const documents = new DocumentFold(MANIFEST, { resolution__ns: 100 * MS });
    const reads: Row[][] = [
      [
        [0, 5, 1],
        [1, 1, 1],
      ],
      [[150, 1, 1]],
      [
        [160, 1, 1],
        [250, 1, 1],
      ],
      [[10_101, 1, 1]],
    ];
    const given = readsOf(reads).map((read) => {
      const { length } = documents.push(read, [], [every(10)]);
      const { host, job } = documents.position.tables;
      return [length, host?.rows, job?.rows];
    });
    expect(given).toEqual([
      [0, 0, 0],
      [1, 1, 0],
      [1, 3, 0],
      [2, 4, 1],
    ]);
    expect(documents.end()).toHaveLength(1);
    expect(documents.position.tables).toMatchObject({ host: { rows: 5 }, job: { rows: 1 } });
  });

  test('a window’s end, or another interval, that becomes known while samples are folded cuts them there', () => {
    const live = new DocumentFold(MANIFEST, { resolution__ns: 100 * MS });
    const [first, second, third] = readsOf([
      [
        [0, 1, 0],
        [10, 1, 10],
      ],
      [
        [20, 1, 20],
        [30, 1, 30],
      ],
      [
        [50, 1, 50],
        [60, 1, 60],
      ],
    ]);
    const known = [every(10)];
    const given = [
      ...live.push(first!, [node('a', 0)], known),
      ...live.push(second!, [node('a', 0, 20)], known),
      ...live.push(third!, [node('a', 0, 20)], [...known, every(20, 40)]),
      ...live.end(),
    ];
    expect(brief(given, CPU)).toEqual([
      [0, 5, ['a']],
      [20, 25, undefined],
      [40, 55, undefined],
    ]);
  });

  test('a row that comes after its bucket was given is not lost', () => {
    const reads: Row[][] = [
      [[0, 2, 1]],
      [[150, 3, 2]],
      [
        [50, 2, 5],
        [60, 2, 7],
        [120, 2, 9],
      ],
    ];
    expect(brief(fold({ reads }), CLOCK)).toEqual([
      [0, 1, undefined],
      [50, 6, undefined],
      [100, 2, undefined],
      [100, 9, undefined],
    ]);
  });
});

const rowsArb: fc.Arbitrary<readonly Row[]> = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 40 }) },
        { weight: 9, arbitrary: fc.double({ min: 0.001, max: 30, noNaN: true }) },
        fc.constant(4000),
      ),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(NaN)), {
        maxLength: 3,
      }),
    ),
    { maxLength: 80 },
  )
  .map((steps) => {
    let time = 0;
    return steps.map(([step, instance, values]): Row => [(time += step), instance, ...values]);
  });

const windowArb: fc.Arbitrary<JobSpan> = fc
  .record({
    id: fc.constantFrom('a', 'b', 'ü"'),
    start: fc.nat({ max: 900 }),
    length: fc.option(fc.nat({ max: 500 })),
    gpus: fc.option(
      fc.array(fc.tuple(fc.nat({ max: 400 }), fc.subarray(['GPU-0', 'GPU-1'])), { maxLength: 3 }),
    ),
  })
  .map(({ id, start, length, gpus }): JobSpan => {
    const span = node(id, start, length === null ? undefined : start + length);
    if (!gpus) return span;
    const sorted = [...gpus].sort(([one], [other]) => one - other);
    return {
      ...span,
      gpu_scope: 'process',
      gpus: sorted.map(([after, uuids]) => ({ from__ns: at(start + after), uuids })),
    };
  });

const runArb = fc.record({
  rows: rowsArb,
  windows: fc.array(windowArb, { maxLength: 4 }),
  intervals: fc
    .array(fc.tuple(fc.nat({ max: 900 }), fc.constantFrom(1, 10, 100, 1000)), { maxLength: 3 })
    .map((changes) => [
      every(10),
      ...changes.sort(([one], [other]) => one - other).map(([from, interval]) => every(interval, from)),
    ]),
  resolution__ns: fc.constantFrom(10 * MS, 100 * MS, 70 * MS, 1000 * MS),
  cuts: fc.array(fc.nat({ max: 80 }), { maxLength: 10 }),
});

function cut(rows: readonly Row[], cuts: readonly number[]): readonly (readonly Row[])[] {
  const places = [...new Set([0, ...cuts.filter((one) => one < rows.length), rows.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => rows.slice(places[index], end));
}

const sorted = (documents: readonly OutgoingDocument[]) =>
  [...documents].sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));

test('how rows are cut into reads changes nothing', () => {
  fc.assert(
    fc.property(runArb, ({ rows, cuts, ...run }) => {
      const whole = sorted(fold({ ...run, reads: [rows] }));
      expect(sorted(fold({ ...run, reads: cut(rows, cuts) }))).toEqual(whole);
      expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
    }),
    { numRuns: 400 },
  );
});

/** What events had told until a time. */
function knownAt(windows: readonly JobSpan[], now__ns: bigint): readonly JobSpan[] {
  return windows
    .filter(({ start__ns }) => start__ns <= now__ns)
    .map((span): JobSpan => {
      const { stop__ns, ...open } = span;
      const until = stop__ns !== undefined && stop__ns <= now__ns ? { stop__ns } : {};
      if (open.gpu_scope === 'node') return { ...open, ...until };
      return { ...open, ...until, gpus: open.gpus.filter(({ from__ns }) => from__ns <= now__ns) };
    });
}

test('windows and intervals that come to be known as they happen give what a replay gives', () => {
  fc.assert(
    fc.property(runArb, ({ rows, cuts, windows, intervals, resolution__ns }) => {
      const live = new DocumentFold(MANIFEST, { resolution__ns });
      const slices = cut(rows, cuts);
      const given = readsOf(slices).flatMap((read, index) => {
        const now__ns = at(slices[index]?.at(-1)?.[0] ?? 0);
        const passed = intervals.filter(({ from__ns }, number) => number === 0 || from__ns <= now__ns);
        return live.push(read, knownAt(windows, now__ns), passed);
      });
      const replay = fold({ reads: [rows], windows, intervals, resolution__ns });
      expect(sorted([...given, ...live.end()])).toEqual(sorted(replay));
    }),
    { numRuns: 400 },
  );
});

test('going on where a fold was gives the same documents, and none is missing', () => {
  const again = fc.record({
    last: fc.nat({ max: 10 }),
    cuts: fc.array(fc.nat({ max: 80 }), { maxLength: 10 }),
  });
  fc.assert(
    fc.property(
      runArb,
      again,
      ({ rows, cuts, windows, intervals, resolution__ns }, { last, cuts: others }) => {
        const first = new DocumentFold(MANIFEST, { resolution__ns });
        const before = readsOf(cut(rows, cuts))
          .slice(0, last)
          .flatMap((read) => first.push(read, windows, intervals));
        const stored: unknown = JSON.parse(JSON.stringify({ ...BEGINNING, position: first.position }));
        const { position } = parseCheckpoint(stored)!;
        const second = new DocumentFold(MANIFEST, { resolution__ns }, position);
        const rest = readsOf(cut(rowsAfter(rows, position), others), position);
        const after = [...rest.flatMap((read) => second.push(read, windows, intervals)), ...second.end()];
        const whole = fold({ reads: [rows], windows, intervals, resolution__ns });
        const byId = new Map([...before, ...after].map((one) => [one.id, one]));
        expect(sorted([...byId.values()])).toEqual(sorted(whole));
        for (const one of before) expect(byId.get(one.id)).toEqual(one);
      },
    ),
    { numRuns: 600 },
  );
});

test('unfolded, the lines are those of toDocuments', () => {
  fc.assert(
    fc.property(runArb, ({ rows, cuts, windows }) => {
      const lines = fold({ reads: cut(rows, cuts), windows, intervals: [every(100)] });
      const meter = new Meter(100 * MS);
      const documents = cut(rows, cuts).flatMap((read) => [
        ...toDocuments(batchOf(read), { host: 'n1', windows, meter }),
      ]);
      expect(lines.map(parse)).toEqual(
        documents.map(({ source }) => JSON.parse(JSON.stringify(source)) as Source),
      );
      expect(lines.map(({ index }) => index)).toEqual(documents.map(({ index }) => index));
      for (const [index, line] of lines.entries()) {
        const source = lineOf(line);
        expect(source).toMatch(/^[\x20-\x7e]*$/);
        const plain = JSON.stringify(documents[index]?.source);
        if (/^[\x20-\x7e]*$/.test(plain)) expect(source).toBe(plain);
      }
    }),
    { numRuns: 300 },
  );
});
