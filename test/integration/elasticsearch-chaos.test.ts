// The whole way from a recording into a real Elasticsearch while everything on it fails: each document is there
// exactly once.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@elastic/elasticsearch';
import { createMapping, Exporter, exportToElasticsearch } from '../../lib/sinks/elasticsearch';
import {
  FAULTS,
  scripted,
  startChaosProxy,
  type ChaosProxy,
  type Decide,
  type Fault,
} from '../support/chaos-proxy';
import { documentsIn, expectSame } from '../support/documents';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { ExporterProcess } from '../support/exporter-process';
import { until } from '../support/processes';
import { expectedOf, recordRows, type Rows } from '../support/recorded';

const folders: string[] = [];
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nvpulse-chaos-'));
  folders.push(path);
  return path;
}
afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

/** Faults after which nothing of a request is done, or only a half. */
const UNDONE = new Set<Fault>(['reset', 'cut_request', '429', '503', '413', 'half']);

describeWithElasticsearch('chaos', { restarts: true }, (elasticsearch) => {
  let proxy: ChaosProxy;
  let exporter: ExporterProcess | undefined;

  beforeAll(async () => {
    const client = new Client({ node: elasticsearch.url });
    await createMapping({ client });
    await client.close();
  });

  afterEach(async () => {
    await exporter?.kill();
    exporter = undefined;
    await proxy.close();
  });

  async function record(rows: Rows): Promise<{ source: string; state: string }> {
    const root = folder();
    mkdirSync(join(root, 'spool'));
    await recordRows(join(root, 'spool', 'one'), rows);
    return { source: join(root, 'spool'), state: join(root, 'state') };
  }

  test('100,000 documents while Elasticsearch and the exporter are killed, and a rollover between', async () => {
    const rows: Rows = { ticks: 11_112, gpus: 8 };
    const expected = expectedOf(rows);
    expect(expected.gpu.length + expected.host.length).toBeGreaterThanOrEqual(100_000);
    const { source, state } = await record(rows);
    let bulks = 0;
    let rolledOver = 0;
    let lookUpBehindRollover = false;
    const actions: Record<number, () => Promise<void>> = {
      2: () => elasticsearch.restart(),
      6: () => elasticsearch.restart(),
      14: () => restartExporter(),
      17: () => restartExporter(),
    };
    const rollOver = async (): Promise<void> => {
      for (const stream of ['gpumetrics', 'cpumetrics']) {
        const { body } = await elasticsearch.request('POST', `/${stream}/_rollover`);
        if (body.rolled_over) rolledOver++;
      }
    };
    // What it had sent is in an older backing index then.
    const restartExporter = async (): Promise<void> => {
      await exporter?.kill();
      await until(() => proxy.underway() === 0);
      await rollOver();
      exporter?.start();
    };
    const underway: Promise<void>[] = [];
    const decide: Decide = async ({ path }) => {
      if (!path.startsWith('/_bulk')) {
        if (!lookUpBehindRollover) return 'pass';
        lookUpBehindRollover = false;
        await rollOver();
        return 'pass';
      }
      const number = bulks++;
      const action = actions[number];
      // At the same time as the request.
      if (action) underway.push(action());
      if (number !== 10) return 'pass';
      lookUpBehindRollover = true;
      return 'lose_response';
    };
    proxy = await startChaosProxy(elasticsearch.url, decide);
    exporter = new ExporterProcess(proxy.url, source, state);
    exporter.start();
    await until(() => exporter?.starts === 3 && exporter.stats?.state === 'idle', 240_000);
    await Promise.all(underway);
    expect({ starts: exporter.starts, rolledOver }).toEqual({ starts: 3, rolledOver: 6 });
    expectSame(await documentsIn(elasticsearch, 'gpumetrics'), expected.gpu);
    expectSame(await documentsIn(elasticsearch, 'cpumetrics'), expected.host);
  });

  test('a proxy with every fault', async () => {
    const rows: Rows = { ticks: 6000, gpus: 3, from__ns: 100_000_000_000_000n };
    const { source, state } = await record(rows);
    const before = new Set(await documentsIn(elasticsearch, 'gpumetrics'));
    // Those first that leave nothing done, so that there is still something to send when the others' turn comes.
    const faults = FAULTS.toSorted((one, other) => Number(UNDONE.has(other)) - Number(UNDONE.has(one)));
    proxy = await startChaosProxy(elasticsearch.url, scripted(...faults));
    const client = new Client({ node: proxy.url, compression: true, requestTimeout: 1000 });
    const inside = new Exporter({ client, source, state });
    await inside.start();
    await inside.reached(2n ** 62n);
    await inside.stop();
    await client.close();
    expect(FAULTS.filter((fault) => !proxy.met.has(fault))).toEqual([]);
    const found = await documentsIn(elasticsearch, 'gpumetrics');
    expectSame(
      found.filter((one) => !before.has(one)),
      expectedOf(rows).gpu,
    );
  });
});

