// A proxy on the loopback address between a client and Elasticsearch that does what networks and servers do wrong.
// Each request meets one fault, by a script or by a seeded generator. The faults:
//   pass           nothing: the request and its answer go through
//   reset          the connection breaks before anything is passed on
//   stall          the request is passed on, and never answered: the client gives up, or is cut off after a while
//   cut_request    half of the body is passed on, then both connections break
//   cut_response   all is passed on; half of the answer comes back, then the connection breaks
//   lose_response  all is passed on, and the connection breaks instead of an answer
//   429, 503, 413  the proxy's own answer, nothing is passed on; also of a request that is no bulk
//   503_done, …    all is passed on, and the proxy answers 503, or 413
//   403_text …     all is passed on, and the proxy answers that with a text for an error, as gateways do
//   429_unsigned   all is passed on, and the proxy answers as Elasticsearch would, but for the product's header
//   unsigned       all is passed on, and so is the answer, but for the product's header
//   half           every second document of a bulk is passed on, the others are answered 429; other requests pass
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';

export const FAULTS = [
  'reset',
  'stall',
  'cut_request',
  'cut_response',
  'lose_response',
  '429',
  '503',
  '413',
  '503_done',
  '413_done',
  '403_text',
  '408_text',
  '429_text',
  '429_unsigned',
  'unsigned',
  'half',
] as const;
export type Fault = (typeof FAULTS)[number] | 'pass';

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** What a request meets; `number` counts all requests from 0. */
export type Decide = (request: ProxiedRequest, number: number) => Fault | Promise<Fault>;

export interface ChaosProxy {
  readonly url: string;
  /** How often each fault was met. */
  readonly met: ReadonlyMap<Fault, number>;
  /** Requests that it is busy with, also those whose client has gone. */
  underway(): number;
  close(): Promise<void>;
}

/** Longer than clients in tests wait, and short enough that none hangs where it waits for ever. */
const STALL__MS = 10_000;

