// What a server leaves on the disk is nobody else's, and no link leads it elsewhere.
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readServerToken } from '../../lib/server/token';
import { runInChild } from '../support/child';
import { temporaryFolder } from '../support/folder';
import { eventually, serversIn } from '../support/monitoring-server';

const folder = temporaryFolder();
const servers = serversIn(folder);
/** Nobody listens there: documents are never taken, cursors are written all the same. */
const EXPORTING = ['--background', '100ms', '--url', 'http://127.0.0.1:9'];

interface Entry {
  readonly path: string;
  readonly mode: string;
}

function entriesIn(path: string): readonly Entry[] {
  const stats = lstatSync(path);
  const below = stats.isDirectory() ? readdirSync(path).flatMap((name) => entriesIn(join(path, name))) : [];
  const kind = stats.isDirectory() ? 'folder' : 'file';
  return [{ path, mode: `${kind} ${(stats.mode & 0o777).toString(8)}` }, ...below];
}

const open = (entries: readonly Entry[]): readonly Entry[] =>
  entries.filter(({ mode }) => mode !== 'file 600' && mode !== 'folder 700');

async function work(name: string): Promise<void> {
  const server = await servers.start(name, { args: EXPORTING, profile: 't4' });
  const { id } = await server.client.start({});
  await server.client.stop(id);
  await eventually(async () => ((await server.client.show(id)).summary ? true : undefined));
  await server.stop();
}

test('files are 0600 and folders 0700, and what was left open is closed', async () => {
  await work('modes');
  const state = join(folder, 'modes');
  const entries = entriesIn(state);
  expect(open(entries)).toEqual([]);
  const names = entries.map(({ path }) => path.slice(state.length).replace(/\d{8}T\d{6}Z/, 'UTC'));
  expect(names).toEqual(
    expect.arrayContaining([
      '/jobs.log',
      '/lock',
      '/spool/UTC-server/manifest.json',
      '/spool/UTC-server/events.ndjson',
    ]),
  );
  expect(names.filter((name) => name.endsWith('.arrows.gz')).length).toBeGreaterThan(1);

  for (const { path, mode } of entries) chmodSync(path, mode.startsWith('folder') ? 0o755 : 0o644);
  chmodSync(state, 0o700);
  await work('modes');
  expect(open(entriesIn(state))).toEqual([]);
});

test.each([
  'lock',
  'jobs.log',
  '.jobs.log.tmp',
  'used-ids',
  'spool',
  'export',
  'summaries',
  'spool/recording',
  'export/rejected.ndjson',
])('a link in the place of %s is not followed', async (name) => {
  const state = join(folder, `link-${name.replace('/', '-')}`);
  const elsewhere = `${state}-elsewhere`;
  mkdirSync(dirname(join(state, name)), { recursive: true, mode: 0o700 });
  const isFolder = ['spool', 'export', 'summaries', 'spool/recording'].includes(name);
  if (isFolder) mkdirSync(elsewhere);
  else writeFileSync(elsewhere, 'mine\n', { mode: 0o640 });
  symlinkSync(elsewhere, join(state, name));
  const before = entriesIn(elsewhere);
  await expect(
    servers.start(`link-${name.replace('/', '-')}`, { args: EXPORTING, profile: 't4' }),
  ).rejects.toThrow(
    new RegExp(
      `--state: '.*${name === 'lock' ? "' cannot be written: its lock is a link" : `${name}' is a link`}, and none is followed`,
    ),
  );
  expect(entriesIn(elsewhere)).toEqual(before);
  if (!isFolder) expect(readFileSync(elsewhere, 'utf8')).toBe('mine\n');
});

test('a link that is put in the place of a file while a server runs is not followed', async () => {
  const server = await servers.start('later', { args: ['--background', 'off'], profile: 't4' });
  const elsewhere = join(folder, 'later-elsewhere');
  writeFileSync(elsewhere, 'mine\n');
  symlinkSync(elsewhere, join(folder, 'later', '.jobs.log.tmp'));
  // It is written anew, by way of the first link.
  rmSync(join(folder, 'later', 'jobs.log'));
  expect((await server.client.start({ id: 'job' })).state).toBe('open');
  expect((await server.client.stop('job')).state).toBe('ended');
  await server.stop();
  expect(readFileSync(elsewhere, 'utf8')).toBe('mine\n');
});

test('the state folder itself may be reached by a link', async () => {
  mkdirSync(join(folder, 'disk'), { mode: 0o700 });
  symlinkSync(join(folder, 'disk'), join(folder, 'reached'));
  await work('reached');
  expect(readdirSync(join(folder, 'disk'))).toContain('jobs.log');
});

test('a token file of one’s own is refused where its group may read it, whoever is in that besides', async () => {
  const dir = join(folder, 'own');
  chmodSync(folder, 0o711);
  mkdirSync(dir);
  chmodSync(dir, 0o777);
  const { value } = await runInChild(
    {},
    (_, path: string) => {
      const { readServerToken: read } =
        require('./lib/server/token') as typeof import('../../lib/server/token');
      const { writeFileSync: write, chmodSync: chmod } = require('node:fs') as typeof import('node:fs');
      // What root arranges is another matter.
      if (process.geteuid?.() === 0) {
        process.setgroups?.([65534, 100]);
        process.setgid?.(100);
        process.setuid?.(65534);
      }
      write(path, '0123456789abcdef0123456789abcdef', { mode: 0o600 });
      const taken = read(path).length;
      chmod(path, 0o640);
      try {
        return { taken, refused: read(path), gid: process.getgid?.() };
      } catch (error) {
        return { taken, refused: String(error), gid: process.getgid?.() };
      }
    },
    join(dir, 'token'),
  );
  expect(value).toEqual({
    taken: 32,
    refused: expect.stringContaining(`may be read by group ${value?.gid}; chmod 600 it`),
    gid: expect.any(Number),
  });
});

// Only root can give a file to a group that it is not in.
const asRoot = process.geteuid?.() === 0 ? test : test.skip;
asRoot('a token file (given to another group by root) is refused where that group may read it', () => {
  const path = join(folder, 'token');
  writeFileSync(path, '0123456789abcdef0123456789abcdef', { mode: 0o640 });
  const { gid } = lstatSync(path);
  chownSync(path, 0, 12345);
  expect(() => readServerToken(path)).toThrow(
    `--token-file: '${path}' may be read by group 12345; chmod 600 it`,
  );
  // As Kubernetes mounts secrets: another user's, of a group of ours.
  chownSync(path, 12345, gid);
  expect(readServerToken(path)).toHaveLength(32);
  chmodSync(path, 0o444);
  expect(() => readServerToken(path)).toThrow('may be read by every user of this machine; chmod 600 it');
});
