// A real Elasticsearch for tests: the one at ELASTICSEARCH_URL, else one that Docker runs, else one from Maven's
// central repository (test/elasticsearch/pom.xml). Each suite has a server of its own, with nothing in it.
//
//   describeWithElasticsearch('create-mapping', { security: true }, (elasticsearch) => {
//     test('answers', async () => expect((await elasticsearch.request('GET', '/')).status).toBe(200));
//   });
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findDocker } from './elasticsearch-docker';
import { findMaven } from './elasticsearch-maven';
import { holdLock, type Release } from './lock';
import { patience } from './patience';

/** What a suite asks for. The server at ELASTICSEARCH_URL, being what it is, serves suites that ask for nothing. */
export interface ServerOptions {
  /** Users and API keys. @default false */
  readonly security?: boolean;
  /** HTTPS by a certificate of a CA of its own. @default false */
  readonly tls?: boolean;
  /** The suite kills or restarts the server. @default false */
  readonly restarts?: boolean;
}

/** What a way to run a server is told; the port is free, below those that the system gives to clients. */
export interface ServerSetup {
  readonly port: number;
  readonly security: boolean;
  readonly tls: boolean;
}

export interface Auth {
  readonly username: string;
  readonly password: string;
}

export interface Certificates {
  /** File of the CA's certificate. */
  readonly ca: string;
  /** SHA-256 of the CA's certificate: hexadecimal pairs with colons. */
  readonly fingerprint: string;
}

/** A server that one of the ways runs. */
export interface ServerProcess {
  /** A superuser, where there is security. */
  readonly auth: Auth | undefined;
  readonly certificates: Certificates | undefined;
  /** Until it is started, not until it answers. The data of an earlier start are there. */
  start(): Promise<void>;
  /** Why it has ended, or undefined while it runs. */
  ended(): string | undefined;
  /** SIGKILL to all its processes; resolves when they are gone. */
  kill(): Promise<void>;
  /** Resolves when its processes and its data are gone. */
  remove(): Promise<void>;
}

/** A way to run servers, or the reason why there is none. */
export type Way = { readonly create: (setup: ServerSetup) => ServerProcess } | { readonly reason: string };

