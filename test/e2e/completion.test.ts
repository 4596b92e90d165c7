// Completions in the shells themselves: what Tab makes of a line.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { nvpulseIn, stateFolder } from '../support/nvpulse';

const state = stateFolder();
const { run } = nvpulseIn(state);
const folder = join(state, 'here');

/** Where `nvpulse` is, which the scripts ask for the recordings. */
const bin = join(state, 'bin');
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env['PATH']}`,
  XDG_STATE_HOME: state,
  HOME: state,
};
/** Names of recordings; what stands in them must never be run. */
const HOSTILE = 'x$(touch a-file-that-a-name-made)';
const NAMES = ['night 42', 'nightly/7', HOSTILE];

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** Where a shell is not installed its test is skipped, and the reporter says so; in CI that is a failure. */
const testWith = (shell: string): jest.It => (has(shell) || process.env['CI'] === 'true' ? test : test.skip);

async function scriptOf(shell: string): Promise<string> {
  const { code, stdout } = await run(['completion', shell]);
  expect(code).toBe(0);
  const file = join(state, `completion.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

beforeAll(async () => {
  mkdirSync(join(folder, 'a folder'), { recursive: true });
  writeFileSync(join(folder, 'a file'), '');
  mkdirSync(bin);
  symlinkSync(join(__dirname, '../../bin/nvpulse.js'), join(bin, 'nvpulse'));
  for (const name of [...NAMES, 'night 42'])
    expect(await run(['run', '--name', name, '--', 'true'])).toMatchObject({ code: 0 });
});

afterEach(() => expect(readdirSync(folder)).toEqual(['a file', 'a folder']));

test('list prints each name once', async () => {
  expect(await run(['list', '--names'])).toMatchObject({ code: 0, stdout: `${NAMES.join('\n')}\n` });
});

testWith('bash')('bash', async () => {
  const script = await scriptOf('bash');
  const complete = (...words: readonly string[]): readonly string[] =>
    execFileSync(
      'bash',
      [
        '-c',
        'source "$0"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _nvpulse; printf "%s\\n" "${COMPREPLY[@]}"',
        script,
        'nvpulse',
        ...words,
      ],
      { cwd: folder, env, encoding: 'utf8', timeout: 60_000 },
    )
      .trimEnd()
      .split('\n');
  expect(complete('re')).toEqual(['record', 'report']);
  expect(complete('run', '--int')).toEqual(['--interval']);
  expect(complete('export', '--to', '')).toEqual(['parquet', 'csv', 'ndjson', 'elasticsearch']);
  expect(complete('export', 'x', '--to', '=', 'p')).toEqual(['parquet']);
  expect(complete('export', '--table', 'gpu', 'a')).toEqual(['a folder']);
  expect(complete('run', '--json', 'a')).toEqual(expect.arrayContaining(['a file', 'a folder']));
  expect(complete('run', '--name', 'run', '--', 'basenam')).toContain('basename');
  expect(complete('run', 'cat', 'a f')).toEqual(expect.arrayContaining(['a file']));
  expect(complete('pipeline', 'add-monitoring', '--per')).toEqual(['--per-step']);
  expect(complete('run', '--name', '')).toEqual(['']);
  expect(complete('report', '')).toEqual([...NAMES, 'a folder']);
  expect(complete('report', 'night\\ ')).toEqual(['night 42']);
  expect(complete('export', '"night')).toEqual(['night 42', 'nightly/7']);
  expect(complete('run', '--simulate', 'l')).toEqual(['laptop']);
  expect(complete('simulator', '--profile', '')).toEqual(['h200x8', 't4', 'desktop', 'laptop', 'odd']);
  expect(complete('list', '--sort', 's')).toEqual(['start', 'size']);
});

testWith('zsh')('zsh', async () => {
  const script = await scriptOf('zsh');
  const complete = (line: string): string =>
    execFileSync('python3', [join(__dirname, '../fixtures/complete-in-zsh.py'), script, line], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    }).trim();
  expect(complete('nvpulse rep')).toBe('nvpulse report');
  expect(complete('nvpulse run --int')).toBe('nvpulse run --interval');
  expect(complete('nvpulse export --to pa')).toBe('nvpulse export --to parquet');
  expect(complete('nvpulse pipeline add-monitoring --per')).toBe(
    'nvpulse pipeline add-monitoring --per-step',
  );
  expect(complete('nvpulse run --name run -- basenam')).toBe('nvpulse run --name run -- basename');
  expect(complete('nvpulse report a')).toBe('nvpulse report a\\ folder');
  expect(complete('nvpulse report nightl')).toBe('nvpulse report nightly/7');
  expect(complete('nvpulse export x')).toBe(`nvpulse export ${HOSTILE.replace(/[$() ]/g, '\\$&')}`);
  expect(complete('nvpulse run --simulate l')).toBe('nvpulse run --simulate laptop');
  expect(complete('nvpulse simulator --profile t')).toBe('nvpulse simulator --profile t4');
  expect(complete('nvpulse list --sort d')).toBe('nvpulse list --sort duration');
});

testWith('fish')('fish', async () => {
  const script = await scriptOf('fish');
  const complete = (line: string): readonly string[] =>
    execFileSync('fish', ['-c', 'source $argv[1]; complete -C $argv[2]', script, line], {
      cwd: folder,
      encoding: 'utf8',
      env,
    })
      .trimEnd()
      .split('\n')
      .map((found) => found.split('\t')[0] ?? '');
  expect(complete('nvpulse re')).toEqual(['record', 'report']);
  expect(complete('nvpulse run --int')).toEqual(['--interval']);
  expect([...complete('nvpulse export x --to ')].sort()).toEqual([
    'csv',
    'elasticsearch',
    'ndjson',
    'parquet',
  ]);
  expect(complete('nvpulse pipeline add-monitoring --per')).toEqual(['--per-step']);
  expect(complete('nvpulse run -i 10ms --name run -- basenam')).toContain('basename');
  expect(complete('nvpulse report a')).toEqual(['a folder/']);
  expect(complete('nvpulse report night')).toEqual(['night 42', 'nightly/7']);
  expect(complete('nvpulse export x')).toEqual([HOSTILE]);
  expect(complete('nvpulse run --simulate l')).toEqual(['laptop']);
  expect(complete('nvpulse simulator --profile t')).toEqual(['t4']);
  expect(complete('nvpulse list --sort s')).toEqual(['size', 'start']);
});

test('each command, and each of its options, is in the scripts of all shells', async () => {
  const help = (await run(['--help'])).stdout;
  const commands = [...help.matchAll(/^ {2}([a-z-]+)(?= .*| \[)/gm)].map(([, name]) => name ?? '');
  expect(commands).toContain('create-mapping');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await run(['completion', shell]);
    for (const name of commands.filter((name) => name !== 'help'))
      expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
    expect(stdout).toContain(shell === 'fish' ? '-l spool-limit' : '--spool-limit');
  }
});
