// nvpulse run, as a user has it: the command keeps its stdin, stdout, exit code and signals, and gets its figures.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntitySummary, JobSummary } from '../../lib/index';
import { energyBetween } from '../../lib/testing';
import { nvpulseIn, recordingsIn, stateFolder } from '../support/nvpulse';
import { until } from '../support/processes';

const BIN = join(__dirname, '..', '..', 'bin', 'nvpulse.js');
const ESCAPE = '\u001b';
const IN_TERMINAL = join(__dirname, '..', 'fixtures', 'show-in-terminal.py');

const state = stateFolder();
const { run, start } = nvpulseIn(state);

function jobOf(summary: JobSummary): Extract<EntitySummary, { entity: 'job' }> {
  const job = summary.entities.find((entity) => entity.entity === 'job');
  if (!job) throw new Error('the summary has no job');
  return job;
}

function deltaOf(entity: EntitySummary, name: string): number {
  const metric = Object.entries(entity.metrics).find(([key]) => key === name)?.[1];
  if (!metric || !('delta' in metric)) throw new Error(`no delta of ${name}: ${JSON.stringify(metric)}`);
  return metric.delta;
}

const readSummary = (path: string): JobSummary => JSON.parse(readFileSync(path, 'utf8')) as JobSummary;
const utc__ns = (text: string): bigint =>
  BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1_000_000n + BigInt(text.slice(20, 29));

describe('the command', () => {
  test('keeps its stdin and its stdout; the summary goes to stderr', async () => {
    const { code, stdout, stderr } = await run(['run', '--', 'tr', 'a-z', 'A-Z'], { input: 'one line\n' });
    expect(stdout).toBe('ONE LINE\n');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^tr {2}.* exit 0\n/);
  });

  test('keeps its exit code', async () => {
    expect((await run(['run', '--no-recording', '--', 'sh', '-c', 'exit 42'])).code).toBe(42);
  });

  test.each([
    ['SIGKILL', 137],
    ['SIGTERM', 143],
  ])('that dies by %s gives %i', async (signal, code) => {
    const ending = await run(['run', '--no-recording', '--', 'sh', '-c', `kill -${signal.slice(3)} $$`]);
    expect(ending).toMatchObject({ code, signal: null });
    expect(ending.stderr).toContain(signal);
  });

  test('needs no -- before it, and its options are its own', async () => {
    const { stdout, code } = await run(['run', '--no-recording', 'echo', '-i', '--json', '--', 'x']);
    expect(stdout).toBe('-i --json -- x\n');
    expect(code).toBe(0);
  });

  test('does not see the simulator that nvpulse reads', async () => {
    const script = 'echo "[$NVPULSE_NVML$NVPULSE_SIM_PROFILE]"';
    const { stdout } = await run(['run', '--no-recording', '--simulate', 't4', '--', 'sh', '-c', script]);
    expect(stdout).toBe('[]\n');
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'gets a %s that nvpulse gets, once, and nvpulse waits for it',
    async (signal) => {
      const ready = join(state, `ready-${signal}`);
      const script = `n=0; trap 'n=$((n+1))' ${signal.slice(3)}; : > ${ready}; while [ $n = 0 ]; do sleep 0.02; done; sleep 0.2; exit $((n+10))`;
      const { child, ended } = start(['run', '--no-recording', '--', 'sh', '-c', script]);
      await until(() => existsSync(ready));
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 11, signal: null });
    },
  );

  test('goes on when nvpulse is killed; the recording is then cut, and can be reported', async () => {
    const [done, dir] = [join(state, 'done'), join(state, 'cut')];
    const script = `i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 3; : > ${done}`;
    // Its pipes stay open as long as the command has them: the exit is what tells.
    const { child } = start(['run', '-i', '10ms', '-o', dir, '--', 'sh', '-c', script]);
    await until(() => (statSync(join(dir, 'journal.bin'), { throwIfNoEntry: false })?.size ?? 0) > 20_000);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    expect(await exited).toEqual([null, 'SIGKILL']);
    expect(existsSync(done)).toBe(false);
    await until(() => existsSync(done));
    const report = await run(['report', '--json', dir]);
    expect(report.code).toBe(0);
    const summary = JSON.parse(report.stdout) as JobSummary;
    expect(summary.complete).toBe(false);
    expect(summary.job.duration__s).toBeGreaterThan(0.3);
    expect(deltaOf(jobOf(summary), 'cpu_time__s')).toBeGreaterThan(0);
    expect((await run(['report', dir])).stdout).toContain('CUT SHORT');
  });
});

