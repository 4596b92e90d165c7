// What the supervisor counts: short-lived, orphaned and living descendants, CPU time and I/O, in a cgroup or not.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import {
  spawnSupervised,
  type Ended,
  type ReapedProcess,
  type SupervisedOptions,
} from '../../lib/jobs/supervisor';
import { supervisorPath } from '../../lib/native/locate';
import { removeCgroup, stateOf } from '../support/processes';

const fixtures = join(__dirname, '..', 'fixtures');
const burn = `python3 ${join(fixtures, 'burn.py')}`;
const folder = mkdtempSync(join(tmpdir(), 'nvpulse-tree-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly end: Ended;
  readonly output: string;
  readonly reaped: readonly ReapedProcess[];
}

async function run(script: string, options: Partial<SupervisedOptions> = {}): Promise<Outcome> {
  const reaped: ReapedProcess[] = [];
  const supervised = spawnSupervised({
    command: ['sh', '-c', script],
    stdio: ['ignore', 'pipe', 'inherit'],
    onReaped: (process) => reaped.push(process),
    ...options,
  });
  supervised.go();
  const [output, end] = await Promise.all([text(supervised.stdout as Readable), supervised.ended]);
  if (end.kind !== 'ended') throw new Error(JSON.stringify(end));
  return { end, output, reaped };
}

const total = ({ cpuUser__s, cpuSystem__s }: { cpuUser__s: number; cpuSystem__s: number }): number =>
  cpuUser__s + cpuSystem__s;

/** Where a group for the command is made on this machine; undefined where it cannot be. */
async function madeIn(): Promise<string | undefined> {
  const { end } = await run('true');
  return end.tracking === 'cgroup' ? dirname(end.cgroupPath) : undefined;
}

/** Runs `body` with the folder that groups are made in, or says why it does not. */
function testWithCgroup(name: string, body: (parent: string) => Promise<void>): void {
  test(name, async () => {
    const parent = await madeIn();
    if (parent !== undefined) await body(parent);
    else process.stderr.write(`not tested: ${name}: no cgroup v2 can be made on this machine\n`);
  });
}

describe.each([
  ['in a cgroup, where one can be made', {}],
  ['by the tree alone', { cgroup: false }],
] as const)('%s', (_how, options) => {
  test('2,000 children: CPU time as the kernel tells their parent', async () => {
    const script = `exec python3 -c "
import os, resource
for _ in range(2000):
    pid = os.posix_spawn('/bin/true', ['true'], {})
    os.waitpid(pid, 0)
print(sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))"`;
    const { end, output } = await run(script, options);
    const reference__s = Number(output);
    expect(reference__s).toBeGreaterThan(0.1);
    expect(Math.abs(total(end.tree) / reference__s - 1)).toBeLessThan(0.05);
    expect(Math.abs(total(end.command) / reference__s - 1)).toBeLessThan(0.05);
  });

  test('2,000 orphans: each one waited for', async () => {
    // Each ends once its parent has; the command ends once the pipe has no writer left.
    const script = `{ i=0; while [ $i -lt 2000 ]; do (true &) ; i=$((i+1)); done; } | cat`;
    const { end, reaped } = await run(script, options);
    const orphans = reaped.filter(({ isCommand }) => !isCommand);
    expect(orphans.every(({ pid }) => pid > 0)).toBe(true);
    expect(orphans.length + end.left.length).toBe(2000);
    expect(reaped.length - orphans.length).toBe(1);
    const sum__s = reaped.reduce((sum, process) => sum + total(process), 0);
    expect(total(end.tree)).toBeGreaterThanOrEqual(sum__s - 1e-6);
  });

  test('CPU time of a grandchild in a session of its own that ended before', async () => {
    const done = join(mkdtempSync(join(folder, 'orphan-')), 'done');
    const { end } = await run(
      `(setsid ${burn} 0.5 ${done} &); while [ ! -e ${done} ]; do sleep 0.05; done; sleep 0.1`,
      options,
    );
    expect(end.left).toEqual([]);
    expect(total(end.tree)).toBeGreaterThan(0.5);
    expect(total(end.tree) - total(end.command)).toBeGreaterThan(0.45);
  });

  test('a descendant that lives on is named, counted so far, and left alone', async () => {
    const done = join(mkdtempSync(join(folder, 'living-')), 'done');
    const { end } = await run(
      `(setsid ${burn} 0.5 ${done} 60 > /dev/null 2>&1 &); while [ ! -e ${done} ]; do sleep 0.05; done`,
      options,
    );
    const [living] = end.left;
    expect(end.left).toHaveLength(1);
    expect(living?.name).toMatch(/^python/);
    expect(total(end.tree)).toBeGreaterThan(0.45);
    expect(stateOf(living?.pid ?? 0)).toBe('S');
    process.kill(living?.pid ?? 0, 'SIGKILL');
  });

  test('bytes written by a grandchild', async () => {
    // On the disk of this checkout: /tmp may be memory.
    const place = mkdtempSync(join(__dirname, '..', '..', 'build', 'test-io-'));
    const file = join(place, 'f');
    const dd = `dd if=/dev/zero of=${file} bs=1M count=50 oflag=dsync 2>/dev/null; : > ${file}.done`;
    const { end } = await run(
      `(setsid sh -c '${dd}' &); while [ ! -e ${file}.done ]; do sleep 0.05; done`,
      options,
    );
    rmSync(place, { recursive: true });
    expect(end.tree.ioWrite__B).not.toBeNull();
    expect(Math.abs((end.tree.ioWrite__B ?? 0) / (50 * 2 ** 20) - 1)).toBeLessThan(0.01);
  });
});

describe('a reader that is stuck until all has ended', () => {
  function linesOf(script: string): string[] {
    const argv = [join(fixtures, 'stuck-reader.py'), supervisorPath(), 'sh', '-c', script];
    const { stdout, stderr } = spawnSync('python3', argv, { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trimEnd().split('\n');
  }
  const times = (count: number, what: string): string =>
    `i=0; while [ $i -lt ${count} ]; do ${what}; i=$((i+1)); done`;

  test('costs the job nothing, and is told the sum of what it missed', () => {
    const lines = linesOf(`${times(4000, '(true &)')}; sleep 0.5`);
    const reaped = lines
      .filter((line) => line.startsWith('reaped '))
      .map((line) => line.split(' ').map(Number));
    expect(reaped.length).toBeLessThan(4001);
    expect(reaped.filter(([, pid]) => pid === 0)).toHaveLength(1);
    const told__us = reaped.reduce((sum, [, , , user, system]) => sum + (user ?? 0) + (system ?? 0), 0);
    const exit = (lines.at(-1) ?? '').split(' ');
    expect(exit[0]).toBe('exit');
    // One or two may be dying at the very end: not yet waited for, but counted.
    expect(told__us / (Number(exit[7]) + Number(exit[8]))).toBeCloseTo(1, 1);
  });

  test('is not told of those again that lived on at the end', () => {
    // All are started before the first of them ends, also on a machine that is busy.
    const kinds = linesOf(times(100, '(sleep 4 &)')).map((line) => line.split(' ')[0]);
    expect(kinds.filter((kind) => kind === 'left')).toHaveLength(100);
    expect(kinds.filter((kind) => kind === 'reaped')).toHaveLength(1);
    expect(kinds.at(-1)).toBe('exit');
  });
});

describe('cgroups', () => {
  testWithCgroup('one is made, and removed at the end', async () => {
    const { end, output } = await run('cat /proc/self/cgroup');
    if (end.tracking !== 'cgroup') throw new Error(end.reason);
    expect(output).toMatch(/^0::.*\/nvpulse-\d+-[0-9a-f]{8}$/m);
    expect(existsSync(end.cgroupPath)).toBe(false);
  });

  test('none is made unless wanted', async () => {
    const { end } = await run('true', { cgroup: false });
    expect(end).toMatchObject({ tracking: 'tree', reason: 'asked for' });
  });

  testWithCgroup('children whom the kernel reaps unseen are counted', async () => {
    const done = join(mkdtempSync(join(folder, 'unseen-')), 'done');
    const script = `exec python3 -c "
import signal, subprocess
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
subprocess.Popen('${burn} 0.5 ${done}', shell=True).wait()"`;
    const { end, reaped } = await run(script);
    expect(reaped.reduce((sum, process) => sum + total(process), 0)).toBeLessThan(0.4);
    expect(total(end.tree)).toBeGreaterThan(0.5);
  });

  testWithCgroup('one that outlived its job is removed by a later one', async (parent) => {
    const leftover = join(parent, 'nvpulse-1-0123abcd');
    const ours = join(parent, 'nvpulse-jobs');
    for (const path of [leftover, ours]) {
      mkdirSync(path);
      spawnSync('touch', ['-d', '2 minutes ago', path]);
    }
    await run('true');
    const kept = readdirSync(parent);
    await removeCgroup(ours);
    expect(kept).not.toContain('nvpulse-1-0123abcd');
    expect(kept).toContain('nvpulse-jobs');
  });

  describe('one that is given', () => {
    async function withGroup(body: (path: string) => Promise<void>): Promise<void> {
      const parent = await madeIn();
      if (parent === undefined) {
        process.stderr.write('not tested: a given cgroup: no cgroup v2 can be made on this machine\n');
        return;
      }
      const path = join(parent, `test-${process.pid}`);
      mkdirSync(path);
      try {
        await body(path);
      } finally {
        await removeCgroup(path);
      }
    }

    test('is used, and stays', () =>
      withGroup(async (path) => {
        const done = join(mkdtempSync(join(folder, 'given-')), 'done');
        await run(`${burn} 0.3 ${done}`, { cgroup: path });
        const { end } = await run(`${burn} 0.3 ${done}`, { cgroup: path });
        expect(end).toMatchObject({ tracking: 'cgroup', cgroupPath: path });
        expect(total(end.tree)).toBeGreaterThan(0.3);
        expect(total(end.tree)).toBeLessThan(total(end.command) * 1.1);
        expect(existsSync(path)).toBe(true);
      }));

    test('is joined but not counted by while others are in it', () =>
      withGroup(async (path) => {
        const other = spawnSupervised({ command: ['sleep', '60'], stdio: ['ignore', 'ignore', 'ignore'] });
        other.go();
        const started = await other.started;
        if (started.kind !== 'started') throw new Error(started.reason);
        writeFileSync(join(path, 'cgroup.procs'), String(started.pid));
        const { end, output } = await run('cat /proc/self/cgroup', { cgroup: path });
        process.kill(started.pid, 'SIGKILL');
        await other.ended;
        expect(end).toMatchObject({ tracking: 'tree', reason: 'the given cgroup holds other processes' });
        expect(output).toContain(`/test-${process.pid}\n`);
      }));
  });
});
