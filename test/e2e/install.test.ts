// The package as those get it who have neither our lockfile nor our overrides: added to an empty project by each
// package manager, which refuses what does not fit this Node; then run, loaded and compiled against.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, emptyProject, inProject, installManagers, MANAGERS } from '../support/package-managers';
import { pack, stagePackage } from '../support/packed';

const ROOT = join(__dirname, '..', '..');
const TSC = [
  process.execPath,
  join(ROOT, 'node_modules/typescript/bin/tsc'),
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  ...['--module', 'node16', '--target', 'es2022'],
  ...['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'],
];

const ES_MODULE = `
import { METRICS, Sampler } from 'nvpulse';
import { connect } from 'nvpulse/elasticsearch';
import { startServer } from 'nvpulse/server';
import { simulate } from 'nvpulse/testing';
console.log(METRICS.length > 0, typeof Sampler, typeof connect, typeof startServer, typeof simulate);
`;
const COMMON_JS = `
const { METRICS, Sampler } = require('nvpulse');
const { connect } = require('nvpulse/elasticsearch');
const { startServer } = require('nvpulse/server');
const { simulate } = require('nvpulse/testing');
console.log(METRICS.length > 0, typeof Sampler, typeof connect, typeof startServer, typeof simulate);
`;
const TYPED = `
import { runJob, Sampler, type JobSummary } from 'nvpulse';
import { connect, type Client } from 'nvpulse/elasticsearch';
import { startServer, type MonitoringServer } from 'nvpulse/server';
import { simulate } from 'nvpulse/testing';

export async function summaryOf(command: readonly [string, ...string[]]): Promise<JobSummary> {
  const { summary } = await runJob({ command, interval: '10ms' });
  const energy: number = summary.energy.gpu__J ?? 0;
  console.log(energy, new Sampler({ interval: '20ms' }), simulate({ profile: 't4' }).env);
  return summary;
}
export const server = (): Promise<MonitoringServer> => startServer({ listen: '127.0.0.1:0' });
export const client = (): Promise<Client> => connect({ url: 'http://127.0.0.1:9200' });
`;

const work = mkdtempSync(join(tmpdir(), 'nvpulse-install-'));
let tarball: string;

beforeAll(() => {
  installManagers();
  const staging = join(work, 'staging');
  stagePackage(staging);
  ({ tarball } = pack(staging));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(MANAGERS)('added by $name', (manager) => {
  const project = join(work, manager.name.replace(' ', '-'));
  const run = (...command: string[]) => inProject(project, commandOf(project, manager, command));

  test('installs, and nothing in it is for another Node', () => {
    emptyProject(project);
    const { status, output } = inProject(project, manager.add(tarball));
    expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
    expect(output).not.toMatch(/engine|unsupported|incompatible/i);
  });

  test('runs a command', () => {
    // One that lasts until the GPU has answered, on a busy machine too.
    const { status, output } = run(
      'nvpulse',
      'run',
      '--simulate',
      't4',
      '--no-recording',
      '--',
      'sleep',
      '1',
    );
    expect(output).toMatch(/Tesla T4/);
    expect(status).toBe(0);
  });

  test.each([
    ['an ES module', 'main.mjs', ES_MODULE],
    ['CommonJS', 'main.cjs', COMMON_JS],
  ])('is loaded from %s', (_, file, code) => {
    writeFileSync(join(project, file), code);
    expect(run('node', file)).toEqual({ status: 0, output: 'true function function function function\n' });
  });

  // One folder for all, and one for each package; where they stay in archives, TypeScript needs the manager's patch.
  if (['npm', 'pnpm'].includes(manager.name))
    test('is compiled against', () => {
      writeFileSync(join(project, 'typed.mts'), TYPED);
      writeFileSync(join(project, 'typed.cts'), TYPED);
      expect(inProject(project, [...TSC, 'typed.mts', 'typed.cts'])).toEqual({ status: 0, output: '' });
    });
});
