// Jobs on a running server: whose GPUs are theirs, when they end, and that they outlive the server.
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatUtc, openRecording, type Batch, type RecordedEvent } from '../../lib';
import { spansOf } from '../../lib/recording';
import type { JobDetail, JobView } from '../../lib/server';
import { toDocuments, type Document } from '../../lib/sinks/elasticsearch';
import { energyBetween } from '../../lib/testing';
import { runInChild } from '../support/child';
import { temporaryFolder } from '../support/folder';
import { eventually, serversIn, type RunningServer } from '../support/monitoring-server';
import { nvpulseIn } from '../support/nvpulse';
import { metricOf } from '../support/summaries';

const folder = temporaryFolder();
const servers = serversIn(folder);
const children: ChildProcess[] = [];
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

/** A process that the simulator shows on these GPUs. */
function processOn(gpus: string): ChildProcess {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', env: { ...process.env, NVPULSE_SIM_GPU: gpus } });
  children.push(child);
  return child;
}

/** The server's recordings, oldest first. */
function spoolOf(name: string): readonly string[] {
  const spool = join(folder, name, 'spool');
  return readdirSync(spool)
    .sort()
    .map((dir) => join(spool, dir));
}

async function eventsOf(name: string): Promise<readonly RecordedEvent[]> {
  const recordings = await Promise.all(spoolOf(name).map(openRecording));
  return recordings.flatMap(({ events }) => events);
}

const finished = ({ client }: RunningServer, id: string): Promise<JobDetail> =>
  eventually(async () => {
    const job = await client.show(id);
    return job.summary ? job : undefined;
  });

const utcNs = (stamp: string): bigint =>
  BigInt(Date.parse(`${stamp.slice(0, 19)}Z`)) * 1_000_000n + BigInt(stamp.slice(20, 29));

function gpusIn({ summary }: JobDetail): readonly number[] {
  return (summary?.entities ?? []).flatMap((one) => (one.entity === 'gpu' ? [one.index] : []));
}

describe('whose GPUs', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await servers.start('gpus', { env: { NVPULSE_SIM_PROCESSES: 'environ' } });
  });

  test('those on which the processes of a job are seen; who shares one with another says so; gone is ended', async () => {
    const [first, second, third] = [processOn('2,5'), processOn('5'), processOn('7')];
    for (const [id, { pid = 0 }] of [
      ['first', first],
      ['second', second],
      ['third', third],
    ] as const)
      expect(await server.client.start({ id, pid })).toMatchObject({ gpu_scope: 'process', pid });
    const seen = await eventually(async () => {
      const jobs = await server.client.list();
      return jobs.map(({ gpu_uuid }) => gpu_uuid.length).join() === '2,1,1' ? jobs : undefined;
    });
    expect(seen.map(({ gpu_shared }) => gpu_shared)).toEqual([true, true, false]);
    expect(seen[0]?.gpu_uuid).toContain(seen[1]?.gpu_uuid[0]);
    first.kill('SIGKILL');
    const gone = await finished(server, 'first');
    expect(gone).toMatchObject({ state: 'ended', ended_by: 'gone' });
    expect(gpusIn(gone)).toEqual([2, 5]);
    expect(gone.summary?.entities.flatMap((one) => (one.entity === 'process' ? [one.job] : []))).toEqual([
      'first',
    ]);
    await server.client.stop('second');
    await server.client.stop('third');
    expect(gpusIn(await finished(server, 'second'))).toEqual([5]);
    expect(gpusIn(await finished(server, 'third'))).toEqual([7]);
    const spans = spansOf(await eventsOf('gpus'));
    const uuids = spans.map(({ gpus }) => (gpus === 'node' ? gpus : gpus.at(-1)?.uuids.length));
    expect(uuids).toEqual([2, 1, 1]);
  });

  test('those that a start names, by index or UUID; else all of the node', async () => {
    const all = await server.client.start({ id: 'all' });
    expect(all).toMatchObject({ gpu_scope: 'node', gpu_uuid: [], gpu_shared: false });
    const [uuid = ''] = (await server.client.start({ id: 'named', gpus: [4] })).gpu_uuid;
    const twice = await server.client.start({ id: 'twice', gpus: [uuid, 4, '6'] });
    expect(twice.gpu_uuid).toHaveLength(2);
    expect(await server.client.show('all')).toMatchObject({ gpu_shared: true });
    for (const id of ['all', 'named', 'twice']) await server.client.stop(id);
    expect(gpusIn(await finished(server, 'all'))).toHaveLength(8);
    expect(gpusIn(await finished(server, 'named'))).toEqual([4]);
    const summary = (await finished(server, 'twice')).summary;
    expect(summary?.energy.gpu__J).toBeGreaterThan(0);
    expect(summary?.gpu.state).toBe('ok');
  });

  test('those that tell no UUID are told apart all the same', async () => {
    const env = { NVPULSE_SIM_FAULTS: 'call=DeviceGetUUID,error=3' };
    const untold = await servers.start('no-uuid', { env, profile: 'h200x2' });
    await untold.client.start({ id: 'all' });
    const [second] = (await untold.client.start({ id: 'second', gpus: [1] })).gpu_uuid;
    const [first, ...others] = (await untold.client.start({ id: 'first', gpus: [0, '0'] })).gpu_uuid;
    expect(others).toEqual([]);
    expect(first).not.toBe(second);
    expect(await untold.client.start({ id: 'by-name', gpus: [String(second)] })).toMatchObject({
      gpu_uuid: [second],
    });
    for (const id of ['all', 'first', 'second']) await untold.client.stop(id);
    expect(gpusIn(await finished(untold, 'all'))).toEqual([0, 1]);
    expect(gpusIn(await finished(untold, 'first'))).toEqual([0]);
    expect(gpusIn(await finished(untold, 'second'))).toEqual([1]);
    await untold.stop();
  });
});

