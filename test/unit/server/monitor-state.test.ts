// What a monitor finds in its state folder, keeps there, and does where someone takes it away.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JobLog } from '../../../lib/server/job-log';
import { Monitor } from '../../../lib/server/monitor';
import { AppendFile } from '../../../lib/recording/append-file';
import { readSummaries, SUMMARIES_START } from '../../../lib/recording';
import { temporaryFolder } from '../../support/folder';

const folder = temporaryFolder();
let count = 0;
const newState = (): string => {
  const state = join(folder, String(++count));
  mkdirSync(state);
  return state;
};
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

async function monitorOn(state: string): Promise<{ readonly monitor: Monitor; readonly told: string[] }> {
  const told: string[] = [];
  const monitor = await Monitor.open({
    state,
    interval__ns: 1e8,
    background__ns: null,
    nvml: '/nonexistent',
    machine: {},
    log: (line) => told.push(line),
  });
  closers.push(() => monitor.close());
  return { monitor, told };
}

test('summaries that 0.1 kept in files of their own are told in the recording, and still shown', async () => {
  const state = newState();
  const job = {
    ...{ id: 'old', name: 'old', labels: {}, interval__ns: 1e8, lease__ns: 1e9, gpu_scope: 'node' as const },
    ...{ gpus: [], root: null, start__ns: 5n, deadline__ns: 6n, gpu_shared: false, finished: true },
    end: { time__ns: 6n, by: 'stop' as const, status: 'Succeeded' },
  };
  const log = await JobLog.create({
    path: join(state, 'jobs.log'),
    snapshot: () => [{ kind: 'job', job }],
    onRemoved: () => undefined,
    log: () => undefined,
  });
  await log.close();
  const summary = { nvpulse: '0.1.0', job: { id: 'old' } };
  const name = createHash('sha256').update('old').digest('hex').slice(0, 32);
  mkdirSync(join(state, 'summaries'));
  writeFileSync(join(state, 'summaries', `${name}.json`), JSON.stringify(summary));
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
