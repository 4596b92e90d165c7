// The supervisor as the command and its caller see it: codes, streams, environment, what happens when either dies.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { spawnSupervised, type CommandEnd, type Supervised } from '../../lib/jobs/supervisor';
import { supervisorPath } from '../../lib/native/locate';
import { PATH } from '../support/folder';
import { readIfThere, stateOf, until } from '../support/processes';

const HOST = [
  '-r',
  join(__dirname, '..', 'support', 'register-typescript.js'),
  join(__dirname, '..', 'fixtures', 'supervisor-host.ts'),
];

const folder = mkdtempSync(join(tmpdir(), 'nvpulse-supervisor-'));
afterAll(() => rmSync(folder, { recursive: true }));

function sh(script: string, env?: NodeJS.ProcessEnv): Supervised {
  const environment = env === undefined ? {} : { env };
  return spawnSupervised({ command: ['sh', '-c', script], stdio: ['pipe', 'pipe', 'pipe'], ...environment });
}

async function run(command: readonly string[], path = PATH): Promise<CommandEnd> {
  const env = { ...process.env, PATH: path };
  const supervised = spawnSupervised({ command, env, stdio: ['ignore', 'ignore', 'ignore'] });
  supervised.go();
  return supervised.ended;
}

/** The first that `stream` gives. */
async function first(stream: Readable): Promise<string> {
  const chunk: unknown = (await once(stream, 'data'))[0];
  return String(chunk);
}

/** No turn of the event loop comes meanwhile. */
function block(duration__ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration__ms);
}

/** What `script` prints, run at once. */
async function output(script: string): Promise<string> {
  const supervised = sh(script);
  supervised.go();
  return text(supervised.stdout as Readable);
}

describe('how the command ended', () => {
  test.each([0, 3, 126, 127, 255])('exit code %i', async (code) => {
    expect(await run(['sh', '-c', `exit ${code}`])).toMatchObject({
      kind: 'ended',
      exitCode: code,
      signal: null,
      status: code,
    });
  });

  test.each([
    ['TERM', 143],
    ['KILL', 137],
    ['ABRT', 134],
    ['PIPE', 141],
  ])('signal %s', async (name, status) => {
    const end = await run(['sh', '-c', `ulimit -c 0; kill -${name} $$`]);
    expect(end).toMatchObject({ kind: 'ended', exitCode: null, signal: `SIG${name}`, status });
  });

  test('a real-time signal has its number for a name', async () => {
    expect(await run(['sh', '-c', 'kill -40 $$'])).toMatchObject({ signal: 'SIG40', status: 168 });
  });

  test('not found is 127', async () => {
    const command = ['nvpulse-no-such-program'];
    expect(await run(command)).toMatchObject({ kind: 'not-started', status: 127, error: 'ENOENT' });
  });

  test.each([
    ['a folder', folder, 'EACCES'],
    ['a file without execute permission', join(__dirname, 'supervisor-command.test.ts'), 'EACCES'],
  ])('%s is 126', async (_what, path, error) => {
    expect(await run([path])).toMatchObject({ kind: 'not-started', status: 126, error });
  });

  test('not found where a folder of PATH is closed is 126', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    // Who may enter every folder, as root may, can't execute what is in it.
    writeFileSync(join(closed, 'nvpulse-no-such-program'), '');
    chmodSync(closed, 0);
    const path = `${closed}:${PATH}`;
    const ends = [await run(['nvpulse-no-such-program'], path), await run(['true'], path)];
    chmodSync(closed, 0o700);
    expect(ends).toMatchObject([
      { kind: 'not-started', status: 126, error: 'EACCES' },
      { kind: 'ended', status: 0 },
    ]);
  });

  test('each of 200 failed starts is told from an end with 127', async () => {
    for (let round = 0; round < 20; round++) {
      const ends = await Promise.all(Array.from({ length: 10 }, () => run(['nvpulse-no-such-program'])));
      expect(ends.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'not-started'));
    }
  });

  test('a failed start is told by started too', async () => {
    const supervised = spawnSupervised({
      command: ['nvpulse-no-such-program'],
      env: { ...process.env, PATH },
    });
    supervised.go();
    expect(await supervised.started).toMatchObject({ kind: 'not-started', status: 127 });
  });
});

