// The routes of the API, over the monitor and what watches it.
import type { Ajv } from 'ajv';
import { ENTITIES, type Entity } from '../catalog';
import { NvpulseError } from '../errors';
import { formatUtc, parseDuration } from '../time';
import type {
  JobDetail,
  JobDocuments,
  JobList,
  MarkRequest,
  RenewRequest,
  StartRequest,
  StopRequest,
} from './api';
import type { Health } from './health';
import type { Monitor } from './monitor';
import { problem, problemAnswer, PROBLEM_TYPE } from './problems';
import { routeMaker, type ResponseDescription, type Route, type RouteMaker, type Schema } from './route';
import * as schemas from './schemas';
import { STREAM_HEADERS, type LiveStream } from './stream';

/** What the API is about. */
export interface ApiSubject {
  readonly monitor: Monitor;
  readonly stream: LiveStream;
  readonly health: () => Health;
  /** Whether starts and stops can be kept now; the reason where not. */
  readonly ready: () => string | null;
  readonly documents: (id: string, wait__ms: number) => Promise<JobDocuments>;
}

interface JobParams {
  readonly id: string;
}

const WAIT_RANGE = { min: '1ms', max: '60s' } as const;

const content = (type: string, description: string, schema: Schema): ResponseDescription => ({
  description,
  content: { [type]: { schema } },
});
const json = (description: string, schema: Schema): ResponseDescription =>
  content('application/json', description, schema);

const PROBLEMS = {
  '4XX': content(PROBLEM_TYPE, 'What is wrong with the request.', schemas.PROBLEM),
  '5XX': content(PROBLEM_TYPE, 'What cannot be done now.', schemas.PROBLEM),
} as const;

export function routesOver(subject: ApiSubject, ajv: Ajv): readonly Route[] {
  const route = routeMaker(ajv);
  return [...changingJobs(route, subject), ...showingJobs(route, subject), ...watching(route, subject)];
}

function changingJobs(route: RouteMaker, { monitor }: ApiSubject): readonly Route[] {
  return [
    route<{ body: StartRequest }>(
      {
        method: 'POST',
        path: '/v1/jobs',
        summary: 'Start a job',
        description:
          'Opens a window. Durable when answered. Sent again under its id it starts nothing new (200).',
        body: schemas.START_REQUEST,
        responses: {
          200: json('The job, which was open already.', schemas.JOB),
          201: json('The job.', schemas.JOB),
          ...PROBLEMS,
        },
      },
      async ({ body }) => {
        const { created, job } = await monitor.start(body);
        const location = `/v1/jobs/${encodeURIComponent(job.id)}`;
        return { status: created ? 201 : 200, headers: { location }, body: job };
      },
    ),
    route<{ params: JobParams; body: StopRequest }>(
      {
        method: 'POST',
        path: '/v1/jobs/{id}/stop',
        summary: 'Stop a job',
        description: 'Ends its window now. Durable when answered. Sent again it changes nothing.',
        params: schemas.JOB_PARAMS,
        body: schemas.STOP_REQUEST,
        responses: { 200: json('The job.', schemas.JOB), ...PROBLEMS },
      },
      async ({ params, body }) => ({ status: 200, body: await monitor.stop(params.id, body.status) }),
    ),
    route<{ params: JobParams; body: RenewRequest }>(
      {
        method: 'POST',
        path: '/v1/jobs/{id}/renew',
        summary: 'Renew the lease of a job',
        description: 'It counts from now on. Durable when answered.',
        params: schemas.JOB_PARAMS,
        body: schemas.RENEW_REQUEST,
        responses: { 200: json('The job.', schemas.JOB), ...PROBLEMS },
      },
      async ({ params, body }) => ({ status: 200, body: await monitor.renew(params.id, body.lease) }),
    ),
    route<{ params: JobParams; body: MarkRequest }>(
      {
        method: 'POST',
        path: '/v1/jobs/{id}/marks',
        summary: 'Mark a moment of a job',
        params: schemas.JOB_PARAMS,
        body: schemas.MARK_REQUEST,
        responses: { 201: json('When it was marked.', schemas.MARK), ...PROBLEMS },
      },
      async ({ params, body }) => ({
        status: 201,
        body: { time: formatUtc(await monitor.mark(params.id, body.name)) },
      }),
    ),
  ];
}

