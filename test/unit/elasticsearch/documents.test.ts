// Documents: what stands in them, to which jobs they belong, and what they are called.
import fc from 'fast-check';
import { ENTITIES, metricsOf, STATUS, type Entity, type Instance } from '../../../lib/catalog';
import type { JobSpan } from '../../../lib/recording';
import { createBatch, type Batch } from '../../../lib/sampling/batch';
import { documentId, instanceKey, toDocuments, type Document } from '../../../lib/sinks/elasticsearch';
import { table } from '../../fixtures/recording/batches';

/** 2026-09-21T14:13:20.123456789Z */
const OFFSET__NS = 1_790_000_000_123_456_789n;

const gpu = (index: number) => ({
  index,
  uuid: `GPU-${index}`,
  name: 'NVIDIA H200',
  pci_bus_id: '0',
  serial: null,
  driver_version: '595',
});
/** As recordings of one job had it: whose the process is was not said. */
const earlier = (instance: Instance): Instance =>
  JSON.parse(JSON.stringify(instance, (key, value) => (key === 'job' ? undefined : value)));
const INSTANCES: readonly Instance[] = [
  { id: 1, entity: 'host', identity: { name: 'kernel-name' } },
  { id: 2, entity: 'core', identity: { core: 7 } },
  { id: 3, entity: 'memory', identity: {} },
  { id: 4, entity: 'disk', identity: { device: 'nvme0n1' } },
  { id: 5, entity: 'filesystem', identity: { mount: '/data', device: '/dev/sda1', type: 'ext4' } },
  { id: 6, entity: 'network', identity: { interface: 'eth0' } },
  { id: 7, entity: 'job', identity: { id: 'a', tracking: 'tree' } },
  earlier({ id: 8, entity: 'process', identity: { pid: 77, name: 'pythön "3"', job: '' } }),
  { id: 9, entity: 'gpu', identity: gpu(0) },
  { id: 10, entity: 'gpu', identity: gpu(3) },
  earlier({
    id: 11,
    entity: 'gpu_process',
    identity: { index: 3, uuid: 'GPU-3', pid: 77, name: 'python', job: '' },
  }),
  { id: 12, entity: 'agent', identity: {} },
];
/** Such as a sampler gives that follows several jobs. */
const FOLLOWED: readonly Instance[] = [
  { id: 20, entity: 'process', identity: { pid: 78, name: 'x', job: 'b' } },
  {
    id: 21,
    entity: 'gpu_process',
    identity: { index: 0, uuid: 'GPU-0', pid: 78, name: 'x', job: 'b' },
  },
  {
    id: 22,
    entity: 'gpu_process',
    identity: { index: 0, uuid: 'GPU-0', pid: 79, name: 'y', job: '' },
  },
];

type Cell = (metric: number) => { readonly value: number; readonly status: number };

/** A row for each instance of an entity and each time; the value is the number of the metric, from 1. */
function rowsOf(
  entity: Entity,
  times: readonly bigint[],
  cell: Cell = (metric) => ({ value: metric + 1, status: 0 }),
): Batch {
  const own = [...INSTANCES, ...FOLLOWED].filter((one) => one.entity === entity);
  const rows = times.flatMap((time) => own.map(({ id }) => ({ time, instance: id })));
  return createBatch({
    tables: [table(entity, rows, cell)],
    instances: new Map([...INSTANCES, ...FOLLOWED].map((one) => [one.id, one])),
    events: [],
    utcOffset__ns: OFFSET__NS,
    droppedRows: 0,
  });
}

const documents = (batch: Batch, windows?: readonly JobSpan[], cores = true): Document[] => [
  ...toDocuments(batch, { host: 'n1', windows, cores }),
];

const job = { name: 'x', labels: {} };
const node = (id: string, start__ns: bigint, stop__ns?: bigint): JobSpan => ({
  ...job,
  id,
  start__ns,
  ...(stop__ns === undefined ? {} : { stop__ns }),
  gpu_scope: 'node',
  gpus: 'node',
});