describe('twenty jobs of concurrent clients', () => {
  const START = Array.from({ length: 20 }, (_, i) => ({
    id: `job-${i}`,
    // Disjoint, shared by two, and all of the node.
    ...(i < 8 ? { gpus: [i] } : i < 18 ? { gpus: [i % 8, (i + 1) % 8] } : {}),
    lease: '4s',
  }));

  test('have the right windows, and every document the right ids; half are never stopped', async () => {
    const server = await servers.start('twenty', { args: ['-i', '50ms'] });
    await Promise.all(
      START.map(async (request, i) => {
        await delay(7 * i);
        await server.client.start(request);
        if (i % 2 === 1) return;
        await delay(300 + 90 * i);
        await server.client.stop(request.id);
      }),
    );
    const jobs = await eventually(async () => {
      const list = await server.client.list();
      return list.every(({ state }) => state === 'ended') ? list : undefined;
    });
    expect(jobs.map(({ id }) => id).sort()).toEqual(START.map(({ id }) => id).sort());
    for (const job of jobs) {
      const stopped = Number(job.id.slice(4)) % 2 === 0;
      expect(job.ended_by).toBe(stopped ? 'stop' : 'lease');
      if (!stopped) expect(job.end).toBe(job.deadline);
    }
    for (const { id } of jobs) await finished(server, id);
    await server.stop();
    const documents = await gpuDocuments('twenty');
    expect(documents.length).toBeGreaterThan(8 * 40);
    const wrong = documents.filter(
      ({ source }) => String(source['job'] ?? []) !== String(jobsOf(source, jobs)),
    );
    expect(wrong).toEqual([]);
    // Every job has documents, and of its own GPUs alone.
    for (const job of jobs) {
      const own = documents.filter(({ source }) => (source['job'] as string[] | undefined)?.includes(job.id));
      const uuids = new Set(own.map(({ source }) => source['uuid']));
      expect([...uuids].sort()).toEqual(
        job.gpu_scope === 'node' ? expect.any(Array) : [...job.gpu_uuid].sort(),
      );
      expect(own.length).toBeGreaterThan(2);
    }
  });

  /** By what the API says of the jobs, those whose windows hold the document. */
  function jobsOf(source: Document['source'], jobs: readonly JobView[]): readonly string[] {
    const at = source['@timestamp'];
    return jobs
      .filter(
        ({ start, end, gpu_scope, gpu_uuid }) =>
          start <= at &&
          at < (end ?? '') &&
          (gpu_scope === 'node' || gpu_uuid.includes(String(source['uuid']))),
      )
      .map(({ id }) => id);
  }

  async function gpuDocuments(name: string): Promise<readonly Document[]> {
    const documents: Document[] = [];
    for (const dir of spoolOf(name)) {
      const recording = await openRecording(dir);
      const windows = spansOf(recording.events);
      for await (const batch of recording.batches())
        documents.push(...toDocuments(batch, { host: 'box', windows }));
    }
    return documents.filter(({ source }) => source['entity'] === 'gpu');
  }
});

