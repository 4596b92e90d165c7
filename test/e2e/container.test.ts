// A machine seen from within a container: its root is mounted somewhere, and its name is not the container's.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntitySummary, JobSummary } from '../../lib';
import { nvpulseIn, stateFolder } from '../support/nvpulse';

const BIN = join(__dirname, '..', '..', 'bin', 'nvpulse.js');
const state = stateFolder();
const { run } = nvpulseIn(state);

/** Runs in a mount namespace of its own. */
const apart = (command: string, ...args: readonly string[]) =>
  spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-euc', command, 'sh', ...args], {
    encoding: 'utf8',
    env: { ...process.env, XDG_STATE_HOME: state },
  });
const possible = apart('true').status === 0;
if (!possible) process.stderr.write('skipped: --rootfs: this user cannot mount (unshare --mount)\n');

(possible ? test : test.skip)('--rootfs has the machine’s file systems, --host-name its name', () => {
  const [host, json] = [join(state, 'host'), join(state, 'summary.json')];
  mkdirSync(host);
  const { status, stderr } = apart(
    `mount --rbind / "$1"; exec '${process.execPath}' '${BIN}' record --for 1100ms --rootfs "$1" --host-name node-7 --json "$2"`,
    host,
    json,
  );
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const { entities, host: described } = JSON.parse(readFileSync(json, 'utf8')) as JobSummary;
  expect(described.name).toBe('node-7');
  const of = (entity: EntitySummary['entity']): readonly unknown[] =>
    entities.filter((one) => one.entity === entity);
  expect(of('host')).toEqual([expect.objectContaining({ name: 'node-7' })]);
  const [, device] = execFileSync('df', ['--output=source', '/'], { encoding: 'utf8' }).split('\n');
  const filesystems = of('filesystem');
  expect(filesystems).toContainEqual(expect.objectContaining({ mount: '/', device }));
  expect(filesystems).not.toContainEqual(
    expect.objectContaining({ mount: expect.stringContaining(state) as string }),
  );
});

test('a folder at which nothing is mounted, and what is no name, are refused', async () => {
  for (const command of [['record', '--for', '1s'], ['server']]) {
    const nowhere = await run([...command, '--rootfs', state]);
    expect(nowhere).toMatchObject({ code: 2, stdout: '' });
    expect(nowhere.stderr).toContain(`--rootfs: nothing is mounted at '${state}'`);
    const blank = await run([...command, '--host-name', 'node 7']);
    expect(blank).toMatchObject({ code: 2, stdout: '' });
    expect(blank.stderr).toContain(`--host-name: 'node 7' is no name`);
  }
});
