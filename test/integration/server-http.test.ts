// The API as programs written elsewhere meet it: what it answers to what is asked well, badly, slowly or not at all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runInChild } from '../support/child';
import { exchange } from '../support/exchange';
import { temporaryFolder } from '../support/folder';
import { serversIn, eventually, type RunningServer } from '../support/monitoring-server';

const folder = temporaryFolder();
const servers = serversIn(folder);
const TOKEN = '0123456789abcdef0123456789abcdef';
let server: RunningServer;
beforeAll(async () => void (server = await servers.start('http', { args: ['--background', '100ms'] })));

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON that a test reads is what it expects
  readonly body: any;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(server.url + path, {
    method,
    headers: { ...(method === 'POST' ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body === undefined ? {} : { body: text }),
  });
  const type = response.headers.get('content-type');
  return { status: response.status, type, headers: response.headers, body: await response.json() };
}

/** Everything that comes back for these bytes, until the server ends it. */
async function answerTo(bytes: string): Promise<string> {
  const { answer, socket } = await exchange(server.url, bytes);
  socket.destroy();
  return answer;
}

test('a job from its start to its end', async () => {
  const started = await ask('POST', '/v1/jobs', {
    id: 'a/b ü',
    name: 'train',
    labels: { team: 'x' },
    gpus: [0, '3'],
  });
  expect(started.status).toBe(201);
  expect(started.headers.get('location')).toBe('/v1/jobs/a%2Fb%20%C3%BC');
  expect(started.body).toMatchObject({
    id: 'a/b ü',
    name: 'train',
    labels: { team: 'x' },
    state: 'open',
    end: null,
    lease__s: 86400,
    interval__ms: 100,
    gpu_scope: 'named',
    gpu_shared: false,
  });
  expect(started.body.gpu_uuid).toHaveLength(2);
  const again = await ask('POST', '/v1/jobs', { id: 'a/b ü', name: 'other' });
  expect([again.status, again.body.name, again.body.start]).toEqual([200, 'train', started.body.start]);
  const path = '/v1/jobs/a%2Fb%20%C3%BC';
  expect(await ask('POST', `${path}/marks`, { name: 'epoch 1' })).toMatchObject({ status: 201 });
  const renewed = await ask('POST', `${path}/renew`, { lease: '60s' });
  expect([renewed.status, renewed.body.lease__s]).toEqual([200, 60]);
  expect((await ask('GET', `${path}/documents`)).body).toEqual({ id: 'a/b ü', documents: 'open' });
  expect((await ask('GET', '/v1/jobs?state=open&name=train')).body.jobs).toHaveLength(1);
  expect((await ask('GET', '/v1/jobs?name=nobody')).body.jobs).toEqual([]);

  const stopped = await ask('POST', `${path}/stop`, { status: 'Succeeded' });
  expect(stopped.body).toMatchObject({ state: 'ended', ended_by: 'stop', status: 'Succeeded' });
  expect((await ask('POST', `${path}/stop`)).body).toMatchObject({
    status: 'Succeeded',
    end: stopped.body.end,
  });
  expect((await ask('GET', `${path}/documents?wait=30s`)).body.documents).toBe('spooled');
  const { body: shown } = await ask('GET', path);
  expect(shown.summary.job).toMatchObject({ id: 'a/b ü', name: 'train', start: shown.start, end: shown.end });
  expect(shown.summary.entities.filter(({ entity }: { entity: string }) => entity === 'gpu')).toHaveLength(2);
  expect((await ask('GET', '/v1/jobs?state=open')).body.jobs).toEqual([]);
});

