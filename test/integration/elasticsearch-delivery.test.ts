// Documents through a proxy that fails into a real Elasticsearch: each is there once, whatever happens on the way.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@elastic/elasticsearch';
import { Packer, type OutgoingDocument } from '../../lib/sinks/elasticsearch/documents/packed';
import { DeadLetters } from '../../lib/sinks/elasticsearch/delivery/dead-letters';
import { Delivery, type Halt } from '../../lib/sinks/elasticsearch/delivery/delivery';
import {
  FAULTS,
  scripted,
  startChaosProxy,
  type ChaosProxy,
  type Decide,
  type Fault,
} from '../support/chaos-proxy';
import type { Failure } from '../../lib/sinks/elasticsearch/delivery/failure';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { until } from '../support/processes';

const STREAM = 'gpumetrics';
const TEMPLATE = {
  index_patterns: [STREAM],
  data_stream: {},
  priority: 300,
  template: {
    settings: { number_of_replicas: 0 },
    mappings: {
      dynamic: false,
      properties: {
        '@timestamp': { type: 'date_nanos' },
        run: { type: 'keyword' },
        entity: { type: 'keyword' },
        text: { type: 'text', analyzer: 'keyword' },
        value: { type: 'double' },
      },
    },
  },
};

const haltOn = (signal: AbortSignal): Halt => ({ attempts: signal, requests: signal });

const packer = new Packer();
const packed = (sent: readonly OutgoingDocument[]) => sent.map((document) => packer.pack(document));

let run = 0;

/** Documents that no other test has. */
function documents(count: number): readonly OutgoingDocument[] {
  run++;
  return Array.from({ length: count }, (_, at) => ({
    index: STREAM,
    id: `${run}-${at}`,
    source: JSON.stringify({
      '@timestamp': `2026-02-14T10:15:00.${String(at).padStart(9, '0')}Z`,
      run: String(run),
      value: at,
    }),
  }));
}