describe('leases', () => {
  let server: RunningServer;
  beforeAll(async () => void (server = await servers.start('leases')));

  test('a job that nobody renews ends at its deadline, as an event', async () => {
    const { deadline } = await server.client.start({ id: 'forgotten', lease: '1s' });
    const ended = await finished(server, 'forgotten');
    expect(ended).toMatchObject({ ended_by: 'lease', end: deadline });
    expect(ended.summary?.job).toMatchObject({ end: deadline, duration__s: 1 });
    const kinds = await eventually(async () => {
      const events = (await eventsOf('leases')).filter(({ time }) => time === deadline);
      return events.length > 1 ? events.map(({ kind }) => kind) : undefined;
    });
    expect(kinds).toEqual(['window_stop', 'lease_expired']);
  });

  test('a job that is held outlives its short lease, and ends when its client is told to', async () => {
    const holder = nvpulseIn(folder).start([
      ...['client', '--start', '--hold', '--lease', '1s'],
      ...['-i', server.host, '--job', 'held', '--status', 'Ended'],
    ]);
    const first = await eventually(async () => (await server.client.list({ name: 'held' }))[0]);
    const later = await eventually(async () => {
      const job = await server.client.show('held');
      return Date.parse(job.deadline) - Date.parse(job.start) > 3000 ? job : undefined;
    });
    expect(later).toMatchObject({ state: 'open', start: first.start, lease__s: 1 });
    holder.child.kill('SIGTERM');
    expect(await holder.ended).toMatchObject({ code: 0, stdout: 'held\n' });
    const ended = await server.client.show('held');
    expect(ended).toMatchObject({ ended_by: 'stop', status: 'Ended' });
    expect(Date.parse(ended.end ?? '') - Date.parse(ended.start)).toBeGreaterThan(2000);
  });

  test('a job whose holder is killed ends with its short lease', async () => {
    const holder = nvpulseIn(folder).start([
      ...['client', '--start', '--hold', '--lease', '1s', '-i', server.host, '--job', 'orphan'],
    ]);
    await eventually(async () => (await server.client.list({ name: 'orphan' }))[0]);
    holder.child.kill('SIGKILL');
    expect(await finished(server, 'orphan')).toMatchObject({ ended_by: 'lease' });
  });
});

test('while a window is open the node is sampled as finely as the finest asks, else in the background', async () => {
  const server = await servers.start('intervals', { args: ['-i', '200ms', '--background', '5s'] });
  await server.client.start({ id: 'coarse' });
  await server.client.start({ id: 'fine', interval: '20ms' });
  await server.client.stop('fine');
  await server.client.stop('coarse');
  await finished(server, 'coarse');
  await server.stop();
  const asked = (await eventsOf('intervals')).flatMap(({ kind, data }) =>
    kind === 'interval' ? [data] : [],
  );
  expect(asked).toEqual([2e8, 2e7, 2e8, 5e9].map((interval__ns) => ({ interval__ns })));
});

test('without a background nothing is recorded but windows', async () => {
  const server = await servers.start('off', { args: ['--background', 'off', '-i', '50ms'] });
  await delay(300);
  const { start } = await server.client.start({ id: 'only' });
  await delay(300);
  await server.client.stop('only');
  const { end, summary } = await finished(server, 'only');
  expect(gpusIn({ summary } as JobDetail)).toHaveLength(8);
  await server.stop();
  const rows: string[] = [];
  for (const dir of spoolOf('off')) {
    const recording = await openRecording(dir);
    for await (const batch of recording.batches()) for (const { time } of batch.rows('gpu')) rows.push(time);
  }
  const inside = rows.filter((time) => time >= start && time < (end ?? ''));
  expect(inside.length).toBeGreaterThan(8);
  // Beside those of the window only the readings that sharpen its edges.
  expect(rows.length - inside.length).toBeLessThan(8 * 12);
});

