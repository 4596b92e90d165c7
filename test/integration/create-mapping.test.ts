// nvpulse create-mapping against a real Elasticsearch: what it sets up, that it changes nothing twice, and that it
// changes nothing at all where something conflicts.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { metricsOf } from '../../lib/catalog';
import { templatesOf } from '../../lib/sinks/elasticsearch/setup/mapping';
import { type STREAMS } from '../../lib/sinks/elasticsearch/documents/streams';
import { VERSION } from '../../lib/version';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { nvpulseIn, stateFolder, type Ending } from '../support/nvpulse';

const { run } = nvpulseIn(stateFolder());
const TEMPLATES = [
  'component template nvpulse-gpumetrics',
  'component template nvpulse-cpumetrics',
  'component template nvpulse-jobmetrics',
  'index template gpumetrics',
  'index template cpumetrics',
  'index template jobmetrics',
];

describeWithElasticsearch('create-mapping', {}, (elasticsearch) => {
  const createMapping = (...args: readonly string[]): Promise<Ending> =>
    run(['create-mapping', '--url', elasticsearch.url, ...args]);

  /** All that it could change, with the times of the last changes. */
  async function state(): Promise<unknown> {
    const paths = [
      '/_component_template',
      '/_index_template',
      '/_resolve/index/*',
      '/*/_mapping',
      '/*/_settings',
    ];
    return Promise.all(paths.map(async (path) => (await elasticsearch.request('GET', path)).body));
  }

  const send = async (index: string, document: object): Promise<{ status: number; error?: unknown }> => {
    const lines = [{ create: {} }, { '@timestamp': '2026-01-02T03:04:05.123456789Z', ...document }];
    const { body } = await elasticsearch.request(
      'POST',
      `/${index}/_bulk?require_data_stream=true&refresh=true`,
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    return body.items[0].create;
  };

  const put = async (path: string, body: object): Promise<void> => {
    const answer = await elasticsearch.request('PUT', path, body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  };

  /** Refused in one line, and nothing is changed. */
  async function refused(line: string): Promise<void> {
    const before = await state();
    const { code, stdout, stderr } = await createMapping();
    expect(stderr).toBe(`nvpulse create-mapping: nothing is changed: ${line}\n`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await state()).toEqual(before);
  }

  /** Of the version before the first, which knew less. */
  async function older(stream: (typeof STREAMS)[number], forget: string, type?: string): Promise<void> {
    const { component, index } = templatesOf(stream, undefined);
    const { [forget]: _forgotten, ...properties } = component.template.mappings.properties;
    const _meta = { ...component._meta, nvpulse: '0.0.9' };
    const mappings = {
      ...component.template.mappings,
      _meta: { nvpulse: '0.0.9' },
      properties: { ...properties, ...(type && { [forget]: { type } }) },
    };
    const template = { ...component.template, mappings };
    await put(`/_component_template/nvpulse-${stream}`, { ...component, template, version: 9, _meta });
    await put(`/_index_template/${stream}`, { ...index, version: 9, _meta });
  }

  test('a dry run tells what it would do, and does nothing', async () => {
    const before = await state();
    const { code, stdout } = await createMapping('--dry-run');
    expect(code).toBe(0);
    expect(stdout).toBe(TEMPLATES.map((what) => `${what}: would be created\n`).join(''));
    expect(await state()).toEqual(before);
  });

  test('an upgrade brings new fields into data streams that are there', async () => {
    await older('cpumetrics', 'load_1min');
    expect(await send('cpumetrics', { entity: 'host', load_1min: 1 })).toMatchObject({ status: 201 });
    const { code, stdout } = await createMapping();
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        `component template nvpulse-cpumetrics: updated (from 0.0.9 to ${VERSION})`,
        `index template cpumetrics: updated (from 0.0.9 to ${VERSION})`,
        'index template gpumetrics: created',
        'data stream cpumetrics: updated (new: load_1min)',
      ]),
    );
    expect(await send('cpumetrics', { entity: 'host', load_1min: 3 })).toMatchObject({ status: 201 });
    const { body } = await elasticsearch.request('POST', '/cpumetrics/_search', {
      aggs: { load: { avg: { field: 'load_1min' } } },
    });
    // The first came before the field was known.
    expect(body.aggregations.load.value).toBe(3);
  });

  test('a second run changes nothing', async () => {
    const before = await state();
    const { code, stdout } = await createMapping();
    expect(code).toBe(0);
    expect(stdout).toBe(
      [...TEMPLATES, 'data stream cpumetrics'].map((what) => `${what}: unchanged\n`).join(''),
    );
    expect(await state()).toEqual(before);
  });

  test('a field of another type comes with a new index', async () => {
    await elasticsearch.request('DELETE', '/_index_template/gpumetrics');
    await older('gpumetrics', 'process_num', 'keyword');
    expect(await send('gpumetrics', { entity: 'gpu', process_num: 'three' })).toMatchObject({ status: 201 });
    const { code, stdout } = await createMapping();
    expect(code).toBe(0);
    expect(stdout).toContain(
      'data stream gpumetrics: updated (rolled over, for process_num from keyword to double)\n',
    );
    expect((await createMapping()).stdout).toContain('data stream gpumetrics: unchanged\n');
  });

  test('documents are found by what they say, to the nanosecond', async () => {
    const gpu = { 'host.name': 'node-1', entity: 'gpu', job: ['a', 'b'], uuid: 'GPU-3', unknown_field: 'x' };
    for (const [index, value] of [
      [3, 40],
      [3, 87.5],
      [4, 5],
    ])
      expect(await send('gpumetrics', { ...gpu, index, gpu_utilization__pct: value })).toMatchObject({
        status: 201,
      });
    const { body } = await elasticsearch.request('POST', '/gpumetrics/_search', {
      query: {
        bool: {
          filter: [
            { query_string: { query: 'index:3 AND job:b AND host.name:node-1' } },
            {
              range: {
                '@timestamp': {
                  gte: '2026-01-02T03:04:05.123456789Z',
                  lte: '2026-01-02T03:04:05.123456789Z',
                },
              },
            },
          ],
        },
      },
      aggs: {
        mean: { avg: { field: 'gpu_utilization__pct' } },
        jobs: { terms: { field: 'job', order: { _key: 'asc' } } },
      },
    });
    expect(body.hits.total.value).toBe(2);
    expect(body.aggregations.mean.value).toBe(63.75);
    expect(body.aggregations.jobs.buckets).toEqual([
      { key: 'a', doc_count: 2 },
      { key: 'b', doc_count: 2 },
    ]);
    const earlier = await elasticsearch.request('POST', '/gpumetrics/_count', {
      query: { range: { '@timestamp': { lt: '2026-01-02T03:04:05.123456789Z' } } },
    });
    expect(earlier.body.count).toBe(0);
    const unknown = await elasticsearch.request('POST', '/gpumetrics/_count', {
      query: { exists: { field: 'unknown_field' } },
    });
    expect(unknown.body.count).toBe(0);
  });

  test('every metric of the catalog has a field, with its unit', async () => {
    const { body } = await elasticsearch.request('GET', '/_component_template/nvpulse-gpumetrics');
    const { properties } = body.component_templates[0].component_template.template.mappings;
    for (const { name } of [...metricsOf('gpu'), ...metricsOf('gpu_process')])
      expect(properties).toHaveProperty(name);
    expect(properties.power_draw__W_max).toEqual({
      type: 'double',
      index: false,
      meta: { unit: 'W', kind: 'gauge', description: 'Power drawn; a mean of 1 s on Ampere (but GA100)…' },
    });
    expect(properties).not.toHaveProperty('energy__J_max');
  });

  test('documents are kept for the time asked for, where the server has lifecycles', async () => {
    const proxy = await withLifecycles(elasticsearch.url);
    const createWith = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { code, stdout, stderr } = await run(['create-mapping', '--url', proxy.url, ...args]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout.split('\n').filter((line) => line !== '' && !line.endsWith(': unchanged'));
    };
    const retention = async (): Promise<unknown> =>
      (await elasticsearch.request('GET', '/_index_template/gpumetrics')).body.index_templates[0]
        .index_template.template.lifecycle;
    try {
      expect(await createWith()).toEqual([
        'index template gpumetrics: updated',
        'index template cpumetrics: updated',
        'index template jobmetrics: updated',
      ]);
      expect(await retention()).toEqual({ enabled: true });
      expect(await createWith('--retention', '30d')).toEqual([
        'index template gpumetrics: updated',
        'index template cpumetrics: updated',
        'index template jobmetrics: updated',
        'retention of gpumetrics: updated (for ever to 30d)',
        'retention of cpumetrics: updated (for ever to 30d)',
      ]);
      expect(proxy.lifecycles).toEqual(
        new Map([
          ['gpumetrics', { data_retention: '30d' }],
          ['cpumetrics', { data_retention: '30d' }],
        ]),
      );
      expect(await createWith('--retention', '30d')).toEqual([]);
      // What was set before stays.
      expect(await createWith()).toEqual([]);
      expect(await retention()).toEqual({ enabled: true, data_retention: '30d' });
    } finally {
      await proxy.close();
    }
    const { stderr } = await createMapping('--retention', '7d');
    expect(stderr).toBe(
      'nvpulse create-mapping: this server has no data stream lifecycle: nothing is rolled over or deleted by itself; a retention of 7d is not set\n',
    );
  });

  test('settings of the operator stay', async () => {
    await put('/_component_template/jobmetrics@custom', {
      template: { settings: { 'index.number_of_replicas': 0 } },
    });
    expect((await createMapping()).stdout).toContain('index template jobmetrics: unchanged\n');
    const { body } = await elasticsearch.request('POST', '/_index_template/_simulate_index/jobmetrics');
    expect(body.template.settings.index).toMatchObject({
      number_of_replicas: '0',
      codec: 'best_compression',
    });
  });

  test('an index or an alias of that name conflicts', async () => {
    await elasticsearch.request('DELETE', '/_index_template/jobmetrics');
    await put('/jobmetrics', {});
    await refused(
      "jobmetrics is an index of another origin, an older monitoring's perhaps, where the data stream jobmetrics must be; keep it under another name (_reindex), then delete it",
    );
    await elasticsearch.request('DELETE', '/jobmetrics');
    await put('/elsewhere', { aliases: { jobmetrics: {} } });
    await refused(
      'jobmetrics is an alias (of elsewhere), where the data stream jobmetrics must be; remove the alias',
    );
    await elasticsearch.request('DELETE', '/elsewhere');
  });

  test("another's template conflicts", async () => {
    await put('/_index_template/all', { index_patterns: ['x', '*metrics'], priority: 700, data_stream: {} });
    await refused(
      'the index template all takes *metrics at priority 700, before ours (500); lower its priority',
    );
    // One that gives way does not.
    await put('/_index_template/all', { index_patterns: ['*metrics'], priority: 200, data_stream: {} });
    await put('/_index_template/jobmetrics', { index_patterns: ['jobmetrics'], priority: 300 });
    await refused(
      'the index template jobmetrics was not made by nvpulse; delete it, or keep it under another name',
    );
    await elasticsearch.request('DELETE', '/_index_template/jobmetrics');
    expect((await createMapping()).code).toBe(0);
  });

  test("a newer nvpulse's stays as it is", async () => {
    const { component } = templatesOf('jobmetrics', undefined);
    await put('/_component_template/nvpulse-jobmetrics', {
      ...component,
      version: 999_000_000,
      _meta: { ...component._meta, nvpulse: '999.0.0' },
    });
    await refused(
      `the component template nvpulse-jobmetrics was made by nvpulse 999.0.0, newer than this ${VERSION}; use that one`,
    );
    await put('/_component_template/nvpulse-jobmetrics', component);
  });

  test('a read-only data stream, or cluster, is told', async () => {
    // Not read_only_allow_delete: Elasticsearch takes that one back itself where the disk has room.
    await put('/gpumetrics/_settings', { 'index.blocks.write': true });
    await refused('the data stream gpumetrics is read-only (index.blocks.write); take the block back');
    await put('/gpumetrics/_settings', { 'index.blocks.write': null });
    await elasticsearch.request('DELETE', '/_index_template/jobmetrics');
    await put('/_cluster/settings', { persistent: { 'cluster.blocks.read_only': true } });
    const before = await state();
    const { code, stderr } = await createMapping();
    await put('/_cluster/settings', { persistent: { 'cluster.blocks.read_only': null } });
    expect(stderr).toBe(
      'nvpulse create-mapping: blocked by: [FORBIDDEN/6/cluster read-only (api)]; free its disk, or take the block back\n',
    );
    expect(code).toBe(1);
    expect(await state()).toEqual(before);
  });

  test('a data stream that is not ours conflicts', async () => {
    await elasticsearch.request('DELETE', '/_index_template/jobmetrics');
    expect(await send('jobmetrics', { entity: 'window' })).toMatchObject({ status: 201 });
    await refused(
      'the data stream jobmetrics was not set up by nvpulse; keep it under another name (_reindex), then delete it',
    );
  });

  test.each([
    [
      ['--retention', '30'],
      "--retention: '30' is not a time to keep documents; allowed is a number and a unit (d h m), such as 30d",
    ],
    [['--ip', '127.0.0.1'], '--ip: the address stands in --url already; give one of both'],
  ])('%j is a usage error', async (args, line) => {
    const { code, stderr } = await createMapping(...args);
    expect(stderr).toBe(`nvpulse create-mapping: ${line}\n`);
    expect(code).toBe(2);
  });
});

/**
 * The server, with the lifecycles of data streams that this build of it lacks; their answers are as Elasticsearch's
 * documentation has them.
 */
async function withLifecycles(url: string): Promise<{
  readonly url: string;
  readonly lifecycles: ReadonlyMap<string, unknown>;
  readonly close: () => Promise<void>;
}> {
  const lifecycles = new Map<string, unknown>();
  const server = createServer((incoming, answer) => {
    const [, stream] = /^\/_data_stream\/(.*)\/_lifecycle/.exec(incoming.url ?? '') ?? [];
    if (stream === undefined) {
      const { method, headers, url: path } = incoming;
      const onward = request(`${url}${path}`, { method, headers }, (found) => {
        answer.writeHead(found.statusCode ?? 0, found.headers);
        found.pipe(answer);
      });
      incoming.pipe(onward);
      return;
    }
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      if (incoming.method === 'PUT')
        lifecycles.set(stream, JSON.parse(gunzipSync(Buffer.concat(pieces)).toString()));
      const data_streams = [...lifecycles].map(([name, lifecycle]) => ({ name, lifecycle }));
      answer.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      answer.end(JSON.stringify(incoming.method === 'PUT' ? { acknowledged: true } : { data_streams }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lifecycles,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