describeWithElasticsearch('delivery', {}, (elasticsearch) => {
  let folder: string;
  let proxy: ChaosProxy;
  let client: Client;
  let delivery: Delivery;
  let seen: string[];

  beforeAll(async () => {
    await elasticsearch.request('PUT', `/_index_template/${STREAM}`, TEMPLATE);
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nvpulse-delivery-'));
  });

  afterEach(async () => {
    await client.close();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function through(decide: Decide, requestTimeout = 30_000): Promise<void> {
    proxy = await startChaosProxy(elasticsearch.url, decide);
    client = new Client({ node: proxy.url, compression: true, requestTimeout });
    seen = [];
    delivery = new Delivery(client, new DeadLetters(join(folder, 'rejected.ndjson')), () =>
      seen.push(delivery.failure?.state ?? 'none'),
    );
  }

  const deliver = (sent: readonly OutgoingDocument[], doubtful = false): Promise<number> =>
    delivery.deliver(packed(sent), doubtful, haltOn(new AbortController().signal));

  /** Of this test's run: how many documents, and how many values more than one has. */
  async function there(): Promise<{ readonly count: number; readonly doubled: number }> {
    await elasticsearch.request('POST', `/${STREAM}/_refresh`);
    const { body } = await elasticsearch.request('POST', `/${STREAM}/_search`, {
      size: 0,
      track_total_hits: true,
      query: { term: { run: String(run) } },
      aggs: { doubled: { terms: { field: 'value', min_doc_count: 2 } } },
    });
    return { count: body.hits.total.value, doubled: body.aggregations.doubled.buckets.length };
  }

  test('without a fault: all created, nothing looked up', async () => {
    const paths: string[] = [];
    await through(({ path }) => {
      paths.push(path);
      return 'pass';
    });
    await deliver(documents(1000));
    expect(await there()).toEqual({ count: 1000, doubled: 0 });
    expect(delivery.counts).toEqual({ documents: 1000, duplicates: 0, rejected: 0, retries: 0 });
    expect(paths).toHaveLength(1);
    expect(seen).toEqual([]);
  });

  test.each(FAULTS)(
    '%s and a rollover after it: each document once, then nothing holds it up',
    async (fault) => {
      const script = scripted(fault);
      // Only what is never answered is waited for.
      const patience__ms = fault === 'stall' ? 1000 : undefined;
      await through(async (request, number) => {
        if (number === 1) {
          await until(() => proxy.underway() === 1);
          await elasticsearch.request('POST', `/${STREAM}/_rollover`);
        }
        return script(request, number);
      }, patience__ms);
      await deliver(documents(1000));
      expect(await there()).toEqual({ count: 1000, doubled: 0 });
      const { documents: created, duplicates, rejected } = delivery.counts;
      expect({ all: created + duplicates, rejected }).toEqual({ all: 1000, rejected: 0 });
      expect(proxy.met.get(fault)).toBeGreaterThanOrEqual(1);
      expect(delivery.failure).toBeUndefined();
    },
  );

  test('while nothing is taken the failure stands, though looking it up succeeds', async () => {
    let bulks = 0;
    await through(({ path }) => (path.startsWith('/_bulk') && ++bulks <= 3 ? '503' : 'pass'));
    await deliver(documents(10));
    expect(await there()).toEqual({ count: 10, doubled: 0 });
    expect(seen).toEqual(['retrying', 'none']);
  });

  test('a rollover between a send whose answer is lost and its retry', async () => {
    let lookedUp = false;
    await through(async ({ path }, number) => {
      if (path.startsWith('/_bulk')) return number === 0 ? 'lose_response' : 'pass';
      if (!lookedUp) {
        lookedUp = true;
        expect((await elasticsearch.request('POST', `/${STREAM}/_rollover`)).body.rolled_over).toBe(true);
      }
      return 'pass';
    });
    await deliver(documents(1000));
    expect(lookedUp).toBe(true);
    expect(await there()).toEqual({ count: 1000, doubled: 0 });
    expect(delivery.counts).toEqual({ documents: 0, duplicates: 1000, rejected: 0, retries: 1 });
  });

  test('what is doubtful is looked up before it is sent', async () => {
    await through(() => 'pass');
    const all = documents(12_000);
    await deliver(all.slice(0, 7_000));
    await elasticsearch.request('POST', `/${STREAM}/_rollover`);
    expect(await deliver(all, true)).toBe(7_000);
    expect(await there()).toEqual({ count: 12_000, doubled: 0 });
    expect(delivery.counts).toMatchObject({ documents: 12_000, duplicates: 7_000 });
  });

  test('a document that Elasticsearch never takes goes to the dead letters, with the reason', async () => {
    await through(() => 'pass');
    const [first, second, third] = documents(3);
    const bad = { ...second!, source: second!.source.replace('"value":1', '"value":"x"') };
    await deliver([first!, bad, third!]);
    expect(await there()).toEqual({ count: 2, doubled: 0 });
    expect(delivery.counts).toMatchObject({ documents: 2, rejected: 1 });
    const lines = readFileSync(join(folder, 'rejected.ndjson'), 'utf8').split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      reason: expect.stringContaining('failed to parse field [value]'),
      index: STREAM,
      id: bad.id,
      document: JSON.parse(bad.source),
    });
  });

  const IMMENSE = 'x'.repeat(40_000);
  /** Elasticsearch says of it what it also says of much that is no document's fault: illegal_argument_exception. */
  const poisoned = (document: OutgoingDocument): OutgoingDocument => ({
    ...document,
    source: document.source.replace('"value"', `"text":"${IMMENSE}","value"`),
  });

  /** Documents of other origin than this test's that are there. */
  async function probes(): Promise<number> {
    await elasticsearch.request('POST', `/${STREAM}/_refresh`);
    const { body } = await elasticsearch.request('GET', `/${STREAM}/_count?q=entity:probe`);
    return body.count;
  }

  test('a poison document among others goes to the dead letters, and the others are there', async () => {
    await through(() => 'pass');
    const before = await probes();
    const [first, second, third] = documents(3);
    await deliver([first!, poisoned(second!), third!]);
    expect(await there()).toEqual({ count: 2, doubled: 0 });
    expect(delivery.counts).toEqual({ documents: 2, duplicates: 0, rejected: 1, retries: 0 });
    expect(readFileSync(join(folder, 'rejected.ndjson'), 'utf8')).toMatch(
      /illegal_argument_exception: .*immense term/,
    );
    expect(await probes()).toBe(before);
  });

  test.each([1, 3])('%d poison documents alone in a request hold up nothing', async (count) => {
    await through(() => 'pass');
    const all = documents(count + 10);
    await deliver(all.slice(0, count).map(poisoned));
    await deliver(all.slice(count));
    expect(await there()).toEqual({ count: 10, doubled: 0 });
    expect(delivery.counts).toMatchObject({ documents: 10, rejected: count, retries: 0 });
    expect(seen).toEqual([]);
  });

  /** What holds it up; undefined where nothing does, and it is over. */
  async function held(delivered: Promise<unknown>): Promise<Failure | undefined> {
    let over = false;
    const ended = (): void => void (over = true);
    delivered.then(ended, ended);
    await until(() => over || delivery.failure !== undefined);
    return delivery.failure;
  }

  test('a default pipeline that is missing refuses, until it is there', async () => {
    await through(() => 'pass');
    await deliver(documents(1));
    const pipeline = (name: string | null) =>
      elasticsearch.request('PUT', `/${STREAM}/_settings`, { 'index.default_pipeline': name });
    await pipeline('not-there');
    const delivered = deliver(documents(10));
    expect(await held(delivered)).toEqual({
      state: 'refused',
      reason: `${STREAM} takes no documents: pipeline with id [not-there] does not exist`,
      ambiguous: false,
    });
    await pipeline(null);
    await delivered;
    expect(await there()).toEqual({ count: 10, doubled: 0 });
    expect(delivery.counts).toMatchObject({ documents: 11, rejected: 0 });
    expect(seen).toEqual(['refused', 'none']);
  });

  test('a pipeline that fails of all but the simplest document refuses, until it is mended', async () => {
    await through(() => 'pass');
    await deliver(documents(1));
    const processors = [{ convert: { field: 'run', type: 'boolean', ignore_missing: true } }];
    await elasticsearch.request('PUT', '/_ingest/pipeline/picky', { processors });
    await elasticsearch.request('PUT', `/${STREAM}/_settings`, { 'index.default_pipeline': 'picky' });
    const delivered = deliver(documents(10));
    expect(await held(delivered)).toMatchObject({
      state: 'refused',
      reason: expect.stringMatching(/takes no documents: .*is not a boolean value/),
    });
    await elasticsearch.request('PUT', `/${STREAM}/_settings`, { 'index.default_pipeline': null });
    await delivered;
    expect(await there()).toEqual({ count: 10, doubled: 0 });
    expect(delivery.counts).toMatchObject({ documents: 11, rejected: 0 });
  });

  /** A user's own pipeline, which all documents of the stream go through. */
  async function withPipeline(processors: readonly object[], work: () => Promise<void>): Promise<void> {
    const setting = (pipeline: string | null) =>
      elasticsearch.request('PUT', `/${STREAM}/_settings`, { 'index.default_pipeline': pipeline });
    await elasticsearch.request('PUT', '/_ingest/pipeline/own', { processors });
    await setting('own');
    await work();
    await setting(null);
  }

  const FUSSY: readonly (readonly [string, object])[] = [
    ['fails on purpose (500)', { fail: { if: 'ctx.value == 0', message: 'no {{value}}' } }],
    ['fails (400)', { rename: { if: 'ctx.value == 0', field: 'nothing', target_field: 'x' } }],
  ];

  test.each(FUSSY)('a document for which alone a pipeline %s is a dead letter', async (_, processor) => {
    await through(() => 'pass');
    await withPipeline([processor], async () => {
      await deliver(documents(3));
      // Alone in its request, once others were taken.
      await deliver(documents(1));
      // And where this exporter has sent nothing yet: others are there.
      await client.close();
      await proxy.close();
      await through(() => 'pass');
      await deliver(documents(1));
    });
    expect(seen).toEqual([]);
    expect(delivery.counts).toEqual({ documents: 0, duplicates: 0, rejected: 1, retries: 0 });
    const letters = readFileSync(join(folder, 'rejected.ndjson'), 'utf8').trim().split('\n');
    expect(
      letters.map((line) => (JSON.parse(line) as { document: { value: number } }).document.value),
    ).toEqual([0, 0, 0]);
    await deliver(documents(1));
    expect(await there()).toEqual({ count: 1, doubled: 0 });
  });

  test('a pipeline that fails on purpose (500) of every document refuses, until it is mended', async () => {
    await through(() => 'pass');
    await deliver(documents(1));
    let delivered: Promise<unknown> = Promise.resolve();
    await withPipeline([{ fail: { message: 'closed today' } }], async () => {
      delivered = deliver(documents(10));
      expect(await held(delivered)).toEqual({
        state: 'refused',
        reason: `${STREAM} takes no documents: closed today`,
        ambiguous: false,
      });
    });
    await delivered;
    expect(await there()).toEqual({ count: 10, doubled: 0 });
    expect(delivery.counts).toMatchObject({ documents: 11, rejected: 0 });
  });

  test('a limit of shards refuses, until it is raised', async () => {
    await through(() => 'pass');
    await deliver(documents(1));
    await elasticsearch.request('PUT', '/_index_template/jobmetrics', {
      ...TEMPLATE,
      index_patterns: ['jobmetrics'],
    });
    const limit = (shards: number | null) =>
      elasticsearch.request('PUT', '/_cluster/settings', {
        persistent: { 'cluster.max_shards_per_node': shards },
      });
    await limit(1);
    const delivered = deliver(documents(10).map((document) => ({ ...document, index: 'jobmetrics' })));
    expect(await held(delivered)).toMatchObject({
      state: 'refused',
      reason: expect.stringMatching(/^jobmetrics takes no documents: .*maximum normal shards open/),
    });
    await limit(null);
    await delivered;
    expect(delivery.counts).toMatchObject({ documents: 11, rejected: 0 });
  });

  test('a proxy that takes only small bodies gets small ones', async () => {
    await through(({ path, body }) => (path.startsWith('/_bulk') && body.length > 1000 ? '413' : 'pass'));
    await deliver(documents(2000));
    expect(await there()).toEqual({ count: 2000, doubled: 0 });
    const before = proxy.met.get('413');
    await deliver(documents(300));
    expect(await there()).toEqual({ count: 300, doubled: 0 });
    expect(proxy.met.get('413')).toBe(before);
  });

  test('a single document that is too large goes to the dead letters', async () => {
    await through(({ path, body }) => (path.startsWith('/_bulk') && body.length > 400 ? '413' : 'pass'));
    const [first, second, third] = documents(3);
    const noise = randomBytes(1000).toString('hex');
    const large = { ...second!, source: second!.source.replace('"value"', `"noise":"${noise}","value"`) };
    await deliver([first!, large, third!]);
    expect(delivery.counts).toMatchObject({ documents: 2, rejected: 1 });
    expect(await there()).toEqual({ count: 2, doubled: 0 });
  });

  test('a single document that is too large, and is there all the same, is no dead letter', async () => {
    const [only] = documents(1);
    const bulks: Fault[] = ['413_done', 'pass'];
    await through(({ path }) => (path.startsWith('/_bulk') ? (bulks.shift() ?? 'pass') : 'pass'));
    await deliver([only!]);
    expect(delivery.counts).toMatchObject({ documents: 0, duplicates: 1, rejected: 0 });
    expect(await there()).toEqual({ count: 1, doubled: 0 });
  });

  test('a proxy that takes no body at all refuses, until it does', async () => {
    let open = false;
    await through(({ path }) => (path.startsWith('/_bulk') && !open ? '413' : 'pass'));
    const delivered = deliver(documents(3));
    expect(await held(delivered)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('the request is longer than it takes'),
    });
    open = true;
    await delivered;
    expect(delivery.counts).toMatchObject({ documents: 3, rejected: 0 });
    expect(await there()).toEqual({ count: 3, doubled: 0 });
  });

  test('no template: not set up, until it is', async () => {
    await through(() => 'pass');
    const sent = documents(10).map((document) => ({ ...document, index: 'cpumetrics' }));
    const delivered = deliver(sent);
    while (delivery.failure === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(delivery.failure).toMatchObject({
      state: 'not_set_up',
      reason: expect.stringContaining('run nvpulse create-mapping'),
    });
    await elasticsearch.request('PUT', '/_index_template/cpumetrics', {
      ...TEMPLATE,
      index_patterns: ['cpumetrics'],
    });
    await delivered;
    expect(delivery.counts).toMatchObject({ documents: 10, rejected: 0 });
    expect(seen).toEqual(['not_set_up', 'none']);
  });

  test('a data stream that is read-only refuses, until it is not', async () => {
    await through(() => 'pass');
    await deliver(documents(1));
    const block = (write: boolean) =>
      elasticsearch.request('PUT', `/${STREAM}/_settings`, { 'index.blocks.write': write });
    await block(true);
    const delivered = deliver(documents(10));
    await until(() => delivery.failure !== undefined);
    expect(delivery.failure).toMatchObject({
      state: 'refused',
      reason: expect.stringMatching(/blocked by.*; free its disk, or take the block back$/),
    });
    await block(false);
    await delivered;
    expect(await there()).toEqual({ count: 10, doubled: 0 });
    expect(delivery.counts).toMatchObject({ documents: 11, duplicates: 0, rejected: 0 });
  });

  test('dead letters that cannot be written hold up the rest', async () => {
    await through(() => 'pass');
    const inTheWay = join(folder, 'a-file');
    writeFileSync(inTheWay, '');
    delivery = new Delivery(client, new DeadLetters(join(inTheWay, 'rejected.ndjson')), () => undefined);
    const [only] = documents(1);
    const stop = new AbortController();
    const delivered = delivery.deliver(packed([{ ...only!, source: '{}' }]), false, haltOn(stop.signal));
    while (delivery.failure === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(delivery.failure).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('dead letters cannot be written: file already exists'),
    });
    stop.abort(new Error('enough'));
    await expect(delivered).rejects.toThrow('enough');
    expect(delivery.counts.rejected).toBe(0);
  });
});