test('a signal that comes when the command has just ended loses nothing of its end', async () => {
  for (let round = 0; round < 5; round++) {
    const supervised = spawnSupervised({
      command: ['sh', '-c', 'exit 3'],
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    await supervised.ready;
    supervised.go();
    const started = await supervised.started;
    if (started.kind !== 'started') throw new Error(started.kind);
    // In one turn of the event loop: what the supervisor says meanwhile is not read.
    while (existsSync(`/proc/${started.pid}`)) block(10);
    block(200);
    supervised.signal('SIGINT');
    expect(await supervised.ended).toMatchObject({ kind: 'ended', status: 3 });
  }
});

describe('what the command is given', () => {
  test.each([
    ['stdout', 'cat'],
    ['stderr', 'cat >&2'],
  ] as const)('stdin and %s byte for byte', async (stream, script) => {
    const sent = randomBytes(1 << 20);
    const supervised = sh(script);
    supervised.go();
    supervised.stdin?.end(sent);
    expect((await buffer(supervised[stream] as Readable)).equals(sent)).toBe(true);
    expect(await supervised.ended).toMatchObject({ exitCode: 0 });
  });

  test('a stream that it closes ends for the reader while it runs on', async () => {
    const supervised = sh('exec >&-; read -r line');
    supervised.go();
    expect(await text(supervised.stdout as Readable)).toBe('');
    supervised.stdin?.end('now\n');
    expect(await supervised.ended).toMatchObject({ exitCode: 0 });
  });

  test('no descriptors but those that it would have without a supervisor', async () => {
    const script = 'i=0; while [ $i -lt 1024 ]; do [ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done';
    const plain = spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout;
    expect(plain).toMatch(/^0\n1\n2\n/);
    expect(await output(script)).toBe(plain);
  });

  test('this process group, session and directory', async () => {
    const fields = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ours = fields(readFileSync('/proc/self/stat', 'utf8'));
    const its = fields(await output('read -r line < /proc/self/stat; echo "$line"'));
    expect(its.slice(2, 5)).toEqual(ours.slice(2, 5));
    expect(await output('pwd -P')).toBe(`${process.cwd()}\n`);
  });

  test('its environment and directory as asked for', async () => {
    const supervised = spawnSupervised({
      command: ['sh', '-c', 'echo "$NVPULSE_TEST"; pwd -P; env | wc -l'],
      cwd: '/',
      env: { PATH: process.env['PATH'], NVPULSE_TEST: 'a b' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    supervised.go();
    const [value, directory, count] = (await text(supervised.stdout as Readable)).split('\n');
    expect([value, directory]).toEqual(['a b', '/']);
    expect(Number(count)).toBeLessThanOrEqual(4); // PATH, NVPULSE_TEST, and the shell's PWD and _.
  });

  // Node gives what it spawns the default for every signal, so this asks the supervisor without Node between.
  test('signals that are ignored or blocked stay so, SIGCHLD among them', () => {
    const script = `
import signal, socket, subprocess, sys
def ignore():
    for name in ('SIGINT', 'SIGHUP', 'SIGCHLD'): signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR1])
ours, theirs = socket.socketpair()
fd = theirs.fileno()
command = [sys.argv[1], '--control-fd', str(fd), '--', 'grep', '^Sig', '/proc/self/status']
supervisor = subprocess.Popen(command, pass_fds=[fd], preexec_fn=ignore)
theirs.close()
ours.send(b'go\\n')
while ours.recv(4096): pass
ours.close()
sys.exit(supervisor.wait())`;
    const { stdout, status } = spawnSync('python3', ['-c', script, supervisorPath()], { encoding: 'utf8' });
    const mask = (key: string): bigint => BigInt(`0x${new RegExp(`${key}:\\s*(\\w+)`).exec(stdout)?.[1]}`);
    const bit = (signal: NodeJS.Signals): bigint => 1n << BigInt(constants.signals[signal] - 1);
    const ignored = bit('SIGINT') | bit('SIGHUP') | bit('SIGCHLD');
    expect(status).toBe(0);
    expect(mask('SigIgn') & (ignored | bit('SIGTERM'))).toBe(ignored);
    expect(mask('SigBlk')).toBe(bit('SIGUSR1'));
  });
});

describe('when it starts', () => {
  test('not before go, then with its pid and time', async () => {
    const marker = join(folder, 'started');
    const supervised = sh(`echo $$ > ${marker}`);
    await supervised.ready;
    expect(() => readFileSync(marker)).toThrow('ENOENT');
    const before__ns = process.hrtime.bigint();
    supervised.go();
    const started = await supervised.started;
    const end = await supervised.ended;
    if (started.kind !== 'started' || end.kind !== 'ended') throw new Error('not started');
    expect(Number(readFileSync(marker, 'utf8'))).toBe(started.pid);
    expect(started.time__ns).toBeGreaterThanOrEqual(before__ns);
    expect(end.time__ns).toBeGreaterThan(started.time__ns);
    expect(end.time__ns).toBeLessThan(process.hrtime.bigint());
  });

  test('go before ready is kept', async () => {
    const supervised = sh('exit 4');
    supervised.go();
    expect(await supervised.ended).toMatchObject({ exitCode: 4 });
  });

  test('abandoned before go, it never does', async () => {
    const marker = join(folder, 'abandoned');
    const supervised = sh(`echo > ${marker}`);
    await supervised.ready;
    supervised.abandon();
    expect(await supervised.ended).toMatchObject({ kind: 'lost', reason: 'it was abandoned' });
    await until(() => stateOf(supervised.pid) === undefined);
    expect(() => readFileSync(marker)).toThrow('ENOENT');
  });
});

describe('when either dies', () => {
  test('the supervisor killed: the end is told as lost, the command goes on', async () => {
    const [gate, marker] = [join(folder, 'gate-survived'), join(folder, 'survived')];
    const supervised = sh(`while [ ! -e ${gate} ]; do sleep 0.02; done; echo still here > ${marker}`);
    supervised.go();
    await supervised.started;
    process.kill(supervised.pid, 'SIGKILL');
    expect(await supervised.ended).toEqual({ kind: 'lost', reason: 'the supervisor ended unexpectedly' });
    writeFileSync(gate, '');
    await until(() => readIfThere(marker) === 'still here\n');
  });

  test('this process killed: the command goes on, then nothing is left', async () => {
    const [gate, marker] = [join(folder, 'gate'), join(folder, 'finished')];
    const script = `echo $$; while [ ! -e ${gate} ]; do sleep 0.02; done; echo done; echo $? > ${marker}`;
    const host = spawn(process.execPath, [...HOST, 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [pids, command] = await Promise.all([first(host.stderr), first(host.stdout)]);
    const supervisor = Number(/supervisor (\d+)/.exec(pids)?.[1]);
    host.kill('SIGKILL');
    await once(host, 'exit');
    writeFileSync(gate, '');
    await until(() => readIfThere(marker) === '0\n');
    await until(() => stateOf(Number(command)) === undefined);
    // Whoever is process 1 here waits for it, or not.
    await until(() => [undefined, 'Z'].includes(stateOf(supervisor)));
  });
});

describe('what the caller gets wrong', () => {
  test('an empty command', () => {
    expect(() => spawnSupervised({ command: [] })).toThrow('command: is empty');
  });

  test('a directory that is none', () => {
    const options = { command: ['true'], cwd: '/nvpulse-nowhere' };
    expect(() => spawnSupervised(options)).toThrow("cwd: '/nvpulse-nowhere' is not a directory");
  });

  test('a cgroup that is none', async () => {
    const supervised = spawnSupervised({ command: ['true'], cgroup: folder });
    await expect(supervised.ready).rejects.toThrow(`cgroup: '${folder}'; allowed is a cgroup v2 directory`);
    expect(await supervised.ended).toMatchObject({ kind: 'lost' });
  });
});
