// To which jobs rows belong: windows from a recording's events, told as `run`, as a server, or not at all.
import { intervalsOf, spansOf, type EventKind, type Json, type RecordedEvent } from '../../lib/recording';

function event(kind: EventKind, time__ns: bigint, data: Json): RecordedEvent {
  return { kind, time__ns, data, time: '', flush: 1, instance: null, text: '' };
}

const start = (id: string, time__ns: bigint, more: { readonly [key: string]: Json } = {}) =>
  event('window_start', time__ns, { id, tree: false, name: `${id}!`, labels: {}, ...more });

test('a command’s window: its GPUs are known at its end, and hold from its start', () => {
  const opened = start('a', 5n, { labels: { team: 'x' }, gpu_scope: 'node', gpus: [] });
  expect(spansOf([opened])).toEqual([
    { id: 'a', name: 'a!', labels: { team: 'x' }, start__ns: 5n, gpu_scope: 'node', gpus: 'node' },
  ]);
  const closed = event('window_stop', 9n, { id: 'a', gpu_scope: 'process', gpus: ['G1'] });
  expect(spansOf([opened, closed])).toEqual([
    {
      id: 'a',
      name: 'a!',
      labels: { team: 'x' },
      start__ns: 5n,
      stop__ns: 9n,
      ended_by: 'stop',
      gpu_scope: 'process',
      gpus: [{ from__ns: 5n, uuids: ['G1'] }],
    },
  ]);
});

test('a server’s windows overlap, and say as it happens on which GPUs they are', () => {
  const spans = spansOf([
    start('a', 1n, { gpu_scope: 'process', gpus: [] }),
    start('b', 2n, { gpu_scope: 'named', gpus: ['G0', 'G3'] }),
    event('window_gpus', 3n, { id: 'a', gpus: ['G1'] }),
    event('window_gpus', 3n, { id: 'b', gpus: ['G1'] }),
    event('window_gpus', 6n, { id: 'a', gpus: ['G1', 'G2'] }),
    start('a', 7n, { gpu_scope: 'node', gpus: [] }),
    event('window_stop', 8n, {
      id: 'a',
      gpu_scope: 'process',
      gpus: ['G1', 'G2'],
      ended_by: 'lease',
      status: 'late',
    }),
    start('a', 9n, { gpu_scope: 'node', gpus: [] }),
  ]);
  expect(spans).toMatchObject([
    {
      id: 'a',
      start__ns: 1n,
      stop__ns: 8n,
      ended_by: 'lease',
      status: 'late',
      gpus: [
        { from__ns: 3n, uuids: ['G1'] },
        { from__ns: 6n, uuids: ['G1', 'G2'] },
      ],
    },
    { id: 'b', start__ns: 2n, gpu_scope: 'named', gpus: [{ from__ns: 2n, uuids: ['G0', 'G3'] }] },
    { id: 'a', start__ns: 9n, gpus: 'node' },
  ]);
  expect(spans[1]).not.toHaveProperty('stop__ns');
});

test('events of old recordings, of others, and damaged ones are tolerated', () => {
  expect(
    spansOf([
      event('mark', 1n, null),
      event('window_start', 1n, { depth: [1] }),
      event('window_start', 1n, ['id']),
      event('window_stop', 1n, { id: 'nobody' }),
      event('window_start', 2n, { id: 'old', tree: true, labels: { a: 1, b: 'c' } }),
      event('window_gpus', 3n, { id: 'old', gpus: ['G0'] }),
      event('window_stop', 4n, { exitCode: 0 }),
    ]),
  ).toEqual([
    {
      id: 'old',
      name: 'old',
      labels: { b: 'c' },
      start__ns: 2n,
      stop__ns: 4n,
      ended_by: 'stop',
      gpu_scope: 'node',
      gpus: 'node',
    },
  ]);
});

test('intervals: the manifest’s until events say otherwise', () => {
  const manifest = { clock: { start__ns: '50', utcOffset__ns: '0' }, interval__ns: 1e9 };
  const events = [
    event('interval', 60n, { interval__ns: 1e6 }),
    event('interval', 70n, null),
    event('interval', 80n, { interval__ns: 1e10 }),
  ];
  expect(intervalsOf(events, manifest)).toEqual([
    { from__ns: 50n, interval__ns: 1e9 },
    { from__ns: 60n, interval__ns: 1e6 },
    { from__ns: 80n, interval__ns: 1e10 },
  ]);
});
