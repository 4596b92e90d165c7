// What is asked of a data stream that took nothing: it says of itself what every document does.
import { Packer, sourceOf } from '../../../lib/sinks/elasticsearch/documents/packed';
import { plainProbe } from '../../../lib/sinks/elasticsearch/delivery/probe';

const TIME = '2026-02-14T10:15:00.000000000Z';

test.each([
  [{ simulated: true, name: 'a' }, { simulated: true }],
  [{ name: '"simulated":true' }, {}],
])('the plain one of %j has %j beside its time, host and entity', (fields, kept) => {
  const host = { '@timestamp': TIME, 'host.name': 'a "b"' };
  const source = JSON.stringify({ ...host, ...fields, entity: 'gpu' });
  const suspect = new Packer().pack({ index: 'gpumetrics', id: '1', source });
  const probe = plainProbe(suspect);
  expect(JSON.parse(sourceOf(probe))).toEqual({ ...host, ...kept, entity: 'probe' });
  expect(probe).toMatchObject({ index: 'gpumetrics', id: '1-probe' });
});
