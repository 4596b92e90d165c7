// What is in the data streams already. A data stream notices a duplicate only in its newest backing index, so
// whoever may be sending something a second time looks first.
import type { Client } from '@elastic/elasticsearch';
import type { PackedDocument } from '../documents/packed';
import { requested } from '../client/request';

/** Ids a search, below the 10,000 hits that Elasticsearch gives at once. */
const IDS_MAX = 5000;

/** Of shards that don't answer nothing is known: then the search fails, rather than finding nothing. */
const SEARCH = {
  ignore_unavailable: true,
  allow_partial_search_results: false,
  filter_path: 'timed_out,hits.hits._id',
} as const;

/** A host's documents, from and until both included: ISO 8601. */
export interface Stretch {
  readonly host: string;
  readonly from: string;
  /** Absent where it has no end yet. */
  readonly until?: string;
}

/**
 * Makes all that was written before visible to searches. Streams that are not there are left out.
 * @throws the client's errors; so do the others here
 */
export async function refresh(
  client: Client,
  streams: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const answer = await requested(client, signal, {
    method: 'POST',
    path: `/${streams.join(',')}/_refresh`,
    querystring: { ignore_unavailable: true },
  });
  const { _shards: shards } = answer as { readonly _shards: { readonly failed: number } };
  if (shards.failed > 0) throw new Error(`${shards.failed} shards could not be refreshed`);
}

/** Whether any document of this host is there in this time. */
export async function anyThere(
  client: Client,
  streams: readonly string[],
  { host, from, until }: Stretch,
  signal: AbortSignal,
): Promise<boolean> {
  const time = { gte: from, ...(until === undefined ? {} : { lte: until }) };
  const filter = [{ term: { 'host.name': host } }, { range: { '@timestamp': time } }];
  const answer = await requested(client, signal, {
    method: 'POST',
    path: `/${streams.join(',')}/_search`,
    querystring: SEARCH,
    body: { size: 1, _source: false, track_total_hits: false, query: { bool: { filter } } },
  });
  return idsIn(answer).length > 0;
}

/** Those of the documents that are there. */
export async function idsThere(
  client: Client,
  documents: readonly PackedDocument[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  for (const [stream, ids] of byStream(documents)) {
    for (let at = 0; at < ids.length; at += IDS_MAX) {
      const values = ids.slice(at, at + IDS_MAX);
      const answer = await requested(client, signal, {
        method: 'POST',
        path: `/${stream}/_search`,
        querystring: SEARCH,
        body: {
          // Twice as many: were one there twice, it must not hide another.
          size: values.length * 2,
          _source: false,
          track_total_hits: false,
          sort: ['_doc'],
          query: { ids: { values } },
        },
      });
      for (const id of idsIn(answer)) there.add(id);
    }
  }
  return there;
}

/** The newest document of a stream as it is kept there, but for probes; undefined where there is none. */
export async function newestIn(
  client: Client,
  stream: string,
  signal: AbortSignal,
): Promise<object | undefined> {
  const answer = await requested(client, signal, {
    method: 'POST',
    path: `/${stream}/_search`,
    querystring: { ...SEARCH, filter_path: 'timed_out,hits.hits._source' },
    body: {
      size: 1,
      track_total_hits: false,
      sort: [{ '@timestamp': 'desc' }],
      query: { bool: { must_not: { term: { entity: 'probe' } } } },
    },
  });
  return hitsIn(answer)[0]?._source;
}

export function streamsOf(documents: readonly PackedDocument[]): readonly string[] {
  return [...new Set(documents.map(({ index }) => index))];
}

function byStream(documents: readonly PackedDocument[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>();
  for (const { index, id } of documents) {
    const known = ids.get(index);
    if (known) known.push(id);
    else ids.set(index, [id]);
  }
  return ids;
}

interface SearchAnswer {
  readonly timed_out?: boolean;
  /** Absent where nothing is found: the filter leaves nothing of it. */
  readonly hits?: { readonly hits: readonly { readonly _id: string; readonly _source?: object }[] };
}

function idsIn(answer: unknown): readonly string[] {
  return hitsIn(answer).map(({ _id }) => _id);
}

/** @throws where it is no whole answer: nothing is known then */
function hitsIn(answer: unknown): NonNullable<SearchAnswer['hits']>['hits'] {
  const { timed_out, hits } = answer as SearchAnswer;
  if (timed_out !== false) throw new Error('the search was not answered to its end');
  return hits?.hits ?? [];
}
