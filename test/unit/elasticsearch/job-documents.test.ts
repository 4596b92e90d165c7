// Documents of windows and of what happened in them, from the recording of a server with two jobs that overlap.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATUS } from '../../../lib/catalog';
import type { JobSummary } from '../../../lib/jobs/summary-types';
import { summarizeJobs } from '../../../lib/jobs/recorded-jobs';
import {
  openRecording,
  RecordingWriter,
  spansOf,
  type JobSpan,
  type Recording,
} from '../../../lib/recording';
import { eventDocuments, endedWindow, windowDocument } from '../../../lib/sinks/elasticsearch';
import { META } from '../../fixtures/recording/batches';
import { batchOf, gpu, HOST, JOB, MEMORY, SECOND } from '../../support/readings';
import { summaryOfReadings } from '../../support/summaries';

const root = mkdtempSync(join(tmpdir(), 'nvpulse-job-documents-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Times of the recording: seconds after this, which is 2026-09-21T14:14:00Z. */
const BEGIN__NS = process.hrtime.bigint() + BigInt(SECOND);
const OFFSET__NS = 1_790_000_040_000_000_000n - BEGIN__NS;
const at = (time__s: number): bigint => BEGIN__NS + BigInt(Math.round(time__s * SECOND));

/** A reading a second of two GPUs, the host and its memory: GPU 0 draws 100 W, GPU 1 200 W, and half is busy. */
function readings(from__s: number, to__s: number) {
  const rows = Array.from({ length: to__s - from__s }, (_, index) => {
    const time__s = from__s + index;
    const time__ns = Number(at(time__s));
    const ofGpu = (number: number) => ({
      instance: gpu(number),
      time__ns,
      values: {
        gpu_utilization__pct: time__s < 5 ? 10 * (number + 1) : 90,
        memory_used__MiB: 1000 * (number + 1),
        power_draw__W: 100 * (number + 1),
        energy__J: 5000 + time__s * 100 * (number + 1),
        gpu_temperature__C: 40 + number,
      },
    });
    return [
      ofGpu(0),
      ofGpu(1),
      { instance: HOST, time__ns, values: { cpu_busy__s: 700 + time__s, cpu_utilization__pct: 50 } },
      { instance: MEMORY, time__ns, values: { memory_used__MiB: 2048 + time__s } },
    ];
  });
  const { tables, instances, ...rest } = batchOf(rows.flat());
  return { tables, instances, ...rest };
}

let recording: Recording;
let spans: readonly JobSpan[];
let summaries: ReadonlyMap<string, JobSummary>;

beforeAll(async () => {
  const dir = join(root, 'r');
  const writer = await RecordingWriter.create(dir, {
    ...META,
    utcOffset__ns: OFFSET__NS,
    interval__ns: SECOND,
  });
  const start = (id: string, time__s: number, more: object) =>
    writer.event('window_start', {
      time__ns: at(time__s),
      data: { id, tree: false, name: `${id}-name`, labels: { team: 'x', run: '7' }, ...more },
    });
  start('named', 2, { gpu_scope: 'named', gpus: ['GPU-1'] });
  await writer.write(readings(0, 5));
  start('node', 5, { gpu_scope: 'node', gpus: [] });
  start('cut', 7, { gpu_scope: 'process', gpus: [] });
  await writer.write(readings(5, 10));
  writer.event('mark', { time__ns: at(5.5), text: 'epoch 1', data: { id: 'named' } });
  writer.event('mark', { time__ns: at(6), text: 'all' });
  writer.event('device_lost', { time__ns: at(3), instance: 101, text: 'GPU 1 is lost' });
  writer.event('clock_jump', { time__ns: at(1), text: 'an hour back', data: { by__ns: -3.6e12 } });
  writer.event('counter_reset', { time__ns: at(1), instance: 101, text: 'x' });
  writer.event('window_stop', {
    time__ns: at(8),
    data: { id: 'named', gpu_scope: 'named', gpus: ['GPU-1'], ended_by: 'lease', status: 'late' },
  });
  writer.event('lease_expired', {
    time__ns: at(8),
    text: 'the lease of job named ran out',
    data: { id: 'named' },
  });
  await writer.write(readings(10, 14));
  writer.event('window_stop', {
    time__ns: at(12),
    data: { id: 'node', gpu_scope: 'node', gpus: [], status: 'done' },
  });
  await writer.close();
  recording = await openRecording(dir);
  spans = spansOf(recording.events);
  summaries = await summarizeJobs(recording);
});

const windowOf = (id: string) => {
  const span = spans.find((one) => one.id === id)!;
  return windowDocument(endedWindow(summaries.get(id)!, span, spans));
};

test('a window of a named GPU, shared for a while, whose lease ran out', () => {
  const { index, id, source } = windowOf('named');
  expect(index).toBe('jobmetrics');
  expect(source).toEqual({
    '@timestamp': '2026-09-21T14:14:08.000000000Z',
    'host.name': 'n1',
    entity: 'window',
    job: ['named'],
    job_name: 'named-name',
    job_title: '2026-09-21 14:14:02 named-name\tnamed',
    labels: ['team=x', 'run=7'],
    start: '2026-09-21T14:14:02.000000000Z',
    end: '2026-09-21T14:14:08.000000000Z',
    duration__s: 6,
    status: 'late',
    ended_by: 'lease',
    gpu_scope: 'named',
    gpu_index: [1],
    gpu_uuid: ['GPU-1'],
    gpu_shared: true,
    // Of GPU 1 alone: 200 W for 6 s.
    gpu_energy__J: expect.closeTo(1200, 6) as number,
    gpu_energy_uncertainty__J: expect.any(Number) as number,
    gpu_energy_method: 'counter',
    complete: true,
    simulated: true,
    samples: 6,
    // 20 % for 3 s, then 90 % for 3 s.
    gpu_utilization__pct: expect.closeTo(55, 6) as number,
    gpu_utilization__pct_max: 90,
    gpu_memory_used__MiB: 2000,
    gpu_memory_used__MiB_max: 2000,
    power_draw__W: 200,
    power_draw__W_max: 200,
    gpu_temperature__C: 41,
    gpu_temperature__C_max: 41,
    cpu_utilization__pct: 50,
    cpu_utilization__pct_max: 50,
    memory_used__MiB: expect.closeTo(2052.5, 6) as number,
    memory_used__MiB_max: 2055,
  });
  expect(id).toMatch(/^[A-Za-z0-9_-]{24}$/);
});

test('a window on the whole node: means over its GPUs, the energy of both', () => {
  expect(windowOf('node').source).toMatchObject({
    ended_by: 'stop',
    gpu_scope: 'node',
    gpu_index: [0, 1],
    gpu_shared: true,
    gpu_energy__J: expect.closeTo(7 * 300, 6) as number,
    power_draw__W: 150,
    power_draw__W_max: 200,
    complete: true,
  });
  expect(windowOf('cut').source).not.toHaveProperty('status');
});

test('a window without an end, whose processes were seen on no GPU', () => {
  const { source } = windowOf('cut');
  expect(source).toMatchObject({
    end: '2026-09-21T14:14:13.000000001Z',
    ended_by: 'cut',
    complete: false,
    gpu_scope: 'process',
    gpu_index: [],
    gpu_uuid: [],
    gpu_shared: false,
    gpu_energy_method: 'none',
    cpu_utilization__pct: 50,
  });
  for (const field of ['gpu_energy__J', 'power_draw__W', 'exit_code', 'signal'])
    expect(source).not.toHaveProperty(field);
});

/** A window of the node, from one second to another. */
const nodeWindow = (id: string, start__s: number, stop__s?: number): JobSpan => ({
  ...{ id, name: '', labels: {}, gpu_scope: 'node', gpus: 'node', start__ns: at(start__s) },
  ...(stop__s === undefined ? {} : { stop__ns: at(stop__s) }),
});

/** One that is open, and has a GPU since a second. */
const gpuWindow = (uuid: string, from__s: number): JobSpan => ({
  ...nodeWindow('other', 0),
  gpu_scope: 'named',
  gpus: [{ from__ns: at(from__s), uuids: [uuid] }],
});

test.each<[string, JobSpan, boolean]>([
  ['is open beside it', nodeWindow('other', 0), true],
  ['began with its end', nodeWindow('other', 12, 20), false],
  ['ended with its start', nodeWindow('other', 0, 5), false],
  ['ended just after its start', nodeWindow('other', 0, 5.001), true],
  ['has another GPU', gpuWindow('GPU-2', 0), false],
  ['has had one of its GPUs', gpuWindow('GPU-1', 9), true],
  ['is an earlier one of the same job', nodeWindow('node', 0, 7), false],
])('a window’s GPUs are shared with one that %s: %s', (_, other, shared) => {
  const span = nodeWindow('node', 5, 12);
  expect(endedWindow(summaries.get('node')!, span, [other, span]).gpu_shared).toBe(shared);
});

test('that no GPU is shared costs a look at each window, not the square of them', () => {
  const looksAt = (count: number): number => {
    let looks = 0;
    const later = Array.from({ length: count }, (_, index) => ({
      ...nodeWindow('', 20 + index),
      get id() {
        looks++;
        return `job-${index}`;
      },
    }));
    const span = nodeWindow('node', 5, 12);
    expect(endedWindow(summaries.get('node')!, span, [span, ...later]).gpu_shared).toBe(false);
    return looks;
  };
  expect(looksAt(400) / looksAt(100)).toBeLessThan(5);
});

test('a window names what could not be read for want of a permission', () => {
  const windowed = summaries.get('node')!;
  const summary = summaryOfReadings(
    [0, 1].map((time__s) => ({
      instance: JOB,
      time__ns: time__s * SECOND,
      values: {
        cpu_time__s: time__s,
        io_read__B: { status: STATUS.denied },
        memory_pss__MiB: { status: STATUS.denied },
        memory_rss_sum__MiB: { status: STATUS.readFailed },
      },
    })),
    { stop__s: 2 },
  );
  const span = spans.find(({ id }) => id === 'node')!;
  const { source } = windowDocument(endedWindow({ ...windowed, entities: summary.entities }, span, spans));
  expect(source['denied']).toEqual(['job.io_read__B', 'job.memory_pss__MiB']);
});

test('a command’s window says how it ended', () => {
  const summary = summaries.get('node')!;
  const ended = { ...summary, job: { ...summary.job, exitCode: 3 } };
  const span = spans.find(({ id }) => id === 'node')!;
  expect(windowDocument(endedWindow(ended, span, [span])).source).toMatchObject({
    exit_code: 3,
    gpu_shared: false,
  });
  const killed = { ...summary, job: { ...summary.job, signal: 'SIGKILL' } };
  expect(windowDocument(endedWindow(killed, span, [span])).source).toMatchObject({ signal: 'SIGKILL' });
});

test('energy of other GPUs is not told as the job’s', () => {
  const span = spans.find(({ id }) => id === 'named')!;
  const { source } = windowDocument(endedWindow(summaries.get('node')!, span, spans));
  expect(source).toMatchObject({ gpu_index: [1], power_draw__W: 200 });
  expect(source).not.toHaveProperty('gpu_energy__J');
});

test('what happened, and to whom', () => {
  const context = { host: 'n1', spans, instances: recording.instances, simulated: true };
  const documents = eventDocuments(recording.events, context);
  const told = documents
    .filter(({ source }) => source.entity === 'event')
    .map(({ source }) => {
      const { 'host.name': host, entity: _, '@timestamp': time, simulated, ...rest } = source;
      expect([host, simulated]).toEqual(['n1', true]);
      return [time.slice(17, 21), rest];
    });
  expect(told).toEqual([
    ['05.5', { event: 'mark', text: 'epoch 1', job: ['named'], job_name: ['named-name'] }],
    ['06.0', { event: 'mark', text: 'all', job: ['named', 'node'], job_name: ['named-name', 'node-name'] }],
    [
      '03.0',
      {
        event: 'device_lost',
        text: 'GPU 1 is lost',
        job: ['named'],
        job_name: ['named-name'],
        gpu_index: [1],
        gpu_uuid: ['GPU-1'],
      },
    ],
    ['01.0', { event: 'clock_jump', text: 'an hour back' }],
    [
      '08.0',
      {
        event: 'stop',
        text: 'named-name ended: its lease ran out',
        job: ['named'],
        job_name: ['named-name'],
      },
    ],
    [
      '08.0',
      {
        event: 'lease_expired',
        text: 'the lease of job named ran out',
        job: ['named'],
        job_name: ['named-name'],
      },
    ],
    ['12.0', { event: 'stop', text: 'node-name ended: done', job: ['node'], job_name: ['node-name'] }],
  ]);
  expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length);
});

test('a start is a document of its own kind, which a window’s end does not take the place of', () => {
  const context = { host: 'n1', spans, instances: recording.instances, simulated: true };
  const starts = eventDocuments(recording.events, context).filter(({ source }) => source.entity === 'start');
  expect(starts.map(({ source }) => source.job)).toEqual([['named'], ['node'], ['cut']]);
  expect(starts[0]?.source).toEqual({
    '@timestamp': '2026-09-21T14:14:02.000000000Z',
    'host.name': 'n1',
    entity: 'start',
    job: ['named'],
    job_name: 'named-name',
    job_title: '2026-09-21 14:14:02 named-name\tnamed',
    labels: ['team=x', 'run=7'],
    start: '2026-09-21T14:14:02.000000000Z',
    gpu_scope: 'named',
    simulated: true,
    event: 'start',
    text: 'named-name began',
  });
  const ids = [...starts.map(({ id }) => id), ...['named', 'node', 'cut'].map((id) => windowOf(id).id)];
  expect(new Set(ids).size).toBe(6);
});

test('ids are those of the next recording too, and of no other host', () => {
  const elsewhere = { host: 'n2', spans, instances: recording.instances };
  const here = { ...elsewhere, host: 'n1' };
  const ids = (context: typeof here) => eventDocuments(recording.events, context).map(({ id }) => id);
  expect(ids(here)).toEqual(ids({ ...here, spans: spans.toReversed() }));
  for (const [index, id] of ids(elsewhere).entries()) expect(id).not.toBe(ids(here)[index]);
});
