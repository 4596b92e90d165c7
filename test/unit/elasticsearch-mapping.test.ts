// The mapping derived from the catalog: every field that a document can have is in it, and Elasticsearch can take it.
import { ENTITIES, metricsOf, STATUS, type Entity, type Instance } from '../../lib/catalog';
import type { JobSpan, RecordedEvent } from '../../lib/recording';
import {
  eventDocuments,
  toDocuments,
  endedWindow,
  windowDocument,
  type JobDocument,
} from '../../lib/sinks/elasticsearch';
import { fieldsOf, type Field, type Fields } from '../../lib/sinks/elasticsearch/setup/mapping';
import { STREAMS } from '../../lib/sinks/elasticsearch/documents/streams';
import { batchOf, gpu, HOST, JOB, MEMORY, process, SECOND, type Reading } from '../support/readings';
import { summaryOfReadings } from '../support/summaries';

const uuid = 'GPU-1';
const INSTANCES: { readonly [E in Entity]: Instance } = {
  host: HOST,
  memory: MEMORY,
  job: JOB,
  gpu: gpu(1),
  process: process(17),
  core: { id: 10, entity: 'core', identity: { core: 0 } },
  disk: { id: 11, entity: 'disk', identity: { device: 'sda' } },
  filesystem: { id: 12, entity: 'filesystem', identity: { mount: '/', device: 'sda1', type: 'ext4' } },
  network: { id: 13, entity: 'network', identity: { interface: 'eth0' } },
  cgroup: { id: 14, entity: 'cgroup', identity: { path: '/jobs/a' } },
  gpu_process: {
    id: 15,
    entity: 'gpu_process',
    identity: { index: 1, uuid, pid: 17, name: 'train', job: 'j' },
  },
  mig: { id: 16, entity: 'mig', identity: { uuid } },
  agent: { id: 18, entity: 'agent', identity: {} },
};

/** By the names that stand in documents. */
function flat(fields: Fields): Readonly<Record<string, Field>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) =>
      'properties' in field
        ? Object.entries(field.properties).map(([inner, of]) => [`${name}.${inner}`, of])
        : [[name, field]],
    ),
  );
}

test.each(ENTITIES.filter((entity) => metricsOf(entity).length > 0))(
  'every field of a document of %s is mapped, by its kind of value',
  (entity) => {
    const values = Object.fromEntries(metricsOf(entity).map(({ name }) => [name, 1]));
    const batch = batchOf([{ instance: INSTANCES[entity], time__ns: SECOND, values }]);
    const [document] = [...toDocuments(batch, { host: 'node-1', cores: true })];
    expect(Object.keys(document!.source)).toEqual(expect.arrayContaining(Object.keys(values)));
    const fields = flat(fieldsOf(document!.index));
    const mistaken = Object.entries(document!.source).flatMap(([name, value]) => {
      const type = fields[name]?.type ?? 'none';
      const allowed = typeof value === 'number' ? ['long', 'integer', 'double'] : ['keyword', 'date_nanos'];
      return allowed.includes(type) ? [] : [`${name}: ${type}`];
    });
    expect(mistaken).toEqual([]);
  },
);

test('every field of documents about windows is mapped, by its kind of value', () => {
  const reading = (instance: Instance, values: Reading['values'], second: number): Reading => ({
    instance,
    time__ns: second * SECOND,
    values,
  });
  const busy = { gpu_utilization__pct: 50, memory_used__MiB: 100, power_draw__W: 70, gpu_temperature__C: 60 };
  const readings = [0, 1, 2].flatMap((second) => [
    reading(gpu(0), { ...busy, energy__J: 100 + 70 * second }, second),
    reading(HOST, { cpu_busy__s: 700 + second, cpu_utilization__pct: 25 }, second),
    reading(MEMORY, { memory_used__MiB: 1000 }, second),
    reading(JOB, { io_read__B: { status: STATUS.denied } }, second),
  ]);
  const ended = {
    id: 'j',
    name: 'train',
    exitCode: 1,
    signal: 'SIGKILL',
    labels: { team: 'imaging' },
  } as const;
  const summary = summaryOfReadings(readings, { stop__s: 2, interval__s: 1 }, { job: ended });
  const span: JobSpan = {
    id: 'j',
    name: 'train',
    labels: { team: 'imaging' },
    start__ns: 0n,
    stop__ns: BigInt(2 * SECOND),
    gpus: 'node',
    gpu_scope: 'node',
    status: 'ok',
    ended_by: 'stop',
  };
  const lost: RecordedEvent = {
    time: '2026-01-02T03:04:05.123456789Z',
    time__ns: BigInt(SECOND),
    kind: 'device_lost',
    flush: 0,
    instance: gpu(0).id,
    text: 'GPU 0 is lost',
    data: null,
  };
  const instances = new Map([[gpu(0).id, gpu(0)]]);
  const documents = [
    windowDocument(endedWindow(summary, span, [span])),
    ...eventDocuments([lost], { host: 'n', spans: [span], instances }),
  ];
  const told = Object.assign({}, ...documents.map(({ source }) => source)) as JobDocument['source'];
  // All that the mapping names, and nothing else.
  const fields = flat(fieldsOf('jobmetrics'));
  expect(Object.keys(told).sort()).toEqual(Object.keys(fields).sort());
  const mistaken = Object.entries(told).flatMap(([name, value]) => {
    const one = Array.isArray(value) ? (value as readonly unknown[])[0] : value;
    const allowed = {
      number: ['long', 'integer', 'double'],
      boolean: ['boolean'],
      string: ['keyword', 'date_nanos'],
    }[typeof one as 'number' | 'boolean' | 'string'];
    const type = fields[name]?.type ?? 'none';
    return allowed.includes(type) ? [] : [`${name}: ${type}`];
  });
  expect(mistaken).toEqual([]);
});

test.each(STREAMS)('%s keeps to what Elasticsearch allows', (stream) => {
  const fields = Object.entries(flat(fieldsOf(stream)));
  expect(fields.length).toBeGreaterThan(20);
  // The default of index.mapping.total_fields.limit.
  expect(fields.length).toBeLessThan(1000);
  for (const [name, { meta = {} }] of fields) {
    expect(Object.keys(meta).length).toBeLessThanOrEqual(5);
    for (const [key, value] of Object.entries(meta))
      expect(`${name} ${key} ${value.length > 50 ? 'is too long' : 'fits'}`).toBe(`${name} ${key} fits`);
  }
});

test('a folded gauge has its extremes and its last, a counter and a state only themselves', () => {
  const fields = flat(fieldsOf('gpumetrics'));
  const named = (name: string): readonly string[] =>
    Object.keys(fields).filter((field) => field.startsWith(name));
  expect(named('power_draw__W')).toEqual(['', '_min', '_max', '_last'].map((fold) => `power_draw__W${fold}`));
  expect(named('energy__J')).toEqual(['energy__J']);
  expect(named('perf_state')).toEqual(['perf_state']);
  expect(fields['perf_state']?.type).toBe('long');
  expect(fields['energy__J']?.type).toBe('double');
});

test('a rate of bytes and a count of bytes differ: one has fractions', () => {
  const fields = flat(fieldsOf('cpumetrics'));
  expect(fields['disk_read__B']?.type).toBe('long');
  expect(fields['disk_read__MBps']?.type).toBe('double');
  expect(fields['host.name']).toEqual({ type: 'keyword', ignore_above: 1024 });
});
