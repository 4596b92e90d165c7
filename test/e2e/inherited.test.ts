// What a command inherits under nvpulse, as it is installed: what it inherits without.
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobSummary } from '../../lib/index';
import { stagePackage } from '../support/packed';

const ROOT = join(__dirname, '..', '..');

let folder: string;
let program: string;
/** As npm links it. */
let nvpulse: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nvpulse-inherited-'));
  program = join(folder, 'inherited');
  const source = join(__dirname, '..', 'fixtures', 'inherited.c');
  const compiled = spawnSync(process.env['CC'] ?? 'cc', ['-o', program, source], { encoding: 'utf8' });
  expect({ status: compiled.status, stderr: compiled.stderr }).toEqual({ status: 0, stderr: '' });
  const installed = join(folder, 'node_modules', 'nvpulse');
  stagePackage(installed);
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  mkdirSync(join(folder, 'node_modules', '.bin'));
  nvpulse = join(folder, 'node_modules', '.bin', 'nvpulse');
  symlinkSync('../nvpulse/bin/nvpulse.js', nvpulse);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line of the shell in which `$NVPULSE` is nothing, or nvpulse; its stdout. */
function inShell(line: string, wrapped: boolean, shell = 'sh'): string {
  const bytes = Buffer.from(
    line.replaceAll('$NVPULSE', wrapped ? `${shell} ${nvpulse} run --no-recording --` : ''),
    'latin1',
  );
  const script = join(folder, 'script');
  writeFileSync(script, bytes);
  const err = openSync(join(folder, 'stderr'), 'w');
  const { stdout, status }: SpawnSyncReturns<Buffer> = spawnSync('sh', [script], {
    stdio: ['ignore', 'pipe', err],
  });
  closeSync(err);
  const text = stdout.toString('latin1');
  if (status !== 0) throw new Error(`exit ${status}: ${readFileSync(join(folder, 'stderr'), 'utf8')}`);
  return text;
}

/** Pipes and sockets are others each time. */
const comparable = (text: string): readonly string[] =>
  text.replace(/(pipe|socket):\[\d+\]/g, '$1').split('\n');

const SHELLS = ['dash', 'bash --posix', 'busybox sh'].filter(
  (shell) => spawnSync('sh', ['-c', `${shell} -c true`]).status === 0,
);

describe.each(SHELLS.length > 0 ? SHELLS : ['sh'])('where sh is %s, a command inherits the same', (shell) => {
  const both = (line: string): { bare: readonly string[]; wrapped: readonly string[] } => ({
    bare: comparable(inShell(line, false, shell)),
    wrapped: comparable(inShell(line, true, shell)),
  });

  test('of everything that a program can be given', () => {
    const { bare, wrapped } = both(
      `cd / && '${program}' odd $NVPULSE '${program}' print 'caf\xe9' '' '\x01\x81\x88\xff\\ ' "$(printf 'a\\nb\\n')"`,
    );
    expect(bare.length).toBeGreaterThan(60);
    expect(bare).toEqual(
      expect.arrayContaining([
        'limit 7 soft 1024 hard ' + /limit 7 soft 1024 hard (\d+)/.exec(bare.join('\n'))?.[1],
        'argument 636166e9',
        expect.stringMatching(/^SigIgn:\t.*[1-9a-f]/),
        expect.stringMatching(/^descriptor 240 \/proc\/version/),
      ]),
    );
    expect(wrapped).toEqual(bare);
  });

  test.each(['<&-', '>/dev/null', '2>&-', '<&- 2>&-'])('of standard streams: %s', (redirection) => {
    const { bare, wrapped } = both(`exec 5>&1; $NVPULSE '${program}' print >&5 ${redirection}`);
    expect(wrapped).toEqual(bare);
  });

  test('with pipes on both sides', () => {
    const { bare, wrapped } = both(`true | $NVPULSE '${program}' print | cat`);
    expect(wrapped).toEqual(bare);
  });

  test('in a folder that is gone', () => {
    const { bare, wrapped } = both(
      `mkdir -p '${folder}/gone' && cd '${folder}/gone' && rmdir '${folder}/gone' && $NVPULSE '${program}' print 2>/dev/null`,
    );
    expect(bare).toContain('getcwd No such file or directory');
    expect(wrapped).toEqual(bare);
  });

  test('without any environment', () => {
    const { bare, wrapped } = both(`env -i $NVPULSE '${program}' print`);
    expect(wrapped).toEqual(bare);
  });

  test('with an environment as large as a variable may be', () => {
    const { bare, wrapped } = both(
      `LARGE=$(head -c 120000 /dev/zero | tr '\\0' x) $NVPULSE '${program}' print`,
    );
    expect(wrapped).toEqual(bare);
  });
});

/** What is in a terminal of its own: whose session and whose foreground it is, by whom, and not by number. */
function inTerminal(wrapped: boolean): readonly string[] {
  const seen = join(folder, 'seen');
  const command = wrapped ? [nvpulse, 'run', '--no-recording', '--', program] : [program];
  const { status, stdout } = spawnSync(
    'python3',
    [
      join(__dirname, '..', 'fixtures', 'show-in-terminal.py'),
      '80',
      'sh',
      '-c',
      '"$@" print >"$0"',
      seen,
    ].concat(command),
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`exit ${status}: ${stdout}`);
  const text = readFileSync(seen, 'latin1');
  const [session = ''] = /(?<=^session )\d+/m.exec(text) ?? [];
  return text
    .split('\n')
    .filter((line) => /^(session|terminal|descriptor \d+ \/dev\/pts)/.test(line))
    .map((line) =>
      line.replace(new RegExp(`\\b${session}\\b`, 'g'), 'SESSION').replace(/keyring.*|pts\/\d+/g, ''),
    );
}

