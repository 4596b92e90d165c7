// nvpulse server and nvpulse client as people and pipelines type them.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../support/folder';
import { serversIn, eventually, type RunningServer } from '../support/monitoring-server';
import { nvpulseIn } from '../support/nvpulse';

const folder = temporaryFolder();
const servers = serversIn(folder);
const { run, start } = nvpulseIn(folder);
/** A port of this machine that nobody listens on: it was free a moment ago, and is below those given to clients. */
const NOBODY = '127.0.0.1:1';

let server: RunningServer;
beforeAll(async () => void (server = await servers.start('one')));
const client = (...args: readonly string[]): ReturnType<typeof run> =>
  run(['client', '-i', server.host, ...args]);
const opened = async (): Promise<readonly string[]> =>
  (await server.client.list({ state: 'open' })).map(({ id }) => id);

test('start, mark and stop, with everything that a start may say', async () => {
  const started = await client(
    ...['--start', '--job', 'full', '--name', 'train', '--label', 'team=x', '--label', 'run=7'],
    ...['--gpu', '0,3', '--lease', '2h', '--interval', '50ms'],
  );
  expect(started).toEqual({
    code: 0,
    signal: null,
    stdout: 'full\n',
    stderr: `job full has started on ${server.host}\n`,
  });
  expect(await server.client.show('full')).toMatchObject({
    name: 'train',
    labels: { team: 'x', run: '7' },
    gpu_scope: 'named',
    lease__s: 7200,
    interval__ms: 50,
  });
  expect((await client('--mark', 'epoch 1', '--job', 'full')).stderr).toContain("is marked 'epoch 1'");
  const stopped = await client('--stop', '--job', 'full', '--status', 'Failed', '--wait');
  expect(stopped).toMatchObject({
    code: 0,
    stderr: `job full has ended on ${server.host}; its documents are spooled\n`,
  });
  expect(await server.client.show('full')).toMatchObject({
    state: 'ended',
    status: 'Failed',
    ended_by: 'stop',
  });
  // Again changes nothing.
  expect(await client('--stop', '--job', 'full', '--strict')).toMatchObject({ code: 0 });
});

test('a start leaves job.json, and the stop that finds it needs no id', async () => {
  const dir = join(folder, 'operator', 'output');
  const { stdout } = await client('--start', '--name', 'clara', '--output', dir);
  expect(JSON.parse(readFileSync(join(dir, 'job.json'), 'utf8'))).toEqual({
    id: stdout.trim(),
    name: 'clara',
  });
  await client('--start', '--name', 'clara');
  expect(await client('--stop', '--input', dir)).toMatchObject({ code: 0 });
  expect(await server.client.show(stdout.trim())).toMatchObject({ state: 'ended' });
  expect(await opened()).toHaveLength(1);
  expect(await client('--stop', '--name', 'clara')).toMatchObject({ code: 0 });
  expect(await opened()).toEqual([]);
});

test('a stop without an id acts only where there is no doubt', async () => {
  const nothing = await client('--stop');
  expect(nothing).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/no job is open; nothing was done/),
  });
  await client('--start', '--job', 'a', '--name', 'same');
  await client('--start', '--job', 'b', '--name', 'same');
  const doubt = await client('--stop', '--name', 'same');
  expect(doubt).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /warning: .*2 jobs named 'same' are open \(a, b\); nothing was done: say which with --job/,
    ),
  });
  expect(await client('--stop', '--strict')).toMatchObject({ code: 1 });
  expect(await opened()).toEqual(['a', 'b']);
  await client('--stop', '--job', 'a');
  expect(await client('--stop')).toMatchObject({ code: 0, stderr: expect.stringMatching(/job b has ended/) });
  expect(await client('--stop', '--job', 'unknown')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/warning: .*there is no job 'unknown' here/),
  });
  expect(await client('--stop', '--job', 'unknown', '--strict')).toMatchObject({ code: 1 });
});