describe('a server that is killed', () => {
  test('goes on with its jobs: windows, leases, GPUs and summaries', async () => {
    const runner = processOn('1');
    const options = { env: { NVPULSE_SIM_PROCESSES: 'environ' }, args: ['-i', '20ms'] };
    const before = await servers.start('killed', options);
    const { client } = before;
    const opened = await client.start({ id: 'across', gpus: [3], labels: { a: 'b' } });
    await client.start({ id: 'process', pid: runner.pid ?? 0 });
    await client.start({ id: 'renewed', lease: '1h' });
    const renewed = await client.renew('renewed', { lease: '2h' });
    const lapsing = await client.start({ id: 'lapsing', lease: '2s' });
    await client.start({ id: 'done', gpus: [0] });
    await eventually(async () => ((await client.show('process')).gpu_uuid.length === 1 ? true : undefined));
    await delay(500);
    const stopped = await client.stop('done', { status: 'Succeeded' });
    await before.kill();
    await eventually(() => (Date.now() > Date.parse(lapsing.deadline) + 200 ? true : undefined));

    const after = await servers.start('killed', options);
    expect(await after.client.show('across')).toMatchObject({
      ...opened,
      // Those of all of the node came after it.
      gpu_shared: true,
    });
    expect(await after.client.show('renewed')).toMatchObject({ deadline: renewed.deadline, lease__s: 7200 });
    expect(await after.client.show('process')).toMatchObject({
      state: 'open',
      gpu_uuid: [expect.any(String)],
    });
    // It ran out while no server was there, and ended when it ran out.
    expect(await finished(after, 'lapsing')).toMatchObject({ ended_by: 'lease', end: lapsing.deadline });
    // Its stop was answered, so it stands; its summary is made of what was recorded, if not before the end.
    const done = await finished(after, 'done');
    expect(done).toMatchObject({ ...stopped, status: 'Succeeded' });
    expectEnergy(done, 0);

    await delay(500);
    await after.client.stop('across');
    const across = await finished(after, 'across');
    expect(across.start).toBe(opened.start);
    expect(gpusIn(across)).toEqual([3]);
    expectEnergy(across, 3);
    if (!across.summary) throw new Error('it is finished, and has no summary');
    const busy = metricOf(across.summary, 'gpu', 'gpu_utilization__pct');
    if (!('coverage' in busy)) throw new Error('the GPU was not read');
    // What no server read is not made up.
    expect(busy.coverage).toBeLessThan(0.8);
    expect(busy.coverage).toBeGreaterThan(0.1);
    expect(busy.samples).toBeGreaterThan(20);
    runner.kill('SIGKILL');
    expect(await finished(after, 'process')).toMatchObject({ ended_by: 'gone' });
    expect(gpusIn(await finished(after, 'process'))).toEqual([1]);

    // Each recording tells of the windows by itself.
    const spans = (await Promise.all(spoolOf('killed').map(openRecording))).map(({ events }) =>
      spansOf(events),
    );
    expect(spans).toHaveLength(2);
    const [, second = []] = spans;
    expect(second.map(({ id }) => id).sort()).toEqual(['across', 'lapsing', 'process', 'renewed']);
    const offset = (await openRecording(spoolOf('killed')[1] ?? '')).utcOffset__ns;
    const told = second.find(({ id }) => id === 'across');
    expect(formatUtc((told?.start__ns ?? 0n) + offset)).toBe(opened.start);
  });

  /** The energy of a job's only GPU is what the simulator's formula says, as far off as the summary says. */
  function expectEnergy({ start, end, summary }: JobDetail, gpu: number): void {
    const truth__J = energyBetween('h200x8', gpu, utcNs(start), utcNs(end ?? ''));
    const { gpu__J, uncertainty__J } = summary?.energy ?? {};
    expect(Math.abs((gpu__J ?? NaN) - truth__J)).toBeLessThanOrEqual(uncertainty__J ?? NaN);
    expect(uncertainty__J).toBeLessThan(truth__J);
  }

  test('in the middle of many starts and stops has all that were answered', async () => {
    const server = await servers.start('hammered', { profile: 't4' });
    const answered = new Map<string, 'open' | 'ended'>();
    const hammer = async (worker: number): Promise<void> => {
      for (let i = 0; ; i++) {
        const id = `${worker}-${i}`;
        await server.client.start({ id });
        answered.set(id, 'open');
        if (i % 3 === 0) continue;
        await server.client.stop(id);
        answered.set(id, 'ended');
      }
    };
    const hammering = Promise.allSettled(Array.from({ length: 8 }, (_, worker) => hammer(worker)));
    await eventually(() => (answered.size > 150 ? true : undefined));
    await server.kill();
    await hammering;
    const { client } = await servers.start('hammered', { profile: 't4' });
    const jobs = new Map((await client.list()).map(({ id, state }) => [id, state]));
    const lost = [...answered].filter(([id, state]) => jobs.get(id) !== state && state === 'ended');
    expect(lost).toEqual([]);
    expect([...answered.keys()].filter((id) => !jobs.has(id))).toEqual([]);
  });
});

