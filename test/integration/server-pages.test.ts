// What a browser does for a page of another site: it sends requests to any address, under any name that leads here.
import { spawn } from 'node:child_process';
import { request, type OutgoingHttpHeaders } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { MonitorClient } from '../../lib/server';
import { temporaryFolder } from '../support/folder';
import { serversIn, type RunningServer } from '../support/monitoring-server';

const folder = temporaryFolder();
const servers = serversIn(folder);
const JSON_BODY = { 'content-type': 'application/json' };
let server: RunningServer;
beforeAll(async () => void (server = await servers.start('pages')));

/** Not by fetch, which lets nobody set what browsers set. */
function send(
  method: string,
  path: string,
  headers: OutgoingHttpHeaders = {},
  { to = server, body = '' }: { to?: RunningServer; body?: string } = {},
): Promise<{ readonly status: number | undefined; readonly detail: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(to.url + path, { method, headers, agent: false }, (response) => {
      text(response).then(
        (json) =>
          resolve({ status: response.statusCode, detail: (JSON.parse(json) as { detail: string }).detail }),
        reject,
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function openJobs(of = server): Promise<readonly string[]> {
  return (await of.client.list({ state: 'open' })).map(({ id }) => id);
}

test.each<[string, OutgoingHttpHeaders]>([
  ['nothing', {}],
  ['what a form sends', { 'content-type': 'text/plain' }],
  ['what another form sends', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['a type that only begins alike', { 'content-type': 'application/json-seq' }],
])('a write with %s as its type is refused', async (_, headers) => {
  for (const body of ['', '{"id":"page"}']) {
    const { status, detail } = await send('POST', '/v1/jobs', headers, { body });
    expect([status, detail]).toEqual([415, expect.stringContaining('send content-type: application/json')]);
  }
  const { id } = await server.client.start({});
  expect((await send('POST', `/v1/jobs/${id}/stop`, headers)).status).toBe(415);
  expect(await openJobs()).toEqual([id]);
  await server.client.stop(id);
});

test.each<[string, OutgoingHttpHeaders, number]>([
  ['of no browser', {}, 200],
  ['of the server itself', { origin: 'HERE', 'sec-fetch-site': 'same-origin' }, 200],
  ['of the address bar', { 'sec-fetch-site': 'none' }, 200],
  ['of an older browser, by the server itself', { origin: 'HERE' }, 200],
  ['of another site', { origin: 'http://evil.example.com', 'sec-fetch-site': 'cross-site' }, 403],
  ['of another site in an older browser', { origin: 'http://evil.example.com' }, 403],
  ['of another site that sends no origin', { 'sec-fetch-site': 'cross-site' }, 403],
  [
    'of another port of this machine',
    { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' },
    403,
  ],
  ['of a file', { origin: 'null' }, 403],
])('a request %s', async (_, headers, expected) => {
  const own = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value === 'HERE' ? server.url : value]),
  );
  for (const path of ['/v1/jobs', '/ready', '/v1/batches'].slice(0, expected === 200 ? 2 : 3))
    expect((await send('GET', path, own)).status).toBe(expected);
  const id = `page-${JSON.stringify(headers)}`;
  const body = JSON.stringify({ id });
  const started = await send('POST', '/v1/jobs', { ...JSON_BODY, ...own }, { body });
  expect(started.status).toBe(expected === 200 ? 201 : 403);
  if (expected === 200) await server.client.stop(id);
  expect(await openJobs()).toEqual([]);
});

test.each<[string, OutgoingHttpHeaders, string | null]>([
  [
    'behind a proxy that passes its own name on as the server’s',
    { origin: 'https://Monitor.example.com', 'sec-fetch-site': 'same-origin' },
    'monitor.example.com',
  ],
  ['behind a proxy, in an older browser', { origin: 'http://10.0.0.7:8080' }, '10.0.0.7'],
  ['of another site', { origin: 'http://evil.example.com', 'sec-fetch-site': 'cross-site' }, null],
  ['of another port', { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' }, null],
  ['of a file', { origin: 'null' }, null],
  ['of a browser’s extension', { origin: 'chrome-extension://abcdef' }, null],
])('a page %s is told of --allow-host where that is the remedy', async (_, headers, remedy) => {
  const { status, detail } = await send('GET', '/v1/jobs', headers);
  expect(status).toBe(403);
  if (remedy === null) expect(detail).not.toContain('--allow-host');
  else
    expect(detail).toContain(`if that is a proxy before this server, start it with --allow-host ${remedy}`);
});

test('a name that is no proxy’s is told of --allow-host, with the name', async () => {
  const { status, detail } = await send('GET', '/v1/jobs', { host: 'Node7:9417' });
  expect([status, detail]).toEqual([403, expect.stringContaining('behind a proxy with --allow-host node7')]);
});

test('what a browser asks before a request of another site is not granted', async () => {
  const { status } = await send('OPTIONS', '/v1/jobs', {
    origin: 'http://evil.example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  });
  expect(status).toBe(403);
});

test('behind a proxy: its names are answered, and its pages may ask, but no others', async () => {
  const behind = await servers.start('behind', { args: ['--allow-host', 'Monitor.example.com,other'] });
  const { host } = new URL(behind.url);
  for (const [headers, status] of [
    [{ host: 'monitor.example.com' }, 200],
    [{ host: 'MONITOR.example.com:8443' }, 200],
    [{ host: 'other' }, 200],
    [{ host }, 200],
    [{ host, origin: 'https://monitor.example.com' }, 200],
    [{ host: 'evil.example.com' }, 403],
    [{ host: 'monitor.example.com.evil.example.com' }, 403],
    [{ host, origin: 'https://evil.example.com' }, 403],
  ] as const)
    expect({ headers, status: (await send('GET', '/v1/jobs', headers, { to: behind })).status }).toEqual({
      headers,
      status,
    });
});

test('where others reach it, any name will do, unless names are given', async () => {
  const insecure = ['--listen', '0.0.0.0:0', '--insecure'];
  const open = await servers.start('open', { args: insecure });
  const named = await servers.start('named', { args: [...insecure, '--allow-host', 'node7'] });
  for (const host of [
    'node7',
    'nvpulse.nvpulse.svc.cluster.local:9417',
    hostname(),
    '10.0.0.7:9417',
    '[::1]:9417',
  ])
    expect((await send('GET', '/v1/jobs', { host }, { to: open })).status).toBe(200);
  expect((await send('GET', '/v1/jobs', { host: 'node7:9417' }, { to: named })).status).toBe(200);
  expect((await send('GET', '/v1/jobs', { host: '10.0.0.7' }, { to: named })).status).toBe(200);
  expect((await send('GET', '/v1/jobs', { host: 'evil.example.com' }, { to: named })).status).toBe(403);
});

test('who leaves a server open to pages is told so, and what keeps them out', async () => {
  const open = ['--listen', '0.0.0.0:0', '--insecure'];
  const warning =
    /--insecure: anyone who can reach this address may use it, and so may a web page .*--allow-host/;
  expect((await servers.start('warned', { args: open })).told()).toMatch(warning);
  expect((await servers.start('kept out', { args: [...open, '--allow-host', 'node7'] })).told()).not.toMatch(
    warning,
  );
  expect(server.told()).not.toMatch(warning);
});

test('clients reach it by the name of the node, and by any address', async () => {
  const open = await servers.start('clients', { args: ['--listen', '0.0.0.0:0', '--insecure'] });
  const { port } = new URL(open.url);
  for (const host of [hostname(), 'localhost', '127.0.0.1', '127.0.0.2']) {
    const client = new MonitorClient({ host: `${host}:${port}` });
    const { id } = await client.start({ id: `by ${host}` });
    expect((await client.stop(id)).state).toBe('ended');
  }
});

test('client.py of deploy/clara starts and stops a job', async () => {
  const script = join(__dirname, '..', '..', 'deploy', 'clara', 'client.py');
  const run = (...args: readonly string[]): Promise<string> =>
    text(spawn('python3', [script, ...args, '-i', server.host, '--job', 'clara', '--strict']).stderr);
  expect(await run('--start')).toContain('job clara has started');
  expect(await run('--stop')).toContain('job clara has ended');
});

test.each(['.', '..', '\ud800', ''])('a client knows that no server has a job %j', async (id) => {
  await expect(server.client.stop(id)).rejects.toMatchObject({ code: 'ERR_OPTION' });
  await expect(server.client.show(id)).rejects.toThrow('is none that a URL can name');
});

test.each(['a b', 'http://a', 'a:1', ''])('--allow-host %j is no name', async (name) => {
  await expect(servers.start('unfit', { args: ['--allow-host', name] })).rejects.toThrow(
    /--allow-host: '.*' is no host name; allowed are names without a port/,
  );
});
