// deploy/clara: the original's three scripts find nvpulse and hand it what they are given; and the walk with them, from
// the server's start to the job's end.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { addMonitoring } from '../../lib/pipeline';
import { stateFolder } from '../support/nvpulse';

const ROOT = join(__dirname, '..', '..');
const CLARA = join(ROOT, 'deploy', 'clara');
const state = stateFolder();

/** A folder as the image has it: the script alone, and on PATH a stand-in that prints what it is given. */
function installed(
  script: string,
): (args: readonly string[], env?: NodeJS.ProcessEnv) => ReturnType<typeof spawnSync> {
  const name = basename(script);
  const app = join(state, `${name}-app`);
  const bin = join(state, `${name}-bin`);
  beforeAll(() => {
    mkdirSync(dirname(join(app, script)), { recursive: true });
    mkdirSync(bin);
    copyFileSync(join(CLARA, script), join(app, script));
    const standIn = join(bin, 'nvpulse');
    writeFileSync(standIn, '#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\nexit 7\n');
    chmodSync(standIn, 0o755);
  });
  return (args, env = {}) =>
    spawnSync(script.endsWith('.py') ? 'python3' : 'sh', [script, ...args], {
      cwd: app,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `${bin}:${process.env['PATH']}`,
        XDG_STATE_HOME: join(state, name),
        ...env,
      },
    });
}

/** What a stage of the example runs. */
function commandOf(stage: string, host: string): readonly string[] {
  const file = join(ROOT, 'examples', 'clara', 'liver-tumor-pipeline.yaml');
  const { operators } = parse(addMonitoring(readFileSync(file, 'utf8'), { host }));
  return operators.find(({ name }: { name: string }) => name === stage).container.command;
}

const wordsOf = ({ stdout }: { stdout: string | Buffer }): readonly string[] =>
  String(stdout).trimEnd().split('\n');

describe.each([
  ['client.py', 'client', ['--start', '-i', '10.0.0.7', '--name', 'two words', '--output', '/output']],
  ['metrics/create-mapping.py', 'create-mapping', ['--ip', '10.0.0.5', '--port', '9200']],
])('%s', (script, command, args) => {
  const run = installed(script);

  test(`the original's command becomes nvpulse ${command}, whose exit code it ends with`, () => {
    const ended = run(args);
    expect(ended).toMatchObject({ status: 7, stderr: '' });
    expect(wordsOf(ended)).toEqual([command, ...args]);
  });

  test('without nvpulse it says so in one line', () => {
    const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
    }).stdout.trim();
    const name = basename(script);
    const ended = spawnSync(python, [script, ...args], {
      cwd: join(state, `${name}-app`),
      encoding: 'utf8',
      env: { PATH: '/nowhere' },
    });
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/^[^\n]+: cannot run nvpulse: [^\n]*PATH\n$/);
    expect(ended.stderr.slice(0, name.length)).toBe(name);
  });
});

describe('start_server.sh', () => {
  const run = installed('start_server.sh');
  const token = join(state, 'start_server.sh', 'nvpulse', 'token');
  const ORIGINAL = ['-i', '0.5', '-d', '10.0.0.5', '--port', '9200'];

  test("the original's options; on first start a token that its owner alone may read", () => {
    const first = run([...ORIGINAL, '--listen', '127.0.0.1:0']);
    expect(first.status).toBe(7);
    expect(wordsOf(first)).toEqual(['server', '--token-file', token, ...ORIGINAL, '--listen', '127.0.0.1:0']);
    expect(String(first.stderr)).toBe(
      `start_server.sh: made a token in ${token}; clients show it: --token-file, or NVPULSE_TOKEN\n`,
    );
    expect(statSync(token).mode & 0o777).toBe(0o600);
    expect(readFileSync(token, 'utf8')).toMatch(/^[0-9a-f]{64}$/);

    const before = readFileSync(token, 'utf8');
    const second = run([...ORIGINAL, '--listen=127.0.0.1:0']);
    expect(second).toMatchObject({ status: 7, stderr: '' });
    expect(readFileSync(token, 'utf8')).toBe(before);
    expect(readdirSync(join(state, 'start_server.sh', 'nvpulse'))).toEqual(['token']);
  });

  test("it listens on the node's address", () => {
    const words = wordsOf(run(ORIGINAL));
    const address = spawnSync('hostname', ['-I'], { encoding: 'utf8' }).stdout.split(' ')[0] ?? '';
    expect(words.slice(0, 3)).toEqual(['server', '--listen', `${address}:9417`]);
  });

  test.each([['--insecure'], ['--token-file=/run/t']])('%s: no token is made', (option) => {
    const home = join(state, option.replace(/\W/g, ''));
    const words = wordsOf(run([option, '--listen', '127.0.0.1:0'], { XDG_STATE_HOME: home }));
    expect(words).toEqual(['server', option, '--listen', '127.0.0.1:0']);
    expect(() => statSync(home)).toThrow('ENOENT');
  });

  test('an address that is not known', () => {
    const bin = join(state, 'no-address');
    mkdirSync(bin);
    writeFileSync(join(bin, 'hostname'), '#!/bin/sh\nexit 1\n');
    chmodSync(join(bin, 'hostname'), 0o755);
    const ended = run(['--insecure'], { PATH: `${bin}:${process.env['PATH']}` });
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(String(ended.stderr)).toMatch(/^start_server\.sh: [^\n]*--listen ADDRESS:9417\n$/);
  });
});

