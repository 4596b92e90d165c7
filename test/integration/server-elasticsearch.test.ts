// The whole way on a real Elasticsearch: a server with a token, simulated GPUs, jobs of clients, and what the original's
// own query then finds.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRecording } from '../../lib';
import type { JobDetail, JobView } from '../../lib/server';
import { connect, createMapping } from '../../lib/sinks/elasticsearch';
import { startChaosProxy, type ChaosProxy } from '../support/chaos-proxy';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { temporaryFolder } from '../support/folder';
import { eventually, serversIn, type RunningServer } from '../support/monitoring-server';
import { nvpulseIn } from '../support/nvpulse';
import { metricOf } from '../support/summaries';

const folder = temporaryFolder();
const servers = serversIn(folder);
const TOKEN = 'a-token-that-only-tests-know';
const INTERVAL__MS = 20;
const { run } = nvpulseIn(folder);

describeWithElasticsearch('a server that exports', { restarts: true }, (elasticsearch) => {
  let proxy: ChaosProxy | undefined;
  afterEach(() => proxy?.close());

  beforeAll(async () => {
    const client = await connect({ url: elasticsearch.url });
    await createMapping({ client });
    await client.close();
  });

  /** The hits' sources, oldest first. */
  async function search(
    index: string,
    query: object,
    size = 10_000,
  ): Promise<readonly Record<string, unknown>[]> {
    await elasticsearch.request('POST', `/${index}/_refresh`);
    const { status, body } = await elasticsearch.request('POST', `/${index}/_search`, {
      size,
      query,
      sort: [{ '@timestamp': 'asc' }],
    });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.hits.hits.map(({ _source }: { _source: Record<string, unknown> }) => _source);
  }

  const finished = ({ client }: RunningServer, id: string): Promise<JobDetail> =>
    eventually(async () => {
      const job = await client.show(id);
      return job.summary ? job : undefined;
    });

  test('with a token: start, work, stop; then the average of gpu_utilization__pct where index:3', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
    const server = await servers.start('walk', {
      args: [
        '-i',
        `${INTERVAL__MS}ms`,
        '--resolution',
        `${INTERVAL__MS}ms`,
        '--token-file',
        tokenFile,
        '--url',
        elasticsearch.url,
      ],
      token: TOKEN,
    });
    const client = ['client', '-i', server.host, '--token-file', tokenFile, '--job', 'walk', '--strict'];
    const started = await run([
      ...client,
      '--start',
      '--name',
      'liver',
      '--label',
      'dataset=7',
      '--gpu',
      '3,5',
    ]);
    expect(started).toMatchObject({ code: 0, stdout: 'walk\n' });
    // GPU 3 is busy and idle in turn, five seconds each.
    await delay(10_000);
    const stopped = await run([...client, '--stop', '--status', 'Succeeded', '--wait', '60s']);
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.stderr).toContain('its documents are acknowledged');
    const job = await server.client.show('walk');
    if (!job.summary) throw new Error('it is acknowledged, and has no summary');

    // What the server recorded, row by row.
    const rows: number[] = [];
    const times: number[] = [];
    const spool = join(folder, 'walk', 'spool');
    for (const name of readdirSync(spool)) {
      const recording = await openRecording(join(spool, name));
      for await (const batch of recording.batches())
        for (const { index, time, gpu_utilization__pct } of batch.rows('gpu'))
          if (
            index === 3 &&
            time >= job.start &&
            time < (job.end ?? '') &&
            gpu_utilization__pct !== undefined
          ) {
            rows.push(gpu_utilization__pct);
            times.push(Date.parse(time));
          }
    }
    expect(rows.length).toBeGreaterThan(100);
    const plain = rows.reduce((sum, value) => sum + value, 0) / rows.length;
    expect(new Set(rows).size).toBeGreaterThan(1);

    await elasticsearch.request('POST', '/gpumetrics/_refresh');
    const { body } = await elasticsearch.request('POST', '/gpumetrics/_search', {
      size: 0,
      query: {
        bool: {
          filter: [
            { query_string: { query: 'index:3' } },
            { query_string: { query: 'job:walk AND entity:gpu' } },
          ],
        },
      },
      aggs: {
        average: { avg: { field: 'gpu_utilization__pct' } },
        count: { value_count: { field: 'gpu_utilization__pct' } },
      },
    });
    expect(body.aggregations.count.value).toBe(rows.length);
    expect(Math.abs(body.aggregations.average.value - plain)).toBeLessThan(1e-6);
    const weighted = metricOf(
      {
        ...job.summary,
        entities: job.summary.entities.filter((one) => one.entity === 'gpu' && one.index === 3),
      },
      'gpu',
      'gpu_utilization__pct',
    );
    if (!('mean' in weighted)) throw new Error('it was not read');
    // A machine that stalls reads unevenly: a plain mean has too little of what it was then.
    const gaps = times.slice(1).map((time, i) => Math.max(0, time - (times[i] ?? time) - INTERVAL__MS));
    const unread = gaps.reduce((sum, gap) => sum + gap, 0) / (1000 * job.summary.job.duration__s);
    expect(Math.abs(body.aggregations.average.value / weighted.mean - 1)).toBeLessThan(0.01 + unread);

    const [window, ...others] = await search('jobmetrics', { term: { entity: 'window' } });
    expect(others).toEqual([]);
    expect(window).toMatchObject({
      job: ['walk'],
      job_name: 'liver',
      labels: ['dataset=7'],
      start: job.start,
      end: job.end,
      ended_by: 'stop',
      status: 'Succeeded',
      gpu_scope: 'named',
      gpu_index: [3, 5],
      gpu_shared: false,
      simulated: true,
      complete: true,
      gpu_energy__J: job.summary.energy.gpu__J,
    });
    expect(await server.client.health()).toMatchObject({ status: 'ok', export: { rejected: 0 } });
    await server.stop();
  });

  test('twenty overlapping jobs: the right ids on each document, and what nobody stopped ended by its lease', async () => {
    const server = await servers.start('twenty', { args: ['-i', '100ms', '--url', elasticsearch.url] });
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await delay(11 * i);
        const gpus = i < 8 ? [i] : [i % 8, (i + 1) % 8];
        await server.client.start({ id: `job-${i}`, lease: '4s', ...(i < 18 ? { gpus } : {}) });
        if (i % 2 === 1) return;
        await delay(400 + 80 * i);
        await server.client.stop(`job-${i}`);
      }),
    );
    const jobs = await eventually(async () => {
      const list = await server.client.list();
      return list.every(({ state }) => state === 'ended') ? list : undefined;
    });
    for (const { id } of jobs) {
      await finished(server, id);
      expect(await server.client.documents(id, 60_000)).toEqual({ id, documents: 'acknowledged' });
    }
    const ids = jobs.map(({ id }) => id).sort();
    const documents = await search('gpumetrics', {
      bool: { filter: [{ terms: { job: ids } }, { term: { entity: 'gpu' } }] },
    });
    expect(documents.length).toBeGreaterThan(8 * 20);
    const wrong = documents.filter((source) => String(source['job']) !== String(jobsOf(source, jobs)));
    expect(wrong).toEqual([]);
    const windows = await search('jobmetrics', {
      bool: { filter: [{ terms: { job: ids } }, { term: { entity: 'window' } }] },
    });
    expect(windows.map(({ job }) => String(job)).sort()).toEqual(ids);
    const byLease = windows.filter(({ ended_by }) => ended_by === 'lease').map(({ job }) => String(job));
    expect(byLease.sort()).toEqual(ids.filter((id) => Number(id.slice(4)) % 2 === 1));
    const events = await search('jobmetrics', { term: { event: 'lease_expired' } });
    expect(events.map(({ job }) => String(job)).sort()).toEqual(byLease);
    for (const window of windows) {
      const job = jobs.find(({ id }) => id === String(window['job']));
      expect(window).toMatchObject({ start: job?.start, end: job?.end, gpu_shared: job?.gpu_shared });
    }
    await server.stop();
  });

  function jobsOf(source: Record<string, unknown>, jobs: readonly JobView[]): readonly string[] {
    const at = String(source['@timestamp']);
    return jobs
      .filter(
        ({ start, end, gpu_scope, gpu_uuid }) =>
          start <= at &&
          at < (end ?? '') &&
          (gpu_scope === 'node' || gpu_uuid.includes(String(source['uuid']))),
      )
      .map(({ id }) => id);
  }

  test('a wait for documents tells what holds them up, and what is rejected', async () => {
    const server = await servers.start('truth', { args: ['-i', '100ms', '--url', elasticsearch.url] });
    await server.client.start({ id: 'good' });
    await server.client.stop('good');
    await finished(server, 'good');
    expect(await server.client.documents('good', 60_000)).toEqual({ id: 'good', documents: 'acknowledged' });
    const pipeline = (name: string | null) =>
      elasticsearch.request('PUT', '/cpumetrics/_settings', { 'index.default_pipeline': name });
    await pipeline('not-there');
    await server.client.start({ id: 'odd' });
    const stop = ['client', '-i', server.host, '--job', 'odd', '--stop', '--strict', '--wait'];
    const held = await eventually(async () => {
      const stopped = await run([...stop, '1s']);
      return stopped.stderr.includes('spooled:') ? stopped : undefined;
    });
    const why =
      'export is refused: cpumetrics takes no documents: pipeline with id [not-there] does not exist';
    expect(held).toMatchObject({
      code: 0,
      stderr: `job odd has ended on ${server.host}; its documents are spooled: ${why}\n`,
    });
    expect((await server.client.health()).reasons).toContain(why);
    expect(server.told()).toContain(why);
    await elasticsearch.request('PUT', '/_ingest/pipeline/spoiling', {
      processors: [{ set: { field: '@timestamp', value: 'none' } }],
    });
    await pipeline('spoiling');
    const { rejected } = await eventually(async () => {
      const documents = await server.client.documents('odd', 10_000);
      return documents.documents === 'rejected' ? documents : undefined;
    });
    expect(rejected).toBeGreaterThan(3);
    const stopped = await run([...stop, '10s']);
    await pipeline(null);
    expect(stopped).toMatchObject({
      code: 1,
      stderr: [
        `job odd has ended on ${server.host}; some of its documents are rejected`,
        `nvpulse client: warning: ${server.host}: Elasticsearch would not take ${rejected} documents of job odd; the server's export/rejected.ndjson has them, with the reasons`,
        '',
      ].join('\n'),
    });
    expect(await server.client.documents('good', 60_000)).toMatchObject({ documents: 'acknowledged' });
    await server.stop();
  });

  test("an earlier recording that cannot be read is told, and holds up no job's answer but of its own time", async () => {
    const args = ['-i', '100ms', '--url', elasticsearch.url];
    const first = await servers.start('ill', { args });
    await first.client.start({ id: 'across' });
    await first.kill();
    const spool = join(folder, 'ill', 'spool');
    const [name = ''] = readdirSync(spool);
    const dir = join(spool, name);
    const path = join(dir, 'manifest.json');
    const manifest = readFileSync(path);
    writeFileSync(path, '{');
    const second = await servers.start('ill', { args });
    await second.client.start({ id: 'after' });
    for (const id of ['across', 'after']) {
      await second.client.stop(id);
      await finished(second, id);
    }
    expect(await second.client.documents('after', 60_000)).toEqual({
      id: 'after',
      documents: 'acknowledged',
    });
    const why = `export is refused: ${dir}: '${dir}' is not a recording: its manifest.json is not JSON`;
    expect(await second.client.documents('across', 5000)).toEqual({
      id: 'across',
      documents: 'spooled',
      reason: why,
    });
    expect((await second.client.health()).reasons).toContain(why);
    writeFileSync(path, manifest);
    expect(await second.client.documents('across', 60_000)).toEqual({
      id: 'across',
      documents: 'acknowledged',
    });
    await second.stop();
  });

  test('a server that stops sends all that it recorded, up to its end, where Elasticsearch takes it', async () => {
    const args = ['-i', '20ms', '--resolution', '1ms', '--host-name', 'leaving', '--url', elasticsearch.url];
    const server = await servers.start('leaving', { args });
    await server.client.start({ id: 'leaving', gpus: [0] });
    await eventually(async () => ((await server.client.health()).export?.documents ?? 0) > 0 || undefined);
    await delay(1000);
    expect(await server.stop()).toMatchObject({ code: 0 });
    const expected: string[] = [];
    for (const name of readdirSync(join(folder, 'leaving', 'spool')))
      for await (const batch of (await openRecording(join(folder, 'leaving', 'spool', name))).batches())
        for (const { index, time } of batch.rows('gpu')) if (index === 0) expected.push(time);
    const filter = [
      { term: { 'host.name': 'leaving' } },
      { term: { entity: 'gpu' } },
      { term: { index: 0 } },
    ];
    const found = (await search('gpumetrics', { bool: { filter } })).map((source) =>
      String(source['@timestamp']),
    );
    expect(found).toEqual(expected.sort());
  });

  test('a server that was killed and is there again at once soon sends without looking for what is there', async () => {
    // Requests with documents since the last one that looked.
    let sent = 0;
    proxy = await startChaosProxy(elasticsearch.url, ({ path }) => {
      if (/_search|_refresh/.test(path)) sent = 0;
      if (path.startsWith('/_bulk')) sent++;
      return 'pass';
    });
    const args = ['-i', '50ms', '--url', proxy.url];
    const first = await servers.start('again', { args });
    await first.client.start({ id: 'again' });
    await eventually(async () => ((await first.client.health()).export?.documents ?? 0) > 0 || undefined);
    await first.kill();
    sent = 0;
    const second = await servers.start('again', { args });
    await eventually(() => sent > 3 || undefined);
    await second.stop();
  });

  test('Elasticsearch killed, then the server: health says so, and nothing is lost or twice', async () => {
    const args = ['-i', '50ms', '--resolution', '50ms', '--url', elasticsearch.url];
    const first = await servers.start('outage', { args });
    await first.client.start({ id: 'outage', gpus: [0] });
    await eventually(async () => ((await first.client.health()).export?.documents ?? 0) > 0 || undefined);
    await elasticsearch.kill();
    const ill = await eventually(async () => {
      const health = await first.client.health();
      return health.status === 'ok' || health.export?.backlog__B === 0 ? undefined : health;
    });
    expect(ill.reasons.join()).toMatch(/export is retrying/);
    await delay(1000);
    await first.kill();
    await elasticsearch.restart();
    const second = await servers.start('outage', { args });
    await delay(500);
    await second.client.stop('outage');
    await finished(second, 'outage');
    expect(await second.client.documents('outage', 60_000)).toMatchObject({ documents: 'acknowledged' });
    const { start, end } = await second.client.show('outage');
    await second.stop();
    const expected: string[] = [];
    const spool = join(folder, 'outage', 'spool');
    for (const name of readdirSync(spool)) {
      const recording = await openRecording(join(spool, name));
      for await (const batch of recording.batches())
        for (const { index, time } of batch.rows('gpu'))
          if (index === 0 && time >= start && time < (end ?? '')) expected.push(time);
    }
    const query = { bool: { filter: [{ term: { job: 'outage' } }, { term: { entity: 'gpu' } }] } };
    const found = (await search('gpumetrics', query)).map((source) => String(source['@timestamp']));
    expect(found.length).toBeGreaterThan(40);
    expect(found).toEqual([...expected].sort());
    expect(
      await search('jobmetrics', {
        bool: { filter: [{ term: { job: 'outage' } }, { term: { entity: 'window' } }] },
      }),
    ).toMatchObject([{ start, end, gpu_index: [0] }]);
  });
});
