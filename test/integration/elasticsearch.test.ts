// The servers that other tests run against: what is asked for is there, and nothing is left behind.
import { readFileSync } from 'node:fs';
import { describeWithElasticsearch } from '../support/elasticsearch';

describeWithElasticsearch('an Elasticsearch that is killed', { restarts: true }, (elasticsearch) => {
  test('keeps its data and its port', async () => {
    const { url } = elasticsearch;
    const created = await elasticsearch.request('PUT', '/kept/_doc/1?refresh', { value: 7 });
    expect(created.status).toBe(201);
    await elasticsearch.kill();
    await expect(elasticsearch.request('GET', '/')).rejects.toThrow('ECONNREFUSED');
    await elasticsearch.restart();
    expect(elasticsearch.url).toBe(url);
    const kept = await elasticsearch.request('GET', '/kept/_doc/1');
    expect(kept.body._source).toEqual({ value: 7 });
  }, 300_000);
});

describeWithElasticsearch(
  'an Elasticsearch with security and TLS',
  { security: true, tls: true },
  (elasticsearch) => {
    test('knows its superuser, and makes API keys', async () => {
      expect(elasticsearch.url).toMatch(/^https:/);
      expect(readFileSync(elasticsearch.certificates!.ca, 'utf8')).toContain('BEGIN CERTIFICATE');
      const me = await elasticsearch.request('GET', '/_security/_authenticate');
      expect(me.body.roles).toEqual(['superuser']);
      const key = await elasticsearch.request('POST', '/_security/api_key', { name: 'test' });
      expect(key.status).toBe(200);
    });
  },
);
