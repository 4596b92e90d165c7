// Following jobs: several at once, whose processes each row belongs to, when a job is gone, and what is refused.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NvpulseError, Sampler, type FollowOptions } from '../../lib';
import { SummaryFold } from '../../lib/jobs/fold';
import { simulate } from '../../lib/testing';
import { inChild } from '../support/child';
import { removeCgroup, until } from '../support/processes';

const started: ChildProcess[] = [];
const samplers: Sampler[] = [];

function start(command: string, ...args: string[]): number {
  const child = spawn(command, args, { stdio: 'ignore' });
  started.push(child);
  return child.pid ?? 0;
}

async function end(): Promise<void> {
  for (const sampler of samplers.splice(0)) sampler.stop();
  for (const child of started.splice(0)) {
    const running = child.exitCode === null && child.signalCode === null;
    if (running && child.kill('SIGKILL')) await once(child, 'exit');
  }
}
afterEach(end);

function sampling(interval: string): Sampler {
  const sampler = new Sampler({ interval, gpu: false });
  samplers.push(sampler);
  return sampler;
}
const idle = (): Sampler => sampling('1h');

test('several jobs, each with its own rows; a process of two has a row for each', async () => {
  const seen = await inChild(
    simulate({ processes: 'environ' }).env,
    async ({ Sampler, formatUtc }) => {
      const { spawn } = process.getBuiltinModule('node:child_process');
      const { readFileSync } = process.getBuiltinModule('node:fs');
      const on = (gpus: string, command: string, ...args: string[]) =>
        spawn(command, args, {
          stdio: 'ignore',
          detached: true,
          env: { ...process.env, NVPULSE_SIM_GPU: gpus },
        });
      const first = on('0,1', 'sleep', '60');
      const second = on('2', 'sh', '-c', 'sleep 60 & wait');
      const childIs = (name: string): boolean => {
        const child = readFileSync(`/proc/${second.pid}/task/${second.pid}/children`, 'utf8').trim();
        return child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8').trim() === name;
      };
      while (!childIs('sleep')) await new Promise((resolve) => setTimeout(resolve, 5));
      const sampler = new Sampler({ interval: '1h' });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      const all: (typeof batches extends AsyncIterable<infer B> ? B : never)[] = [];
      const gathering = (async () => {
        for await (const batch of batches) all.push(batch);
      })();
      /** What readings have of jobs, as `table: job name…`; the GPU thread knows what the reading before found. */
      const read = async (): Promise<readonly string[]> => {
        while (!(await sampler.tick()));
        const from__ns = sampler.now();
        while (!(await sampler.tick()));
        await new Promise((resolve) => setImmediate(resolve));
        const lines = all.flatMap((batch) => {
          const isNew = ({ time }: { time: string }) => time > formatUtc(from__ns + batch.utcOffset__ns);
          return [
            ...[...batch.rows('job')].filter(isNew).map(({ id, process_num }) => `job: ${id} ${process_num}`),
            ...[...batch.rows('process')].filter(isNew).map(({ job, name }) => `process: ${job} ${name}`),
            ...[...batch.rows('gpu_process')]
              .filter(isNew)
              .map(({ job, index, name }) => `gpu: ${job} ${index} ${name}`),
          ];
        });
        return [...new Set(lines)].sort();
      };
      const none = await read();
      sampler.follow({ id: 'a', pid: first.pid ?? 0, own: true });
      sampler.follow({ id: 'b', pid: second.pid ?? 0 });
      sampler.follow({ id: 'c', pid: first.pid ?? 0, own: true });
      const three = await read();
      const alive = sampler.following();
      sampler.unfollow('a');
      sampler.unfollow('nobody');
      const left = await read();
      const ended = new Promise((resolve) => first.once('exit', resolve));
      first.kill('SIGKILL');
      await ended;
      const after = sampler.following();
      const last = await read();
      sampler.stop();
      await gathering;
      process.kill(-(second.pid ?? 0), 'SIGKILL');
      return { none, three, alive, left, after, last };
    },
    null,
  );
  expect(seen.none).toEqual(['gpu:  0 sleep', 'gpu:  1 sleep', 'gpu:  2 sh', 'gpu:  2 sleep']);
  expect(seen.three).toEqual([
    'gpu: a 0 sleep',
    'gpu: a 1 sleep',
    'gpu: b 2 sleep',
    'gpu: c 0 sleep',
    'gpu: c 1 sleep',
    'job: a 1',
    'job: b 1',
    'job: c 1',
    'process: a sleep',
    'process: b sleep',
    'process: c sleep',
  ]);
  expect(seen.alive).toEqual([
    { id: 'a', alive: true },
    { id: 'b', alive: true },
    { id: 'c', alive: true },
  ]);
  expect(seen.left).toEqual(seen.three.filter((line) => !line.includes(': a ')));
  expect(seen.after).toEqual([
    { id: 'b', alive: true },
    { id: 'c', alive: false },
  ]);
  expect(seen.last).toEqual(seen.three.filter((line) => line.includes(': b ')));
});