/** What docs/ELASTICSEARCH.md says an exporter needs. */
const LEAST = [
  {
    names: ['gpumetrics', 'cpumetrics', 'jobmetrics'],
    privileges: ['auto_configure', 'create_doc', 'maintenance', 'read'],
  },
];

describeWithElasticsearch('security', { security: true }, (elasticsearch) => {
  const rows: Rows = { ticks: 1000, gpus: 2 };
  let source: string;

  beforeAll(async () => {
    const { auth } = elasticsearch;
    const client = new Client({ node: elasticsearch.url, ...(auth && { auth }) });
    await createMapping({ client });
    await client.close();
    source = folder();
    await recordRows(join(source, 'one'), rows);
  });

  test('a wrong key is a state; once its role is granted, everything arrives', async () => {
    await elasticsearch.request('PUT', '/_security/role/exporter', { indices: [] });
    const auth = { username: 'exporter', password: 'exporter-password' };
    await elasticsearch.request('PUT', `/_security/user/${auth.username}`, {
      password: auth.password,
      roles: ['exporter'],
    });
    const client = new Client({ node: elasticsearch.url, auth });
    const told: string[] = [];
    const exporter = new Exporter({
      client,
      source,
      state: folder(),
      onChange: ({ state }) => told.push(state),
    });
    await exporter.start();
    await until(() => exporter.stats().state === 'denied');
    expect(exporter.stats()).toMatchObject({
      reason: expect.stringMatching(/unauthorized.*; docs\/ELASTICSEARCH\.md names what is needed$/),
      documents: 0,
      rejected: 0,
    });
    await until(() => exporter.stats().backlog__B > 0);
    expect(await documentsIn(elasticsearch, 'gpumetrics')).toEqual([]);
    await elasticsearch.request('PUT', '/_security/role/exporter', { indices: LEAST });
    await exporter.reached(2n ** 62n);
    expect(exporter.stats()).toMatchObject({ documents: 3000, duplicates: 0, rejected: 0, backlog__B: 0 });
    await exporter.stop();
    await client.close();
    expect(told).toEqual(['denied', 'ok']);
    expectSame(await documentsIn(elasticsearch, 'gpumetrics'), expectedOf(rows).gpu);
  });

  test('an API key with the least privileges writes, and finds what is there', async () => {
    const { body } = await elasticsearch.request('POST', '/_security/api_key', {
      name: 'exporter',
      role_descriptors: { exporter: { indices: LEAST } },
    });
    const more = folder();
    await recordRows(join(more, 'two'), { ...rows, from__ns: 100_000_000_000_000n });
    for (const counts of [
      { documents: 3000, duplicates: 0 },
      { documents: 0, duplicates: 3000 },
    ]) {
      const client = new Client({ node: elasticsearch.url, auth: { apiKey: body.encoded } });
      const exporter = new Exporter({ client, source: more, state: folder() });
      await exporter.start();
      await exporter.reached(2n ** 62n);
      expect(exporter.stats()).toMatchObject({ ...counts, rejected: 0, retries: 0 });
      await exporter.stop();
      await client.close();
    }
  });

  test('nvpulse export does with the least privileges, too', async () => {
    const { body } = await elasticsearch.request('POST', '/_security/api_key', {
      name: 'export',
      role_descriptors: { exporter: { indices: LEAST } },
    });
    const root = folder();
    await recordRows(join(root, 'three'), { ...rows, from__ns: 200_000_000_000_000n });
    const client = new Client({ node: elasticsearch.url, auth: { apiKey: body.encoded } });
    const rejectedFile = join(root, 'rejected.ndjson');
    expect(await exportToElasticsearch(join(root, 'three'), { client, rejectedFile })).toMatchObject({
      documents: 3000,
      rejected: 0,
    });
    await client.close();
  });

  test('a key that is not known is a state', async () => {
    const client = new Client({ node: elasticsearch.url, auth: { apiKey: 'bm90OmtleQ==' } });
    const exporter = new Exporter({ client, source, state: folder() });
    await exporter.start();
    await until(() => exporter.stats().state === 'denied');
    expect(exporter.stats().reason).toContain('give an API key that is valid');
    await exporter.stop();
    await client.close();
  });
});
