// The other commands, and what holds for all of them.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { METRICS, type Diagnosis, type JobSummary, type Overhead } from '../../lib/index';
import { VERSION } from '../../lib/version';
import { nvpulseIn, recordingsIn, stateFolder } from '../support/nvpulse';

const state = stateFolder();
const { run, start } = nvpulseIn(state);

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

test('simulator --path prints a path that can be loaded', async () => {
  const { stdout } = await run(['simulator', '--path']);
  expect(readFileSync(stdout.trim()).subarray(1, 4).toString()).toBe('ELF');
});

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
    const bin = join(__dirname, '../../bin/nvpulse.js');
    const shell = spawn('bash', ['-c', `node ${bin} ${command} | head -c 4; echo "\${PIPESTATUS[0]}"`]);
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

describe('doctor', () => {
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

  test('as a table', async () => {
    const { stdout } = await run(['overhead', '-i', '10ms', '--rounds', '2', '--', 'true']);
    expect(stdout).toMatch(/^INTERVAL {2}SLOWDOWN/);
    expect(stdout).toMatch(/^10ms +[+−]\d/m);
    expect(stdout).toContain('95 % confidence interval');
  });

  test('compares nothing where the command fails', async () => {
    const { code, stderr } = await run(['overhead', '--', 'false']);
    expect(code).toBe(1);
    expect(stderr).toBe("nvpulse overhead: 'false' failed (exit 1); nothing is compared\n");
  });
});
