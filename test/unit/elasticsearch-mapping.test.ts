// The mapping derived from the catalog: every field that a document can have is in it, and Elasticsearch can take it.
import { ENTITIES, metricsOf, type Entity, type Instance } from '../../lib/catalog';
import { toDocuments } from '../../lib/sinks/elasticsearch';
import { fieldsOf, type Field, type Fields } from '../../lib/sinks/elasticsearch/mapping';
import { STREAMS } from '../../lib/sinks/elasticsearch/streams';
import { batchOf, gpu, HOST, JOB, MEMORY, process, SECOND } from '../support/readings';

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
