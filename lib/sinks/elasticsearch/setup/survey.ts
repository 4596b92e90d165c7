// What Elasticsearch holds of what we would touch, and what of it conflicts. Changes nothing.
import type { Client } from '@elastic/elasticsearch';
import { VERSION } from '../../../version';
import { explain, isResponseError } from '../client/explain';
import { componentNameOf, PRIORITY, versionNumber } from './mapping';
import { STREAMS, type Stream } from '../documents/streams';

/** A template as Elasticsearch gives it; ours has `_meta.nvpulse`. */
export interface FoundTemplate {
  readonly version?: number;
  readonly _meta?: { readonly nvpulse?: string };
}

export interface FoundIndexTemplate extends FoundTemplate {
  readonly index_patterns: string | readonly string[];
  readonly priority?: number;
  readonly template?: { readonly lifecycle?: { readonly data_retention?: string | number } };
}

/** Without a type it is an object. */
export interface FoundField {
  readonly type?: string;
}

export interface FoundDataStream {
  readonly kind: 'data stream';
  /** The index to which documents go. */
  readonly writeIndex: string;
  readonly mapping: {
    readonly _meta?: { readonly nvpulse?: string };
    readonly properties?: Readonly<Record<string, FoundField>>;
  };
  /** Settings that forbid to write or to change it, such as `index.blocks.write`. */
  readonly blocks: readonly string[];
  /** Where it has one. */
  readonly retention: string | undefined;
}

/** What bears a data stream's name. */
export type Holder =
  { readonly kind: 'nothing' | 'index' } | { readonly kind: 'alias'; readonly of: string } | FoundDataStream;

export interface Survey {
  /** Whether the server has data stream lifecycles. */
  readonly lifecycles: boolean;
  readonly components: ReadonlyMap<string, FoundTemplate>;
  readonly indexTemplates: ReadonlyMap<string, FoundIndexTemplate>;
  readonly holders: ReadonlyMap<Stream, Holder>;
}

/** @throws the client's errors */
export async function survey(client: Client): Promise<Survey> {
  const retentions = await retentionsIn(client);
  const components = await orEmpty(
    client.cluster
      .getComponentTemplate({ name: componentNameOf('*') })
      .then(({ component_templates }) => component_templates),
  );
  const { index_templates } = await client.indices.getIndexTemplate();
  const holders = new Map<Stream, Holder>();
  for (const stream of STREAMS) holders.set(stream, await holderOf(client, stream, retentions?.get(stream)));
  return {
    lifecycles: retentions !== undefined,
    components: new Map(components.map(({ name, component_template }) => [name, component_template])),
    indexTemplates: new Map(index_templates.map(({ name, index_template }) => [name, index_template])),
    holders,
  };
}

/** How long data streams are kept; undefined where the server has no lifecycles. */
async function retentionsIn(client: Client): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const name = STREAMS.map((stream) => `${stream}*`);
    const { data_streams } = await client.indices.getDataLifecycle({ name });
    return new Map(
      data_streams.flatMap(({ name, lifecycle }) =>
        lifecycle?.data_retention === undefined ? [] : [[name, String(lifecycle.data_retention)]],
      ),
    );
  } catch (error) {
    if (/no handler found/.test(explain(error).message)) return undefined;
    throw error;
  }
}

async function holderOf(client: Client, stream: Stream, retention: string | undefined): Promise<Holder> {
  const [found] = await orEmpty(client.indices.resolveIndex({ name: stream }).then((answer) => [answer]));
  const [alias] = found?.aliases ?? [];
  if (alias) return { kind: 'alias', of: listOf(alias.indices).join(', ') };
  if (found?.indices.length) return { kind: 'index' };
  const writeIndex = listOf(found?.data_streams[0]?.backing_indices ?? []).at(-1);
  if (writeIndex === undefined) return { kind: 'nothing' };
  const answer = await client.indices.get({ index: writeIndex, flat_settings: true });
  const { mappings = {}, settings = {} } = answer[writeIndex] ?? {};
  const blocks = Object.entries(settings).flatMap(([name, value]) =>
    /^index\.blocks\.(read_only|read_only_allow_delete|write|metadata)$/.test(name) && `${value}` === 'true'
      ? [name]
      : [],
  );
  return { kind: 'data stream', writeIndex, mapping: mappings, blocks, retention };
}

const listOf = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** What is not there is no error here. */
async function orEmpty<T>(answer: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await answer;
  } catch (error) {
    if (isResponseError(error) && error.statusCode === 404) return [];
    throw error;
  }
}

/** Why a stream cannot be set up, each with its remedy. */
export function conflictsOf(stream: Stream, found: Survey): readonly string[] {
  return [
    ...holderConflict(stream, found.holders.get(stream)),
    ...ownership(
      `component template ${componentNameOf(stream)}`,
      found.components.get(componentNameOf(stream)),
    ),
    ...ownership(`index template ${stream}`, found.indexTemplates.get(stream)),
    ...[...found.indexTemplates].flatMap(([name, template]) => rivalry(stream, name, template)),
  ];
}

function holderConflict(stream: Stream, holder: Holder | undefined): readonly string[] {
  switch (holder?.kind) {
    case 'index':
      return [
        `${stream} is an index of another origin, an older monitoring's perhaps, where the data stream ${stream} must be; keep it under another name (_reindex), then delete it`,
      ];
    case 'alias':
      return [
        `${stream} is an alias (of ${holder.of}), where the data stream ${stream} must be; remove the alias`,
      ];
    case 'data stream':
      if (holder.mapping._meta?.nvpulse === undefined)
        return [
          `the data stream ${stream} was not set up by nvpulse; keep it under another name (_reindex), then delete it`,
        ];
      return holder.blocks.length === 0
        ? []
        : [`the data stream ${stream} is read-only (${holder.blocks.join(', ')}); take the block back`];
    default:
      return [];
  }
}

function ownership(what: string, template: FoundTemplate | undefined): readonly string[] {
  if (!template) return [];
  const { version = 0, _meta } = template;
  if (_meta?.nvpulse === undefined)
    return [`the ${what} was not made by nvpulse; delete it, or keep it under another name`];
  return version > versionNumber(VERSION)
    ? [`the ${what} was made by nvpulse ${_meta.nvpulse}, newer than this ${VERSION}; use that one`]
    : [];
}

function rivalry(stream: Stream, name: string, template: FoundIndexTemplate): readonly string[] {
  const { priority = 0, index_patterns } = template;
  if (name === stream || priority < PRIORITY) return [];
  const pattern = listOf(index_patterns).find((candidate) => matches(candidate, stream));
  return pattern === undefined
    ? []
    : [
        `the index template ${name} takes ${pattern} at priority ${priority}, before ours (${PRIORITY}); lower its priority`,
      ];
}

/** Elasticsearch's patterns: `*` is any text. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