test('in a checkout: a server with simulated GPUs, a job started and stopped by the stages’ commands', async () => {
  const home = join(state, 'checkout');
  const env = { ...process.env, XDG_STATE_HOME: home };
  const args = ['-i', '100ms', '--listen', '127.0.0.1:0', '--simulate', 'h200x1', '--background', 'off'];
  const server = spawn(join(CLARA, 'start_server.sh'), args, { env });
  const closed = new Promise<number | null>((resolve) => server.on('close', (code) => resolve(code)));
  try {
    const host = await new Promise<string>((resolve, reject) => {
      let text = '';
      server.stderr.setEncoding('utf8').on('data', (more: string) => {
        text += more;
        const found = /listening on http:\/\/(127\.0\.0\.1:\d+)/.exec(text)?.[1];
        if (found) resolve(found);
      });
      void closed.then((code) => reject(new Error(`the server ended (${code}): ${text}`)));
    });
    const token = readFileSync(join(home, 'nvpulse', 'token'), 'utf8');
    const client = (
      words: readonly string[],
      more: NodeJS.ProcessEnv,
    ): { status: number | null; stderr: string } =>
      spawnSync('python3', ['client.py', ...words], {
        cwd: CLARA,
        env: { ...env, ...more },
        encoding: 'utf8',
      });
    const jobs = async (): Promise<{ id: string; name: string; state: string; status: string | null }[]> => {
      const answer = await fetch(`http://${host}/v1/jobs`, { headers: { authorization: `Bearer ${token}` } });
      return (
        (await answer.json()) as {
          jobs: { id: string; name: string; state: string; status: string | null }[];
        }
      ).jobs;
    };

    const refused = client(['--start', '-i', host], {});
    expect(refused).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^nvpulse client: warning: .*token/),
    });
    expect(await jobs()).toEqual([]);

    const output = join(state, 'output');
    const started = client(['--start', '-i', host, '--name', 'liver-tumor-pipeline', '--output', output], {
      NVPULSE_TOKEN: token,
    });
    expect(started.status).toBe(0);
    const { id } = JSON.parse(readFileSync(join(output, 'job.json'), 'utf8'));
    expect(await jobs()).toMatchObject([{ id, name: 'liver-tumor-pipeline', state: 'open' }]);

    expect(client(['--stop', '-i', host, '--input', output], { NVPULSE_TOKEN: token }).status).toBe(0);
    expect(await jobs()).toMatchObject([{ id, state: 'ended' }]);

    // The stages' own commands, where the start's folder cannot be written: the stop finds the job by its name.
    client(['--start', '-i', host, '--name', 'another'], { NVPULSE_TOKEN: token });
    const broken = join(output, 'job.json');
    const stage = (which: 'start' | 'stop'): { status: number | null; stderr: string } => {
      const [, , ...words] = commandOf(`monitor-${which}`, host);
      return client(
        words.map((word) => (['/output', '/monitor_start'].includes(word) ? broken : word)),
        { NVPULSE_TOKEN: token },
      );
    };
    expect(stage('start')).toMatchObject({ status: 0, stderr: expect.stringMatching(/warning: --output/) });
    const open = async (): Promise<readonly string[]> =>
      (await jobs()).flatMap(({ name, state: is }) => (is === 'open' ? [name] : [])).sort();
    expect(await open()).toEqual(['another', 'liver-tumor-pipeline']);
    expect(stage('stop')).toMatchObject({ status: 0, stderr: expect.stringMatching(/warning: --input/) });
    expect(await open()).toEqual(['another']);
  } finally {
    server.kill('SIGTERM');
    await closed;
  }
});
