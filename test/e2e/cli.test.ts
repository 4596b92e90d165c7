// The other commands, and what holds for all of them.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import {
  METRICS,
  type Diagnosis,
  type JobSummary,
  type Overhead,
  type RecordingListing,
} from '../../lib/index';
import { VERSION } from '../../lib/version';
import { nvpulseIn, recordingsIn, stateFolder } from '../support/nvpulse';

const state = stateFolder();
const { run, start } = nvpulseIn(state);
const BIN = join(__dirname, '../../bin/nvpulse.js');

const schema = JSON.parse(
  readFileSync(join(__dirname, '../../lib/jobs/summary.schema.json'), 'utf8'),
) as object;
const valid = new Ajv({ strict: false }).compile(schema);

describe('help', () => {
  test('names every command, on stdout', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of [
      'run',
      'record',
      'report',
      'export',
      'list',
      'metrics',
      'doctor',
      'overhead',
      'simulator',
    ])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  test.each([
    ['run', '--help'],
    ['help', 'run'],
  ])('of a command: %s %s', async (...args) => {
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    expect(stdout).toContain('--interval <duration>');
  });

  test('--version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
  });
});

test('metrics prints the whole catalog', async () => {
  const { stdout } = await run(['metrics', '--json']);
  const names = (JSON.parse(stdout) as { entity: string; name: string }[]).map(
    ({ entity, name }) => `${entity} ${name}`,
  );
  expect(names).toEqual(METRICS.map(({ entity, name }) => `${entity} ${name}`));
  expect((await run(['metrics'])).stdout.trim().split('\n')).toHaveLength(METRICS.length + 1);
});

test.each([[['simulator']], [['simulator', '--path']]])(
  '%j prints a path that can be loaded',
  async (args) => {
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    expect(readFileSync(stdout.trim()).subarray(1, 4).toString()).toBe('ELF');
  },
);

describe('a reader that goes away is no failure', () => {
  const dir = join(state, 'read-in-part');
  beforeAll(async () => {
    const args = ['--for', '1s', '-i', '1ms', '-o', dir, '--simulate', 'h200x8'];
    expect(await run(['record', ...args])).toMatchObject({ code: 0 });
  });

  test.each([
    ['metrics', 'ENTI'],
    ['metrics --json', '['],
    [`export ${dir} --to csv -o -`, 'enti'],
    [`export ${dir} --to ndjson -o -`, '{"'],
    [`report ${dir} --json`, '{'],
  ])('of %s', async (command, beginning) => {
    const shell = spawn('bash', ['-c', `${BIN} ${command} | head -c 4; echo "\${PIPESTATUS[0]}"`]);
    let output = '';
    shell.stdout.on('data', (text: Buffer) => (output += text.toString()));
    let error = '';
    shell.stderr.on('data', (text: Buffer) => (error += text.toString()));
    await new Promise((resolve) => shell.on('close', resolve));
    expect({ beginning: output.slice(0, beginning.length), rest: output.slice(4), error }).toEqual({
      beginning,
      rest: '0\n',
      error: '',
    });
  });
});

describe('what takes seconds says on a terminal how far it is', () => {
  const dir = join(state, 'long');
  beforeAll(async () => {
    const args = ['--for', '1s', '-i', '1ms', '-o', dir, '--simulate', 'h200x8'];
    expect(await run(['record', ...args])).toMatchObject({ code: 0 });
    // More to read than any machine reads before the first line is due.
    for (let number = 2; number <= 40; number++)
      copyFileSync(
        join(dir, 'gpu-000001.arrows.gz'),
        join(dir, `gpu-${String(number).padStart(6, '0')}.arrows.gz`),
      );
  });

  test.each([
    [`report ${dir}`, 'reading: '],
    [`export ${dir} --to csv --table gpu -o ${join(state, 'long.csv')}`, 'reading: '],
    ['overhead --rounds 2 -i 100ms -- sleep 0.6', 'run 1 of 4'],
  ])('%s', (command, shown) => {
    const argv = [join(__dirname, '../fixtures/show-in-terminal.py'), '80', BIN, ...command.split(' ')];
    const { status, stdout } = spawnSync('python3', argv, { encoding: 'utf8' });
    const [before, ...lines] = stdout.split('\r\u001b[K');
    expect({ status, before }).toEqual({ status: 0, before: '' });
    expect(lines[0]?.startsWith(shown)).toBe(true);
    // The last one makes room for the result.
    expect(lines.at(-1)?.startsWith(shown)).toBe(false);
  });
});

