// Whether the API does what its description says, tried by a program that knows nothing else of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from '../support/folder';
import { serversIn, type RunningServer } from '../support/monitoring-server';
import { describeWithPython, type Python } from '../support/python';

const folder = temporaryFolder();
const servers = serversIn(folder);
const TOKEN = '0123456789abcdef0123456789abcdef';
const BATCHES = '/v1/batches';

// 400 is also what no schema can tell: a process that is not there, a duration out of range.
const CONFIG = `
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "5xx"]
`;

async function schemathesis(
  { folder: modules }: Python,
  { url }: RunningServer,
  ...args: string[]
): Promise<string> {
  const config = join(folder, 'schemathesis.toml');
  writeFileSync(config, CONFIG);
  const run = ['-m', 'schemathesis.cli', '--config-file', config, 'run', `${url}/openapi.json`];
  const child = spawn('python3', [...run, '--max-examples', '20', '--seed', '1', '--no-color', ...args], {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: modules },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const report = await text(child.stdout);
  const [code] = (await ended) as [number | null];
  return code === 0 ? report : `it ended with ${code}:\n${report}`;
}

describeWithPython('schemathesis', ['schemathesis==4.32.5'], (python) => {
  test.each([
    ['without a token', [], []],
    ['with a token', ['--token-file', join(folder, 'token')], ['-H', `Authorization: Bearer ${TOKEN}`]],
  ])('finds nothing %s', async (name, serverArgs, args) => {
    writeFileSync(join(folder, 'token'), TOKEN, { mode: 0o600 });
    const server = await servers.start(name, { args: ['--background', 'off', ...serverArgs], profile: 't4' });
    const report = await schemathesis(python, server, '--exclude-path', BATCHES, ...args);
    expect(report).toMatch(/9 selected \/ 10 total/);
    expect(report).toMatch(/(\d+) generated, \1 passed/);
    // A stream has no end: how it goes on is not waited for.
    const streams = ['--include-path', BATCHES, '--request-timeout', '1', '--phases', 'coverage'];
    expect(await schemathesis(python, server, ...streams, ...args)).toMatch(/(\d+) generated, \1 passed/);
    expect(server.told()).not.toContain('bug');
  });
});
