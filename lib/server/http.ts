// The HTTP API: routes over the monitor, each with its schema; what goes wrong is application/problem+json.
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ENTITIES, type Entity } from '../catalog';
import { NvpulseError } from '../errors';
import { formatUtc, parseDuration } from '../time';
import { VERSION } from '../version';
import { isLoopbackName } from './address';
import type {
  JobDetail,
  JobDocuments,
  JobList,
  JobView,
  MarkRequest,
  Problem,
  RenewRequest,
  StartRequest,
  StopRequest,
} from './api';
import type { Health } from './health';
import type { Monitor } from './monitor';
import { problem, PROBLEM_TYPE, problemOf } from './problems';
import * as schemas from './schemas';
import type { LiveStream } from './stream';
import { isAuthorised } from './token';

/** What the API is about. */
export interface ApiParts {
  readonly monitor: Monitor;
  readonly stream: LiveStream;
  readonly health: () => Health;
  /** Whether starts and stops can be kept now; the reason where not. */
  readonly ready: () => string | null;
  readonly documents: (id: string, wait__ms: number) => Promise<JobDocuments>;
  /** Undefined: whoever reaches the server may use it. */
  readonly token: string | undefined;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Told of our own bugs. */
  readonly log: (line: string) => void;
  /** The longest time that a request may take to arrive, in milliseconds. */
  readonly requestTimeout__ms: number;
}

interface JobParams {
  readonly id: string;
}

const BODY_MAX__B = 64 * 1024;
const CONNECTIONS_MAX = 1024;
/** Ids of 256 characters, each as four bytes in percent notation. */
const PARAM_MAX = 256 * 12;
const WAIT_RANGE = { min: '1ms', max: '60s' } as const;
/** Answer without a token: probes have none. */
const OPEN_TO_ALL: readonly string[] = ['/health', '/ready'];

const PROBLEMS = {
  '4xx': {
    description: 'What is wrong with the request.',
    content: { [PROBLEM_TYPE]: { schema: schemas.PROBLEM } },
  },
  '5xx': {
    description: 'What cannot be done now.',
    content: { [PROBLEM_TYPE]: { schema: schemas.PROBLEM } },
  },
} as const;

/** The server, which does not listen yet. */
export async function createApi(parts: ApiParts): Promise<FastifyInstance> {
  const { fastify } = await import('fastify');
  const { default: swagger } = await import('@fastify/swagger');
  const app = fastify({
    ...(parts.tls ? { https: parts.tls } : {}),
    bodyLimit: BODY_MAX__B,
    requestTimeout: parts.requestTimeout__ms,
    forceCloseConnections: true,
    http: { connectionsCheckingInterval: Math.min(1000, parts.requestTimeout__ms), maxHeaderSize: 16 * 1024 },
    routerOptions: { maxParamLength: PARAM_MAX },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    schemaErrorFormatter: (errors, where) => new NvpulseError('ERR_OPTION', explainSchema(errors, where)),
    clientErrorHandler: answerBrokenRequest,
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.server.headersTimeout = parts.requestTimeout__ms;
  app.removeContentTypeParser('text/plain');
  // Who has nothing to say need not send an empty object.
  app.addHook('preValidation', (request, _, done) => {
    if (request.method === 'POST') request.body ??= {};
    done();
  });
  app.addHook('onRequest', (request, reply) => guard(request, reply, parts));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, parts));
  app.setNotFoundHandler((request, reply) =>
    answer(
      reply,
      problem(404, `there is no ${request.method} ${pathOf(request)} here; see GET /openapi.json`),
    ),
  );
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'nvpulse server',
        version: VERSION,
        description: 'Starts and stops the monitoring of jobs on a GPU node.',
      },
      ...(parts.token === undefined
        ? {}
        : {
            components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
            security: [{ token: [] }],
          }),
    },
  });
  // Routes are seen by the description only when they come after it.
  await app.register((scope, _, done) => {
    addJobs(scope, parts);
    addWatching(scope, parts);
    done();
  });
  return app;
}

