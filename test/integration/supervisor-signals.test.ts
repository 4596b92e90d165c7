// However a signal is sent to a job, the command receives it once.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readIfThere, until } from '../support/processes';

const fixtures = join(__dirname, '..', 'fixtures');
const host = [
  process.execPath,
  '-r',
  join(__dirname, '..', 'support', 'register-typescript.js'),
  join(fixtures, 'supervisor-host.ts'),
];
const folder = mkdtempSync(join(tmpdir(), 'nvpulse-signals-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Job {
  readonly host: ChildProcess;
  readonly supervisor: number;
  readonly log: string;
  /** What the host has printed so far. */
  readonly printed: () => string;
}

/** What came of a job: the signals that its command received, and those of them that the supervisor passed on. */
interface Signals {
  readonly received: readonly string[];
  readonly passedOn: readonly string[];
}

/** A host in a process group of its own, around a command that logs its signals. */
async function start(): Promise<Job> {
  const log = join(mkdtempSync(join(folder, 'job-')), 'log');
  const [program = '', ...argv] = [...host, 'python3', join(fixtures, 'count-signals.py'), log];
  const child = spawn(program, argv, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  await until(() => readIfThere(log) === 'ready\n');
  const supervisor = Number(/supervisor (\d+)/.exec(printed)?.[1]);
  return { host: child, supervisor, log, printed: () => printed };
}

const passedOn = (printed: string): string[] =>
  [...printed.matchAll(/forwarded (\w+)/g)].flatMap(([, signal]) => signal ?? []);

function receivedBy({ log }: Job): string[] {
  return (readIfThere(log) ?? '').trimEnd().split('\n').slice(1);
}

/** Waits for the command to have had `count` signals, ends it by SIGUSR2, and gives all that happened. */
async function finish(job: Job, count = 1): Promise<Signals> {
  await until(() => receivedBy(job).length >= count);
  const { host: child, printed } = job;
  child.kill('SIGUSR2');
  const status: unknown = (await once(child, 'close'))[0];
  expect(status).toBe(7);
  return { received: receivedBy(job), passedOn: passedOn(printed()) };
}

describe.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s reaches the command once', (signal) => {
  const once = [signal, 'SIGUSR2'];

  test('sent to nvpulse alone', async () => {
    const job = await start();
    job.host.kill(signal);
    expect(await finish(job)).toEqual({ received: once, passedOn: once });
  });

  test('sent to the whole process group', async () => {
    const job = await start();
    process.kill(-(job.host.pid ?? 0), signal);
    expect(await finish(job)).toEqual({ received: once, passedOn: ['SIGUSR2'] });
  });

  test('sent to the supervisor alone', async () => {
    const job = await start();
    process.kill(job.supervisor, signal);
    expect(await finish(job)).toEqual({ received: once, passedOn: once });
  });

  test('sent to nvpulse, then another to the group: once each', async () => {
    const job = await start();
    job.host.kill(signal);
    await until(() => receivedBy(job).length === 1);
    process.kill(-(job.host.pid ?? 0), signal);
    expect(await finish(job, 2)).toEqual({ received: [signal, ...once], passedOn: once });
  });
});

test('Ctrl-C in a terminal reaches the command once', () => {
  const log = join(mkdtempSync(join(folder, 'terminal-')), 'log');
  const command = [...host, 'python3', join(fixtures, 'count-signals.py'), log];
  const { status, stdout, stderr } = spawnSync(
    'python3',
    [join(fixtures, 'in-terminal.py'), log, ...command],
    {
      encoding: 'utf8',
    },
  );
  expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
  expect(readIfThere(log)).toBe('ready\nSIGINT\nSIGUSR2\n');
  expect(passedOn(stdout)).toEqual(['SIGUSR2']);
});

test('nvpulse gone: what the supervisor receives is passed on', async () => {
  const job = await start();
  job.host.kill('SIGKILL');
  await once(job.host, 'exit');
  process.kill(job.supervisor, 'SIGTERM');
  await until(() => readIfThere(job.log) === 'ready\nSIGTERM\n');
  process.kill(job.supervisor, 'SIGUSR2');
  await until(() => readIfThere(job.log) === 'ready\nSIGTERM\nSIGUSR2\n');
});

test('a signal that ends the command is its end', async () => {
  const [program = '', ...argv] = [...host, 'sleep', '60'];
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(child.stderr, 'data');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([143, null]);
});
