// Bad input: one clear line on stderr that names the option, what was given and what is allowed.
import { mkdirSync, readFileSync, writeFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSummary } from '../../lib/index';
import { nvpulseIn, stateFolder } from '../support/nvpulse';

const state = stateFolder();
const { run } = nvpulseIn(state);
const marker = join(state, 'started');
/** A command that must not be started. */
const COMMAND = ['--', 'touch', marker];

const file = join(state, 'file');
const full = join(state, 'full');
const empty = join(state, 'empty');
const recording = join(state, 'recording');

beforeAll(async () => {
  writeFileSync(file, '');
  mkdirSync(full);
  mkdirSync(empty);
  writeFileSync(join(full, 'something'), '');
  await run(['record', '--for', '1s', '-i', '10ms', '-o', recording, '--simulate', 't4']);
});

async function oneLine(args: readonly string[], code: number, ...words: readonly string[]): Promise<void> {
  const ending = await run(args);
  expect({ code: ending.code, stdout: ending.stdout }).toEqual({ code, stdout: '' });
  expect(ending.stderr).toMatch(/^nvpulse[^\n]*\n$/);
  for (const word of words) expect(ending.stderr).toContain(word);
}

describe('commands and options', () => {
  test('unknown command', () => oneLine(['rum'], 2, "'rum'", 'run, record, report'));
  test.each([[[], ['--help']] as const, [['pipeline'], ['pipeline', '--help']] as const])(
    'no command: %j is answered by the help, on stderr',
    async (args, help) => {
      const { stdout } = await run(help);
      expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: stdout });
    },
  );
  test('a value that is none of the choices', () =>
    oneLine(['list', '--sort', 'age'], 2, '--sort', "'age'", 'size, name; see nvpulse list --help'));
  test('unknown option', () => oneLine(['list', '--foo'], 2, "'--foo'", '--json'));
  test('unknown option of run', () => oneLine(['run', '--foo', ...COMMAND], 125, "'--foo'", '--interval'));
  test('option without its value', () => oneLine(['report', 'x', 'y'], 2, 'nvpulse report'));
  test('run without a command', () => oneLine(['run'], 125, 'command', 'nvpulse run --help'));
  test('report without a folder', () => oneLine(['report'], 2, "'recording'", 'nvpulse report --help'));
  test('a label without =', () =>
    oneLine(['run', '--label', 'x', ...COMMAND], 125, '--label', "'x'", 'key=value'));
  test('--output with --no-recording', () =>
    oneLine(['run', '-o', empty, '--no-recording', ...COMMAND], 125, '--output', '--no-recording'));
});

describe('durations and numbers', () => {
  test.each(['0', '-1', '5x', '0.5ms', '2h', '', '1e3'])("an interval of '%s'", (text) =>
    oneLine(['run', `--interval=${text}`, ...COMMAND], 125, '--interval', `'${text}'`, 'allowed is'),
  );
  test('an interval of record', () => oneLine(['record', '-i', '5x'], 2, '--interval', "'5x'"));
  test('one of several intervals', () =>
    oneLine(['overhead', '-i', '1ms,5x', ...COMMAND], 2, '--interval', "'5x'"));
  test.each(['1', '0', 'x', '2.5'])("'%s' rounds", (text) =>
    oneLine(['overhead', '--rounds', text, ...COMMAND], 2, '--rounds', `'${text}'`, '2 to 1000'),
  );
  test('a time to record', () => oneLine(['record', '--for', '0'], 2, '--for', "'0'", '1ms to'));
});

describe('names', () => {
  test('unknown profile', () =>
    oneLine(
      ['run', '--simulate', 'h300', ...COMMAND],
      125,
      '--simulate',
      "'h300'",
      'h200x8',
      't4',
      'laptop',
      'odd',
    ));
  test('unknown profile of the simulator', () =>
    oneLine(['simulator', '--profile', 'h300'], 2, 'simulator: --profile: ', "'h300'", 'h200x8'));
  test('unknown table', () =>
    oneLine(
      ['export', recording, '--to', 'csv', '-o', join(state, 'x.csv'), '--table', 'gpus'],
      2,
      '--table',
      "'gpus'",
      'gpu',
    ));
  test('unknown format', () =>
    oneLine(
      ['export', recording, '--to', 'xlsx', '-o', join(state, 'x')],
      2,
      '--to',
      "'xlsx'",
      'parquet, csv, ndjson',
    ));
  test('no such command to run', () =>
    oneLine(['run', '--', 'no-such-command'], 127, "'no-such-command'", 'no such file'));
  test('a command that is not executable', () =>
    oneLine(['run', '--', file], 126, file, 'permission denied'));
  test('a cgroup that is none', () => oneLine(['run', '--cgroup', empty, ...COMMAND], 125, 'cgroup', empty));
});

