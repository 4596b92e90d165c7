// The JSON schemas of what goes over HTTP: requests are checked by them, and the API's description is made of them.
import { STEPS } from './names';

// Patterns hold the characters themselves, so that they mean the same in every language's expressions.
/** No control characters. */
export const NO_CONTROL = '^[^\u0000-\u001f\u007f-\u009f]*$';
/** The same, but tabs and line breaks. */
export const NO_CONTROL_BUT_LAYOUT = '^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$';
export const DURATION = '^[0-9]+([.][0-9]+)?(us|ms|s|m|h)?$';

const id = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: NO_CONTROL,
  not: { enum: STEPS },
  description: 'No control characters, and neither . nor .., which no URL can name.',
} as const;
const name = { type: 'string', minLength: 1, maxLength: 256, pattern: NO_CONTROL } as const;
const time = { type: 'string', description: 'ISO 8601 UTC with nine decimals.' } as const;
const duration = { type: 'string', minLength: 1, maxLength: 32, pattern: DURATION } as const;
const labels = {
  type: 'object',
  maxProperties: 64,
  propertyNames: { type: 'string', minLength: 1, maxLength: 128, pattern: NO_CONTROL },
  additionalProperties: { type: 'string', maxLength: 1024, pattern: NO_CONTROL_BUT_LAYOUT },
} as const;

export const START_REQUEST = {
  type: 'object',
  additionalProperties: false,
  properties: {
    id: {
      ...id,
      description: `A start that is sent again under its id starts nothing new. Made up where absent. ${id.description}`,
    },
    name: { ...name, description: 'Defaults to the id.' },
    labels,
    gpus: {
      type: 'array',
      maxItems: 256,
      items: {
        anyOf: [
          { type: 'integer', minimum: 0 },
          { type: 'string', minLength: 1, maxLength: 128, pattern: NO_CONTROL },
        ],
      },
      description: "The job's GPUs, by index or UUID; an empty list: none.",
    },
    pid: {
      type: 'integer',
      minimum: 1,
      description: "The job's first process, where the server runs. The window ends when it is gone.",
    },
    cgroup: {
      type: 'string',
      minLength: 2,
      maxLength: 4096,
      pattern: NO_CONTROL,
      description: "The job's cgroup v2 folder, below /sys/fs/cgroup. The window ends when it is gone.",
    },
    lease: {
      ...duration,
      description: 'The job ends after this time unless renewed: 1s to 8760h. Default 24h.',
    },
    interval: { ...duration, description: "Time between readings: 1ms to 1h. Default the server's." },
  },
} as const;

export const STOP_REQUEST = {
  type: 'object',
  additionalProperties: false,
  properties: {
    status: {
      type: 'string',
      maxLength: 256,
      pattern: NO_CONTROL,
      description: 'What became of the job, such as Succeeded.',
    },
  },
} as const;

export const RENEW_REQUEST = {
  type: 'object',
  additionalProperties: false,
  properties: { lease: { ...duration, description: 'Default: the lease so far.' } },
} as const;

export const MARK_REQUEST = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name },
} as const;

export const JOB_PARAMS = { type: 'object', required: ['id'], properties: { id } } as const;

export const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: { type: 'string', enum: ['open'], description: 'Only jobs whose window is open.' },
    name: { ...name, description: 'Only jobs of this name.' },
  },
} as const;

export const WAIT_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { wait: { ...duration, description: 'The longest time to wait: 1ms to 60s. Default: none.' } },
} as const;

export const BATCHES_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    entity: { type: 'string', maxLength: 256, description: 'Only these entities, separated by commas.' },
  },
} as const;

const nullable = (schema: { readonly type: string }) => ({ ...schema, type: [schema.type, 'null'] });

const JOB_PROPERTIES = {
  id,
  name,
  labels: { type: 'object', additionalProperties: { type: 'string' } },
  state: { type: 'string', enum: ['open', 'ended'] },
  start: time,
  end: nullable(time),
  ended_by: { type: ['string', 'null'], enum: ['stop', 'lease', 'gone', null] },
  status: { type: ['string', 'null'] },
  lease__s: { type: 'number' },
  deadline: { ...time, description: 'When the lease runs out.' },
  interval__ms: { type: 'number' },
  gpu_scope: { type: 'string', enum: ['named', 'process', 'node'] },
  gpu_uuid: {
    type: 'array',
    items: { type: 'string' },
    description: 'Of scope node none are listed: all are meant.',
  },
  gpu_shared: {
    type: 'boolean',
    description: "Another job's window overlapped on one of its GPUs: their energy is in both summaries.",
  },
  pid: { type: ['integer', 'null'] },
  cgroup: { type: ['string', 'null'] },
} as const;

export const JOB = {
  type: 'object',
  required: Object.keys(JOB_PROPERTIES),
  properties: JOB_PROPERTIES,
} as const;

export const JOB_DETAIL = {
  type: 'object',
  required: [...Object.keys(JOB_PROPERTIES), 'summary'],
  properties: {
    ...JOB_PROPERTIES,
    summary: {
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'See summary.schema.json. Null while the window is open, and shortly after.',
    },
  },
} as const;

export const JOB_LIST = {
  type: 'object',
  required: ['jobs'],
  properties: { jobs: { type: 'array', items: JOB } },
} as const;

export const DOCUMENTS = {
  type: 'object',
  required: ['id', 'documents'],
  properties: {
    id,
    documents: { type: 'string', enum: ['open', 'pending', 'spooled', 'acknowledged', 'rejected'] },
    rejected: {
      type: 'integer',
      description: 'How many Elasticsearch will never take, where there are any; it has the others.',
    },
    reason: { type: 'string', description: 'What holds them up, where something does.' },
  },
} as const;

export const MARK = {
  type: 'object',
  required: ['time'],
  properties: { time },
} as const;

export const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong, and what to do.' },
  },
} as const;

export const READY = {
  type: 'object',
  required: ['ready'],
  properties: { ready: { type: 'boolean' } },
} as const;

export const HEALTH = {
  type: 'object',
  required: ['status', 'reasons'],
  properties: {
    status: { type: 'string', enum: ['ok', 'degraded'] },
    reasons: { type: 'array', items: { type: 'string' }, description: 'Why it is not ok, a sentence each.' },
  },
  additionalProperties: true,
} as const;
