// What someone removes under a running server: it is seen at the next request, told, and there again; and nothing is
// answered that is not durable. A disk that is full is told, and holds no request up.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openRecording } from '../../lib';
import { temporaryFolder } from '../support/folder';
import { eventually, serversIn, type RunningServer } from '../support/monitoring-server';
import { fill, onTinyDisk } from '../support/tiny-disk';

const folder = temporaryFolder();
const servers = serversIn(folder);
const at = (name: string, ...path: readonly string[]): string => join(folder, name, ...path);
const OPTIONS = { profile: 't4', args: ['--background', '100ms', '-i', '50ms'] };

async function statusOf({ url }: RunningServer, path: string): Promise<{ status: number; detail: string }> {
  const answer = await fetch(`${url}${path}`);
  const { detail = '' } = (await answer.json()) as { readonly detail?: string };
  return { status: answer.status, detail };
}

const newestRecording = (name: string): string =>
  at(name, 'spool', readdirSync(at(name, 'spool')).sort().at(-1) ?? '');

const summaryOf = ({ client }: RunningServer, id: string) =>
  eventually(async () => (await client.show(id)).summary ?? undefined);

describe.each([
  ['jobs.log', 'jobs.log'],
  ['the spool', 'spool'],
  ['the whole state folder', '.'],
])('%s is removed', (_, path) => {
  test('it is told, there again, and all that was answered outlives kill -9', async () => {
    const name = `removed-${path === '.' ? 'all' : path}`;
    const server = await servers.start(name, OPTIONS);
    await server.client.start({ id: 'before', gpus: [0] });
    rmSync(at(name, path), { recursive: true });
    await server.client.start({ id: 'after' });
    await server.client.stop('before', { status: 'Succeeded' });
    expect(readFileSync(at(name, 'jobs.log'), 'utf8')).toMatch(/before[^]*after/);
    const { events } = await openRecording(newestRecording(name));
    const told = events.map(({ kind, data }) => `${kind} ${(data as { readonly id?: string } | null)?.id}`);
    expect(told).toEqual(
      expect.arrayContaining(['window_start before', 'window_start after', 'window_stop before']),
    );
    const health = await server.client.health();
    expect(health.reasons.join()).toMatch(/was removed, and (is written again|goes on in)/);
    expect(health.disk === null || path !== 'jobs.log').toBe(true);
    expect(server.told()).toMatch(/was removed, and/);
    const summary = await summaryOf(server, 'before');
    // Seen within a second, with no request that asks for it.
    await eventually(() => existsSync(at(name, 'used-ids')) || undefined);
    // As nobody else's as what was there before.
    const modes = ['.', 'jobs.log', 'used-ids', 'spool', newestRecording(name)].map(
      (file) => statSync(resolve(at(name), file)).mode & 0o077,
    );
    expect(modes).toEqual([0, 0, 0, 0, 0]);
    await server.kill();
    const next = await servers.start(name, OPTIONS);
    expect(await next.client.show('before')).toMatchObject({ state: 'ended', status: 'Succeeded', summary });
    expect(await next.client.show('after')).toMatchObject({ state: 'open' });
    await next.client.stop('after');
    await summaryOf(next, 'after');
    await next.stop();
  });
});

test("the exporter's folder is removed, while Elasticsearch is away: it is told, and there again", async () => {
  const server = await servers.start('removed-export', {
    ...OPTIONS,
    args: [...OPTIONS.args, '--url', 'http://127.0.0.1:9'],
  });
  await eventually(() => /export is retrying/.test(server.told()) || undefined);
  rmSync(at('removed-export', 'export'), { recursive: true });
  const reasons = await eventually(async () => {
    const health = await server.client.health();
    return health.removed === null ? undefined : health.reasons.join();
  });
  expect(reasons).toContain("/export' was removed, and is made again");
  expect(server.told()).toContain("/export' was removed, and is made again");
  expect(statSync(at('removed-export', 'export')).mode & 0o077).toBe(0);
  await server.stop();
});

test('a state folder that cannot be made again: nothing is answered as done, and it is told why', async () => {
  const server = await servers.start('blocked', OPTIONS);
  await server.client.start({ id: 'before' });
  renameSync(at('blocked'), at('elsewhere'));
  writeFileSync(at('blocked'), 'in the way');
  await expect(server.client.start({ id: 'after' })).rejects.toThrow(/state folder was removed/);
  await expect(server.client.stop('before')).rejects.toThrow(/state folder was removed/);
  // Once that is known, what cannot be kept is not begun.
  await expect(server.client.start({ id: 'not-begun' })).rejects.toThrow(/state folder was removed/);
  expect(await statusOf(server, '/ready')).toMatchObject({
    status: 503,
    detail: expect.stringContaining('state folder was removed') as string,
  });
  expect((await server.client.health()).reasons.join()).toMatch(/state folder was removed/);
  await eventually(() => /state folder was removed/.test(server.told()) || undefined);
  rmSync(at('blocked'));
  renameSync(at('elsewhere'), at('blocked'));
  await server.client.start({ id: 'after' });
  expect(await server.client.stop('before')).toMatchObject({ state: 'ended' });
  expect((await server.client.list()).map(({ id }) => id)).toEqual(['before', 'after']);
  await server.kill();
  const next = await servers.start('blocked', OPTIONS);
  expect((await next.client.list()).map(({ id, state }) => [id, state])).toEqual([
    ['before', 'ended'],
    ['after', 'open'],
  ]);
  await next.stop();
});

const reasonOf = (error: unknown): string => String(error);

test('a full disk: starts and stops are refused in time, the log says why, and it goes on when there is room', () =>
  onTinyDisk(at('full'), 4, async () => {
    const disk = at('full');
    const server = await servers.start('full', OPTIONS);
    await server.client.start({ id: 'before', interval: '5ms' });
    // What the server gives up for want of room is room for little things: until that is gone, too.
    const refused = await eventually(async () => {
      fill(disk);
      return server.client
        .start({ id: 'refused' })
        .then(() => server.client.stop('before').then(() => undefined, reasonOf), reasonOf);
    });
    expect(refused).toMatch(/no space left on device/);
    expect(await statusOf(server, '/ready')).toMatchObject({ status: 503 });
    expect((await server.client.health()).reasons.join()).toMatch(/no space left on device/);
    await eventually(() => /no space left on device/.test(server.told()) || undefined);
    rmSync(join(disk, 'fill'));
    expect(await eventually(() => server.client.stop('before').catch(() => undefined))).toMatchObject({
      state: 'ended',
    });
    await summaryOf(server, 'before');
    // Also with a full disk it ends when it is told to.
    await server.client.start({ id: 'last', interval: '5ms' });
    fill(disk);
    expect((await server.stop()).signal).toBeNull();
  }));