describe('record', () => {
  test('for a time, then reported, listed and exported', async () => {
    const json = join(state, 'record.json');
    const args = ['--for', '1s', '-i', '50ms', '--name', 'night', '--label', 'a=b', '--simulate', 'laptop'];
    const { code, stdout, stderr } = await run(['record', ...args, '--json', json]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const dir = recordingsIn(state).find((path) => path.endsWith('-night'));
    expect(stderr).toContain(`recording into ${dir}`);
    const summary = JSON.parse(readFileSync(json, 'utf8')) as JobSummary;
    expect(valid(summary)).toBe(true);
    expect(summary.job).toMatchObject({ name: 'night', labels: { a: 'b' }, exitCode: null, signal: null });
    expect(summary.job.duration__s).toBeGreaterThanOrEqual(0.99);
    const report = await run(['report', '--json', dir ?? '']);
    expect(JSON.parse(report.stdout)).toEqual(summary);
    expect((await run(['report', dir ?? ''])).stdout).toMatch(/^night {2}/);
    expect((await run(['list'])).stdout).toMatch(/^\d{4}-\S+Z .* simulated {2}night /m);
    const csv = await run(['export', dir ?? '', '--to', 'csv', '-o', '-', '--table', 'gpu']);
    expect(csv.stdout.split('\n')[0]).toContain('power_draw__W');
    expect(csv.stdout.split('\n').length).toBeGreaterThan(15);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('until %s', async (signal) => {
    const { child, ended } = start(['record', '-i', '10ms', '-o', join(state, signal)]);
    child.stderr.once('data', () => child.kill(signal));
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^record {2}/m);
    const report = await run(['report', '--json', join(state, signal)]);
    expect(JSON.parse(report.stdout)).toMatchObject({ complete: true });
  });

  test.each(['HUP', 'INT'])(
    'goes on at a signal that was ignored when it was started: SIG%s',
    async (signal) => {
      const json = join(state, `ignored-${signal}.json`);
      const command = `trap '' ${signal}; exec "$0" record --for 2s -o "$1" --json "$2"`;
      const shell = spawn('sh', ['-c', command, BIN, join(state, `ignored-${signal}`), json]);
      shell.stderr.once('data', () => shell.kill(`SIG${signal}` as NodeJS.Signals));
      expect(await new Promise((resolve) => shell.on('close', resolve))).toBe(0);
      const { job } = JSON.parse(readFileSync(json, 'utf8')) as JobSummary;
      expect(job.duration__s).toBeGreaterThanOrEqual(1.9);
    },
  );

  test('a recording without its end is told from what it has', async () => {
    const dir = join(state, 'no-end');
    await run(['record', '--for', '0.3', '-i', '10ms', '-o', dir, '--simulate', 't4']);
    const lines = readFileSync(join(dir, 'events.ndjson'), 'utf8').split('\n');
    writeFileSync(
      join(dir, 'events.ndjson'),
      lines.filter((line) => !line.includes('"window_stop"')).join('\n'),
    );
    const { code, stdout } = await run(['report', '--json', dir]);
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as JobSummary;
    expect(valid(summary)).toBe(true);
    expect(summary).toMatchObject({ complete: false, sampler: { lateness__us: null, cpu__pct: null } });
    expect((await run(['report', dir])).stdout).toContain('CUT SHORT');
  });
});

describe('recordings by name', () => {
  const shelf = nvpulseIn(join(state, 'shelf'));
  const listed = async (...args: readonly string[]): Promise<readonly string[]> =>
    (JSON.parse((await shelf.run(['list', '--json', ...args])).stdout) as { name: string }[]).map(
      ({ name }) => name,
    );
  beforeAll(async () => {
    const recorded = async (name: string, code: number, ...command: readonly string[]): Promise<void> =>
      expect(await shelf.run(['run', '--name', name, '--', ...command])).toMatchObject({ code });
    await recorded('train', 0, 'true');
    await recorded('evaluate', 0, 'sleep', '1.5');
    await recorded('train', 3, 'sh', '-c', 'exit 3');
    await recorded('abort', 143, 'sh', '-c', 'kill -TERM $$');
  });

  test('list shows how each command ended', async () => {
    const { stdout } = await shelf.run(['list']);
    const [head, ...rows] = stdout.trim().split('\n');
    expect(head).toMatch(/^START +DURATION +SIZE +EXIT +NAME +FOLDER$/);
    expect(rows.map((row) => row.split(/ {2,}/).slice(-3, -1))).toEqual([
      ['0', 'train'],
      ['0', 'evaluate'],
      ['3', 'train'],
      ['SIGTERM', 'abort'],
    ]);
  });

  test('list shows how long each command took, as its summary does', async () => {
    const listings = JSON.parse((await shelf.run(['list', '--json'])).stdout) as RecordingListing[];
    expect(listings).toHaveLength(4);
    for (const { dir, duration__s } of listings) {
      const { job } = JSON.parse((await shelf.run(['report', dir, '--json'])).stdout) as JobSummary;
      expect(duration__s).toBe(job.duration__s);
    }
  });

  test('list sorts and filters', async () => {
    expect(await listed()).toEqual(['train', 'evaluate', 'train', 'abort']);
    expect(await listed('--reverse')).toEqual(['abort', 'train', 'evaluate', 'train']);
    expect((await listed('--sort', 'duration')).at(-1)).toBe('evaluate');
    expect(await listed('--sort', 'name')).toEqual(['abort', 'evaluate', 'train', 'train']);
    expect(await listed('--failed')).toEqual(['train', 'abort']);
    expect(await listed('--name', 'tra')).toEqual(['train', 'train']);
    expect(await shelf.run(['list', '--name', 'nothing'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no such recording\n',
    });
  });

  test('report and export take what list shows', async () => {
    const { stdout, stderr } = await shelf.run(['report', 'train', '--json']);
    expect((JSON.parse(stdout) as JobSummary).job).toMatchObject({ name: 'train', exitCode: 3 });
    expect(stderr).toMatch(/^nvpulse report: the newest of 2 with that name: \d{8}T\d{6}Z-train(-2)?\n$/);
    const folder = basename(
      recordingsIn(join(state, 'shelf')).find((dir) => dir.endsWith('-evaluate')) ?? '',
    );
    expect((await shelf.run(['report', folder])).stdout).toMatch(/^evaluate {2}/);
    const csv = await shelf.run(['export', 'evaluate', '--to', 'csv', '--table', 'job', '-o', '-']);
    expect(csv).toMatchObject({ code: 0, stderr: '' });
    expect(csv.stdout).toContain('cpu_time__s');
    expect(await shelf.run(['report', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^nvpulse report: 'nobody' is not a recording: .*; and none in \S+ has that name\n$/,
      ),
    });
  });

  test('a job of a server is said to be asked for there', async () => {
    mkdirSync(join(state, 'served', 'nvpulse', 'server'), { recursive: true });
    const { code, stderr } = await nvpulseIn(join(state, 'served')).run(['report', 'night 42']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^nvpulse report: a server .*: curl http:\/\/127\.0\.0\.1:9417\/v1\/jobs\/night%2042\nnvpulse report: 'night 42' is not a recording: .*\n$/,
    );
  });

  test('a name with a slash is found, too', async () => {
    const other = nvpulseIn(join(state, 'slash'));
    await other.run(['run', '--name', 'a/b c', '--', 'true']);
    expect((await other.run(['report', 'a/b c'])).stdout).toMatch(/^a\/b c {2}/);
  });

  test.each([
    ['a HOME that is empty', { HOME: '', XDG_STATE_HOME: '' }],
    ['a state folder that is relative', { XDG_STATE_HOME: 'here' }],
  ])('nothing is looked for below the current folder: %s', async (_, env) => {
    const cwd = mkdtempSync(join(state, 'cwd-'));
    for (const folder of ['here', '.local/state']) {
      const args = ['run', '-o', join(cwd, folder, 'nvpulse', 'job'), '--name', 'below', '--', 'true'];
      expect(await run(args)).toMatchObject({ code: 0 });
    }
    const { code, stderr } = await run(['report', 'below'], { cwd, env: { HOME: state, ...env } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/; and none in \/\S+ has that name\n$/) as string,
    });
  });
});

test.each(['run', 'record'])(
  '%s states the time between readings that it takes by itself',
  async (command) => {
    expect((await run([command, '--help'])).stdout.replace(/\s+/g, ' ')).toMatch(
      /--interval .*\(default: "?100ms"?\)/,
    );
  },
);

test('the help of each command has examples and exit codes', async () => {
  const { stdout } = await run(['--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z-]+)(?= )/gm)].map(([, name]) => name ?? '');
  expect(commands.length).toBeGreaterThan(12);
  for (const name of commands.filter((one) => one !== 'help' && one !== 'pipeline')) {
    const help = (await run([name, '--help'])).stdout;
    expect(help).toMatch(/^Examples:\n {2}\$ .*nvpulse/m);
    expect(help).toMatch(/^Exit codes:\n {2}\S/m);
  }
  expect((await run(['run', '--help'])).stdout).toMatch(/^ {2}XDG_STATE_HOME +\S/m);
  expect((await run(['pipeline', 'add-monitoring', '--help'])).stdout).toContain('Examples:');
});

describe('doctor', () => {
  test('writes units as people do', async () => {
    const { stdout } = await run(['doctor', '--simulate', 't4']);
    expect(stdout).toMatch(/^gpu_temperature__C +\d+ °C /m);
    expect(stdout).toMatch(/^gpu_utilization__pct +\d+ % /m);
    expect(stdout).toMatch(/^filesystem +used__pct +\/\S*: \d{1,3}(\.\d{1,2})? %/m);
    expect(stdout).not.toMatch(/\d{5} B\b|\d\.\d{3,} %/);
    expect(stdout).toMatch(/^power_draw__W +[\d.]+ W /m);
    expect(stdout).not.toMatch(/\d (pct|C|MBps)\b/);
  });

  test('tells of each metric its value or why not, its call and its refresh', async () => {
    const { code, stdout } = await run(['doctor', '--json', '--simulate', 'odd']);
    expect(code).toBe(0);
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    expect(diagnosis).toMatchObject({ simulated: true, gpu: { state: 'ok', profile: 'odd' } });
    const metric = (index: number, name: string): object | undefined =>
      diagnosis.entities
        .find((entity) => entity.entity === 'gpu' && entity.index === index)
        ?.metrics.find((known) => known.name === name);
    expect(metric(0, 'power_draw__W')).toMatchObject({
      state: 'unsupported',
      call: 'nvmlDeviceGetPowerUsage',
    });
    expect(metric(1, 'memory_used__MiB')).toMatchObject({ state: 'denied' });
    const energy = metric(1, 'energy__J');
    expect(energy).toMatchObject({
      call: 'nvmlDeviceGetTotalEnergyConsumption',
      refresh: { state: 'observed' },
    });
    expect(metric(2, 'memory_total__MiB')).toMatchObject({ refresh: { state: 'constant' } });
    expect(diagnosis.calls.map(({ name }) => name)).toContain('nvmlDeviceGetPowerUsage');
    expect(diagnosis.troubles).toEqual([expect.stringContaining('GPU 4')]);
    expect(diagnosis.advice.join('\n')).toContain('denied');
    const host = diagnosis.entities.find(({ entity }) => entity === 'memory');
    expect(host?.metrics.find(({ name }) => name === 'memory_total__MiB')?.value).toBeGreaterThan(0);
  });

  test('says what to do where there is no driver', async () => {
    const { code, stdout } = await run(['doctor'], { env: { NVPULSE_NVML: '/nowhere/libnvidia-ml.so.1' } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GPUs {5}\S/m);
    expect(stdout).toMatch(/^memory +memory_total__MiB +\d/m);
  });
});

describe('overhead', () => {
  test('compares bare and sampled runs', async () => {
    const { code, stdout } = await run([
      'overhead',
      '-i',
      '1ms,100ms',
      '--rounds',
      '3',
      '--json',
      '--',
      'sleep',
      '0.05',
    ]);
    expect(code).toBe(0);
    const { rounds, bare__s, intervals } = JSON.parse(stdout) as Overhead;
    expect(rounds).toBe(3);
    expect(bare__s).toBeGreaterThan(0.05);
    expect(intervals.map(({ interval }) => interval)).toEqual(['1ms', '100ms']);
    for (const { duration, sampler_cpu__pct } of intervals) {
      expect(duration.low).toBeLessThanOrEqual(duration.mean);
      expect(duration.high).toBeGreaterThanOrEqual(duration.mean);
      // Both wait for the same 50 ms: a tenth of it or ten times as much would be a mistake of ours.
      expect(duration.mean).toBeGreaterThan(0.1);
      expect(duration.mean).toBeLessThan(10);
      expect(sampler_cpu__pct).toBeGreaterThan(0);
    }
  });

  test('as a table, of which a row that proves nothing says so', async () => {
    const { stdout } = await run(['overhead', '-i', '10ms', '--rounds', '2', '--', 'true']);
    expect(stdout).toMatch(/^INTERVAL {2}VERDICT +SLOWDOWN/);
    const [, verdict] = /^10ms +(slower|not slower by 1 %|inconclusive) +[+−]\d/m.exec(stdout) ?? [];
    expect(verdict).toBeDefined();
    expect(stdout.includes('take more --rounds')).toBe(verdict === 'inconclusive');
    expect(stdout).toContain('95 % confidence interval');
  });

  test('with simulated GPUs, of which the command is not told', async () => {
    const { code, stdout } = await run([
      'overhead',
      '--simulate',
      't4',
      '--rounds',
      '2',
      '-i',
      '10ms',
      '--json',
      '--',
      'sh',
      '-c',
      'test -z "$NVPULSE_NVML$NVPULSE_SIM_PROFILE"',
    ]);
    expect({ code, rounds: (JSON.parse(stdout) as Overhead).rounds }).toEqual({ code: 0, rounds: 2 });
  });

  test('compares nothing where the command fails', async () => {
    const { code, stderr } = await run(['overhead', '--', 'false']);
    expect(code).toBe(1);
    expect(stderr).toBe("nvpulse overhead: 'false' failed (exit 1); nothing is compared\n");
  });
});
