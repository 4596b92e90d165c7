// The API over HTTP: finds a request's route, and answers; what goes wrong is application/problem+json.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { refusalOf, type Admission } from './admission';
import type { Problem } from './api';
import { Connections, connectionsMax } from './connections';
import { describeApi } from './openapi';
import { problem, problemAnswer, PROBLEM_TYPE, problemOf } from './problems';
import { bodyOf, queryOf, targetOf } from './request';
import type { Answer, Route, Streaming } from './route';
import { routesOver, type ApiSubject } from './routes';

export interface ApiOptions extends Admission {
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Told of our own bugs. */
  readonly log: (line: string) => void;
  /** The longest time that a request may take to arrive, in milliseconds. */
  readonly requestTimeout__ms: number;
}

const HEADERS_MAX__B = 16 * 1024;
/** Longer than the load balancers keep theirs, so that none sends into a connection that is closing. */
const KEEP_ALIVE__MS = 72_000;
/** Nothing comes or goes for so long on a connection: longer than the longest wait for documents. */
const SILENCE__MS = 90_000;
const DESCRIPTION_PATH = '/openapi.json';

/** The server, which does not listen yet. */
export async function createApi(subject: ApiSubject, options: ApiOptions): Promise<Server> {
  const { Ajv } = await import('ajv');
  const routes = routesOver(subject, new Ajv({ verbose: true }));
  const { requestTimeout__ms, tls } = options;
  const limits = {
    requestTimeout: requestTimeout__ms,
    headersTimeout: requestTimeout__ms,
    connectionsCheckingInterval: Math.min(1000, requestTimeout__ms),
    keepAliveTimeout: KEEP_ALIVE__MS,
    maxHeaderSize: HEADERS_MAX__B,
    // Its own refusal has no words.
    requireHostHeader: false,
  };
  const server = tls ? createTlsServer({ ...limits, ...tls }) : createServer(limits);
  server.timeout = SILENCE__MS;
  const connections = new Connections(server, connectionsMax());
  server.on('clientError', answerBrokenRequest);
  server.on('connect', (_: IncomingMessage, socket: Duplex) =>
    refuse(socket, problem(405, 'this is no proxy')),
  );
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) =>
    send(
      response,
      problemAnswer(problem(417, 'the only expectation that is met is 100-continue')),
      connections,
    ),
  );
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void respond(request, response, { ...options, routes, connections });
  });
  return server;
}

interface Api extends ApiOptions {
  readonly routes: readonly Route[];
  readonly connections: Connections;
}

async function respond(request: IncomingMessage, response: ServerResponse, api: Api): Promise<void> {
  const { connections } = api;
  try {
    const outcome = await outcomeOf(request, api);
    if ('stream' in outcome) startStream(response, outcome, connections);
    else send(response, outcome, connections);
  } catch (error) {
    // Nobody is there any more to be answered.
    if (request.destroyed && !request.complete) return;
    send(response, problemAnswer(problemOf(error) ?? bugOf(error, request, api)), connections);
  }
}

async function outcomeOf(request: IncomingMessage, api: Api): Promise<Answer | Streaming> {
  const { host, path, search } = targetOf(request);
  const { routes, token, connections } = api;
  const refusal = refusalOf({ host, path, headers: request.headers }, api);
  if (refusal) return refusal;
  // Node sends no body in answer to HEAD.
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method === 'GET' && path === DESCRIPTION_PATH)
    return { status: 200, body: describeApi(routes, token !== undefined) };
  const here = routes.flatMap((route) => {
    const params = route.paramsOf(path);
    return params ? [{ route, params }] : [];
  });
  const asked = here.find(({ route }) => route.method === method);
  if (asked) {
    const { route, params } = asked;
    const body = method === 'POST' ? await bodyOf(request) : {};
    const querystring = queryOf(search);
    return connections.during(request.socket, () => route.handle({ params, querystring, body }));
  }
  return here.length > 0 ? otherMethods(here.map(({ route }) => route.method)) : nothingAt(request, path);
}

function otherMethods(methods: readonly string[]): Answer {
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  const answer = problemAnswer(problem(405, `allowed here: ${allow}`));
  return { ...answer, headers: { ...answer.headers, allow } };
}

function nothingAt({ method }: IncomingMessage, path: string): Answer {
  return problemAnswer(problem(404, `there is no ${method} ${path} here; see GET ${DESCRIPTION_PATH}`));
}

function startStream(
  response: ServerResponse,
  { headers, stream }: Streaming,
  connections: Connections,
): void {
  response.writeHead(200, headers);
  if (response.req.method === 'HEAD') return void response.end();
  connections.keep(response);
  stream(response);
}

function send(response: ServerResponse, { status, headers, body }: Answer, connections: Connections): void {
  const json = JSON.stringify(body);
  const length = Buffer.byteLength(json);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': length,
    ...headers,
  });
  connections.owe(response, length);
  response.end(json);
}

function bugOf(error: unknown, request: IncomingMessage, { log }: ApiOptions): Problem {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log(`${request.method} ${request.url}: ${text}`);
  return problem(500, 'this is a bug in nvpulse; its log says more');
}

/** What does not even become a request: too slow, too large, or no HTTP. */
function answerBrokenRequest(error: BrokenRequest, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else refuse(socket, brokenProblem(error));
}

interface BrokenRequest extends NodeJS.ErrnoException {
  /** What arrived last, and how far it was understood. */
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

function refuse(socket: Duplex, body: Problem): void {
  const json = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${body.status} ${body.title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(json)}`,
    'connection: close',
  ];
  // The client's half would stay open for as long as it likes, and with it whoever reads the request's body.
  socket.end(`${head.join('\r\n')}\r\n\r\n${json}`, () => socket.destroy());
}

function brokenProblem({ code, rawPacket, bytesParsed }: BrokenRequest): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem(408, 'the request took too long to arrive');
    case 'HPE_HEADER_OVERFLOW':
      return rawPacket?.subarray(0, bytesParsed).includes('\n')
        ? problem(431, 'the headers are too large')
        : problem(414, 'the path and query are too long');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return problem(413, "the chunks' extensions are too large");
    default:
      return problem(400, `this is no HTTP/1.1 request${code === undefined ? '' : ` (${code})`}`);
  }
}
