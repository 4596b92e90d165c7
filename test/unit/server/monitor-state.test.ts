// What a monitor finds in its state folder, keeps there, and does where someone takes it away.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UsedIds } from '../../../lib/server/used-ids';
import { JobLog } from '../../../lib/server/job-log';
import { Monitor, type MonitorOptions } from '../../../lib/server/monitor';
import { AppendFile } from '../../../lib/recording/append-file';
import { openRecording, readSummaries, RecordingWriter, SUMMARIES_START } from '../../../lib/recording';
import { temporaryPaths } from '../../support/folder';
import { eventually } from '../../support/monitoring-server';

const newDir = temporaryPaths();
const newState = (): string => {
  const state = newDir();
  mkdirSync(state);
  return state;
};
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

async function monitorOn(
  state: string,
  options: Partial<MonitorOptions> = {},
): Promise<{ readonly monitor: Monitor; readonly told: string[] }> {
  const told: string[] = [];
  const monitor = await Monitor.open({
    state,
    interval__ns: 1e8,
    background__ns: null,
    nvml: '/nonexistent',
    machine: {},
    log: (line) => told.push(line),
    ...options,
  });
  closers.push(() => monitor.close());
  return { monitor, told };
}

/** A state folder of 0.1 with ended jobs, and what their files of summaries hold. */
async function stateOfOld(summaries: Readonly<Record<string, string>>): Promise<string> {
  const state = newState();
  const jobs = Object.keys(summaries).map((id) => ({
    ...{ id, name: id, labels: {}, interval__ns: 1e8, lease__ns: 1e9, gpu_scope: 'node' as const },
    ...{ gpus: [], root: null, start__ns: 5n, deadline__ns: 6n, gpu_shared: false, finished: true },
    end: { time__ns: 6n, by: 'stop' as const, status: 'Succeeded' },
  }));
  const log = await JobLog.create({
    path: join(state, 'jobs.log'),
    snapshot: () => jobs.map((job) => ({ kind: 'job', job })),
    onRemoved: () => undefined,
    log: () => undefined,
  });
  await log.close();
  mkdirSync(join(state, 'summaries'));
  for (const [id, text] of Object.entries(summaries)) writeFileSync(oldSummary(state, id), text);
  return state;
}

function oldSummary(state: string, id: string): string {
  const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
  return join(state, 'summaries', `${name}.json`);
}

test('summaries that 0.1 kept in files of their own are told in the recording, and still shown', async () => {
  const summary = { nvpulse: '0.1.0', job: { id: 'old' } };
  const state = await stateOfOld({ old: JSON.stringify(summary) });
  const { monitor, told } = await monitorOn(state);
  while (existsSync(join(state, 'summaries'))) await new Promise(setImmediate);
  expect(await monitor.summaryOf('old')).toEqual(summary);
  const [first] = await readSummaries(monitor.recording, SUMMARIES_START);
  expect(first?.value).toEqual({
    summary,
    gpu_scope: 'node',
    gpus: [],
    gpu_shared: false,
    ended_by: 'stop',
    status: 'Succeeded',
  });
  await expect(monitor.start({ id: 'old' })).rejects.toThrow('an id names one window');
  expect(told).toEqual([]);
  // The next monitor knows where it stands.
  await monitor.close();
  const { monitor: next } = await monitorOn(state);
  expect(await next.summaryOf('old')).toEqual(summary);
});

test('one that cannot be read stays where it is, and is told', async () => {
  const summary = { nvpulse: '0.1.0', job: { id: 'well' } };
  const state = await stateOfOld({ torn: '{"nvpulse":"0.1', well: JSON.stringify(summary) });
  const { monitor, told } = await monitorOn(state);
  await eventually(() => !existsSync(oldSummary(state, 'well')) || undefined);
  expect(await monitor.summaryOf('well')).toEqual(summary);
  await monitor.close();
  expect(readFileSync(oldSummary(state, 'torn'), 'utf8')).toBe('{"nvpulse":"0.1');
  expect(told).toEqual([
    expect.stringMatching(/^the summary of job 'torn' in '.*\.json' is not taken over: .*JSON/),
  ]);
});

test('a disk that does not answer holds no request up, and health says so until it does', async () => {
  const { monitor } = await monitorOn(newState());
  await monitor.start({ id: 'a' });
  let answer: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => (answer = resolve));
  jest.spyOn(AppendFile.prototype, 'sync').mockReturnValueOnce(hanging);
  await expect(monitor.stop('a')).rejects.toMatchObject({
    code: 'ERR_IO',
    message: 'the disk has not answered for 4 s; send it again',
  });
  expect(monitor.status().disk).toBe('the disk has not answered for 4 s');
  answer();
  expect(await monitor.stop('a')).toMatchObject({ state: 'ended' });
  expect(monitor.status().disk).toBeNull();
});