test('several hosts: each that answers is told, and each that does not is a warning', async () => {
  const other = await servers.start('other');
  const hosts = `${server.host},${NOBODY},${other.host}`;
  const started = await run(['client', '--start', '-i', hosts, '--job', 'both']);
  expect(started).toMatchObject({ code: 0, stdout: 'both\n' });
  expect(started.stderr).toMatch(/warning: 127\.0\.0\.1:1: nobody listens there/);
  for (const one of [server, other]) expect(await one.client.show('both')).toMatchObject({ state: 'open' });
  expect(await run(['client', '--stop', '-i', hosts, '--job', 'both', '--strict'])).toMatchObject({
    code: 1,
  });
  for (const one of [server, other]) expect(await one.client.show('both')).toMatchObject({ state: 'ended' });
});

describe('a pipeline is not harmed by', () => {
  let silent: Server;
  beforeAll(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => silent.close());
  const silentHost = (): string => `127.0.0.1:${(silent.address() as AddressInfo).port}`;

  test.each<[string, () => string, RegExp]>([
    ['a server that is not there', () => NOBODY, /nobody listens there; is nvpulse server running\?/],
    ['one that does not listen for others', () => '0.0.0.0:1', /server running, with --listen\?/],
    ['a host that is not there', () => 'no-such-host.invalid', /there is no such host/],
    ['a server that does not answer', silentHost, /no answer within 5 s/],
  ])(
    '%s, which a strict one tells by its exit code',
    async (_, host, warning) => {
      const [lenient, strict] = await Promise.all([
        run(['client', '--start', '-i', host()]),
        run(['client', '--stop', '--job', 'x', '-i', host(), '--strict']),
      ]);
      expect(lenient).toMatchObject({ code: 0, stderr: expect.stringMatching(warning) });
      expect(lenient.stderr).toMatch(/^nvpulse client: warning: [^\n]*\n$/);
      expect(strict).toMatchObject({ code: 1, stderr: expect.stringMatching(warning) });
    },
    120_000,
  );

  test('a token that is missing, or not the server’s', async () => {
    const file = join(folder, 'server-token');
    writeFileSync(file, 'x'.repeat(32), { mode: 0o600 });
    const guarded = await servers.start('guarded', { args: ['--token-file', file] });
    const ask = (...args: readonly string[]): ReturnType<typeof run> =>
      run(['client', '--start', '-i', guarded.host, ...args]);
    expect(await ask()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/warning: .*no token was given.*--token-file or NVPULSE_TOKEN/),
    });
    expect(await ask('--token-file', join(folder, 'none'))).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/warning: --token-file: .*cannot be read/),
    });
    expect(await ask('--token-file', file, '--job', 'let-in')).toMatchObject({ code: 0, stdout: 'let-in\n' });
    const stop = ['client', '--stop', '-i', guarded.host, '--job', 'let-in', '--strict'];
    expect(await run(stop, { env: { NVPULSE_TOKEN: 'y'.repeat(32) } })).toMatchObject({ code: 1 });
    expect(await run(stop, { env: { NVPULSE_TOKEN: 'x'.repeat(32) } })).toMatchObject({ code: 0 });
  });

  test('an output that cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const started = await client('--start', '--job', 'no-output', '--output', file);
    expect(started).toMatchObject({
      code: 0,
      stdout: 'no-output\n',
      stderr: expect.stringMatching(/--output: /),
    });
    await client('--stop', '--job', 'no-output');
  });
});

test('over TLS, with the certificate of its CA, and with nothing else', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=nvpulse test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
      ...['-keyout', key, '-out', cert, ...subject],
    ],
    { stdio: 'ignore' },
  );
  const secure = await servers.start('secure', { args: ['--tls-cert', cert, '--tls-key', key] });
  expect(secure.url).toMatch(/^https:/);
  const ask = (...args: readonly string[]): ReturnType<typeof run> =>
    run(['client', '-i', secure.host, '--strict', ...args]);
  expect(await ask('--start', '--job', 't', '--ca', cert)).toMatchObject({ code: 0, stdout: 't\n' });
  expect(await ask('--stop', '--job', 't', '--ca', cert)).toMatchObject({ code: 0 });
  expect(await run(['client', '--stop', '--job', 't', '-i', secure.url, '--strict'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/self-signed certificate/),
  });
  expect(await client('--start', '--ca', cert, '--strict')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/does not speak TLS there/),
  });
});