function showingJobs(route: RouteMaker, { monitor, documents }: ApiSubject): readonly Route[] {
  return [
    route<{ querystring: { readonly state?: 'open'; readonly name?: string } }>(
      {
        method: 'GET',
        path: '/v1/jobs',
        summary: 'List the jobs',
        description:
          'Oldest first; of those that ended the latest 1000, and those whose summary waits for Elasticsearch.',
        querystring: schemas.LIST_QUERY,
        responses: { 200: json('The jobs.', schemas.JOB_LIST), ...PROBLEMS },
      },
      ({ querystring: { state, name } }) => {
        const body: JobList = { jobs: monitor.list({ open: state === 'open', name }) };
        return { status: 200, body };
      },
    ),
    route<{ params: JobParams }>(
      {
        method: 'GET',
        path: '/v1/jobs/{id}',
        summary: 'Show a job, with its summary once it has ended',
        params: schemas.JOB_PARAMS,
        responses: { 200: json('The job.', schemas.JOB_DETAIL), ...PROBLEMS },
      },
      async ({ params: { id } }) => {
        const job = monitor.show(id);
        const body: JobDetail = { ...job, summary: (await monitor.summaryOf(id)) ?? null };
        return { status: 200, body };
      },
    ),
    route<{ params: JobParams; querystring: { readonly wait?: string } }>(
      {
        method: 'GET',
        path: '/v1/jobs/{id}/documents',
        summary: 'Where the documents of a job are, waiting until they are acknowledged',
        params: schemas.JOB_PARAMS,
        querystring: schemas.WAIT_QUERY,
        responses: { 200: json('How far they have come.', schemas.DOCUMENTS), ...PROBLEMS },
      },
      async ({ params: { id }, querystring: { wait } }) => {
        const wait__ms = wait === undefined ? 0 : parseDuration(wait, 'wait', WAIT_RANGE) / 1e6;
        return { status: 200, body: await documents(id, wait__ms) };
      },
    ),
  ];
}

function watching(route: RouteMaker, { stream, health, ready }: ApiSubject): readonly Route[] {
  return [
    route<{ querystring: { readonly entity?: string } }>(
      {
        method: 'GET',
        path: '/v1/batches',
        summary: 'Live batches as server-sent events',
        description:
          'Events `batch` with {entity, rows}, and `skipped` with {rows} where the client was too slow for some.',
        querystring: schemas.BATCHES_QUERY,
        responses: { 200: content('text/event-stream', 'The events.', { type: 'string' }), ...PROBLEMS },
      },
      ({ querystring }) => {
        const entities = entitiesIn(querystring.entity);
        if (stream.full) throw new NvpulseError('ERR_SERVER', 'too many clients follow the live batches');
        return { headers: STREAM_HEADERS, stream: (response) => stream.add(response, entities) };
      },
    ),
    route(
      {
        method: 'GET',
        path: '/health',
        summary: 'Whether all is well',
        responses: {
          200: json('All is well.', schemas.HEALTH),
          503: json('Something is not.', schemas.HEALTH),
          '4XX': PROBLEMS['4XX'],
        },
      },
      () => {
        const facts = health();
        return { status: facts.status === 'ok' ? 200 : 503, body: facts };
      },
    ),
    route(
      {
        method: 'GET',
        path: '/ready',
        summary: 'Whether jobs can be started and stopped',
        responses: { 200: json('They can.', schemas.READY), ...PROBLEMS },
      },
      () => {
        const reason = ready();
        return reason === null ? { status: 200, body: { ready: true } } : problemAnswer(problem(503, reason));
      },
    ),
  ];
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
