// The component and index templates of the data streams, from the catalog. Pure.
import { ENTITIES, metricsOf, unitOf, type Entity, type Metric } from '../../../catalog';
import { VERSION } from '../../../version';
import { BEFORE, DRAWN, SAMPLED } from '../documents/meter';
import { IDENTITY_FIELDS, streamOf, type Stream } from '../documents/streams';

/** What Elasticsearch is told of one field. */
export interface Field {
  readonly type: 'date_nanos' | 'keyword' | 'integer' | 'long' | 'double' | 'boolean';
  /** `false`: found by doc values only, which is slower to search and smaller. */
  readonly index?: false;
  /** A longer keyword stays in the document, and is not searched for. */
  readonly ignore_above?: number;
  /** `unit`, `kind` and `description`, which Elasticsearch limits to 50 characters each. */
  readonly meta?: Readonly<Record<string, string>>;
}
/** What fields with a dot in their names have in common: `host.name` is the `name` of the object `host`. */
export interface ObjectField {
  readonly type?: 'object';
  readonly properties: Readonly<Record<string, Field>>;
}
export type Fields = Readonly<Record<string, Field | ObjectField>>;

export interface Mapping {
  readonly dynamic: false;
  readonly _meta: { readonly nvpulse: string };
  readonly properties: Fields;
}

/** Tells our templates from others', and one version's from another's. */
export interface TemplateMeta {
  /** The version of nvpulse that made it. */
  readonly nvpulse: string;
  readonly description: string;
}

interface Versioned {
  /** Grows with the version of nvpulse: 1000 for 0.1.0, 1002003 for 1.2.3. */
  readonly version: number;
  readonly _meta: TemplateMeta;
}

export interface ComponentTemplate extends Versioned {
  readonly template: {
    readonly settings: { readonly index: { readonly codec: 'best_compression' } };
    readonly mappings: Mapping;
  };
}

/** How long documents are kept, such as `30d`; for ever where there is none. */
export interface Lifecycle {
  readonly enabled: true;
  readonly data_retention?: string;
}

export interface IndexTemplate extends Versioned {
  readonly index_patterns: readonly [Stream];
  readonly data_stream: Readonly<Record<never, never>>;
  readonly priority: number;
  readonly composed_of: readonly string[];
  readonly ignore_missing_component_templates: readonly string[];
  readonly template: { readonly lifecycle?: Lifecycle };
}

/** Above the 200 to which Elastic's own templates go. */
export const PRIORITY = 500;

export const componentNameOf = (stream: Stream | '*'): string => `nvpulse-${stream}`;
/** Settings of the operator's own, which no upgrade touches; it need not be there. */
export const customNameOf = (stream: Stream): string => `${stream}@custom`;

const KEYWORD: Field = { type: 'keyword', ignore_above: 1024 };
const TIME: Field = { type: 'date_nanos' };
const NUMBER: Field = { type: 'double', index: false };
const WHOLE: Field = { type: 'long', index: false };

/** Of every document. */
const COMMON: Fields = {
  '@timestamp': TIME,
  host: { properties: { name: KEYWORD } },
  entity: KEYWORD,
  simulated: { type: 'boolean' },
  job: KEYWORD,
};

const WHOLE_IDENTITIES: readonly string[] = ['index', 'core', 'pid'];

/** What a window's document, or an event's, says beside the common fields. */
const WINDOW: Fields = {
  job_name: KEYWORD,
  job_title: KEYWORD,
  labels: KEYWORD,
  start: TIME,
  end: TIME,
  duration__s: { ...NUMBER, meta: { unit: 's', kind: 'gauge', description: 'Length of the window' } },
  status: KEYWORD,
  ended_by: KEYWORD,
  exit_code: { type: 'integer' },
  signal: KEYWORD,
  gpu_scope: KEYWORD,
  gpu_index: { type: 'integer' },
  gpu_uuid: KEYWORD,
  gpu_shared: { type: 'boolean' },
  gpu_energy__J: { ...NUMBER, meta: { unit: 'J', kind: 'gauge', description: "Energy of the job's GPUs" } },
  gpu_energy_uncertainty__J: {
    ...NUMBER,
    meta: { unit: 'J', kind: 'gauge', description: 'How far off that energy may be' },
  },
  gpu_energy_method: KEYWORD,
  complete: { type: 'boolean' },
  samples: WHOLE,
  denied: KEYWORD,
  ...meanAndMax('gpu_utilization__pct', "Over the window and the job's GPUs"),
  ...meanAndMax('gpu_memory_used__MiB', "Over the window and the job's GPUs"),
  ...meanAndMax('power_draw__W', "Over the window and the job's GPUs"),
  ...meanAndMax('gpu_temperature__C', "Over the window and the job's GPUs"),
  ...meanAndMax('cpu_utilization__pct', 'Over the window, of the host'),
  ...meanAndMax('memory_used__MiB', 'Over the window, of the host'),
  event: KEYWORD,
  text: KEYWORD,
};