test('a GPU’s document', () => {
  const [first, second, ...none] = documents(rowsOf('gpu', [211n]), [node('a', 0n)]);
  expect(none).toEqual([]);
  expect(first).toEqual({
    index: 'gpumetrics',
    source: {
      '@timestamp': '2026-09-21T14:13:20.123457000Z',
      'host.name': 'n1',
      entity: 'gpu',
      index: 0,
      uuid: 'GPU-0',
      name: 'NVIDIA H200',
      job: ['a'],
      job_title: ['2026-09-21 14:13:20 x\ta'],
      job_time__s: 0,
      ...Object.fromEntries(metricsOf('gpu').map(({ name }, at) => [name, at + 1])),
    },
  });
  expect(second?.source).toMatchObject({ index: 3, uuid: 'GPU-3', gpu_clock__MHz: 1 });
});

test('identity and stream of every entity', () => {
  const seen = ENTITIES.flatMap((entity) => documents(rowsOf(entity, [0n])).slice(0, 1)).map(
    ({ index, source }) => {
      const { '@timestamp': time, 'host.name': host, entity, ...rest } = source;
      const metrics = new Set<string>(metricsOf(entity).map(({ name }) => name));
      const identity = Object.entries(rest).filter(([field]) => !metrics.has(field));
      expect([time, host]).toEqual(['2026-09-21T14:13:20.123456789Z', 'n1']);
      expect(Object.keys(rest)).toHaveLength(identity.length + metrics.size);
      return [index, entity, Object.fromEntries(identity)];
    },
  );
  expect(seen).toEqual([
    ['cpumetrics', 'host', {}],
    ['cpumetrics', 'core', { core: 7 }],
    ['cpumetrics', 'memory', {}],
    ['cpumetrics', 'disk', { device: 'nvme0n1' }],
    ['cpumetrics', 'filesystem', { mount: '/data', device: '/dev/sda1', type: 'ext4' }],
    ['cpumetrics', 'network', { interface: 'eth0' }],
    ['cpumetrics', 'job', { job: ['a'] }],
    ['cpumetrics', 'process', { pid: 77, process_name: 'pythön "3"' }],
    ['gpumetrics', 'gpu', { index: 0, uuid: 'GPU-0', name: 'NVIDIA H200' }],
    ['gpumetrics', 'gpu_process', { index: 3, uuid: 'GPU-3', pid: 77, process_name: 'python' }],
    ['cpumetrics', 'agent', {}],
  ]);
});

test('what is missing is absent, a zero is not; a row without a value gives no document', () => {
  const [one] = documents(
    rowsOf('gpu', [0n], (metric) => ({ value: 0, status: metric < 2 ? 0 : STATUS.unsupported })),
  );
  expect(Object.keys(one?.source ?? {}).slice(6)).toEqual(['gpu_clock__MHz', 'memory_clock__MHz']);
  expect(one?.source['gpu_clock__MHz']).toBe(0);
  expect(documents(rowsOf('gpu', [0n], () => ({ value: 1, status: STATUS.notDue })))).toEqual([]);
  expect(documents(rowsOf('host', [0n], () => ({ value: Infinity, status: 0 })))).toEqual([]);
});

test('numbers keep all their digits', () => {
  const exact = [2 ** 53 - 1, 0.1 + 0.2, 1e21, 5e-324];
  const [one] = documents(rowsOf('gpu', [0n], (metric) => ({ value: exact[metric] ?? 1, status: 0 })));
  const again = JSON.parse(JSON.stringify(one?.source)) as Record<string, number>;
  expect(Object.values(again).slice(6, 10)).toEqual(exact);
});

test('cores only where they are asked for', () => {
  expect(documents(rowsOf('core', [0n]))).toHaveLength(1);
  expect([...toDocuments(rowsOf('core', [0n]), { host: 'n1' })]).toEqual([]);
});

