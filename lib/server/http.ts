// The API over HTTP: finds a request's route, and answers; what goes wrong is application/problem+json.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { isLoopbackName } from './address';
import type { Problem } from './api';
import { describeApi } from './openapi';
import { problem, problemAnswer, PROBLEM_TYPE, problemOf } from './problems';
import { bodyOf, targetOf } from './request';
import type { Answer, Route, Streaming } from './route';
import { routesOver, type ApiSubject } from './routes';
import { isAuthorised } from './token';

export interface ApiOptions {
  /** Undefined: whoever reaches the server may use it. */
  readonly token: string | undefined;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Told of our own bugs. */
  readonly log: (line: string) => void;
  /** The longest time that a request may take to arrive, in milliseconds. */
  readonly requestTimeout__ms: number;
}

const CONNECTIONS_MAX = 1024;
const HEADERS_MAX__B = 16 * 1024;
/** Longer than the load balancers keep theirs, so that none sends into a connection that is closing. */
const KEEP_ALIVE__MS = 72_000;
/** Answer without a token: probes have none. */
const OPEN_TO_ALL: readonly string[] = ['/health', '/ready'];
const DESCRIPTION_PATH = '/openapi.json';

/** The server, which does not listen yet. */
export async function createApi(subject: ApiSubject, options: ApiOptions): Promise<Server> {
  const { Ajv } = await import('ajv');
  const routes = routesOver(subject, new Ajv());
  const { requestTimeout__ms, tls } = options;
  const limits = {
    requestTimeout: requestTimeout__ms,
    headersTimeout: requestTimeout__ms,
    connectionsCheckingInterval: Math.min(1000, requestTimeout__ms),
    keepAliveTimeout: KEEP_ALIVE__MS,
    maxHeaderSize: HEADERS_MAX__B,
  };
  const server = tls ? createTlsServer({ ...limits, ...tls }) : createServer(limits);
  server.maxConnections = CONNECTIONS_MAX;
  server.on('clientError', answerBrokenRequest);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void respond(request, response, routes, options);
  });
  return server;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route[],
  options: ApiOptions,
): Promise<void> {
  try {
    const outcome = await outcomeOf(request, routes, options);
    if ('stream' in outcome) startStream(request, response, outcome);
    else send(response, outcome);
  } catch (error) {
    // Nobody is there any more to be answered.
    if (request.destroyed && !request.complete) return;
    send(response, problemAnswer(problemOf(error) ?? bugOf(error, request, options)));
  }
}

async function outcomeOf(
  request: IncomingMessage,
  routes: readonly Route[],
  { token }: ApiOptions,
): Promise<Answer | Streaming> {
  const { host, path, query } = targetOf(request);
  const refusal = token === undefined ? strangerRefusal(host) : tokenRefusal(request, path, token);
  if (refusal) return refusal;
  // Node sends no body in answer to HEAD.
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method === 'GET' && path === DESCRIPTION_PATH)
    return { status: 200, body: describeApi(routes, token !== undefined) };
  for (const route of routes) {
    const params = route.method === method ? route.paramsOf(path) : undefined;
    if (params)
      return route.handle({
        params,
        querystring: query,
        body: method === 'POST' ? await bodyOf(request) : {},
      });
  }
  return problemAnswer(
    problem(404, `there is no ${request.method} ${path} here; see GET ${DESCRIPTION_PATH}`),
  );
}

/** A page in this machine's browser must not get in under a name of its own (DNS rebinding). */
function strangerRefusal(host: string): Answer | undefined {
  const name = host.replace(/:\d+$/, '');
  if (isLoopbackName(name)) return undefined;
  return problemAnswer(
    problem(
      403,
      `without a token this server does not answer as '${name}'; on its own machine ask 127.0.0.1, ` +
        'for others start it with --listen and --token-file',
    ),
  );
}

function tokenRefusal({ headers }: IncomingMessage, path: string, token: string): Answer | undefined {
  if (OPEN_TO_ALL.includes(path) || isAuthorised(headers.authorization, token)) return undefined;
  const given = headers.authorization === undefined ? 'no token was given' : 'the token is not ours';
  const answer = problemAnswer(problem(401, `${given}; send it as Authorization: Bearer TOKEN`));
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Bearer' } };
}

function startStream(
  { method }: IncomingMessage,
  response: ServerResponse,
  { headers, stream }: Streaming,
): void {
  response.writeHead(200, headers);
  if (method === 'HEAD') response.end();
  else stream(response);
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const json = JSON.stringify(body);
  const length = Buffer.byteLength(json);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': length,
    ...headers,
  });
  response.end(json);
}

function bugOf(error: unknown, request: IncomingMessage, { log }: ApiOptions): Problem {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log(`${request.method} ${targetOf(request).path}: ${text}`);
  return problem(500, 'this is a bug in nvpulse; its log says more');
}

/** What does not even become a request: too slow, or no HTTP. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const body = brokenProblem(error.code);
  const json = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${body.status} ${body.title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(json)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${json}`);
  // The client's half would stay open for as long as it likes, and with it whoever reads the request's body.
  socket.destroySoon();
}

function brokenProblem(code: string | undefined): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem(408, 'the request took too long to arrive');
    case 'HPE_HEADER_OVERFLOW':
      return problem(431, 'the headers are too large');
    default:
      return problem(400, `this is no HTTP/1.1 request${code === undefined ? '' : ` (${code})`}`);
  }
}