function meanAndMax(name: string, over: string): Fields {
  const field = (what: string): Field => ({
    ...NUMBER,
    meta: { unit: unitOf(name), kind: 'gauge', description: `${what} ${over.toLowerCase()}` },
  });
  return { [name]: field('Mean'), [`${name}_max`]: field('Maximum') };
}

const told = (unit: string, description: string): Field => ({
  ...NUMBER,
  meta: { unit, kind: 'gauge', description },
});
const OF_JOBS: Fields = {
  job_title: KEYWORD,
  job_time__s: told('s', "Since the job's start"),
  [SAMPLED]: told('s', 'Time that it stands for, a weight in means'),
};

/** What a document has beside the catalog's metrics: it is about the documents themselves. */
const DERIVED: Readonly<Partial<Record<Stream, Fields>>> = {
  gpumetrics: {
    ...OF_JOBS,
    [DRAWN]: told('J', 'Energy since the document before; to be summed'),
    [BEFORE]: told('J', 'Of it, what was drawn before its jobs had the GPU'),
  },
  cpumetrics: OF_JOBS,
};

/** All fields of a stream's documents. */
export function fieldsOf(stream: Stream): Fields {
  if (stream === 'jobmetrics') return { ...COMMON, ...WINDOW };
  const entities = ENTITIES.filter((entity) => streamOf(entity) === stream);
  return { ...COMMON, ...identityFields(entities), ...metricFields(entities), ...DERIVED[stream] };
}

function identityFields(entities: readonly Entity[]): Fields {
  const names = entities.flatMap((entity) => IDENTITY_FIELDS[entity].map(([field]) => field));
  return Object.fromEntries(
    names.map((name) => [name, WHOLE_IDENTITIES.includes(name) ? { type: 'integer' } : KEYWORD]),
  );
}

/** A name that several entities have is one field, described as of the first. */
function metricFields(entities: readonly Entity[]): Fields {
  const metrics = new Map<string, Metric>();
  for (const metric of entities.flatMap((entity) => metricsOf(entity)))
    if (!metrics.has(metric.name)) metrics.set(metric.name, metric);
  return Object.fromEntries([...metrics.values()].flatMap(fieldsOfMetric));
}

/** Samples that are closer together than the resolution are folded: of a gauge also their extremes and the last. */
function fieldsOfMetric({ name, kind, description }: Metric): readonly (readonly [string, Field])[] {
  const unit = unitOf(name);
  const field: Field = {
    ...(kind === 'state' || (kind === 'counter' && (unit === '' || unit === 'B')) ? WHOLE : NUMBER),
    meta: { ...(unit !== '' && { unit }), kind, description: shortened(description) },
  };
  const names = kind === 'gauge' ? [name, `${name}_min`, `${name}_max`, `${name}_last`] : [name];
  return names.map((each) => [each, field]);
}

const META_LENGTH = 50;

/** Cut between words; the whole stands in docs/METRICS.md. */
function shortened(text: string): string {
  if (text.length <= META_LENGTH) return text;
  const cut = text.slice(0, META_LENGTH - 1);
  return `${cut.slice(0, cut.lastIndexOf(' ')).replace(/[,;]$/, '')}…`;
}

export interface Templates {
  readonly stream: Stream;
  readonly component: ComponentTemplate;
  readonly index: IndexTemplate;
}

const DESCRIPTIONS: Readonly<Record<Stream, string>> = {
  gpumetrics: 'GPUs, and processes on them',
  cpumetrics: "Host, memory, disks, file systems, network, cgroups, jobs' processes, and nvpulse itself",
  jobmetrics: 'Windows of jobs, and what happened in them',
};

/** @param lifecycle none where the server has no lifecycles: nothing is then rolled over or deleted by itself */
export function templatesOf(stream: Stream, lifecycle: Lifecycle | undefined): Templates {
  return { stream, component: componentOf(stream), index: indexOf(stream, lifecycle) };
}

function componentOf(stream: Stream): ComponentTemplate {
  const mappings: Mapping = {
    dynamic: false,
    _meta: { nvpulse: VERSION },
    properties: fieldsOf(stream),
  };
  return versioned(stream, { template: { settings: { index: { codec: 'best_compression' } }, mappings } });
}

function indexOf(stream: Stream, lifecycle: Lifecycle | undefined): IndexTemplate {
  return versioned(stream, {
    index_patterns: [stream],
    data_stream: {},
    priority: PRIORITY,
    composed_of: [componentNameOf(stream), customNameOf(stream)],
    ignore_missing_component_templates: [customNameOf(stream)],
    template: { ...(lifecycle && { lifecycle }) },
  });
}

function versioned<T extends object>(stream: Stream, content: T): T & Versioned {
  return {
    ...content,
    version: versionNumber(VERSION),
    _meta: { nvpulse: VERSION, description: DESCRIPTIONS[stream] },
  };
}

/** Of `1.2.3`: 1002003. What stands behind a hyphen does not count. */
export function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('-')[0]?.split('.').map(Number) ?? [];
  return (major * 1000 + minor) * 1000 + patch;
}
