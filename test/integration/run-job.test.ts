// runJob as a library: what it refuses before it starts anything, what a caller gets, and what it leaves alone.
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  NvpulseError,
  openRecording,
  recordMachine,
  runJob,
  summarizeRecording,
  type JobResult,
  type MetricSummary,
  type RunJobOptions,
} from '../../lib/index';
import { NO_COMMAND } from '../../lib/jobs/job-events';
import { Measurement } from '../../lib/jobs/measurement';
import { RecordingWriter } from '../../lib/recording';
import { simulate } from '../../lib/testing';
import { PATH } from '../support/folder';
import { until } from '../support/processes';

const folder = mkdtempSync(join(tmpdir(), 'nvpulse-run-job-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const QUIET = { recording: false, stdio: ['ignore', 'ignore', 'inherit'] } as const;
const marker = join(folder, 'started');

async function codeOf(options: RunJobOptions): Promise<string> {
  try {
    await runJob(options);
    return 'none';
  } catch (error) {
    if (error instanceof NvpulseError) return `${error.code} ${error.message}`;
    throw error;
  }
}

describe('the caller’s mistakes', () => {
  const command = ['touch', marker];

  test.each<[string, RunJobOptions, RegExp]>([
    ['an interval', { command, interval: '5x' }, /^ERR_OPTION interval: '5x'/],
    ['an empty command', { command: [] }, /^ERR_OPTION command:/],
    ['a cwd that is none', { command, cwd: join(folder, 'nowhere') }, /^ERR_OPTION cwd: .*nowhere/],
    [
      'a folder in use',
      { command, recording: { dir: __dirname } },
      /^ERR_OPTION recording\.dir: .*not empty/,
    ],
    [
      'an unknown option',
      { ...{ intervall: '1s' }, command },
      /^ERR_OPTION runJob: unknown option 'intervall'/,
    ],
  ])('%s', async (_, options, expected) => {
    expect(await codeOf({ ...QUIET, ...options })).toMatch(expected);
    expect(existsSync(marker)).toBe(false);
  });

  test('an abort before the start', async () => {
    await expect(runJob({ ...QUIET, command, signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
    expect(existsSync(marker)).toBe(false);
  });

  test('a command that is not there, or is no program', async () => {
    const file = join(folder, 'no-program');
    writeFileSync(file, '');
    expect(await codeOf({ ...QUIET, command: ['no-such-command'], env: { ...process.env, PATH } })).toMatch(
      /^ERR_COMMAND_NOT_FOUND 'no-such-command'/,
    );
    expect(await codeOf({ ...QUIET, command: [file] })).toMatch(
      /^ERR_COMMAND_NOT_EXECUTABLE .*permission denied/,
    );
  });
});

test('a job has its name, labels, environment, directory and output', async () => {
  const output = openSync(join(folder, 'output'), 'w');
  const result = await runJob({
    command: ['sh', '-c', 'echo "$GREETING from $(pwd)"; exit 3'],
    name: 'greet',
    labels: { team: 'x' },
    env: { ...process.env, GREETING: 'hello' },
    cwd: folder,
    stdio: ['ignore', output, 'inherit'],
    recording: false,
  });
  closeSync(output);
  expect(readFileSync(join(folder, 'output'), 'utf8')).toBe(`hello from ${folder}\n`);
  expect(result).toMatchObject({
    recording: null,
    exit: { exitCode: 3, signal: null },
    left: [],
    warnings: [],
  });
  expect(result.summary.job).toMatchObject({
    name: 'greet',
    labels: { team: 'x' },
    exitCode: 3,
    signal: null,
  });
});

test('an abort ends the command with SIGTERM', async () => {
  const abort = new AbortController();
  const ready = join(folder, 'ready');
  const job = runJob({
    ...QUIET,
    command: ['sh', '-c', `: > ${ready}; exec sleep 60`],
    signal: abort.signal,
  });
  await until(() => existsSync(ready));
  abort.abort();
  expect((await job).exit).toEqual({ exitCode: null, signal: 'SIGTERM' });
});

test('signals of this process are left alone unless they are asked for, and given back', async () => {
  const before = process.listenerCount('SIGHUP');
  const ready = join(folder, 'listening');
  const command = ['sh', '-c', `: > ${ready}; sleep 0.2`];
  const plain = runJob({ ...QUIET, command });
  await until(() => existsSync(ready));
  expect(process.listenerCount('SIGHUP')).toBe(before);
  await plain;
  rmSync(ready);
  const forwarding = runJob({ ...QUIET, command, forwardSignals: ['SIGHUP'] });
  await until(() => existsSync(ready));
  expect(process.listenerCount('SIGHUP')).toBe(before + 1);
  await forwarding;
  expect(process.listenerCount('SIGHUP')).toBe(before);
});

test('a recording replayed gives the summary of the run; the inventory is in the manifest of a job that lasts', async () => {
  const dir = join(folder, 'recording');
  const { path } = simulate();
  const command = [
    'sh',
    '-c',
    'for i in 1 2 3; do dd if=/dev/zero of=/dev/null bs=1M count=500; done 2>/dev/null; sleep 4',
  ];
  const { summary, recording } = await runJob({ command, nvml: path, interval: '5ms', recording: { dir } });
  expect(recording).toEqual({ dir });
  const opened = await openRecording(dir);
  const replayed = await summarizeRecording(opened);
  expect(replayed.problems).toEqual([]);
  expect(JSON.parse(JSON.stringify(replayed.summary))).toEqual(JSON.parse(JSON.stringify(summary)));
  expect(opened.manifest).toMatchObject({ complete: true, simulated: true, gpu: { state: 'ok' } });
  expect(opened.manifest.inventory?.cpu.core_num).toBeGreaterThan(0);
});

test('CPU time of children that their parent never waits for, which no supervisor hears of', async () => {
  // The children live until all have had their CPU time and it was read; the parent ignores SIGCHLD, so that the
  // kernel forgets them when they end.
  const script = `
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
(spun, tell), (end, keep) = os.pipe(), os.pipe()
for _ in range(10):
    if os.fork() == 0:
        os.close(keep)
        while time.process_time() < 0.05: pass
        os.write(tell, b'x')
        os.read(end, 1)
        os._exit(0)
for _ in range(10): os.read(spun, 1)
time.sleep(1.5)
os.close(keep)
try: os.wait()
except ChildProcessError: pass
`;
  const { summary } = await runJob({ ...QUIET, command: ['python3', '-c', script], cgroup: false });
  const [job] = summary.entities.flatMap((entity) => (entity.entity === 'job' ? [entity] : []));
  expect(job?.tracking).toBe('tree');
  const cpu = job?.metrics.cpu_time__s;
  // 10 × 50 ms. The kernel tells user and system time each in whole steps of 10 ms, so that a child can lose almost 20.
  expect(cpu && 'delta' in cpu ? cpu.delta : 0).toBeGreaterThan(0.3);
});

test('a job that is to have no cgroup is followed by its process tree', async () => {
  const spin = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exit 4';
  const { summary, exit } = await runJob({ ...QUIET, command: ['sh', '-c', spin], cgroup: false });
  expect(exit).toEqual({ exitCode: 4, signal: null });
  const job = summary.entities.find((entity) => entity.entity === 'job');
  expect(job).toMatchObject({ tracking: 'tree' });
  const cpu = job?.metrics.cpu_time__s;
  expect(cpu && 'delta' in cpu ? cpu.delta : NaN).toBeGreaterThan(0.1);
});

describe('memory', () => {
  const jobOf = ({ summary }: JobResult) => {
    const [job] = summary.entities.flatMap((entity) => (entity.entity === 'job' ? [entity] : []));
    if (!job) throw new Error('the summary has no job');
    return job.metrics;
  };
  const highest = (metric: MetricSummary | undefined) => (metric && 'max' in metric ? metric.max : NaN);

  test('of a job shorter than the interval is what the kernel kept, and nothing of its launcher', async () => {
    const command = ['python3', '-c', 'bytearray(40 << 20)'];
    const metrics = jobOf(await runJob({ ...QUIET, command, interval: '1m' }));
    expect(metrics.memory_rss_sum__MiB).toMatchObject({ state: 'transient' });
    expect(metrics.process_num).toMatchObject({ state: 'transient' });
    expect(highest(metrics.memory_rss_peak__MiB)).toBeGreaterThan(40);
  });

  test('that eight processes share is summed under the name of a sum alone', async () => {
    const script = `
import mmap, os, time
shared = mmap.mmap(-1, 64 << 20)
(touched, tell), (end, keep) = os.pipe(), os.pipe()
for _ in range(8):
    if os.fork() == 0:
        os.close(keep)
        for page in range(0, 64 << 20, 4096): shared[page] = 1
        os.write(tell, b'x')
        os.read(end, 1)
        os._exit(0)
for _ in range(8): os.read(touched, 1)
time.sleep(2.5)
`;
    const metrics = jobOf(await runJob({ ...QUIET, command: ['python3', '-c', script] }));
    expect(highest(metrics.memory_rss_sum__MiB)).toBeGreaterThan(8 * 64);
    expect(highest(metrics.memory_rss_peak__MiB)).toBeGreaterThan(64);
    expect(highest(metrics.memory_rss_peak__MiB)).toBeLessThan(2 * 64);
    // Some 130,000 pages are too many to ask for: if it was read at all, then before they were touched.
    const pss = metrics.memory_pss__MiB;
    expect(pss && 'max' in pss ? pss.max : 0).toBeLessThan(64);
  });
});

test('a recording tells when somebody set the clock', async () => {
  const dir = join(folder, 'clock');
  let set__ns = 0n;
  const measurement: Measurement = new Measurement({
    name: 'clock',
    utcOffset: () => measurement.sampler.utcOffset__ns + set__ns,
  });
  await measurement.begin();
  const recording = await RecordingWriter.create(dir, measurement.describe());
  const job = measurement.open(measurement.sampler.now(), false, recording);
  // Told as it happens: a job lasts for hours, and a clock may be set right again meanwhile.
  set__ns = -3_600_000_000_000n;
  const written = join(dir, 'events.ndjson');
  await until(() => existsSync(written) && readFileSync(written, 'utf8').includes('clock_jump'));
  set__ns = 0n;
  await job.close(measurement.sampler.now(), NO_COMMAND);
  const { events } = await openRecording(dir);
  expect(events.filter(({ kind }) => kind === 'clock_jump')).toMatchObject([
    { data: { by__ns: -3.6e12 }, text: "the system's clock jumped by -3600.000 s" },
    { data: { by__ns: 3.6e12 }, text: "the system's clock jumped by 3600.000 s" },
  ]);
});

/** Descriptors of this process that are open below a folder. */
const openBelow = (dir: string): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(dir) ? [path] : [];
    } catch {
      return [];
    }
  });

describe('a recording is closed', () => {
  const stops = async (dir: string): Promise<unknown> => {
    const { manifest, events } = await openRecording(dir);
    return [manifest.complete, events.filter(({ kind }) => kind === 'stop').length, openBelow(dir)];
  };

  test('as one that is not complete, where the supervisor is lost', async () => {
    const dir = join(folder, 'lost');
    const script = `until [ -s ${dir}/events.ndjson ]; do sleep 0.05; done; kill -9 $PPID`;
    expect(await codeOf({ ...QUIET, command: ['sh', '-c', script], recording: { dir } })).toMatch(
      /^ERR_COMMAND 'sh' cannot be followed/,
    );
    expect(await stops(dir)).toEqual([false, 1, []]);
  });

  test('with its summary, where onExit throws', async () => {
    const dir = join(folder, 'thrown');
    const failure = new Error('of the caller');
    const onExit = (): never => {
      throw failure;
    };
    await expect(runJob({ ...QUIET, command: ['true'], recording: { dir }, onExit })).rejects.toBe(failure);
    expect(await stops(dir)).toEqual([true, 1, []]);
    const { summary } = await summarizeRecording(await openRecording(dir));
    expect(summary.job.exitCode).toBe(0);
  });

  test('of a machine, as one that is not complete, where onStart throws', async () => {
    const dir = join(folder, 'not-told');
    const failure = new Error('of the caller');
    const onStart = (): never => {
      throw failure;
    };
    const recorded = recordMachine({ dir, until: new AbortController().signal, onStart });
    await expect(recorded).rejects.toBe(failure);
    expect(await stops(dir)).toEqual([false, 1, []]);
  });
});

test('jobs run beside each other are measured apart', async () => {
  const spin = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
  const [busy, idle] = await Promise.all([
    runJob({ ...QUIET, command: ['sh', '-c', spin] }),
    runJob({ ...QUIET, command: ['sleep', '0.3'] }),
  ]);
  const cpu__s = ({ summary }: typeof busy): number => {
    const job = summary.entities.find((entity) => entity.entity === 'job');
    const cpu = job?.metrics.cpu_time__s;
    return cpu && 'delta' in cpu ? cpu.delta : NaN;
  };
  expect(cpu__s(busy)).toBeGreaterThan(0.1);
  expect(cpu__s(idle)).toBeLessThan(0.05);
});