describe('folders', () => {
  test('a file as -o', () =>
    oneLine(['run', '-o', file, ...COMMAND], 125, '--output', file, 'new or an empty folder'));
  test('a folder below a file as -o', () =>
    oneLine(['run', '-o', join(file, 'x'), ...COMMAND], 125, '--output', file));
  test('a folder that cannot be made as -o', () =>
    oneLine(['run', '-o', '/proc/x', ...COMMAND], 125, '--output', '/proc/x'));
  test('one as the state of a server', () =>
    oneLine(['server', '--state', '/proc/x/y'], 2, '--state', '/proc/x/y', 'no such file'));
  test('one as the target of an export', () =>
    oneLine(['export', recording, '--to', 'csv', '-o', '/proc/x/'], 1, '/proc/x/', 'no such file'));
  test('one as the --output of a client warns, and holds nothing up', async () => {
    const client = ['client', '--start', '-i', '127.0.0.1:9', '--output', '/proc/x'];
    expect(await run(client)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("--output: '/proc/x' cannot be written") as string,
    });
  });
  test('a folder that is not empty as -o', () =>
    oneLine(['run', '-o', full, ...COMMAND], 125, '--output', full, 'not empty', 'new or an empty folder'));
  test('the same of record', () => oneLine(['record', '-o', full], 2, '--output', full, 'not empty'));
  test.each([join(file, 'x.json'), join(state, 'nowhere', 'x.json'), full, '/proc/x.json'])(
    'a --json that cannot be written: %s',
    async (json) => {
      await oneLine(['run', '--json', json, ...COMMAND], 125, '--json', json, 'cannot be written');
      await oneLine(['record', '--json', json, '--for', '1h'], 2, '--json', json, 'cannot be written');
    },
  );
});

describe('recordings', () => {
  const damaged = (name: string, change: (dir: string) => void): string => {
    const dir = join(state, name);
    mkdirSync(dir);
    for (const entry of readdirSync(recording))
      writeFileSync(join(dir, entry), readFileSync(join(recording, entry)));
    change(dir);
    return dir;
  };

  test('a folder that is none', () => oneLine(['report', full], 1, full, 'not a recording'));
  test('a folder that is not there', () =>
    oneLine(['report', join(state, 'nowhere')], 1, 'nowhere', 'not a recording'));
  test('a file', () => oneLine(['export', file, '--to', 'csv', '-o', '-'], 1, file, 'not a recording'));

  test('from a newer version', () => {
    const dir = damaged('newer', (path) => {
      const manifest = join(path, 'manifest.json');
      const text = readFileSync(manifest, 'utf8').replace(/"format": \d+/, '"format": 99');
      writeFileSync(manifest, text);
    });
    return oneLine(['report', dir], 1, dir, 'format 99', 'update nvpulse');
  });

  test('with a corrupt segment: the others are read, and it is said', async () => {
    const dir = damaged('corrupt', (path) => {
      const segment = join(path, 'host-000001.arrows.gz');
      const bytes = readFileSync(segment);
      bytes.fill(0xa5, Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.8));
      writeFileSync(segment, bytes);
    });
    const { code, stdout, stderr } = await run(['report', '--json', dir]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^nvpulse report: host-000001\.arrows\.gz: damaged/m);
    const { entities } = JSON.parse(stdout) as JobSummary;
    expect(entities.map(({ entity }) => entity)).toEqual(expect.arrayContaining(['memory', 'gpu']));
  });
});

test('a library that is not NVML is a state, and the command keeps its exit code', async () => {
  const library = join(state, 'not-nvml.so');
  writeFileSync(library, 'no library');
  const env = { NVPULSE_NVML: library };
  const args = ['run', '--no-recording', '--json', '-', '--', 'sh', '-c', 'exit 4'];
  const { code, stdout, stderr } = await run(args, { env });
  expect(code).toBe(4);
  expect((JSON.parse(stdout) as JobSummary).gpu.state).toMatch(/^(not_nvml|no_library)$/);
  expect(stderr).toContain('not-nvml.so');
});

test('no command was started by any of it', () => expect(existsSync(marker)).toBe(false));
