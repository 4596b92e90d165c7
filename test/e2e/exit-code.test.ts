// Once the command has ended, nvpulse ends with the command's exit code, whatever fails after it, and says what failed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nvpulseIn, stateFolder } from '../support/nvpulse';

const ROOT = join(__dirname, '..', '..');
const BIN = join(ROOT, 'bin', 'nvpulse.js');
const NO_SUMMARY = join(__dirname, '..', 'fixtures', 'no-summary.js');

const state = stateFolder();
const { run } = nvpulseIn(state);

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `line` in bash. */
function bash(line: string): Ending {
  const env = { ...process.env, XDG_STATE_HOME: state, NVPULSE_NVML: undefined };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: ROOT, env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** nvpulse as a shell's command line has it: `line` follows its name. */
const throughShell = (line: string): Ending => bash(`'${BIN}' ${line}`);
/** By Node at once. */
const inShell = (line: string): Ending => bash(`'${process.execPath}' '${BIN}' ${line}`);

test('a summary that finds the disk full', async () => {
  const { code, stderr } = await run([
    'run',
    '--no-recording',
    '--json',
    '/dev/full',
    '--',
    'sh',
    '-c',
    'exit 7',
  ]);
  expect(code).toBe(7);
  expect(stderr).toMatch(/^sh {2}.* exit 7$/m);
  expect(stderr).toMatch(/^nvpulse run: --json: '\/dev\/full' cannot be written: .*no space left/m);
});

test('a folder for the summary that is removed meanwhile', async () => {
  const folder = join(state, 'removed');
  mkdirSync(folder);
  const json = join(folder, 'x.json');
  const { code, stderr } = await run(['run', '--json', json, '--', 'sh', '-c', `rm -r ${folder}; exit 7`]);
  expect(code).toBe(7);
  expect(stderr).toContain(`nvpulse run: --json: '${json}' cannot be written`);
});

test('a summary that cannot be made; also of a command that succeeds', async () => {
  const env = { NODE_OPTIONS: `--require ${NO_SUMMARY}` };
  const failed = await run(['run', '--no-recording', '--', 'sh', '-c', 'exit 7'], { env });
  expect(failed.code).toBe(7);
  expect(failed.stderr).toMatch(/^nvpulse run: .*no summary today/m);
  const fine = await run(['run', '--no-recording', '--', 'true'], { env });
  expect(fine.code).toBe(0);
  expect(fine.stderr).toContain('no summary today');
});

test('a stdout that is full, with the summary on it', () => {
  const { code, stderr } = inShell("run --no-recording --json - -- sh -c 'exit 7' > /dev/full");
  expect(code).toBe(7);
  expect(stderr).toContain('nvpulse: stdout cannot be written');
});

test.each(['2> /dev/full', '2>&-', '> /dev/full 2>&1', '>&- 2>&-', '2> >(exec 0<&-)'])(
  'a stderr that takes nothing: %s',
  (redirection) => {
    expect(inShell(`run --no-recording -- sh -c 'sleep 0.1; exit 7' ${redirection}`).code).toBe(7);
  },
);

test('a reader of the summary that has gone', async () => {
  const child = spawn(process.execPath, [BIN, 'run', '--no-recording', '--', 'sh', '-c', 'exit 7']);
  child.stderr.destroy();
  expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(7);
});

describe('a result that is lost is a failure of every other command', () => {
  const recording = join(state, 'recording');
  beforeAll(async () => {
    expect(await run(['record', '--for', '0.3', '-o', recording])).toMatchObject({ code: 0 });
  });

  test.each([
    '--help',
    '--version',
    'list',
    'list --json',
    `report ${recording}`,
    `report --json ${recording}`,
    `export ${recording} --to csv -o -`,
    'metrics',
    'doctor',
    'simulator',
    'completion bash',
    'pipeline add-monitoring examples/clara/liver-tumor-pipeline.yaml',
    'client --start --strict -i 127.0.0.1:1',
  ])('%s', (line) => {
    const said = /(?<=^|\n)nvpulse: stdout cannot be written: .*(no space left|bad file descriptor).*\n/;
    for (const redirection of ['> /dev/full', '>&-']) {
      const { code, stderr } = throughShell(`${line} ${redirection}`);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) as string });
      expect(stderr.match(/cannot/g)).toHaveLength(1);
    }
  });

  test('but not of the client, which harms no pipeline', () => {
    const { code, stderr } = throughShell('client --start -i 127.0.0.1:1 > /dev/full');
    expect(code).toBe(0);
    expect(stderr).toContain('nvpulse: stdout cannot be written');
  });
});

test('trying whether a file can be written leaves it as it was', async () => {
  const known = join(state, 'known.json');
  await run(['run', '--no-recording', '--json', known, '--', 'true']);
  const before = readFileSync(known, 'utf8');
  const missing = join(state, 'missing.json');
  for (const json of [known, missing])
    expect((await run(['run', '--json', json, '--', 'no-such-command'])).code).toBe(127);
  expect(readFileSync(known, 'utf8')).toBe(before);
  expect(existsSync(missing)).toBe(false);
});

test('a summary into a pipe', () => {
  const { code, stdout } = inShell(
    "run --no-recording --json >(cat) -- sh -c 'exit 7' | cat; exit ${PIPESTATUS[0]}",
  );
  expect(code).toBe(7);
  expect((JSON.parse(stdout) as { job: object }).job).toMatchObject({ exitCode: 7 });
});