test('two starts of one id that wait for the disk together open one window', async () => {
  const { monitor } = await monitorOn(newState());
  await monitor.start({ id: 'a' });
  let answer: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => (answer = resolve));
  jest
    .spyOn(AppendFile.prototype, 'sync')
    .mockRejectedValueOnce(new Error('no space'))
    .mockReturnValueOnce(hanging);
  await expect(monitor.stop('a')).rejects.toThrow('no space');
  expect(monitor.status().disk).toMatch(/no space/);
  const starts = [monitor.start({ id: 'b' }), monitor.start({ id: 'b' })];
  await new Promise(setImmediate);
  expect(monitor.list({ name: 'b' })).toEqual([]);
  answer();
  expect((await Promise.all(starts)).map(({ created }) => created)).toEqual([true, false]);
  const told = await toldIn(monitor.recording);
  expect(told.filter((one) => one === 'window_start b')).toHaveLength(1);
});

test('used ids that the disk refuses are told once, until it takes them', async () => {
  const { monitor, told } = await monitorOn(newState());
  const refused = jest.spyOn(UsedIds.prototype, 'add').mockRejectedValue(new Error('no space'));
  await eventually(() => refused.mock.calls.length > 2 || undefined);
  expect(monitor.status().disk).toBe('used ids cannot be kept: no space');
  refused.mockRestore();
  await eventually(() => monitor.status().disk === null || undefined);
  await eventually(() => told.length > 1 || undefined);
  expect(told).toEqual(['used ids cannot be kept: no space', 'the disk takes what it should again']);
});

test('a recording that takes the place of a removed one while the server closes is closed too', async () => {
  const { monitor } = await monitorOn(newState());
  await monitor.start({ id: 'a' });
  const { recording } = monitor;
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  const create = RecordingWriter.create.bind(RecordingWriter);
  const created = jest.spyOn(RecordingWriter, 'create').mockImplementationOnce(async (dir, meta) => {
    await held;
    return create(dir, meta);
  });
  rmSync(recording, { recursive: true });
  const started = monitor.start({ id: 'b' });
  await eventually(() => created.mock.calls.length > 0 || undefined);
  const closed = monitor.close();
  // All else that closing does takes less.
  await delay(1500);
  go();
  await Promise.all([closed, started.catch(() => undefined)]);
  expect(monitor.recording).not.toBe(recording);
  expect((await openRecording(monitor.recording)).manifest.end).toEqual(expect.any(String));
});

/** What a recording tells of jobs: of each event its kind, and the job's id. */
async function toldIn(dir: string): Promise<readonly string[]> {
  const { events } = await openRecording(dir);
  return events.map(({ kind, data }) => `${kind} ${(data as { readonly id?: string } | null)?.id}`);
}

const partsOf = ['manifest.json', 'events.ndjson', 'journal.bin', 'summaries-000001.ndjson.gz'];

describe.each(partsOf)('%s of the recording is removed', (part) => {
  test('it is seen without a request, told, and what is answered after stands in another recording', async () => {
    const { monitor, told } = await monitorOn(newState(), { background__ns: 1e7 });
    await monitor.start({ id: 'before' });
    await monitor.start({ id: 'ended' });
    await monitor.stop('ended');
    await monitor.finished('ended');
    const { recording } = monitor;
    await eventually(() => existsSync(join(recording, part)) || undefined);
    rmSync(join(recording, part));
    await eventually(() => monitor.recording !== recording || undefined);
    await eventually(() => monitor.status().removed ?? undefined);
    expect(monitor.status()).toMatchObject({
      disk: null,
      removed: `the recording '${recording}' was removed, and goes on in '${monitor.recording}'`,
    });
    expect(told).toContain(monitor.status().removed);
    await monitor.start({ id: 'after' });
    expect(await toldIn(monitor.recording)).toEqual(
      expect.arrayContaining(['window_start before', 'window_start after']),
    );
    // The one before is closed, and doesn't say that it is whole.
    expect((await openRecording(recording)).manifest).toMatchObject({
      end: expect.any(String) as string,
      complete: false,
    });
  });

  test('what is answered stands in files that are there', async () => {
    const { monitor } = await monitorOn(newState(), { background__ns: 1e7 });
    await monitor.start({ id: 'ended' });
    await monitor.stop('ended');
    await monitor.finished('ended');
    await monitor.start({ id: 'a' });
    await eventually(() => existsSync(join(monitor.recording, part)) || undefined);
    rmSync(join(monitor.recording, part));
    await monitor.mark('a', 'now');
    await monitor.stop('a');
    expect(await toldIn(monitor.recording)).toEqual(
      expect.arrayContaining(['window_start a', 'mark a', 'window_stop a']),
    );
  });
});

test('another recording knows of the open windows before it has a row', async () => {
  let batches = 0;
  const { monitor } = await monitorOn(newState(), { background__ns: 1e7, onBatch: () => batches++ });
  await monitor.start({ id: 'a' });
  const { recording } = monitor;
  jest.spyOn(RecordingWriter.prototype, 'close').mockImplementationOnce(async () => {
    const seen = batches;
    await eventually(() => batches > seen + 1 || undefined);
  });
  rmSync(recording, { recursive: true });
  await monitor.start({ id: 'b' });
  expect(monitor.recording).not.toBe(recording);
  const lines = readFileSync(join(monitor.recording, 'events.ndjson'), 'utf8').split('\n');
  const first = (text: string): number => lines.findIndex((line) => line.includes(text));
  expect(first('"window_start"')).toBeLessThan(first('"kind":"instance"'));
});