describe('limits', () => {
  const UNIFIED = '/sys/fs/cgroup/unified';
  const group = join(UNIFIED, `nvpulse-limits-${process.pid}`);
  // The one controller that cgroup v1 leaves to v2 on machines that have both.
  const possible = (): boolean => {
    try {
      writeFileSync(join(UNIFIED, 'cgroup.subtree_control'), '+hugetlb');
      mkdirSync(group);
      writeFileSync(join(group, 'hugetlb.2MB.max'), '4194304');
      return true;
    } catch {
      return false;
    }
  };
  afterAll(() => spawnSync('rmdir', [group]));

  test('of the cgroup that it was started in are seen by the command as before', () => {
    if (!possible())
      return void process.stderr.write('not tested: limits: no controller of cgroup v2 may be used here\n');
    const script =
      'own=$(grep ^0:: /proc/self/cgroup); echo $own; cat /sys/fs/cgroup/unified/${own#0::/}/hugetlb.2MB.max';
    const inGroup = (argv: readonly string[]): string =>
      spawnSync('sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec "$@"`, 'sh', ...argv], {
        encoding: 'utf8',
        env: { ...process.env, XDG_STATE_HOME: state },
      }).stdout;
    const bare = inGroup(['sh', '-c', script]);
    expect(bare).toMatch(/^0::\/nvpulse-limits-\d+\n4194304\n$/);
    expect(inGroup([process.execPath, BIN, 'run', '--', 'sh', '-c', script])).toBe(bare);
  });
});