test('a command has the terminal that it was started in, and is in its foreground', () => {
  const bare = inTerminal(false);
  expect(bare).toContain('session SESSION group SESSION ');
  expect(bare).toContain('terminal yes foreground SESSION');
  expect(inTerminal(true)).toEqual(bare);
});

test('a command of runJob inherits what its docs promise', () => {
  const job = join(folder, 'job.js');
  const options = { command: [program, 'print'], recording: false };
  const nvpulseModule = join(folder, 'node_modules', 'nvpulse');
  writeFileSync(job, `require(${JSON.stringify(nvpulseModule)}).runJob(${JSON.stringify(options)});`);
  const both = [`node ${job}`, `'${program}' print`].map((command) =>
    inShell(`cd / && '${program}' odd ${command}`, false).split('\n'),
  );
  // Of limits all but that of open files, which Node raises for itself; of priorities those of CPU and disk.
  const promised =
    /^(limit (?!7 )|nice|session|terminal|getcwd|Uid|Gid|Groups|Umask|Cpus_allowed|\/proc\/self\/oom|descriptor [012] )/;
  const [ofJob = [], bare = []] = both.map((lines) =>
    comparable(lines.filter((line) => promised.test(line)).join('\n')),
  );
  expect(bare).toEqual(expect.arrayContaining([expect.stringMatching(/^nice 3 policy 3 /), 'Umask:\t0027']));
  expect(bare.length).toBeGreaterThan(25);
  expect(ofJob).toEqual(bare);
  const all = both[0]?.join('\n') ?? '';
  expect(all).toMatch(/^SigBlk:\t0{16}$/m);
  // None of those up to 31.
  expect(all).toMatch(/^SigIgn:\t[0-9a-f]{8}[08]0{7}$/m);
  // Node finds no more of them than that, where there is a gap.
  expect(all).not.toMatch(/^descriptor ([3-9]|1[0-5]) /m);
});

test('a hangup does not end a command under nohup', () => {
  const line = `nohup $NVPULSE sh -c 'kill -HUP $$; echo lives on' 2>&1`;
  expect(inShell(line, true)).toContain('lives on');
});

test('a file whose name is no UTF-8 can be opened, and the summary names it in text', () => {
  const json = join(folder, 'latin.json');
  writeFileSync(Buffer.from(`${folder}/caf\xe9`, 'latin1'), '#!/bin/sh\necho ran "$1"\n', { mode: 0o755 });
  const script = `'${nvpulse}' run --no-recording --json '${json}' -- '${folder}/caf\xe9' 'na\xefve'\n`;
  const { stdout, stderr, status } = spawnSync('sh', { input: Buffer.from(script, 'latin1') });
  expect({ status, stdout: stdout.toString('latin1') }).toEqual({ status: 0, stdout: 'ran na\xefve\n' });
  expect(stderr.toString()).toMatch(/^caf\ufffd {2}.* exit 0\n/);
  expect((JSON.parse(readFileSync(json, 'utf8')) as JobSummary).job.name).toBe('caf\ufffd');
});

test('nvpulse is found where the folder of links is itself a link', () => {
  // As ~/.local/bin is that a manager of dotfiles has made: seen from there the link leads elsewhere.
  symlinkSync(join(folder, 'node_modules', '.bin'), join(folder, 'bin'));
  const { stdout, stderr, status } = spawnSync(join(folder, 'bin', 'nvpulse'), ['--version'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('a small program that does not run here is said by nvpulse', () => {
  const bad = join(folder, 'of-another-machine');
  writeFileSync(bad, '\x7fELF not for this machine', { mode: 0o755 });
  const { stderr, status } = spawnSync(nvpulse, ['run', '--no-recording', '--', 'true'], {
    encoding: 'utf8',
    env: { ...process.env, NVPULSE_SUPERVISOR: bad },
  });
  expect(status).toBe(125);
  expect(stderr).toMatch(/^nvpulse run: The command could not be run: /m);
});

test('variables keep their values beside an environment that is handed on by the shell', () => {
  const names = ['name', 'root', 'self', 'link', 'keeper', 'key'];
  const given = names.map((name) => `${name}=mine-${name}`).join(' ');
  const line = `LARGE=$(head -c 125000 /dev/zero | tr '\\0' x) MORE=$(head -c 9000 /dev/zero | tr '\\0' x) ${given} $NVPULSE env`;
  const seen = inShell(line, true).split('\n');
  expect(seen).toEqual(expect.arrayContaining(names.map((name) => `${name}=mine-${name}`)));
});

test('where the small program is missing, the command is run by Node alone', () => {
  const line = `NVPULSE_SUPERVISOR=/nowhere '${nvpulse}' run --no-recording -- true`;
  const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
  expect(stderr).toContain('The supervisor could not be spawned: /nowhere');
  expect(status).toBe(125);
  expect(spawnSync('node', [nvpulse, 'run', '--no-recording', '--', 'sh', '-c', 'exit 9']).status).toBe(9);
});