test('a GPU whose driver call hangs: health says so, and jobs come and go all the same', async () => {
  const faults = 'call=DeviceGetPowerUsage,gpu=1,hang,from=1s';
  const server = await servers.start('hanging', {
    args: ['--background', '100ms'],
    env: { NVPULSE_SIM_FAULTS: faults },
  });
  const ill = await eventually(async () => {
    const health = await server.client.health();
    return health.status === 'ok' ? undefined : health;
  });
  expect(ill.reasons.join()).toMatch(/GPU 1 \(NVIDIA H200, GPU-\S+\): a driver call does not return/);
  expect(ill.host_age__s).toBeLessThan(5);
  await server.client.start({ id: 'a' });
  await server.client.stop('a');
  expect((await finished(server, 'a')).summary?.gpu.state).toBe('ok');
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
});

test('a clock that jumps back an hour is an event, and no time of ours follows it', async () => {
  const { value, stderr } = await runInChild(
    {},
    async (_, state: string) => {
      const { readdirSync } = require('node:fs') as typeof import('node:fs');
      const { startServer, MonitorClient } = require('./lib/server') as typeof import('../../lib/server');
      const { addon } = require('./lib/native/addon') as typeof import('../../lib/native/addon');
      const { simulate } = require('./lib/testing') as typeof import('../../lib/testing');
      let jump__ns = 0n;
      const lines: string[] = [];
      const server = await startServer({
        listen: '127.0.0.1:0',
        state,
        nvml: simulate().path,
        background: '100ms',
        utcOffset: () => addon().utcOffset() + jump__ns,
        log: (line) => lines.push(line),
      });
      const client = new MonitorClient({ host: server.url });
      const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const { start, deadline } = await client.start({ id: 'a', lease: '1h' });
      await pause(600);
      jump__ns = -3_600_000_000_000n;
      await pause(1500);
      const open = await client.show('a');
      const { end } = await client.stop('a');
      let shown = await client.show('a');
      while (!shown.summary) {
        await pause(20);
        shown = await client.show('a');
      }
      const health = await client.health();
      // With no window open another recording begins, by the system's time.
      while (readdirSync(`${state}/spool`).length < 2) await pause(20);
      jump__ns = 0n;
      await server.close();
      return {
        start,
        deadline,
        open,
        end,
        duration__s: shown.summary.job.duration__s,
        health,
      };
    },
    join(folder, 'jump'),
  );
  if (!value) throw new Error(stderr);
  const { start, end, deadline, open, duration__s, health } = value;
  expect(open).toMatchObject({ state: 'open', deadline });
  expect((end ?? '') > start).toBe(true);
  expect(duration__s).toBeGreaterThan(2);
  expect(duration__s).toBeLessThan(60);
  expect(health.status).toBe('ok');
  const jumps = (await eventsOf('jump')).filter(({ kind }) => kind === 'clock_jump');
  expect(jumps.slice(0, 1)).toMatchObject([
    { data: { by__ns: expect.any(Number) }, text: expect.stringContaining('-3600.0') },
  ]);
  // Within a recording no row is earlier than the one before it.
  for (const dir of spoolOf('jump')) {
    const recording = await openRecording(dir);
    const times: bigint[] = [];
    const take = (batch: Batch): void => void times.push(...(batch.table('host')?.time ?? []));
    for await (const batch of recording.batches()) take(batch);
    expect(times).toEqual([...times].sort((one, other) => (one < other ? -1 : 1)));
  }
});
