// Crowds of connections that want nothing: whatever they do, and do not, honest clients get through.
import { once } from 'node:events';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { MonitorClient } from '../../lib/server';
import { makeCertificates } from '../support/elasticsearch-tls';
import { temporaryFolder } from '../support/folder';
import {
  eventually,
  serversIn,
  type RunningServer,
  type StartServerOptions,
} from '../support/monitoring-server';

const folder = temporaryFolder();
const servers = serversIn(folder);
const TOKEN = '0123456789abcdef0123456789abcdef';
const CROWD = 1200;
const QUIET: StartServerOptions = { args: ['--background', 'off'], profile: 't4' };

const HEAD = 'HTTP/1.1\r\nhost: 127.0.0.1\r\n';
const BEHAVIOURS: readonly (readonly [string, string])[] = [
  ['says nothing', ''],
  ['was answered, and says nothing more', `GET /ready ${HEAD}\r\n`],
  ['sends half a head', `POST /v1/jobs ${HEAD}`],
  [
    'sends half a body',
    `POST /v1/jobs ${HEAD}content-type: application/json\r\ncontent-length: 50\r\n\r\n{"id"`,
  ],
  ['follows live batches, and does not read', `GET /v1/batches ${HEAD}\r\n`],
  ['asks several times at once, and does not read', `GET /openapi.json ${HEAD}\r\n`.repeat(3)],
];

/** Connections that say this, read nothing, and, where they return, are opened again when the server lets them go. */
class Crowd {
  private readonly sockets = new Set<Socket>();
  private over = false;

  constructor(
    private readonly url: URL,
    private readonly bytes: string,
    private readonly returning = true,
  ) {}

  /** Once each of them has been connected. */
  async gather(size = CROWD): Promise<void> {
    await Promise.all(Array.from({ length: size }, () => once(this.come(), 'connect')));
  }

  leave(): void {
    this.over = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private come(): Socket {
    const socket = connect({ host: this.url.hostname, port: Number(this.url.port) }).pause();
    this.sockets.add(socket);
    if (this.bytes !== '') socket.write(this.bytes);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (this.returning) setTimeout(() => this.over || this.come(), 10);
    });
    return socket;
  }
}

/** A job from its start to its end, and a look at the server, as a pipeline does it. */
async function honestWork({ client }: { readonly client: MonitorClient }): Promise<void> {
  const { id } = await client.start({});
  await client.renew(id);
  expect((await client.list({ state: 'open' })).map((job) => job.id)).toEqual([id]);
  expect((await client.stop(id)).state).toBe('ended');
  await client.health();
}

async function besideCrowd(server: RunningServer, bytes: string, client = server.client): Promise<void> {
  const crowd = new Crowd(new URL(server.url), bytes);
  try {
    await crowd.gather();
    for (let round = 0; round < 5; round++) await honestWork({ client });
  } finally {
    crowd.leave();
  }
}

describe('without a token, a crowd that', () => {
  let server: RunningServer;
  beforeAll(async () => void (server = await servers.start('open', QUIET)));
  test.each(BEHAVIOURS)('%s', async (_, bytes) => besideCrowd(server, bytes));
});

describe('with a token, which it has not, a crowd that', () => {
  let server: RunningServer;
  beforeAll(async () => {
    const file = join(folder, 'token');
    writeFileSync(file, TOKEN, { mode: 0o600 });
    server = await servers.start('guarded', {
      ...QUIET,
      args: [...(QUIET.args ?? []), '--token-file', file],
      token: TOKEN,
    });
  });
  test.each(BEHAVIOURS)('%s', async (_, bytes) => besideCrowd(server, bytes));
});

test('behind TLS, a crowd that does not even begin it', async () => {
  makeCertificates(folder);
  const [cert, key] = ['server.pem', 'server.key'].map((name) => join(folder, name)) as [string, string];
  const args = ['--background', 'off', '--tls-cert', cert, '--tls-key', key];
  const server = await servers.start('tls', { ...QUIET, args });
  const client = new MonitorClient({ host: server.url, ca: join(folder, 'ca.pem') });
  await besideCrowd(server, '', client);
});

test('answers that nobody takes are kept up to a size, then those who wait longest with theirs are let go', async () => {
  const server = await servers.start('large', QUIET);
  const labels = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`label-${n}`, 'x'.repeat(1000)]));
  for (let job = 0; job < 150; job++) await server.client.start({ id: `large-${job}`, labels });
  const before = socketsOf(server);
  // 7.5 MB each, more than the kernel takes.
  const crowd = new Crowd(new URL(server.url), `GET /v1/jobs ${HEAD}\r\n`, false);
  await crowd.gather(50);
  // It was answered after them.
  await eventually(() => server.client.list().catch(() => undefined));
  await eventually(() => (socketsOf(server) - before <= 64 / 7 + 1 ? true : undefined));
  await server.client.start({});
  crowd.leave();
});

function socketsOf({ pid }: RunningServer): number {
  const isSocket = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      // It was closed meanwhile.
      return false;
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter(isSocket).length;
}
