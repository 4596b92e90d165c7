// nvpulse run for whoever, wherever: an ordinary user, a container whose cgroup v2 is read-only or not mounted, no home,
// a read-only root. The command runs, and its exit code and CPU time are right.
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSummary } from '../../lib';
import { stateFolder } from '../support/nvpulse';

const ROOT = join(__dirname, '..', '..');
const BIN = join(ROOT, 'bin', 'nvpulse.js');
const WITH_CGROUP = join(ROOT, 'scripts', 'with-cgroup.sh');
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const ON_READ_ONLY_ROOT = [
  'unshare',
  '--mount',
  'sh',
  '-euc',
  'mount -t tmpfs tmpfs /tmp; mount -o remount,bind,ro /tmp; mount -o remount,bind,ro /; exec "$@"',
  'sh',
];
const BURN = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times; exit 7';

const state = stateFolder();
chmodSync(state, 0o777);

/** Seconds of the last two lines of a shell's `times`: its own, and of its children. */
function secondsOf(times: string): number {
  return [...times.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest),
    0,
  );
}

function expectMeasured(prefix: readonly string[], env: NodeJS.ProcessEnv): string {
  const argv = [...prefix, process.execPath, BIN, 'run', '--json', '-', '--', 'sh', '-c', `{ ${BURN}; } >&2`];
  const { status, stdout, stderr } = spawnSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8', env });
  expect({ status, stderr }).toMatchObject({ status: 7 });
  const summary = JSON.parse(stdout) as JobSummary;
  expect(summary.job).toMatchObject({ exitCode: 7, signal: null });
  const job = summary.entities.find((entity) => entity.entity === 'job');
  const cpu = job?.metrics.cpu_time__s;
  if (!cpu || !('delta' in cpu)) throw new Error(`no CPU time: ${stdout}`);
  const counted__s = secondsOf(stderr);
  expect(counted__s).toBeGreaterThan(0.05);
  // The shell prints milliseconds, each of four figures cut off, and itself ends after it printed.
  expect(Math.abs(cpu.delta - counted__s)).toBeLessThan(0.01 + 0.05 * counted__s);
  return stderr;
}

const here = { ...process.env, XDG_STATE_HOME: state, NVPULSE_NVML: undefined, NO_COLOR: '1' };

test('this user', () => {
  expectMeasured([], here);
});

describe('root can stage', () => {
  const isRoot = process.getuid?.() === 0;
  const works = (prefix: readonly string[]): boolean =>
    isRoot && spawnSync(prefix[0] ?? '', [...prefix.slice(1), 'test', '-r', BIN]).status === 0;

  test.each<[string, readonly string[]]>([
    ['user nobody', NOBODY],
    ['root, cgroup v2 read-only', [WITH_CGROUP, 'read-only']],
    ['root, cgroup v2 not mounted', [WITH_CGROUP, 'unmounted']],
    ['user nobody, cgroup v2 read-only', [WITH_CGROUP, 'read-only', ...NOBODY]],
    ['user nobody, cgroup v2 not mounted', [WITH_CGROUP, 'unmounted', ...NOBODY]],
  ])('%s', (name, prefix) => {
    if (works(prefix)) expectMeasured(prefix, here);
    else process.stderr.write(`not tested: ${name}: needs root, and a clone that everyone may read\n`);
  });

  test.each<[string, readonly string[]]>([
    ['no /proc', ['unshare', '--mount', 'sh', '-euc', 'mount -t tmpfs none /proc; exec "$@"', 'sh']],
    [
      'the /proc of another PID namespace, where numbers mean other processes',
      ['unshare', '--pid', '--fork'],
    ],
  ])('%s: the job runs, and that its processes are not sampled is said', (name, prefix) => {
    if (!works(prefix))
      return void process.stderr.write(
        `not tested: ${name}: needs root, and a clone that everyone may read\n`,
      );
    const stderr = expectMeasured(prefix, here);
    expect(stderr).toMatch(/^nvpulse run: the command's processes are not sampled: .*\/proc/m);
  });

  test('no home, no locale, nothing writable: the job runs, and that it is not recorded is said', () => {
    const prefix = [...ON_READ_ONLY_ROOT, ...NOBODY];
    if (!works(prefix))
      return void process.stderr.write(
        'not tested: a read-only root: needs root, and a clone that all may read\n',
      );
    const stderr = expectMeasured(prefix, { PATH: process.env['PATH'], LC_ALL: 'C' });
    expect(stderr).toMatch(/^nvpulse run: not recorded: /m);
  });
});
