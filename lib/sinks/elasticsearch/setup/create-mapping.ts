// Puts the templates into Elasticsearch, and new fields into data streams that are there. It first looks at all that
// it will touch: where something conflicts, nothing is changed.
import type { Client } from '@elastic/elasticsearch';
import { NvpulseError } from '../../../errors';
import { VERSION } from '../../../version';
import { identify } from '../client/connection';
import { explain } from '../client/explain';
import { componentNameOf, templatesOf, type Lifecycle, type Templates } from './mapping';
import { STREAMS, type Stream } from '../documents/streams';
import { conflictsOf, survey, type FoundDataStream, type FoundTemplate, type Survey } from './survey';
import { covers, otherTypes } from './template-compare';

export interface CreateMappingOptions {
  /** Of `connect`. */
  readonly client: Client;
  /** How long documents are kept: a number and `d`, `h` or `m`. @default what was set before, else for ever */
  readonly retention?: string;
  /** Changes nothing, and tells what would change. @default false */
  readonly dryRun?: boolean;
}

export interface MappingChange {
  /** Such as `index template gpumetrics`. */
  readonly what: string;
  readonly change: 'created' | 'updated' | 'unchanged';
  /** How; empty where it needs no word. */
  readonly detail: string;
}

export interface CreateMappingResult {
  /** In the order in which they are made. */
  readonly changes: readonly MappingChange[];
  /** What this server cannot do, a line each. */
  readonly remarks: readonly string[];
}

/** A change, and the request that makes it; none where nothing changes. */
interface Step extends MappingChange {
  readonly request?: { readonly method: 'PUT' | 'POST'; readonly path: string; readonly body?: object };
}

/**
 * A second time changes nothing.
 * @throws ERR_OPTION where `retention` is no such time; ERR_ELASTICSEARCH where the server cannot be reached or does
 * not let us, and where what it holds conflicts (an index or alias of that name, another's template, a newer nvpulse's)
 */
export async function createMapping(options: CreateMappingOptions): Promise<CreateMappingResult> {
  const { client, dryRun = false } = options;
  const retention = options.retention === undefined ? undefined : checkedRetention(options.retention);
  await identify(client);
  try {
    const found = await survey(client);
    const conflicts = new Set(STREAMS.flatMap((stream) => conflictsOf(stream, found)));
    if (conflicts.size > 0)
      throw new NvpulseError('ERR_ELASTICSEARCH', `nothing is changed: ${[...conflicts].join('; ')}`);
    const steps = planOf(found, retention);
    if (!dryRun) for (const { request } of steps) if (request) await client.transport.request(request);
    const changes = steps.map(({ what, change, detail }) => ({ what, change, detail }));
    return { changes, remarks: remarksOf(found, retention) };
  } catch (error) {
    if (error instanceof NvpulseError) throw error;
    const { kind, message } = explain(error);
    // Our own bug.
    if (kind === 'unexpected') throw error;
    throw new NvpulseError('ERR_ELASTICSEARCH', message, { cause: error });
  }
}

function checkedRetention(text: string): string {
  if (/^[1-9]\d*[dhm]$/.test(text)) return text;
  throw new NvpulseError(
    'ERR_OPTION',
    `retention: '${text}' is not a time to keep documents; allowed is a number and a unit (d h m), such as 30d`,
  );
}

function remarksOf({ lifecycles }: Survey, retention: string | undefined): readonly string[] {
  if (lifecycles) return [];
  const lost = retention === undefined ? '' : `; a retention of ${retention} is not set`;
  return [`this server has no data stream lifecycle: nothing is rolled over or deleted by itself${lost}`];
}

/** Templates first: a data stream that is made or rolled over afterwards has what is in them. */
function planOf(found: Survey, retention: string | undefined): readonly Step[] {
  const all = STREAMS.map((stream) => templatesOf(stream, lifecycleOf(stream, found, retention)));
  const dataStreams = all.flatMap((wanted) => {
    const holder = found.holders.get(wanted.stream);
    if (holder?.kind !== 'data stream') return [];
    const kept = retentionStep(wanted.stream, holder, found.lifecycles ? retention : undefined);
    return [mappingStep(holder, wanted), ...(kept ? [kept] : [])];
  });
  return [
    ...all.map(({ stream, component }) => {
      const name = componentNameOf(stream);
      return templateStep('component', name, found.components.get(name), component);
    }),
    ...all.map(({ stream, index }) => templateStep('index', stream, found.indexTemplates.get(stream), index)),
    ...dataStreams,
  ];
}

/** Where no retention is asked for, the one that was set before stays. */
function lifecycleOf(stream: Stream, found: Survey, retention: string | undefined): Lifecycle | undefined {
  if (!found.lifecycles) return undefined;
  const kept = retention ?? found.indexTemplates.get(stream)?.template?.lifecycle?.data_retention;
  return { enabled: true, ...(kept !== undefined && { data_retention: `${kept}` }) };
}

function templateStep(
  kind: 'component' | 'index',
  name: string,
  before: FoundTemplate | undefined,
  wanted: object,
): Step {
  const what = `${kind} template ${name}`;
  const request = { method: 'PUT', path: `/_${kind}_template/${name}`, body: wanted } as const;
  if (!before) return { what, change: 'created', detail: '', request };
  if (covers(before, wanted)) return { what, change: 'unchanged', detail: '' };
  const version = before._meta?.nvpulse ?? '';
  return {
    what,
    change: 'updated',
    detail: version === VERSION ? '' : `from ${version} to ${VERSION}`,
    request,
  };
}

/** New fields come into the index to which documents go; another type of a field only into a new index. */
function mappingStep({ mapping }: FoundDataStream, { stream, component }: Templates): Step {
  const what = `data stream ${stream}`;
  const wanted = component.template.mappings;
  const changed = otherTypes(mapping.properties ?? {}, wanted.properties);
  if (changed.length > 0) {
    const request = { method: 'POST', path: `/${stream}/_rollover` } as const;
    return { what, change: 'updated', detail: `rolled over, for ${changed.join(', ')}`, request };
  }
  if (covers(mapping, wanted)) return { what, change: 'unchanged', detail: '' };
  const fields = Object.keys(wanted.properties).filter((name) => !(name in (mapping.properties ?? {})));
  const path = `/${stream}/_mapping?write_index_only=true`;
  return {
    what,
    change: 'updated',
    detail: fields.length === 0 ? '' : `new: ${fields.join(', ')}`,
    request: { method: 'PUT', path, body: wanted },
  };
}

/** The template's holds for data streams made afterwards; one that is there has its own. */
function retentionStep(
  stream: Stream,
  { retention: before }: FoundDataStream,
  wanted: string | undefined,
): Step | undefined {
  if (wanted === undefined) return undefined;
  const what = `retention of ${stream}`;
  if (before === wanted) return { what, change: 'unchanged', detail: '' };
  return {
    what,
    change: 'updated',
    detail: `${before ?? 'for ever'} to ${wanted}`,
    request: { method: 'PUT', path: `/_data_stream/${stream}/_lifecycle`, body: { data_retention: wanted } },
  };
}