function addJobs(app: FastifyInstance, { monitor, documents }: ApiParts): void {
  app.post<{ Body: StartRequest; Reply: JobView }>(
    '/v1/jobs',
    {
      schema: {
        summary: 'Start a job',
        description:
          'Opens a window. Durable when answered. Sent again under its id it starts nothing new (200).',
        body: schemas.START_REQUEST,
        response: { 200: schemas.JOB, 201: schemas.JOB, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { created, job } = await monitor.start(request.body);
      void reply.header('location', `/v1/jobs/${encodeURIComponent(job.id)}`);
      return reply.code(created ? 201 : 200).send(job);
    },
  );
  app.post<{ Params: JobParams; Body: StopRequest }>(
    '/v1/jobs/:id/stop',
    {
      schema: {
        summary: 'Stop a job',
        description: 'Ends its window now. Durable when answered. Sent again it changes nothing.',
        params: schemas.JOB_PARAMS,
        body: schemas.STOP_REQUEST,
        response: { 200: schemas.JOB, ...PROBLEMS },
      },
    },
    (request): Promise<JobView> => monitor.stop(request.params.id, request.body.status),
  );
  app.post<{ Params: JobParams; Body: RenewRequest }>(
    '/v1/jobs/:id/renew',
    {
      schema: {
        summary: 'Renew the lease of a job',
        description: 'It counts from now on. Durable when answered.',
        params: schemas.JOB_PARAMS,
        body: schemas.RENEW_REQUEST,
        response: { 200: schemas.JOB, ...PROBLEMS },
      },
    },
    (request): Promise<JobView> => monitor.renew(request.params.id, request.body.lease),
  );
  app.post<{ Params: JobParams; Body: MarkRequest }>(
    '/v1/jobs/:id/marks',
    {
      schema: {
        summary: 'Mark a moment of a job',
        params: schemas.JOB_PARAMS,
        body: schemas.MARK_REQUEST,
        response: { 201: schemas.MARK, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const time__ns = await monitor.mark(request.params.id, request.body.name);
      return reply.code(201).send({ time: formatUtc(time__ns) });
    },
  );
  app.get<{ Querystring: { readonly state?: 'open'; readonly name?: string } }>(
    '/v1/jobs',
    {
      schema: {
        summary: 'List the jobs',
        description: 'Oldest first; of those that ended the latest 1000.',
        querystring: schemas.LIST_QUERY,
        response: { 200: schemas.JOB_LIST, ...PROBLEMS },
      },
    },
    ({ query: { state, name } }): JobList => ({ jobs: monitor.list({ open: state === 'open', name }) }),
  );
  app.get<{ Params: JobParams }>(
    '/v1/jobs/:id',
    {
      schema: {
        summary: 'Show a job, with its summary once it has ended',
        params: schemas.JOB_PARAMS,
        response: { 200: schemas.JOB_DETAIL, ...PROBLEMS },
      },
    },
    async ({ params: { id } }): Promise<JobDetail> => {
      const job = monitor.show(id);
      return { ...job, summary: (await monitor.summaryOf(id)) ?? null };
    },
  );
  app.get<{ Params: JobParams; Querystring: { readonly wait?: string } }>(
    '/v1/jobs/:id/documents',
    {
      schema: {
        summary: 'Where the documents of a job are, waiting until they are acknowledged',
        params: schemas.JOB_PARAMS,
        querystring: schemas.WAIT_QUERY,
        response: { 200: schemas.DOCUMENTS, ...PROBLEMS },
      },
    },
    ({ params: { id }, query: { wait } }): Promise<JobDocuments> =>
      documents(id, wait === undefined ? 0 : parseDuration(wait, 'wait', WAIT_RANGE) / 1e6),
  );
}

function addWatching(app: FastifyInstance, { stream, health, ready }: ApiParts): void {
  app.get<{ Querystring: { readonly entity?: string } }>(
    '/v1/batches',
    {
      schema: {
        summary: 'Live batches as server-sent events',
        description:
          'Events `batch` with {entity, rows}, and `skipped` with {rows} where the client was too slow for some.',
        querystring: schemas.BATCHES_QUERY,
        response: {
          200: {
            description: 'The events.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          ...PROBLEMS,
        },
      },
    },
    (request, reply) => {
      const entities = entitiesIn(request.query.entity);
      if (stream.full) throw new NvpulseError('ERR_SERVER', 'too many clients follow the live batches');
      reply.hijack();
      stream.add(reply.raw, entities);
    },
  );
  app.get(
    '/health',
    { schema: { summary: 'Whether all is well', response: { 200: schemas.HEALTH, 503: schemas.HEALTH } } },
    (_, reply) => {
      const facts = health();
      return reply.code(facts.status === 'ok' ? 200 : 503).send(facts);
    },
  );
  app.get(
    '/ready',
    {
      schema: {
        summary: 'Whether jobs can be started and stopped',
        response: { 200: { type: 'object', properties: { ready: { type: 'boolean' } } }, ...PROBLEMS },
      },
    },
    (_, reply) => {
      const reason = ready();
      return reason === null ? reply.send({ ready: true }) : answer(reply, problem(503, reason));
    },
  );
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

/** Undefined for all. @throws ERR_OPTION */
function entitiesIn(text: string | undefined): ReadonlySet<Entity> | undefined {
  if (text === undefined) return undefined;
  return new Set(
    text.split(',').map((name) => {
      const entity = ENTITIES.find((known) => known === name);
      if (entity) return entity;
      throw new NvpulseError('ERR_OPTION', `entity: '${name}' is none; allowed are ${ENTITIES.join(', ')}`);
    }),
  );
}

async function guard(request: FastifyRequest, reply: FastifyReply, { token }: ApiParts): Promise<void> {
  const path = pathOf(request);
  if (token === undefined) {
    // A page in this machine's browser must not get in under a name of its own (DNS rebinding).
    if (isLoopbackName(request.hostname)) return;
    await answer(reply, problem(403, `this server does not answer as '${request.hostname}'; ask by address`));
    return;
  }
  if (OPEN_TO_ALL.includes(path) || isAuthorised(request.headers.authorization, token)) return;
  void reply.header('www-authenticate', 'Bearer');
  const given = request.headers.authorization === undefined ? 'no token was given' : 'the token is not ours';
  await answer(reply, problem(401, `${given}; send it as Authorization: Bearer TOKEN`));
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? url;
}

function answer(reply: FastifyReply, body: Problem): FastifyReply {
  if (body.status === 503) void reply.header('retry-after', '1');
  return reply.code(body.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(body);
}

function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log }: ApiParts,
): FastifyReply {
  const known = problemOf(error) ?? fastifyProblem(error);
  if (known) return answer(reply, known);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log(`${request.method} ${pathOf(request)}: ${text}`);
  return answer(reply, problem(500, 'this is a bug in nvpulse; its log says more'));
}

/** What Fastify refuses by itself: no JSON, too large, of another type. */
function fastifyProblem(error: unknown): Problem | undefined {
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return problem(413, `the body is larger than ${BODY_MAX__B} bytes, which is the most`);
  return problem(statusCode, message ?? 'the request is not understood');
}

interface SchemaError {
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Such as `body/id must NOT have more than 256 characters`. */
function explainSchema([error]: readonly SchemaError[], where: string): string {
  const { instancePath = '', message = 'is not allowed', params = {} } = error ?? {};
  if (params['pattern'] === schemas.NO_CONTROL)
    return `${where}${instancePath} must not have control characters`;
  const extra: unknown = params['additionalProperty'] ?? params['allowedValues'];
  const detail = extra === undefined ? '' : `: ${JSON.stringify(extra)}`;
  return `${where}${instancePath} ${message}${detail}`;
}

/** What does not even become a request: too slow, or no HTTP. */
function answerBrokenRequest(this: FastifyInstance, error: NodeJS.ErrnoException, socket: Socket): void {
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