test.each<[string, readonly string[], RegExp]>([
  [
    '--pid',
    ['--start', '--pid', '4194000'],
    /there is no process 4194000 where the server runs; allowed is one/,
  ],
  ['--cgroup', ['--start', '--cgroup', '/no/such'], /'\/no\/such'.* cgroup v2\b.*; /],
  ['--gpu', ['--start', '--gpu', '99'], /there is no GPU '99' here; there are 0 \(GPU-/],
  ['--job', ['--start', '--job', 'x'.repeat(300)], /must NOT have more than 256 characters/],
  ['--job', ['--stop', '--job', 'x'.repeat(300)], /must NOT have more than 256 characters/],
  ['--mark', ['--mark', 'x'.repeat(300), '--job', 'any'], /must NOT have more than 256 characters/],
  ['--status', ['--stop', '--job', 'any', '--status', 'x'.repeat(300)], /must NOT have more than 256/],
])('what a server refuses is told under the option that was typed: %s', async (option, args, why) => {
  const { code, stdout, stderr } = await client(...args, '--strict');
  expect({ code, started: stdout === '' ? [] : await opened() }).toEqual({ code: 1, started: [] });
  const start = `nvpulse client: warning: ${server.host}: ${option}`;
  expect(stderr.slice(0, start.length)).toBe(start);
  expect(stderr.slice(start.length)).toMatch(/^(: | must )[^\n]*\n$/);
  expect(stderr).toMatch(why);
});

describe('what cannot be is one line, before anything starts', () => {
  const long = join(folder, 'refused');
  test.each<[string, readonly string[], number, RegExp]>([
    ['no action', ['client'], 2, /give one of --start, --stop and --mark/],
    ['two actions', ['client', '--start', '--stop'], 2, /give one of/],
    ['a label without a value', ['client', '--start', '--label', 'x'], 2, /--label: 'x' is not a label/],
    ['a pid that is none', ['client', '--start', '--pid', 'me'], 2, /--pid: 'me' is no process id/],
    [
      'a pid and a cgroup',
      ['client', '--start', '--pid', '1', '--cgroup', '/a'],
      2,
      /--pid, --cgroup: give one/,
    ],
    ['a job without a name', ['client', '--stop', '--job', ''], 2, /--job: "" is no name; allowed is text/],
    ['a mark of two lines', ['client', '--mark', 'a\nb'], 2, /--mark: "a\\nb" is no name; allowed is text/],
    [
      'a GPU without a name',
      ['client', '--start', '--gpu', '0,'],
      2,
      /--gpu: '0,' names no GPU; allowed are/,
    ],
    [
      'a lease that is none',
      ['client', '--start', '--lease', 'long'],
      2,
      /--lease: 'long' is not a duration/,
    ],
    ['an address that is none', ['server', '--listen', 'a:b:c'], 2, /--listen: 'a:b:c' is no address/],
    [
      'an address from outside without a token',
      ['server', '--listen', '0.0.0.0:0'],
      2,
      /--listen: '0\.0\.0\.0' is reached from outside, which needs a token/,
    ],
    [
      'an address of another machine',
      ['server', '--listen', '192.0.2.1:9', '--insecure', '--state', long],
      2,
      /'192\.0\.2\.1:9' is not an address of this machine/,
    ],
    [
      'a token file that is missing',
      ['server', '--token-file', '/none'],
      2,
      /--token-file: '\/none' cannot be read/,
    ],
    ['a certificate without a key', ['server', '--tls-cert', '/none'], 2, /--tls-cert, --tls-key: give both/],
    [
      'a certificate that is missing',
      ['server', '--tls-cert', '/none', '--tls-key', '/none'],
      2,
      /--tls-cert: '\/none' cannot be read/,
    ],
    ['a spool without room', ['server', '--spool-limit', '1MiB'], 2, /--spool-limit: '1MiB' is no size/],
    [
      'a background that is none',
      ['server', '--background', 'never'],
      2,
      /--background: 'never' is not a duration/,
    ],
    [
      'two places of Elasticsearch',
      ['server', '-d', 'a', '--url', 'http://b'],
      2,
      /--ip: the address stands in --url/,
    ],
  ])('%s', async (_, args, code, message) => {
    const ending = await run([...args]);
    expect(ending).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect(ending.stderr).toMatch(/^nvpulse (client|server): [^\n]*\n$/);
  });

  test('a token file that every user may read', async () => {
    const file = join(folder, 'open-token');
    writeFileSync(file, 'x'.repeat(32));
    chmodSync(file, 0o644);
    expect(await run(['server', '--token-file', file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/may be read by every user of this machine; chmod 600 it/),
    });
  });

  test('a port in use, and a state folder that another server has', async () => {
    const port = await run(['server', '--listen', server.host, '--state', join(folder, 'third')]);
    expect(port).toMatchObject({ code: 2, stderr: expect.stringMatching(/--listen: '[\d.:]+' is in use/) });
    const state = await run(['server', '--listen', '127.0.0.1:0', '--state', join(folder, 'one')]);
    expect(state).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--state: another server works in/),
    });
    // It was not disturbed.
    expect(await client('--start', '--job', 'still', '--strict')).toMatchObject({ code: 0 });
    expect(await client('--stop', '--job', 'still', '--strict')).toMatchObject({ code: 0 });
  });

  test('a state folder that cannot be written', async () => {
    const file = join(folder, 'state-file');
    writeFileSync(file, '');
    expect(await run(['server', '--listen', '127.0.0.1:0', '--state', join(file, 'x')])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--state: .*cannot be written/),
    });
  });
});