describe('the summary', () => {
  test('of written bytes and CPU time is what the kernel counts', async () => {
    const json = join(state, 'dd.json');
    const work = `python3 -c '
import resource, sys
n = 0
for i in range(4000000): n += i
u = resource.getrusage(resource.RUSAGE_SELF); c = resource.getrusage(resource.RUSAGE_CHILDREN)
print(u.ru_utime + u.ru_stime)'`;
    const script = `dd if=/dev/zero of=${join(state, 'f')} bs=1M count=200 oflag=dsync 2>/dev/null; ${work}; times`;
    const { stdout, code } = await run(['run', '-i', '10ms', '--json', json, '--', 'bash', '-c', script]);
    expect(code).toBe(0);
    const [own, children] = stdout.trim().split('\n').slice(-2);
    const seconds = [...`${own} ${children}`.matchAll(/(\d+)m([\d.]+)s/g)].map(
      ([, minutes, rest]) => 60 * Number(minutes) + Number(rest),
    );
    const counted__s = seconds.reduce((sum, value) => sum + value, 0);
    const job = jobOf(readSummary(json));
    expect(Math.abs(deltaOf(job, 'io_write__B') / 209_715_200 - 1)).toBeLessThan(0.01);
    // The shell prints milliseconds, each of four figures cut off, and itself ends after it printed.
    expect(Math.abs(deltaOf(job, 'cpu_time__s') / counted__s - 1)).toBeLessThan(0.05);
  });

  test('of eight simulated GPUs has their energies', async () => {
    const json = join(state, 'energy.json');
    await run(['run', '-i', '10ms', '--simulate', 'h200x8', '--json', json, '--', 'sleep', '1.5']);
    const summary = readSummary(json);
    expect(summary.simulated).toBe(true);
    const [start__ns, end__ns] = [utc__ns(summary.job.start), utc__ns(summary.job.end)];
    const gpus = summary.entities.filter((entity) => entity.entity === 'gpu');
    expect(gpus).toHaveLength(8);
    let total__J = 0;
    for (const gpu of gpus) {
      const truth__J = energyBetween('h200x8', gpu.index, start__ns, end__ns);
      total__J += truth__J;
      // Readings of a busy machine come late; by how much is in the ±.
      expect(Math.abs(deltaOf(gpu, 'energy__J') / truth__J - 1)).toBeLessThan(0.05);
    }
    const { gpu__J, uncertainty__J } = summary.energy;
    expect(Math.abs((gpu__J ?? NaN) - total__J)).toBeLessThanOrEqual(uncertainty__J ?? NaN);
    expect(Math.abs((gpu__J ?? NaN) / total__J - 1)).toBeLessThan(0.05);
    expect(summary.energy.method).toBe('counter');
  });

  test('of a job of a millisecond has its numbers', async () => {
    const { stdout } = await run(['run', '--no-recording', '--simulate', 't4', '--json', '-', '--', 'true']);
    const summary = JSON.parse(stdout) as JobSummary;
    expect(summary.job.duration__s).toBeGreaterThan(0);
    expect(deltaOf(jobOf(summary), 'cpu_time__s')).toBeGreaterThan(0);
    const gpu = summary.entities.find((entity) => entity.entity === 'gpu');
    expect(gpu?.metrics.gpu_clock__MHz).toMatchObject({ coverage: 1 });
    expect(summary.energy.gpu__J).toBeGreaterThan(0);
  });

  test('is the same from report as from run', async () => {
    const [dir, json] = [join(state, 'same'), join(state, 'same.json')];
    const labels = ['--name', 'a name', '--label', 'team=x', '--label', 'model=y=z'];
    const script = 'dd if=/dev/zero of=/dev/null bs=1M count=2000 2>/dev/null; sleep 1 & sleep 0.7; exit 3';
    const args = ['-i', '10ms', '--simulate', 'odd', ...labels, '-o', dir, '--json', json];
    const { code, stderr } = await run(['run', ...args, '--', 'sh', '-c', script]);
    expect(code).toBe(3);
    expect(stderr).toContain('left alone: still running are sleep');
    expect(stderr).toContain(`recorded in ${dir}`);
    const summary = readSummary(json);
    expect(summary.job).toMatchObject({ name: 'a name', labels: { team: 'x', model: 'y=z' }, exitCode: 3 });
    const report = await run(['report', '--json', dir]);
    expect(JSON.parse(report.stdout)).toEqual(summary);
  });

  test('is printed even where nothing can be recorded', async () => {
    const file = join(state, 'a-file');
    writeFileSync(file, '');
    const { code, stderr } = await run(['run', '--', 'sh', '-c', 'exit 5'], {
      env: { XDG_STATE_HOME: file },
    });
    expect(code).toBe(5);
    expect(stderr).toMatch(/^sh {2}.* exit 5\n/);
    expect(stderr).toMatch(/^nvpulse run: not recorded: .*a-file.*$/m);
  });

  test('has no escape sequences off a terminal', async () => {
    const { stderr } = await run(['run', '--no-recording', '--', 'true'], { env: { NO_COLOR: '' } });
    expect(stderr).not.toContain('\u001b');
  });

  test('fits the terminal, in colour unless NO_COLOR says no', () => {
    const shown = (columns: number, env: Readonly<Record<string, string>> = {}): readonly string[] => {
      const nvpulse = [process.execPath, BIN, 'run', '--no-recording', '--', 'true'];
      const { stdout, status } = spawnSync('python3', [IN_TERMINAL, String(columns), ...nvpulse], {
        encoding: 'utf8',
        env: { ...process.env, TERM: 'xterm', NO_COLOR: undefined, ...env },
      });
      expect(status).toBe(0);
      return stdout.split('\r\n');
    };
    const bare = (lines: readonly string[]) =>
      lines.map((line) => line.replace(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), ''));
    const longest = (lines: readonly string[]) => Math.max(...bare(lines).map(({ length }) => length));
    expect(shown(60)[0]?.startsWith(`${ESCAPE}[1mtrue${ESCAPE}[0m `)).toBe(true);
    expect(longest(shown(60))).toBeLessThanOrEqual(60);
    expect(longest(shown(0))).toBeGreaterThan(60);
    const plain = shown(0, { NO_COLOR: '1' });
    expect(plain).toEqual(bare(plain));
  });
});