/** @param target URL of the server, without a path */
export async function startChaosProxy(target: string, decide: Decide): Promise<ChaosProxy> {
  const met = new Map<Fault, number>();
  let number = 0;
  let underway = 0;
  const server = createServer((incoming, outgoing) => {
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    underway++;
    void handle(incoming, outgoing)
      .catch(() => outgoing.destroy())
      .finally(() => underway--);
  });
  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const fault = await decide({ method: incoming.method ?? '', path: incoming.url ?? '', body }, number++);
    met.set(fault, (met.get(fault) ?? 0) + 1);
    await suffer(fault, { target, incoming, outgoing, body });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    met,
    underway: () => underway,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The script's faults for bulk requests, one after another; all else, and what comes after, passes. */
export function scripted(...faults: readonly Fault[]): Decide {
  const rest = [...faults];
  return ({ path }) => (path.startsWith('/_bulk') ? (rest.shift() ?? 'pass') : 'pass');
}

/** A fault for this share of all requests: each once, then any, by a generator whose seed is printed. */
export function seeded(share: number, seed = Math.floor(Math.random() * 2 ** 32)): Decide {
  process.stderr.write(`chaos proxy: seed ${seed}\n`);
  const random = generator(seed);
  const any = (faults: readonly Fault[]): number => Math.floor(random() * faults.length);
  const unmet: Fault[] = [...FAULTS];
  return () => {
    if (random() >= share) return 'pass';
    return unmet.splice(any(unmet), 1)[0] ?? FAULTS[any(FAULTS)] ?? 'pass';
  };
}

/** Numbers in [0, 1): mulberry32, by Tommy Ettinger, in the public domain. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Exchange {
  readonly target: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Buffer;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function suffer(fault: Fault, exchange: Exchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  switch (fault) {
    case 'pass':
      return answer(outgoing, await pass(exchange));
    case 'reset':
      return void incoming.socket.resetAndDestroy();
    case 'stall': {
      await pass(exchange);
      const cut = setTimeout(() => outgoing.destroy(), STALL__MS);
      outgoing.on('close', () => clearTimeout(cut));
      return;
    }
    case 'cut_request':
      await passHalf(exchange);
      return void outgoing.destroy();
    case 'cut_response': {
      const { status, headers, body } = await pass(exchange);
      outgoing.writeHead(status, { ...headers, 'content-length': body.length });
      outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => outgoing.destroy());
      return;
    }
    case 'lose_response':
      await pass(exchange);
      return void outgoing.destroy();
    case '429':
    case '503':
    case '413':
      outgoing.writeHead(Number(fault), { 'content-type': 'text/html' });
      return void outgoing.end('<html>not now</html>');
    case '503_done':
    case '413_done':
      await pass(exchange);
      outgoing.writeHead(Number.parseInt(fault), { 'content-type': 'text/html' });
      return void outgoing.end('<html>the server took too long</html>');
    case '403_text':
    case '408_text':
    case '429_text':
      await pass(exchange);
      return answer(outgoing, json(Number.parseInt(fault), { error: 'the gateway has had enough' }));
    case '429_unsigned':
      await pass(exchange);
      return answer(outgoing, json(429, { error: TURNED_AWAY.create.error, status: 429 }));
    case 'unsigned': {
      const { headers, ...reply } = await pass(exchange);
      const { 'x-elastic-product': _, ...rest } = headers;
      return answer(outgoing, { ...reply, headers: rest });
    }
    case 'half':
      return answer(outgoing, await (incoming.url?.startsWith('/_bulk') ? halve(exchange) : pass(exchange)));
  }
}

const json = (status: number, value: object): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
});

function answer(outgoing: ServerResponse, { status, headers, body }: Reply): void {
  const { 'transfer-encoding': _, ...rest } = headers;
  outgoing.writeHead(status, { ...rest, 'content-length': body.length });
  outgoing.end(body);
}

/** Passes it on as it is, or with another body. */
function pass({ target, incoming, body }: Exchange, instead = body): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = { ...incoming.headers, 'content-length': String(instead.length) };
    const call = request(
      `${target}${incoming.url}`,
      { method: incoming.method ?? 'GET', headers, agent: false },
      (response) => {
        bytesOf(response).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
          reject,
        );
      },
    );
    call.on('error', reject);
    call.end(instead);
  });
}

/** Passes on half of a body, and breaks off once the server has had time to take it. */
function passHalf({ target, incoming, body }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const headers = { ...incoming.headers, 'content-length': String(body.length) };
    const call = request(`${target}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers,
      agent: false,
    });
    call.on('error', () => undefined);
    call.on('close', () => resolve());
    call.write(body.subarray(0, Math.floor(body.length / 2)), () => call.destroy());
  });
}

interface BulkBody {
  readonly items: readonly object[];
}

const TURNED_AWAY = {
  create: {
    status: 429,
    error: { type: 'es_rejected_execution_exception', reason: 'the queue is full' },
  },
};

/** Every second document to the server, the others turned away as a full queue would. */
async function halve(exchange: Exchange): Promise<Reply> {
  const { headers: asked } = exchange.incoming;
  const plain = asked['content-encoding'] === 'gzip' ? gunzipSync(exchange.body) : exchange.body;
  const lines = plain.toString().split('\n').slice(0, -1);
  const documents = lines
    .filter((_, at) => at % 2 === 0)
    .map((action, at) => `${action}\n${lines[2 * at + 1]}\n`);
  const kept = documents.filter((_, at) => at % 2 === 0).join('');
  const reply = await pass(
    exchange,
    asked['content-encoding'] === 'gzip' ? gzipSync(kept) : Buffer.from(kept),
  );
  if (reply.status !== 200) return reply;
  const { 'content-encoding': encoding, ...headers } = reply.headers;
  const text = encoding === 'gzip' ? gunzipSync(reply.body) : reply.body;
  const taken = [...(JSON.parse(text.toString()) as BulkBody).items];
  const items = documents.map((_, at) => (at % 2 === 0 ? taken.shift() : TURNED_AWAY));
  return { status: 200, headers, body: Buffer.from(JSON.stringify({ errors: true, items })) };
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}