describe('to which jobs a document belongs', () => {
  const jobs = (entity: Entity, windows: readonly JobSpan[] | undefined, times: readonly bigint[]) =>
    documents(rowsOf(entity, times), windows).map(({ source }) => source.job);

  test('the start belongs to a window, the end does not', () => {
    const windows = [node('a', 10n, 20n), node('b', 15n)];
    expect(jobs('host', windows, [9n, 10n, 14n, 15n, 19n, 20n])).toEqual([
      undefined,
      ['a'],
      ['a'],
      ['a', 'b'],
      ['a', 'b'],
      ['b'],
    ]);
    expect(jobs('host', [], [0n])).toEqual([undefined]);
    expect(jobs('host', undefined, [0n])).toEqual([undefined]);
  });

  test('a GPU’s rows: the jobs that have it at that time; a host’s: all', () => {
    const windows: readonly JobSpan[] = [
      {
        ...job,
        id: 'named',
        start__ns: 0n,
        gpu_scope: 'named',
        gpus: [{ from__ns: 0n, uuids: ['GPU-3', 'MIG'] }],
      },
      {
        ...job,
        id: 'moves',
        start__ns: 0n,
        stop__ns: 9n,
        gpu_scope: 'process',
        gpus: [
          { from__ns: 3n, uuids: ['GPU-0'] },
          { from__ns: 6n, uuids: ['GPU-3'] },
        ],
      },
    ];
    expect(jobs('gpu', windows, [0n, 3n, 6n, 9n])).toEqual([
      undefined,
      ['named'],
      ['moves'],
      ['named'],
      undefined,
      ['named', 'moves'],
      undefined,
      ['named'],
    ]);
    expect(jobs('disk', windows, [0n, 9n])).toEqual([['named', 'moves'], ['named']]);
    expect(jobs('gpu_process', windows, [3n])).toEqual([['named'], undefined, undefined]);
  });

  test('a GPU that is told of before the start or after the stop is not the job’s then', () => {
    const late: JobSpan = {
      ...job,
      id: 'late',
      start__ns: 3n,
      stop__ns: 6n,
      gpu_scope: 'process',
      gpus: [
        { from__ns: 1n, uuids: ['GPU-0'] },
        { from__ns: 2n, uuids: ['GPU-0', 'GPU-3'] },
        { from__ns: 8n, uuids: ['GPU-3'] },
      ],
    };
    const both = (...own: (string[] | undefined)[]) => own.flatMap((one) => [one, one]);
    expect(jobs('gpu', [late], [2n, 3n, 5n, 6n, 8n, 9n])).toEqual(
      both(undefined, ['late'], ['late'], undefined, undefined, undefined),
    );
  });

  test('a process’s and a job’s own: theirs alone, while it is open', () => {
    const windows = [node('a', 10n, 20n), node('b', 10n)];
    expect(jobs('job', windows, [9n, 10n, 20n])).toEqual([undefined, ['a'], undefined]);
    // The first was recorded without its job, as recordings of one job are.
    expect(jobs('process', windows, [9n, 15n])).toEqual([undefined, undefined, ['a', 'b'], ['b']]);
    expect(jobs('gpu_process', windows, [15n])).toEqual([['a', 'b'], ['b'], undefined]);
    expect(jobs('process', undefined, [15n])).toEqual([undefined, ['b']]);
    expect(jobs('gpu_process', undefined, [15n])).toEqual([undefined, ['b'], undefined]);
  });
});

describe('ids', () => {
  const key = (at: number, recording = 'r', resolution = 1e8) =>
    instanceKey(recording, [...INSTANCES, ...FOLLOWED][at] as Instance, resolution);

  test('tell recordings, instances and resolutions apart, and depend on nothing else', () => {
    const keys = [...INSTANCES, ...FOLLOWED].map((_, at) => key(at));
    expect(new Set([...keys, key(0, 's'), key(0, 'r', 1e9)]).size).toBe(keys.length + 2);
    expect(instanceKey('r', { id: 99, entity: 'core', identity: { core: 7 } }, 1e8)).toBe(key(1));
    expect(documentId(key(1), OFFSET__NS)).toBe('BqsTuAHW80Vvd202B8Qsoxtt');
  });

  test('sort as time does, as bytes', () => {
    const time = fc.bigInt(0n, 2n ** 61n);
    fc.assert(
      fc.property(time, time, (one, other) => {
        const [first, second] = [one, other].map((utc) => Buffer.from(documentId(key(0), utc), 'base64url'));
        expect(first).toHaveLength(18);
        expect(first?.compare(second ?? Buffer.alloc(0))).toBe(one < other ? -1 : one > other ? 1 : 0);
        expect(first?.toString('base64url')).toBe(documentId(key(0), one));
      }),
    );
  });
});