test('a fold of one job leaves the rows of the others out', async () => {
  const sampler = idle();
  const batches = sampler[Symbol.asyncIterator]();
  sampler.follow({ id: 'one', pid: start('sleep', '60'), own: true });
  sampler.follow({ id: 'other', pid: start('tail', '-f', '/dev/null'), own: true });
  sampler.start();
  const start__ns = sampler.now();
  await sampler.tick();
  await sampler.tick();
  sampler.stop();
  const [all, one] = [{}, { job: 'one' }].map(
    (job) => new SummaryFold({ start__ns, interval__ns: 3.6e12, ...job }),
  );
  for await (const batch of batches) {
    all?.push(batch);
    one?.push(batch);
  }
  const namesOf = (fold: SummaryFold | undefined) => {
    fold?.close(sampler.now());
    const entities = fold?.result(1).entities ?? [];
    return {
      hosts: entities.filter(({ entity }) => entity === 'host').length,
      names: entities.flatMap((e) => (e.entity === 'process' ? [e.name] : e.entity === 'job' ? [e.id] : [])),
    };
  };
  expect(namesOf(all).names.sort()).toEqual(['one', 'other', 'sleep', 'tail']);
  expect(namesOf(one)).toEqual({ hosts: 1, names: ['one', 'sleep'] });
});

test('what each process of a job held is known for as long as of any other', async () => {
  const sampler = sampling('100ms');
  const batches = sampler[Symbol.asyncIterator]();
  sampler.follow({ id: 'j', pid: process.pid });
  for (let i = 0; i < 5; i++) start('sleep', '60');
  sampler.start();
  await sampler.tick();
  const start__ns = sampler.now();
  const fold = new SummaryFold({ start__ns, interval__ns: 1e8 });
  while (fold.newest__ns < start__ns + 500_000_000n) {
    const { value } = await batches.next();
    if (value) fold.push(value);
  }
  sampler.stop();
  fold.close(fold.newest__ns);
  const sleeps = fold
    .result(1)
    .entities.flatMap((e) => (e.entity === 'process' && e.name === 'sleep' ? [e] : []));
  expect(sleeps).toHaveLength(5);
  const coverages = sleeps.map(({ metrics: { memory_rss__MiB: rss } }) =>
    rss && 'coverage' in rss ? rss.coverage : 0,
  );
  expect(Math.max(...coverages)).toBeGreaterThan(0);
  expect(Math.min(...coverages)).toBeGreaterThan(0.9 * Math.max(...coverages));
});

