// nvpulse for whoever, wherever: an ordinary user, a container whose cgroup v2 is read-only or not mounted, no home, no
// /tmp, a read-only root. The command runs, and its exit code and CPU time are right; what else was asked for is
// answered, or refused in one line.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSummary } from '../../lib';
import { stateFolder } from '../support/nvpulse';

const ROOT = join(__dirname, '..', '..');
const BIN = join(ROOT, 'bin', 'nvpulse.js');
const WITH_CGROUP = join(ROOT, 'scripts', 'with-cgroup.sh');
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
/** A user that the system does not know, as of `docker run --user`. */
const STRANGER = ['setpriv', '--reuid=23456', '--regid=23456', '--clear-groups'];
/** The root's folders without /tmp, each read-only, on a root that is. */
const ON_BARE_ROOT = [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc'],
  `mount -t tmpfs tmpfs /mnt
  for path in /*; do
    if [ -h "$path" ]; then cp -P "$path" /mnt
    elif [ -d "$path" ] && [ "$path" != /tmp ] && [ "$path" != /mnt ]; then
      mkdir "/mnt$path"
      mount --rbind "$path" "/mnt$path"
      mount -o remount,bind,ro "/mnt$path"
    fi
  done
  mount -o remount,ro /mnt
  exec chroot /mnt "$@"`,
  'sh',
];
const BURN = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times; exit 7';

const state = stateFolder();
beforeAll(() => chmodSync(state, 0o777));

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

  describe.each<[string, readonly string[], string, number]>([
    [
      'no /tmp, nothing writable',
      [...ON_BARE_ROOT, ...NOBODY],
      'cannot record into .*: read-only file system',
      2,
    ],
    [
      'a user without a name',
      STRANGER,
      'no place for recordings: user 23456 has no home; set HOME or XDG_STATE_HOME',
      1,
    ],
  ])('no HOME, LC_ALL=C, %s', (name, prefix, why, served) => {
    const environment = { PATH: process.env['PATH'], LC_ALL: 'C' };
    const can = works(prefix);
    const testThere = can ? test : test.skip;
    if (!can) process.stderr.write(`not tested: ${name}: needs root, and a clone that everyone may read\n`);
    const there = (...args: readonly string[]) => {
      const argv = [...prefix, process.execPath, BIN, ...args];
      return spawnSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8', env: environment, cwd: '/' });
    };
    // Where it is to be read, not /tmp.
    const folder = join(ROOT, 'build', `users-${process.pid}`);
    const recording = join(folder, 'recording');
    beforeAll(() => {
      mkdirSync(folder);
      const args = ['record', '--for', '0.3', '-i', '10ms', '--simulate', 't4', '-o', recording];
      expect(spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8' })).toMatchObject({ status: 0 });
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    testThere('the job runs, and that it is not recorded is said', () => {
      const stderr = expectMeasured(prefix, environment);
      expect(stderr).toMatch(new RegExp(`^nvpulse run: not recorded: ${why}`, 'm'));
    });

    testThere.each<[string, RegExp]>([
      ['metrics', /^gpu +power_draw__W /m],
      ['simulator', /libnvidia-ml\.so\.1\n$/],
      ['doctor --json --simulate t4', /"profile": "t4"/],
      ['overhead --rounds 2 -i 10ms --json -- true', /"rounds": 2/],
      ['completion bash', /^complete -F _nvpulse nvpulse$/m],
      [`report ${recording}`, /^record {2}/],
      [`export ${recording} --to csv --table gpu -o -`, /^entity,[^\n]+\ngpu,/],
    ])('nvpulse %s answers', (command, answer) => {
      const { status, stdout, stderr } = there(...command.split(' '));
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(answer);
    });

    testThere.each<[string, number]>([
      ['record --for 1h', 1],
      ['record --for 1h -o /none/there', 2],
      ['report nothing', 1],
      ['export nothing --to csv -o -', 1],
      [`export ${recording} --to csv --table gpu -o /none.csv`, 1],
      ['server --listen 127.0.0.1:0', served],
      ['run --json /none.json -- true', 125],
      ['client --start --job x -i 127.0.0.1:1 --output /none --strict', 1],
    ])('nvpulse %s is refused in words', (command, code) => {
      const { status, stdout, stderr } = there(...command.split(' '));
      expect({ status, stdout: stdout.replace(/^x\n/, '') }).toEqual({ status: code, stdout: '' });
      expect(stderr).toMatch(/^(nvpulse [a-z]+: [^\n]*\n)+$/);
      expect(stderr).not.toMatch(/ENOENT|EROFS|EACCES|\.js:\d/);
    });
  });
});