describe('what is asked wrongly', () => {
  test.each<[string, unknown, number, RegExp]>([
    ['no JSON', '{"id":', 400, /JSON/],
    ['an unknown field', { colour: 'red' }, 400, /additional properties: "colour"/],
    ['an id of 10 kB', { id: 'x'.repeat(10_000) }, 400, /body\/id must NOT have more than 256 characters/],
    ['an empty id', { id: '' }, 400, /body\/id must NOT have fewer than 1/],
    ['an id with a control character', { id: 'a\u0007b' }, 400, /body\/id must not have control characters/],
    ['an id with a new line', { id: 'a\n' }, 400, /body\/id must not have control characters/],
    ['a name with a control character', { name: 'a\u0000' }, 400, /body\/name must not have control/],
    ['a label that is no text', { labels: { a: 1 } }, 400, /body\/labels\/a must be string/],
    ['a GPU that is not there', { gpus: [99] }, 400, /gpus: there is no GPU '99' here; there are 0 \(GPU-/],
    ['a process that is not there', { pid: 4_194_000 }, 400, /pid: there is no process 4194000/],
    ['a cgroup that is not there', { cgroup: '/no/such' }, 400, /cgroup: '\/no\/such' is no cgroup v2/],
    ['a process and a cgroup', { pid: 1, cgroup: '/a' }, 400, /pid, cgroup: give one/],
    ['a lease without an end', { lease: 'for ever' }, 400, /lease: 'for ever' is not a duration/],
    ['a lease of no time', { lease: '0s' }, 400, /lease: '0s' is out of range/],
    ['an interval that is too short', { interval: '1us' }, 400, /interval: '1us' is out of range/],
    ['more than 64 KiB', { id: 'x'.repeat(70_000) }, 413, /larger than 65536 bytes/],
    ['a key that is a trap', '{"labels":{"__proto__":"x"}}', 400, /the key '__proto__' is not allowed/],
    ['nothing', null, 400, /body must be object/],
    ['a list', [], 400, /body must be object/],
    ['half of a surrogate pair as id', '{"id":"\\ud800"}', 400, /half of a surrogate pair is no text/],
    ['half of a surrogate pair in a label', '{"labels":{"a":"x\\udc00"}}', 400, /half of a surrogate pair/],
    ['half of a surrogate pair as a key', '{"labels":{"\\ud800":"x"}}', 400, /half of a surrogate pair/],
    ['an id that is a step of a path', { id: '..' }, 400, /body\/id must be neither \. nor \.\.,/],
    ['another such id', { id: '.' }, 400, /body\/id must be neither \. nor \.\.,/],
    [
      'a label with a control character',
      { labels: { a: '\u001b[2J' } },
      400,
      /body\/labels\/a must not have/,
    ],
    ['a label whose key has one', { labels: { 'a\u0000': '' } }, 400, /body\/labels must not have control/],
    ['a GPU with a control character', { gpus: ['0\u0000'] }, 400, /body\/gpus\/0 must/],
    ['a cgroup with a control character', { cgroup: '/a\u0000' }, 400, /body\/cgroup must not have control/],
  ])('%s', async (_, body, status, detail) => {
    const answer = await ask('POST', '/v1/jobs', body);
    expect(answer).toMatchObject({ status, type: 'application/problem+json' });
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      detail: expect.stringMatching(detail),
    });
    expect((await ask('GET', '/v1/jobs?state=open')).body.jobs).toEqual([]);
  });

  test.each([
    ['POST', '/v1/jobs/none/stop'],
    ['POST', '/v1/jobs/none/renew'],
    ['GET', '/v1/jobs/none'],
    ['GET', '/v1/jobs/none/documents'],
  ])('%s %s of an unknown job', async (method, path) => {
    const answer = await ask(method, path);
    expect(answer).toMatchObject({ status: 404, type: 'application/problem+json' });
    expect(answer.body.detail).toBe("there is no job 'none' here");
  });

  test('text that is no UTF-8, in the body, the path and the query', async () => {
    const { host } = new URL(server.url);
    const post = `POST /v1/jobs HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\ncontent-type: application/json\r\n`;
    const body = Buffer.from('{"id":"\xff"}', 'latin1');
    const { answer, socket } = await exchange(
      server.url,
      Buffer.concat([Buffer.from(`${post}content-length: ${body.length}\r\n\r\n`), body]),
    );
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    for (const path of [
      '/v1/jobs/%ff',
      '/v1/jobs?name=%ff',
      '/v1/jobs?name=%ed%a0%80',
      '/v1/jobs/%2e%2e/documents',
    ])
      expect(await answerTo(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 400 Bad Request\r\n/,
      );
    expect((await ask('GET', '/v1/jobs?state=open')).body.jobs).toEqual([]);
  });

  test('a status and a mark with control characters change nothing', async () => {
    await ask('POST', '/v1/jobs', { id: 'marked' });
    expect((await ask('POST', '/v1/jobs/marked/stop', { status: '\u0000' })).status).toBe(400);
    expect((await ask('POST', '/v1/jobs/marked/marks', { name: '\u0000' })).status).toBe(400);
    expect((await ask('GET', '/v1/jobs/marked')).body.state).toBe('open');
    await ask('POST', '/v1/jobs/marked/stop');
  });

  test('a method that is not for that path', async () => {
    const answer = await ask('DELETE', '/v1/jobs');
    expect(answer).toMatchObject({ status: 405, type: 'application/problem+json' });
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD');
    expect((await ask('GET', '/v1/jobs/a/stop')).status).toBe(405);
  });

  test.each<[string, string, number]>([
    [
      'a path of more than 8 KiB',
      `GET /${'x'.repeat(10_000)} HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n`,
      414,
    ],
    ['a path of more than 16 KiB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: HOST\r\n\r\n`, 414],
    ['headers of more than 16 KiB', `GET / HTTP/1.1\r\nhost: HOST\r\na: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['no Host header', 'GET /ready HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    [
      'an expectation',
      'GET /ready HTTP/1.1\r\nhost: HOST\r\nexpect: miracles\r\nconnection: close\r\n\r\n',
      417,
    ],
    ['a wish for a proxy', 'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n', 405],
    [
      'chunks with long extensions',
      `POST /v1/jobs HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`,
      413,
    ],
  ])('%s', async (_, bytes, status) => {
    const answer = await answerTo(bytes.replace('HOST', new URL(server.url).host));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('content-type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status });
  });

  test('HTTP/1.0, which has no Host header, is answered', async () => {
    expect(await answerTo('GET /v1/jobs HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const body = '{"id":"old client"}';
    const head = `POST /v1/jobs HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    expect(await answerTo(`${head}\r\n\r\n${body}`)).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
    await ask('POST', '/v1/jobs/old%20client/stop');
    for (const [header, status] of [
      ['host: evil.example.com', 403],
      ['origin: http://evil.example.com', 403],
      ['sec-fetch-site: cross-site', 403],
    ] as const)
      expect(await answerTo(`GET /v1/jobs HTTP/1.0\r\n${header}\r\n\r\n`)).toMatch(`HTTP/1.1 ${status}`);
  });

  test('an id in the path that is too long, or has control characters', async () => {
    expect((await ask('POST', `/v1/jobs/${'x'.repeat(300)}/stop`)).status).toBe(400);
    expect((await ask('POST', '/v1/jobs/a%07/stop')).body.detail).toMatch(/params\/id must not have control/);
  });

  test('a window that is over', async () => {
    await ask('POST', '/v1/jobs', { id: 'over' });
    await ask('POST', '/v1/jobs/over/stop');
    for (const [path, body] of [
      ['/v1/jobs', { id: 'over' }],
      ['/v1/jobs/over/renew', {}],
      ['/v1/jobs/over/marks', { name: 'late' }],
    ] as const) {
      const answer = await ask('POST', path, body);
      expect([answer.status, answer.body.detail]).toEqual([
        409,
        expect.stringMatching(/job 'over' has ended/),
      ]);
    }
  });

  test('a path, a type and a query that are not ours', async () => {
    expect((await ask('GET', '/v2/jobs')).body.detail).toMatch(/there is no GET \/v2\/jobs here/);
    expect((await ask('POST', '/v1/jobs', 'a=1', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await ask('GET', '/v1/jobs?state=closed')).body.detail).toMatch(/querystring\/state/);
    expect((await ask('GET', '/v1/jobs?state=open&state=open')).body.detail).toBe(
      'querystring/state must be string',
    );
    expect(await ask('GET', '/v1/jobs/%zz')).toMatchObject({
      status: 400,
      type: 'application/problem+json',
      body: { detail: "'/v1/jobs/%zz' is not in percent notation" },
    });
    expect((await ask('GET', '/v1/batches?entity=cpu')).body.detail).toMatch(
      /'cpu' is none; allowed are host/,
    );
    expect((await ask('GET', '/v1/jobs/over/documents?wait=1h')).body.detail).toMatch(
      /wait: '1h' is out of range/,
    );
  });

  test('a body of more than 64 KiB whose length is not told before', async () => {
    const head =
      'POST /v1/jobs HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n' +
      'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
    const answer = await answerTo(`${head}${chunk.repeat(20)}0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
    expect(answer).toContain('larger than 65536 bytes');
  });

  test('what is no HTTP', async () => {
    const answer = await answerTo('GARBAGE\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status: 400 });
  });

  test('a name that is not this machine (DNS rebinding)', async () => {
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(server.url + '/v1/jobs', { headers: { host: 'evil.example.com' } }, resolve),
    );
    expect(response.statusCode).toBe(403);
    expect(await text(response)).toMatch(
      /ask 127\.0\.0\.1, for others start it with --listen and --token-file/,
    );
  });
});

test('an empty list of GPUs means that the job has none', async () => {
  const { body } = await ask('POST', '/v1/jobs', { id: 'no GPUs', gpus: [] });
  expect(body).toMatchObject({ gpu_scope: 'named', gpu_uuid: [], gpu_shared: false });
  await ask('POST', '/v1/jobs', { id: 'all GPUs' });
  for (const id of ['no%20GPUs', 'all%20GPUs']) await ask('POST', `/v1/jobs/${id}/stop`);
  for (const [id, gpus] of [
    ['no%20GPUs', 0],
    ['all%20GPUs', 8],
  ] as const) {
    await ask('GET', `/v1/jobs/${id}/documents?wait=30s`);
    const { summary, gpu_shared } = (await ask('GET', `/v1/jobs/${id}`)).body;
    expect(summary.entities.filter(({ entity }: { entity: string }) => entity === 'gpu')).toHaveLength(gpus);
    expect(gpu_shared).toBe(false);
  }
});

test('a start that is sent again is answered as the first, also where there is no room for another', async () => {
  const { client, stop } = await servers.start('full', {
    args: ['--background', 'off', '-i', '1h'],
    profile: 't4',
  });
  for (let number = 0; number < 1000; number += 50)
    await Promise.all(Array.from({ length: 50 }, (_, next) => client.start({ id: `room-${number + next}` })));
  await expect(client.start({})).rejects.toThrow(/1000 jobs are open/);
  expect(await client.start({ id: 'room-7', name: 'other' })).toMatchObject({
    name: 'room-7',
    state: 'open',
  });
  await stop();
});

test('a start that is sent again after its process has ended starts nothing, and says no more than before', async () => {
  const child = spawn('sleep', ['1000']);
  const request = { id: 'again', pid: child.pid };
  expect((await ask('POST', '/v1/jobs', request)).status).toBe(201);
  child.kill();
  await once(child, 'exit');
  // Its window ends within a second, by itself.
  expect([200, 409]).toContain((await ask('POST', '/v1/jobs', request)).status);
});

test('a request that takes too long to arrive is told so, whether its head or its body is late', async () => {
  const { value } = await runInChild(
    {},
    async (_, state: string) => {
      const { startServer } = require('./lib/server') as typeof import('../../lib/server');
      const { exchange: send } = require('./test/support/exchange') as typeof import('../support/exchange');
      const late = await startServer({
        listen: '127.0.0.1:0',
        state,
        requestTimeout: '200ms',
        background: 'off',
      });
      const answers = await Promise.all(
        [
          'POST /v1/jobs HTTP/1.1\r\nhost: 127.0.0.1\r\n',
          'POST /v1/jobs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"id"',
        ].map((bytes) => send(late.url, bytes)),
      );
      for (const { socket } of answers) socket.destroy();
      await late.close();
      return answers.map(({ answer }) => answer);
    },
    join(folder, 'late'),
  );
  for (const answer of value ?? ['nothing']) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('the request took too long to arrive');
  }
  expect(value).toHaveLength(2);
});

test('a client that keeps its half of the connection open after it was told so is let go', async () => {
  const { value } = await runInChild(
    {},
    async (_, state: string) => {
      const { startServer } = require('./lib/server') as typeof import('../../lib/server');
      const { exchange: send } = require('./test/support/exchange') as typeof import('../support/exchange');
      const { readdirSync, readlinkSync } = require('node:fs') as typeof import('node:fs');
      const late = await startServer({
        listen: '127.0.0.1:0',
        state,
        requestTimeout: '200ms',
        background: 'off',
      });
      const isSocket = (fd: string): boolean => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
        } catch {
          return false;
        }
      };
      const sockets = (): number => readdirSync('/proc/self/fd').filter(isSocket).length;
      const before = sockets();
      const { answer, socket } = await send(
        late.url,
        'POST /v1/jobs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"id"',
      );
      // Of this connection, the client's end alone remains.
      const { patience } = require('./test/support/patience') as typeof import('../support/patience');
      const end__ms = Date.now() + patience(5000);
      while (sockets() > before + 1 && Date.now() < end__ms)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const left = sockets() - before - 1;
      socket.destroy();
      await late.close();
      return { answer, left };
    },
    join(folder, 'half-open'),
  );
  expect(value).toEqual({ answer: expect.stringMatching(/^HTTP\/1\.1 408 Request Timeout\r\n/), left: 0 });
});

describe('a server with a token', () => {
  let guarded: RunningServer;
  beforeAll(async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
    guarded = await servers.start('guarded', { args: ['--token-file', file], token: TOKEN });
  });

  test.each([
    ['none', undefined, /no token was given/],
    ['another', `Bearer ${TOKEN.replace('f', 'e')}`, /not ours/],
    ['a part of it', `Bearer ${TOKEN.slice(0, -1)}`, /not ours/],
    ['a password', `Basic ${TOKEN}`, /not ours/],
  ])('refuses %s', async (_, authorization, detail) => {
    const headers = authorization === undefined ? {} : { authorization };
    for (const path of ['/v1/jobs', '/v1/batches', '/openapi.json', '/v1/nothing']) {
      const response = await fetch(guarded.url + path, { headers });
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(((await response.json()) as { detail: string }).detail).toMatch(detail);
    }
  });

  test('takes its own, and lets probes in without', async () => {
    expect((await guarded.client.start({ id: 'a' })).state).toBe('open');
    expect((await guarded.client.list({ state: 'open' })).map(({ id }) => id)).toEqual(['a']);
    expect((await fetch(`${guarded.url}/ready`)).status).toBe(200);
    expect(await (await fetch(`${guarded.url}/health`)).json()).toMatchObject({ open_jobs: 1 });
  });
});

test('asked with HEAD, it answers as to GET, without the body', async () => {
  const response = await fetch(`${server.url}/v1/jobs`, { method: 'HEAD' });
  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
});

test('asked for live batches with HEAD, it answers at once, and keeps no place for who asked', async () => {
  // More often than there are places.
  for (let number = 0; number < 20; number++) {
    const response = await fetch(`${server.url}/v1/batches`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(await response.text()).toBe('');
  }
});

test('a target may name the whole address, whose host then counts instead of the header', async () => {
  const { host } = new URL(server.url);
  const asked = (target: string, name: string): Promise<string> =>
    answerTo(`GET ${target} HTTP/1.1\r\nhost: ${name}\r\nconnection: close\r\n\r\n`);
  expect(await asked(`http://${host}/v1/jobs?state=open`, host)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(await asked(`HTTP://${host}/ready`, 'evil.example.com')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(await asked('http://evil.example.com/ready', host)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(await asked(`http://${host}?a=b`, host)).toContain('there is no GET / here');
});

test('health and readiness', async () => {
  const fine = await eventually(async () => {
    const answer = await ask('GET', '/health');
    return answer.status === 200 ? answer : undefined;
  });
  expect(fine.body).toMatchObject({ status: 'ok', reasons: [], sampling: true, export: null, lost_rows: 0 });
  expect(fine.body.gpu_age__s).toBeLessThan(5);
  expect((await ask('GET', '/ready')).body).toEqual({ ready: true });
});

test('the API describes itself, and every route says what it takes and gives', async () => {
  const { body } = await ask('GET', '/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  expect(Object.keys(body.paths).sort()).toEqual([
    '/health',
    '/ready',
    '/v1/batches',
    '/v1/jobs',
    '/v1/jobs/{id}',
    '/v1/jobs/{id}/documents',
    '/v1/jobs/{id}/marks',
    '/v1/jobs/{id}/renew',
    '/v1/jobs/{id}/stop',
  ]);
  for (const path of ['/health', '/ready']) expect(body.paths[path].get.security).toEqual([]);
  const { requestBody, responses } = body.paths['/v1/jobs'].post;
  expect(Object.keys(requestBody.content['application/json'].schema.properties)).toContain('gpus');
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '201', '4XX', '5XX']));
});

test('live batches come as server-sent events, of the entities that are wanted', async () => {
  const ended = new AbortController();
  const response = await fetch(`${server.url}/v1/batches?entity=gpu`, { signal: ended.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const text = await (async (): Promise<string> => {
    for (let seen = ''; ;) {
      const { value = '', done } = (await reader?.read()) ?? { done: true };
      seen += value;
      if (done || (seen.match(/^event: batch$/gm)?.length ?? 0) > 2) return seen;
    }
  })();
  ended.abort();
  const events = [...text.matchAll(/^event: batch\ndata: (.*)\n\n/gm)].map(([, data = '']) =>
    JSON.parse(data),
  );
  expect(events.length).toBeGreaterThan(1);
  for (const { entity, rows } of events) {
    expect(entity).toBe('gpu');
    expect(rows[0]).toMatchObject({ index: expect.any(Number), time: expect.stringMatching(/\.\d{9}Z$/) });
  }
  const power = events.flatMap(({ rows }) => rows.map((row: { power_draw__W: number }) => row.power_draw__W));
  expect(Math.min(...power)).toBeGreaterThan(1);
});