/** Where cgroup v2 is mounted and a group may be made; else undefined. */
function cgroupMount(): string | undefined {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((mount) => mount.includes(' - cgroup2 '));
  const point = line?.split(' ')[4];
  if (point === undefined) return undefined;
  const probe = join(point, `nvpulse-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return point;
  } catch {
    return undefined;
  }
}

test('a cgroup alone, as the kernel names it and by its folder: alive while something lives in it', async () => {
  const point = cgroupMount();
  if (point === undefined) {
    console.warn('not checked: no cgroup v2 may be made here');
    return;
  }
  const name = `/nvpulse-follow-${process.pid}`;
  const folder = join(point, name);
  mkdirSync(folder);
  try {
    const pid = start('sleep', '60');
    writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    const sampler = idle();
    sampler.follow({ id: 'named', pid: 0, cgroup: `${name}/` });
    sampler.follow({ id: 'folder', pid: 0, cgroup: folder });
    const batches = sampler[Symbol.asyncIterator]();
    sampler.start();
    await sampler.tick();
    const { value } = await batches.next();
    // The first reading and the one that was asked for may be two.
    const processes = [...(value?.rows('process') ?? [])].map(({ job, pid: of }) => `${job} ${of}`);
    expect([...new Set(processes)]).toEqual([`named ${pid}`, `folder ${pid}`]);
    for (const row of value?.rows('job') ?? []) expect(row.tracking).toBe('cgroup');
    expect(value?.table('cgroup')?.length).toBe((value?.table('job')?.length ?? 0) / 2);
    expect([...(value?.rows('cgroup') ?? [])].at(-1)).toMatchObject({
      path: name,
      cgroup_cpu_time__s: expect.any(Number),
    });
    expect(sampler.following().map(({ alive }) => alive)).toEqual([true, true]);
    started[0]?.kill('SIGKILL');
    await until(() => sampler.following().every(({ alive }) => !alive));
  } finally {
    await end();
    await removeCgroup(folder);
  }
});

describe('what is refused', () => {
  function messageOf(options: FollowOptions): string {
    const sampler = idle();
    sampler.follow({ id: 'taken', pid: process.pid });
    try {
      sampler.follow(options);
      return 'nothing';
    } catch (error) {
      if (error instanceof NvpulseError) return `${error.code} ${error.message}`;
      throw error;
    } finally {
      sampler.stop();
    }
  }
  const ended = spawnSync('true').pid;

  test.each<[string, FollowOptions, RegExp]>([
    ['a process that ended', { id: 'j', pid: ended }, /^ERR_OPTION pid: \d+ is no process that runs here; /],
    ['no process at all', { id: 'j', pid: 0 }, /^ERR_OPTION pid: '0' is no process id; allowed is /],
    ['a fraction', { id: 'j', pid: 1.5 }, /^ERR_OPTION pid: '1.5' is no process id/],
    [
      'a number that would wrap',
      { id: 'j', pid: 2 ** 32 + 1 },
      /^ERR_OPTION pid: '4294967297' is no process id/,
    ],
    [
      'an id that is in use',
      { id: 'taken', pid: process.pid },
      /^ERR_OPTION id: 'taken' is followed already; /,
    ],
    ['no id', { id: '', pid: process.pid }, /^ERR_OPTION id: '' is empty; /],
    [
      'a cgroup that is not there',
      { id: 'j', pid: 0, cgroup: '/no/such' },
      /^ERR_OPTION cgroup: '\/no\/such'/,
    ],
    ['a folder that is no cgroup', { id: 'j', pid: 0, cgroup: __dirname }, /^ERR_OPTION cgroup: /],
    ['a way out of the mount', { id: 'j', pid: 0, cgroup: '/../../../tmp' }, /^ERR_OPTION cgroup: /],
    [
      'a path that hangs on nothing',
      { id: 'j', pid: 0, cgroup: 'kubepods' },
      /^ERR_OPTION cgroup: 'kubepods'/,
    ],
    [
      'an unknown option',
      { ...{ pids: [1] }, id: 'j', pid: 1 },
      /^ERR_OPTION Sampler.follow: unknown option 'pids'/,
    ],
  ])('%s', (_, options, expected) => {
    expect(messageOf(options)).toMatch(expected);
  });
});