export interface Answer {
  readonly status: number;
  /** Parsed where it is JSON, else the text. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON that a test reads is what it expects
  readonly body: any;
}

/** A running server. */
export interface Elasticsearch {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** A superuser, where the suite asked for security. */
  readonly auth: Auth | undefined;
  /** Where the suite asked for TLS. */
  readonly certificates: Certificates | undefined;
  /** As the superuser, where `headers` says nothing else; an object is sent as JSON, a text as NDJSON. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** SIGKILL to all its processes; resolves when they are gone. */
  kill(): Promise<void>;
  /** On the same port and data; resolves when it answers, and has opened its indices. */
  restart(): Promise<void>;
  /** Resolves when its processes and its data are gone. */
  stop(): Promise<void>;
}

const START_WAIT__MS = 240_000;
const CACHE = join(__dirname, '..', '..', 'node_modules', '.cache');

/**
 * A `describe` with a server, started before its tests and gone after them. Where there is no way to a server the
 * tests are skipped with the reason printed, but where `CI=true` that is a failure.
 */
export function describeWithElasticsearch(
  name: string,
  options: ServerOptions,
  body: (elasticsearch: Elasticsearch) => void,
): void {
  const way = findWay(options);
  describe(name, () => {
    if ('reason' in way) return withoutServer(name, way.reason);
    let started: Elasticsearch | undefined;
    const running = (): Elasticsearch => {
      if (!started) throw new Error('Elasticsearch runs in hooks and tests only');
      return started;
    };
    let release: Release | undefined;
    // One server at a time: each takes both cores while it starts, and what else is tested then gets none.
    beforeAll(async () => {
      release = await holdLock(join(CACHE, 'nvpulse-elasticsearch-running.lock'));
      started = await way.start();
    });
    afterAll(async () => {
      await started?.stop();
      release?.();
    });
    body({
      get url() {
        return running().url;
      },
      get port() {
        return running().port;
      },
      get auth() {
        return running().auth;
      },
      get certificates() {
        return running().certificates;
      },
      request: (...args) => running().request(...args),
      kill: () => running().kill(),
      restart: () => running().restart(),
      stop: () => running().stop(),
    });
  });
}

/** For benchmarks, and tests with a cycle of their own. @throws with the reason where there is no way to a server */
export async function startElasticsearch(options: ServerOptions = {}): Promise<Elasticsearch> {
  const way = findWay(options);
  if ('reason' in way) throw new Error(`no Elasticsearch: ${way.reason}`);
  return way.start();
}

type Found = { readonly start: () => Promise<Elasticsearch> } | { readonly reason: string };

function findWay(options: ServerOptions): Found {
  const external = process.env['ELASTICSEARCH_URL'];
  const plain = !options.security && !options.tls && !options.restarts;
  if (external !== undefined && plain) return { start: () => connectExternal(external) };
  const docker = findDocker();
  const way = 'create' in docker ? docker : findMaven();
  if ('create' in way) return { start: () => startOwn(way, options) };
  return {
    reason: `ELASTICSEARCH_URL ${external === undefined ? 'is not set' : 'is for tests that need no security, TLS or restarts'}; ${'reason' in docker ? docker.reason : ''}; ${way.reason}`,
  };
}

function withoutServer(name: string, reason: string): void {
  if (process.env['CI'] === 'true') {
    test('needs Elasticsearch', () => {
      throw new Error(reason);
    });
    return;
  }
  process.stderr.write(`skipped: ${name}: no Elasticsearch: ${reason}\n`);
  test.skip(reason, () => undefined);
}

async function startOwn(
  { create }: Extract<Way, { create: unknown }>,
  { security = false, tls = false }: ServerOptions,
): Promise<Elasticsearch> {
  const port = await freePort();
  const server = create({ port, security, tls });
  const { auth } = server;
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const ca = server.certificates && readFileSync(server.certificates.ca, 'utf8');
  const request = requester({ url, auth, ca });
  const start = async (): Promise<void> => {
    await server.start();
    await answering(request, () => server.ended());
  };
  try {
    await start();
  } catch (error) {
    await server.remove();
    throw error;
  }
  return {
    url,
    port,
    auth,
    certificates: server.certificates,
    request,
    kill: () => server.kill(),
    restart: async () => {
      await server.kill();
      await start();
    },
    stop: () => server.remove(),
  };
}

/** One suite at a time has it; what earlier ones left there is deleted. */
async function connectExternal(text: string): Promise<Elasticsearch> {
  const release: Release = await holdLock(join(CACHE, 'nvpulse-elasticsearch-url.lock'));
  const parsed = new URL(text);
  const url = `${parsed.origin}${parsed.pathname}`.replace(/\/$/, '');
  const auth =
    parsed.username === ''
      ? undefined
      : { username: decodeURIComponent(parsed.username), password: decodeURIComponent(parsed.password) };
  const request = requester({ url, auth });
  try {
    await answering(request, () => undefined);
    await request('DELETE', '/_data_stream/gpumetrics,cpumetrics,jobmetrics');
    await request('DELETE', '/_index_template/gpumetrics,cpumetrics,jobmetrics');
    await request('DELETE', '/_component_template/nvpulse-*');
    await request('DELETE', '/_component_template/*metrics@custom');
  } catch (error) {
    release();
    throw error;
  }
  const never = (): Promise<never> => Promise.reject(new Error('ELASTICSEARCH_URL is not ours to stop'));
  return {
    url,
    port: Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80)),
    auth,
    certificates: undefined,
    request,
    kill: never,
    restart: never,
    stop: () => Promise.resolve(release()),
  };
}

/** Polls until it answers, and has opened the indices that it keeps. */
async function answering(request: Elasticsearch['request'], ended: () => string | undefined): Promise<void> {
  const start__ms = Date.now();
  for (let last = 'nothing'; ;) {
    const why = ended();
    if (why !== undefined) throw new Error(`Elasticsearch ended: ${why}`);
    if (Date.now() - start__ms > patience(START_WAIT__MS))
      throw new Error(`Elasticsearch does not answer; last seen: ${last}`);
    try {
      const { status } = await request('GET', '/_cluster/health?wait_for_status=yellow&timeout=10s');
      if (status === 200) return;
      last = `status ${status}`;
    } catch (error) {
      last = String(error);
    }
    await setTimeout(100);
  }
}

interface Target {
  readonly url: string;
  readonly auth: Auth | undefined;
  readonly ca?: string | undefined;
}

function requester({ url, auth, ca }: Target): Elasticsearch['request'] {
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  return (method, path, body, others = {}) =>
    new Promise((resolve, reject) => {
      const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
      const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json';
      const headers = { ...(text !== undefined && { 'content-type': type }), ...others };
      const call = send(
        `${url}${path}`,
        {
          method,
          headers,
          agent: false,
          timeout: 60_000,
          ...(auth && !('authorization' in others) && { auth: `${auth.username}:${auth.password}` }),
          ...(ca !== undefined && { ca }),
        },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(pieces).toString()) }),
          );
        },
      );
      call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer in a minute`)));
      call.on('error', reject);
      call.end(text);
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * On the loopback address, below the range from which the system takes clients' ports: there, a client that tries to
 * reach a stopped server could be connected to itself.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
