// What stands in Elasticsearch, looked at as a test needs it.
import type { Elasticsearch } from './elasticsearch';

const PAGE = 10_000;

/** Every document of a data stream, as `entity, uuid or device, time`; one that is there twice is listed twice. */
export async function documentsIn(elasticsearch: Elasticsearch, stream: string): Promise<readonly string[]> {
  await elasticsearch.request('POST', `/${stream}/_refresh?ignore_unavailable=true`);
  const opened = await elasticsearch.request('POST', `/${stream}/_pit?keep_alive=1m&ignore_unavailable=true`);
  const found: string[] = [];
  for (let after: unknown[] | undefined; ;) {
    const { body } = await elasticsearch.request('POST', '/_search', {
      size: PAGE,
      pit: { id: opened.body.id, keep_alive: '1m' },
      sort: ['_shard_doc'],
      track_total_hits: false,
      _source: ['@timestamp', 'entity', 'uuid'],
      ...(after ? { search_after: after } : {}),
    });
    const { hits } = body.hits;
    for (const { _source: source } of hits)
      found.push(`${source.entity} ${source.uuid ?? '-'} ${source['@timestamp']}`);
    if (hits.length < PAGE) break;
    after = hits.at(-1).sort;
  }
  await elasticsearch.request('DELETE', '/_pit', { id: opened.body.id });
  return found;
}

/** Each is there once: where not, a line tells it, not a hundred thousand. */
export function expectSame(found: readonly string[], expected: readonly string[]): void {
  const different = new Set(found);
  expect({ count: found.length, different: different.size }).toEqual({
    count: expected.length,
    different: expected.length,
  });
  expect(expected.filter((one) => !different.has(one)).slice(0, 5)).toEqual([]);
}