describe('the recording', () => {
  test('goes to the state folder, and is listed', async () => {
    const before = existsSync(join(state, 'nvpulse')) ? recordingsIn(state).length : 0;
    const { stderr } = await run(['run', '--name', 'listed', '--', 'true']);
    expect(recordingsIn(state)).toHaveLength(before + 1);
    const dir = recordingsIn(state).find((path) => path.endsWith('-listed'));
    expect(stderr).toContain(`recorded in ${dir}`);
    expect((await run(['list'])).stdout).toContain(dir);
  });

  test('that is taken away meanwhile is a warning; the command and its summary go on', async () => {
    const dir = join(state, 'taken');
    const script = `sleep 0.7; rm -rf ${dir}; sleep 1; exit 6`;
    const { code, stderr } = await run(['run', '-i', '10ms', '-o', dir, '--', 'sh', '-c', script]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/^sh {2}.* exit 6\n/);
    expect(stderr).toMatch(/^nvpulse run: recording into '.*taken' failed: .* \d+ rows are not in it$/m);
  });

  test('is not made with --no-recording, nor for a command that is not found', async () => {
    const folder = join(state, 'none');
    mkdirSync(folder);
    await run(['run', '--no-recording', '--', 'true'], { env: { XDG_STATE_HOME: folder } });
    expect(existsSync(join(folder, 'nvpulse'))).toBe(false);
    await run(['run', '--', 'no-such-command'], { env: { XDG_STATE_HOME: folder } });
    expect(recordingsIn(folder)).toHaveLength(0);
  });
});

describe('a driver', () => {
  test('that hangs does not hold up the command, and is said to hang', async () => {
    const order = join(state, 'order');
    const { stdout, code } = await run(
      [
        'run',
        '--no-recording',
        '--simulate',
        't4',
        '--json',
        '-',
        '--',
        'sh',
        '-c',
        `: > ${order}; sleep 0.5`,
      ],
      { env: { NVPULSE_SIM_FAULTS: 'call=Init*,hang' } },
    );
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as JobSummary;
    expect(existsSync(order)).toBe(true);
    expect(summary.gpu.state).toBe('stalled');
    expect(summary.job.duration__s).toBeLessThan(5);
    expect(deltaOf(jobOf(summary), 'cpu_time__s')).toBeGreaterThan(0);
  });

  test('that does not list its GPUs is said to have failed, and why', async () => {
    const { code, stderr } = await run(['run', '--no-recording', '--simulate', 'h200x2', '--', 'true'], {
      env: { NVPULSE_SIM_FAULTS: 'call=DeviceGetCount_v2,error=999' },
    });
    expect(code).toBe(0);
    expect(stderr.match(/^ {2}GPU .*$/gm)).toEqual([
      '  GPU        the driver does not list its GPUs: the driver reports an unknown error',
    ]);
  });

  test('that loses a GPU meanwhile has it named', async () => {
    const { code, stderr } = await run(
      ['run', '--no-recording', '--simulate', 'h200x2', '--', 'sleep', '1'],
      {
        env: { NVPULSE_SIM_FAULTS: 'gpu=1,lost,from=200ms' },
      },
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/^nvpulse run: GPU 1 \(NVIDIA H200, GPU-[0-9a-f-]{36}\) is lost$/m);
  });

  test('that is not there leaves the host, and one line that says so', async () => {
    const env = { NVPULSE_NVML: '/nowhere/libnvidia-ml.so.1' };
    const { code, stderr } = await run(['run', '--no-recording', '--', 'true'], { env });
    expect(code).toBe(0);
    expect(stderr.match(/^ {2}GPU .*$/gm)).toHaveLength(1);
    expect(stderr).toMatch(/^ {2}machine .*CPUs/m);
  });
});