test('a server ends in order when it is told to, and the next goes on with its jobs', async () => {
  const first = await servers.start('orderly');
  await first.client.start({ id: 'kept' });
  expect(await first.stop()).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, 'orderly', 'jobs.log'))).toBe(true);
  const second = await servers.start('orderly');
  expect(await second.client.show('kept')).toMatchObject({ state: 'open' });
  await second.client.stop('kept');
  const ended = await eventually(async () => (await second.client.show('kept')).summary ?? undefined);
  expect(ended.job.id).toBe('kept');
});

test('a server that is away is told of once, however often a held job is renewed', async () => {
  const short = await servers.start('holding');
  const holder = start(['client', '--start', '--hold', '--lease', '1s', '-i', short.host, '--job', 'h']);
  let told = '';
  holder.child.stderr.on('data', (text: string) => (told += text));
  await eventually(() => (told.includes('job h has started') ? true : undefined));
  await short.kill();
  await eventually(() => (/nobody listens there/.test(told) ? true : undefined));
  holder.child.kill('SIGTERM');
  const ending = await holder.ended;
  expect(ending.code).toBe(0);
  expect(ending.stderr.match(/nobody listens there/g)).toHaveLength(1);
});

test('a lease of a year, which no timer takes, neither ends nor is renewed at once', async () => {
  const server = await servers.start('year');
  const holder = start(['client', '--start', '--hold', '--lease', '8760h', '-i', server.host, '--job', 'y']);
  const { deadline } = await eventually(async () => (await server.client.list({ state: 'open' }))[0]);
  await server.client.start({ id: 'z', lease: '8760h' });
  // Timers that fire at once would have done so by then.
  for (let times = 0; times < 20; times++) await server.client.list();
  expect(await server.client.show('y')).toMatchObject({ state: 'open', deadline });
  expect(await server.client.show('z')).toMatchObject({ state: 'open' });
  holder.child.kill('SIGTERM');
  expect((await holder.ended).stderr).not.toContain('TimeoutOverflowWarning');
  expect((await server.stop()).stderr).not.toContain('TimeoutOverflowWarning');
});

test('a held job is stopped, too, where the client is told to end while its start is on the way', async () => {
  const server = await servers.start('on-the-way');
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  // The answers come late.
  const relay = createServer((socket) => {
    const [host, port] = server.host.split(':');
    const through = connect(Number(port), host);
    socket.pipe(through);
    for (const each of [socket, through]) each.on('error', () => socket.destroy());
    void released.then(() => through.pipe(socket));
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port } = relay.address() as AddressInfo;
  const holder = start(['client', '--start', '--hold', '-i', `127.0.0.1:${port}`, '--job', 'r']);
  await eventually(async () => (await server.client.list({ state: 'open' }))[0]);
  holder.child.kill('SIGTERM');
  release();
  expect(await holder.ended).toMatchObject({ code: 0 });
  relay.close();
  expect(await server.client.show('r')).not.toMatchObject({ state: 'open' });
});
