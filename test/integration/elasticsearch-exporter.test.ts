// Recordings into a real Elasticsearch: followed while they are written, gone on with after a restart, replayed.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { connect as connectTo, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from '@elastic/elasticsearch';
import { RecordingWriter } from '../../lib/recording';
import {
  createMapping,
  Exporter,
  exportToElasticsearch,
  type ExporterOptions,
} from '../../lib/sinks/elasticsearch';
import { META, OFFSET__NS } from '../fixtures/recording/batches';
import { startChaosProxy, type ChaosProxy } from '../support/chaos-proxy';
import { documentsIn } from '../support/documents';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { nvpulseIn, recordingsIn, stateFolder, type Ending } from '../support/nvpulse';
import { until } from '../support/processes';
import { startServerless } from '../support/serverless';
import { batchesOf, expectedOf, HOST, recordRows, STEP__NS, type Rows } from '../support/recorded';

const BIN = join(__dirname, '..', '..', 'bin', 'nvpulse.js');
const SHOW_IN_TERMINAL = join(__dirname, '..', 'fixtures', 'show-in-terminal.py');
const EVERYTHING = 2n ** 62n;

const folders: string[] = [];
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nvpulse-exporter-'));
  folders.push(path);
  return path;
}
afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

let hour = 0;
/** Rows of a time that no other test has. */
function rowsOf(ticks: number, gpus: number): Rows {
  return { ticks, gpus, from__ns: BigInt(++hour) * 3_600_000_000_000n };
}

describeWithElasticsearch('exporter', {}, (elasticsearch) => {
  const state = stateFolder();
  const nvpulse = nvpulseIn(state);
  let client: Client;

  const exporters: Exporter[] = [];
  const closers: (() => Promise<void>)[] = [];
  let unready: Ending;

  beforeAll(async () => {
    client = new Client({ node: elasticsearch.url, compression: true });
    const dir = join(folder(), 'one');
    await recordRows(dir, rowsOf(10, 1));
    unready = await nvpulse.run(['export', dir, '--to', 'elasticsearch', '--url', elasticsearch.url]);
    await createMapping({ client });
  });

  // Also those of tests that failed: an exporter ends only when it is told.
  afterEach(async () => {
    await Promise.all(exporters.map((exporter) => exporter.stop()));
    for (const close of closers.splice(0)) await close();
  });
  afterAll(() => client.close());

  async function startExporter(
    options: Omit<ExporterOptions, 'client'> & { readonly client?: Client },
  ): Promise<Exporter> {
    const exporter = new Exporter({ client, ...options });
    exporters.push(exporter);
    await exporter.start();
    return exporter;
  }

  /** Documents of these rows that are there. */
  async function gpuDocuments(rows: Rows): Promise<{ readonly found: number; readonly missing: number }> {
    const all = await documentsIn(elasticsearch, 'gpumetrics');
    const expected = new Set(expectedOf(rows).gpu);
    const found = all.filter((one) => expected.has(one));
    return { found: found.length, missing: expected.size - new Set(found).size };
  }

  test('nvpulse export: not before the mapping is there', () => {
    expect(unready.stderr).toMatch(/^nvpulse export: Elasticsearch: .*run nvpulse create-mapping\n$/);
    expect(unready.code).toBe(1);
  });

  test('nvpulse export: says on a terminal how far it is', async () => {
    const dir = join(folder(), 'shown');
    await recordRows(dir, rowsOf(10, 1));
    const proxy = await startChaosProxy(elasticsearch.url, async ({ path }) => {
      // Sooner than this nothing is shown.
      if (path.startsWith('/_bulk')) await delay(600);
      return 'pass' as const;
    });
    const args = [SHOW_IN_TERMINAL, '80', BIN, 'export', dir, '--to', 'elasticsearch', '--url', proxy.url];
    const { stdout } = await promisify(execFile)('python3', args);
    await proxy.close();
    // Once, or more often where it takes long.
    const [before, shown, ...more] = stdout.split('\r\u001b[K');
    const after = more.pop();
    const sending = expect.stringMatching(/^sending: [\d.]+ \w+( of [\d.]+ \w+)?$/) as string;
    expect({ before, shown, more, after }).toEqual({
      before: '',
      shown: sending,
      more: more.map(() => sending),
      after: expect.stringMatching(/^\d+ documents, 0 already there, 0 rejected\r\n$/),
    });
  });

  /** An address where nobody listens, until `appear` is called: then Elasticsearch does. */
  async function absent(): Promise<{ readonly url: string; readonly appear: () => Promise<Server> }> {
    const passage = createServer((incoming) => {
      const outgoing = connectTo(elasticsearch.port, '127.0.0.1');
      for (const [from, to] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        from.on('error', () => to.destroy());
        from.pipe(to);
      }
    });
    const listen = (port: number): Promise<void> =>
      new Promise((resolve) => passage.listen(port, '127.0.0.1', resolve));
    await listen(0);
    const { port } = passage.address() as AddressInfo;
    await new Promise((resolve) => passage.close(resolve));
    const appear = async (): Promise<Server> => {
      await listen(port);
      return passage;
    };
    return { url: `http://127.0.0.1:${port}`, appear };
  }

  test('nvpulse export: waits for Elasticsearch, also at the start', async () => {
    const dir = join(folder(), 'late');
    const rows = rowsOf(10, 1);
    await recordRows(dir, rows);
    const { url, appear } = await absent();
    const { child, ended } = nvpulse.start(['export', dir, '--to', 'elasticsearch', '--url', url]);
    let said = '';
    child.stderr.on('data', (text: string) => (said += text));
    await until(() => said.includes('\n') || child.exitCode !== null);
    const passage = await appear();
    expect(await ended).toEqual({
      code: 0,
      signal: null,
      stdout: '20 documents, 0 already there, 0 rejected\n',
      stderr: `nvpulse export: waiting: ${url}: connection refused; see whether Elasticsearch runs there, and its port\nnvpulse export: it goes on\n`,
    });
    passage.close();
    expect(await gpuDocuments(rows)).toEqual({ found: 10, missing: 0 });
  });

  test('nvpulse export: --no-wait fails where Elasticsearch is away', async () => {
    const dir = join(folder(), 'hurried');
    await recordRows(dir, rowsOf(10, 1));
    const { url } = await absent();
    expect(
      await nvpulse.run(['export', dir, '--to', 'elasticsearch', '--url', url, '--no-wait']),
    ).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `nvpulse export: Elasticsearch: ${url}: connection refused; see whether Elasticsearch runs there, and its port\n`,
    });
  });

  test('nvpulse export: what is rejected has an exit code of its own; trouble of the cluster another', async () => {
    const dir = join(folder(), 'odd');
    const rows = rowsOf(10, 1);
    await recordRows(dir, rows);
    const args = ['export', dir, '--to', 'elasticsearch', '--url', elasticsearch.url];
    const before = join(folder(), 'before');
    await recordRows(before, rowsOf(10, 1));
    expect(await nvpulse.run(args.with(1, before))).toMatchObject({ code: 0 });
    const setting = (pipeline: string | null) =>
      elasticsearch.request('PUT', '/gpumetrics/_settings', { 'index.default_pipeline': pipeline });
    await setting('not-there');
    expect(await nvpulse.run(args)).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'nvpulse export: Elasticsearch: gpumetrics takes no documents: pipeline with id [not-there] does not exist\n',
    });
    // It makes of each time something that is none.
    await elasticsearch.request('PUT', '/_ingest/pipeline/spoiling', {
      processors: [{ set: { field: '@timestamp', value: 'none' } }],
    });
    await setting('spoiling');
    const rejected = await nvpulse.run(args);
    await setting(null);
    expect(rejected).toMatchObject({
      code: 3,
      stdout: '0 documents, 10 already there, 10 rejected\n',
      stderr: `nvpulse export: what was rejected stands in ${dir}.rejected.ndjson, with the reasons\n`,
    });
    expect(await nvpulse.run(args)).toMatchObject({
      code: 0,
      stdout: '10 documents, 10 already there, 0 rejected\n',
    });
  });

  test('nvpulse export: a job, twice without doubles', async () => {
    const ran = await nvpulse.run(['run', '--simulate', 'h200x1', '--name', 'träin', '--', 'sleep', '1']);
    expect(ran.code).toBe(0);
    const [dir = ''] = recordingsIn(state);
    const args = ['export', dir, '--to', 'elasticsearch', '--url', elasticsearch.url];
    const first = await nvpulse.run(args);
    expect(first.stderr).toBe('');
    const created = Number(/^(\d+) documents, 0 already there, 0 rejected\n$/.exec(first.stdout)?.[1]);
    expect(created).toBeGreaterThan(50);
    const second = await nvpulse.run(args);
    expect(second).toMatchObject({
      stdout: `0 documents, ${created} already there, 0 rejected\n`,
      stderr: '',
      code: 0,
    });
    await elasticsearch.request('POST', '/jobmetrics/_refresh');
    const { body } = await elasticsearch.request('GET', '/jobmetrics/_search?q=entity:window&size=10');
    expect(body.hits.hits.map(({ _source }: { _source: unknown }) => _source)).toEqual([
      expect.objectContaining({
        job_name: 'träin',
        exit_code: 0,
        ended_by: 'stop',
        complete: true,
        simulated: true,
      }),
    ]);
  });

  test('serverless: set up, export, look up, and set up again with nothing that it does not offer', async () => {
    const serverless = await startServerless(elasticsearch.url);
    const setUp = ['create-mapping', '--url', serverless.url];
    expect(await nvpulse.run(setUp)).toMatchObject({ code: 0 });
    const dir = join(folder(), 'serverless');
    const rows = rowsOf(10, 1);
    await recordRows(dir, rows);
    const args = ['export', dir, '--to', 'elasticsearch', '--url', serverless.url];
    const first = await nvpulse.run(args);
    const again = await nvpulse.run(args);
    const unchanged = await nvpulse.run(setUp);
    await serverless.close();
    expect(first).toMatchObject({ code: 0, stdout: '20 documents, 0 already there, 0 rejected\n' });
    expect(again).toMatchObject({ code: 0, stdout: '0 documents, 20 already there, 0 rejected\n' });
    expect(unchanged).toMatchObject({ code: 0 });
    expect(unchanged.stdout).not.toMatch(/created|updated/);
    expect(serverless.refused).toEqual([]);
    expect(await gpuDocuments(rows)).toEqual({ found: 10, missing: 0 });
  });

  test('what is of no use together is said', async () => {
    const dir = join(folder(), 'none');
    const wrong = [
      [
        ['--to', 'elasticsearch', '--url', 'http://127.0.0.1:1', '--table', 'gpu'],
        '--table: is of no use with --to elasticsearch',
      ],
      [['--to', 'csv', '-o', '-', '--api-key-file', 'x'], '--api-key-file: is of no use with --to csv'],
      [['--to', 'csv'], '--output: missing; give a file, - for stdout, or a folder with a /'],
      [
        ['--to', 'elasticsearch', '--url', elasticsearch.url, '--resolution', '5x'],
        "--resolution: '5x' is not a duration",
      ],
    ] as const;
    for (const [args, message] of wrong) {
      const { stderr, code } = await nvpulse.run(['export', dir, ...args]);
      expect(stderr).toContain(message);
      expect({ lines: stderr.split('\n').length, code }).toEqual({ lines: 2, code: 2 });
    }
  });

  test('follows a recording that is being written, and ends with it', async () => {
    const rows = rowsOf(400, 2);
    const source = folder();
    const exporter = await startExporter({ source, state: folder() });
    const writer = await RecordingWriter.create(join(source, 'one'), {
      ...META,
      host: { ...META.host, name: HOST },
    });
    const batches = [...batchesOf(rows)];
    const half = Math.floor(batches.length / 2);
    for (const batch of batches.slice(0, half)) await writer.write(batch);
    await writer.flushed();
    await exporter.reached(EVERYTHING);
    const { documents } = exporter.stats();
    expect(documents).toBe(
      batches.slice(0, half).reduce((sum, { tables }) => sum + tables.reduce((n, t) => n + t.length, 0), 0),
    );
    expect(exporter.acknowledged()).toMatchObject([{ dir: join(source, 'one'), finished: false }]);
    for (const batch of batches.slice(half)) await writer.write(batch);
    await writer.close();
    await exporter.reached(EVERYTHING);
    expect(exporter.acknowledged()).toMatchObject([{ finished: true }]);
    expect(exporter.stats()).toMatchObject({ documents: 1200, duplicates: 0, backlog__B: 0, lag__s: 0 });
    expect(await gpuDocuments(rows)).toEqual({ found: 800, missing: 0 });
  });

  test('several recordings in order, each once, also after a restart; cursors go with their recordings', async () => {
    const [first, second] = [rowsOf(300, 1), rowsOf(200, 1)];
    const source = folder();
    // Their names say nothing of their order.
    await recordRows(join(source, 'b'), first);
    await recordRows(join(source, 'a'), second);
    const cursors = folder();
    const exporter = await startExporter({ source, state: cursors });
    await exporter.reached(EVERYTHING);
    expect(exporter.acknowledged().map(({ dir }) => dir)).toEqual([join(source, 'b'), join(source, 'a')]);
    await exporter.stop();
    const again = await startExporter({ source, state: cursors });
    await again.reached(EVERYTHING);
    expect(again.stats()).toMatchObject({ state: 'idle', documents: 0, duplicates: 0 });
    expect(readdirSync(cursors)).toHaveLength(2);
    rmSync(join(source, 'b'), { recursive: true });
    await again.reached(EVERYTHING);
    expect(readdirSync(cursors)).toHaveLength(1);
    await again.stop();
    expect(await gpuDocuments(first)).toEqual({ found: 300, missing: 0 });
    expect(await gpuDocuments(second)).toEqual({ found: 200, missing: 0 });
  });

  test('without its cursor, and after a rollover, a recording adds nothing', async () => {
    const rows = rowsOf(6000, 1);
    const source = folder();
    await recordRows(join(source, 'one'), rows);
    for (const counts of [
      { documents: 12_000, duplicates: 0 },
      { documents: 0, duplicates: 12_000 },
    ]) {
      const exporter = await startExporter({ source, state: folder() });
      await exporter.reached(EVERYTHING);
      expect(exporter.stats()).toMatchObject(counts);
      await exporter.stop();
      for (const stream of ['gpumetrics', 'cpumetrics'])
        await elasticsearch.request('POST', `/${stream}/_rollover`);
    }
    expect(await gpuDocuments(rows)).toEqual({ found: 6000, missing: 0 });
  });

  /** A client whose requests are counted that look for what is there; of those that ask whether anything is. */
  async function counted(): Promise<{
    readonly client: Client;
    readonly lookUps: () => number;
    readonly asks: () => number;
  }> {
    let [lookUps, asks] = [0, 0];
    const proxy = await startChaosProxy(elasticsearch.url, ({ path, body }) => {
      if (/_search|_refresh/.test(path)) lookUps++;
      if (body.includes('"term":{"host.name"')) asks++;
      return 'pass';
    });
    const through = new Client({ node: proxy.url });
    closers.push(async () => {
      await through.close();
      await proxy.close();
    });
    return { client: through, lookUps: () => lookUps, asks: () => asks };
  }

  /** A recording that is being written now, whose rows are folded: the last of them waits for the next. */
  async function writing(dir: string): Promise<RecordingWriter> {
    const host = { ...META.host, name: HOST };
    const writer = await RecordingWriter.create(dir, { ...META, host, interval__ns: Number(STEP__NS) / 2 });
    closers.push(() => writer.close());
    return writer;
  }

  async function write(writer: RecordingWriter, rows: Rows): Promise<void> {
    for (const batch of batchesOf(rows)) await writer.write(batch);
    await writer.flushed();
  }

  /** Rows of now, and after those of the call before; each at the beginning of what samples are folded into. */
  let written__ns = 0n;
  function rowsOfNow(ticks: number): Rows {
    const utc__ns = process.hrtime.bigint() + OFFSET__NS;
    const now__ns = utc__ns - (utc__ns % STEP__NS) - OFFSET__NS;
    const from__ns = now__ns > written__ns ? now__ns : written__ns;
    written__ns = from__ns + BigInt(ticks) * STEP__NS;
    return { ticks, gpus: 1, from__ns };
  }

  /** Writes more, and has it sent, as often as told; how often was looked for what is there, each time. */
  async function lookUpsOf(
    times: number,
    {
      writer,
      exporter,
      lookUps,
    }: Record<'writer', RecordingWriter> & Record<'exporter', Exporter> & Record<'lookUps', () => number>,
  ): Promise<{ readonly rows: readonly Rows[]; readonly counts: readonly number[] }> {
    const rows: Rows[] = [];
    const counts: number[] = [];
    for (let time = 0; time < times; time++) {
      const more = rowsOfNow(10);
      const before = lookUps();
      rows.push(more);
      await write(writer, more);
      await exporter.reached(0n);
      counts.push(lookUps() - before);
    }
    return { rows, counts };
  }

  test.each([
    ['after a restart', true],
    ['in the next recording of a server', false],
  ])('%s what is added to a recording is not looked up, and each row is there once', async (_, restarts) => {
    const [source, state] = [folder(), folder()];
    const { client: through, lookUps } = await counted();
    let exporter = await startExporter({ client: through, source, state });
    const earlier = await writing(join(source, 'earlier'));
    const rows = [rowsOfNow(10)];
    await write(earlier, rows[0]!);
    await exporter.reached(0n);
    await earlier.close();
    if (restarts) await exporter.stop();
    const writer = await writing(join(source, 'one'));
    rows.push(rowsOfNow(10));
    await write(writer, rows[1]!);
    if (restarts) exporter = await startExporter({ client: through, source, state });
    await exporter.reached(0n);
    const added = await lookUpsOf(5, { writer, exporter, lookUps });
    // The first parcel has what waited.
    expect(added.counts.slice(1)).toEqual([0, 0, 0, 0]);
    await writer.close();
    await exporter.reached(EVERYTHING);
    for (const some of [...rows, ...added.rows])
      expect(await gpuDocuments(some)).toEqual({ found: 10, missing: 0 });
  });

  test('whether anything of its time is there is asked once of a recording', async () => {
    const rows = rowsOf(6000, 1);
    const [source, other] = [folder(), folder()];
    await recordRows(join(other, 'other'), { ...rows, ticks: 10 });
    await recordRows(join(source, 'one'), rows);
    const before = await startExporter({ source: other, state: folder() });
    await before.reached(EVERYTHING);
    const { client: through, asks } = await counted();
    const exporter = await startExporter({ client: through, source, state: folder() });
    await exporter.reached(EVERYTHING);
    expect(exporter.stats()).toMatchObject({ documents: 12_000, duplicates: 0 });
    expect(asks()).toBe(1);
  });

  test('what a recording held when it was opened is looked up, also where it had been taken for over', async () => {
    const [source, rejectedFile] = [folder(), join(folder(), 'rejected.ndjson')];
    const dir = join(source, 'one');
    const writer = await writing(dir);
    const rows = rowsOfNow(10);
    await write(writer, rows);
    const past = new Date(Date.now() - 3_600_000);
    for (const name of readdirSync(dir)) utimesSync(join(dir, name), past, past);
    expect(await exportToElasticsearch(dir, { client, rejectedFile })).toMatchObject({
      documents: 20,
      growing: false,
    });
    for (const stream of ['gpumetrics', 'cpumetrics'])
      await elasticsearch.request('POST', `/${stream}/_rollover`);
    const { client: through, lookUps } = await counted();
    const exporter = await startExporter({ client: through, source, state: folder() });
    await exporter.reached(0n);
    expect(exporter.stats()).toMatchObject({ documents: 0, duplicates: 18 });
    // The last document of what was there is given with the rows that come next.
    const added = await lookUpsOf(3, { writer, exporter, lookUps });
    expect(added.counts.slice(1)).toEqual([0, 0]);
    await writer.close();
    await exporter.reached(EVERYTHING);
    expect(exporter.stats()).toMatchObject({ documents: 60, duplicates: 20 });
    for (const some of [rows, ...added.rows])
      expect(await gpuDocuments(some)).toEqual({ found: 10, missing: 0 });
  });

  test('is not idle while what was recorded during a long request is left', async () => {
    const source = folder();
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    let asked = false;
    const proxy = await startChaosProxy(elasticsearch.url, async ({ path }) => {
      if (path.startsWith('/_bulk')) {
        asked = true;
        await answered;
      }
      return 'pass' as const;
    });
    const through = new Client({ node: proxy.url });
    const writer = await RecordingWriter.create(join(source, 'one'), {
      ...META,
      host: { ...META.host, name: HOST },
    });
    const [first, ...others] = batchesOf(rowsOf(1000, 1));
    if (first) await writer.write(first);
    await writer.flushed();
    const exporter = await startExporter({ client: through, source, state: folder() });
    await until(() => asked);
    for (const batch of others) await writer.write(batch);
    await writer.flushed();
    answer();
    await until(() => exporter.stats().state === 'idle');
    expect(exporter.stats()).toMatchObject({ documents: 2000, backlog__B: 0, lag__s: 0 });
    await writer.close();
    await exporter.stop();
    await through.close();
    await proxy.close();
  });

  test('while Elasticsearch is away: a state, a backlog and a lag; then all arrives', async () => {
    const rows = rowsOf(100, 1);
    const source = folder();
    await recordRows(join(source, 'one'), rows);
    let away = true;
    const proxy: ChaosProxy = await startChaosProxy(elasticsearch.url, () => (away ? '503' : 'pass'));
    const through = new Client({ node: proxy.url });
    const changes: string[] = [];
    const exporter = await startExporter({
      client: through,
      source,
      state: folder(),
      onChange: ({ state: to }) => changes.push(to),
    });
    await until(() => exporter.stats().state === 'retrying' && exporter.stats().backlog__B > 0);
    expect(exporter.stats()).toMatchObject({
      reason: 'it is not ready: status 503',
      documents: 0,
    });
    // Its rows are of 2026.
    expect(exporter.stats().lag__s).toBeGreaterThan(1);
    let reached = false;
    const waiting = exporter.reached(EVERYTHING).then(() => (reached = true));
    await until(() => exporter.stats().retries > 2);
    expect(reached).toBe(false);
    away = false;
    await waiting;
    expect(exporter.stats()).toMatchObject({
      state: 'idle',
      reason: '',
      documents: 200,
      backlog__B: 0,
      lag__s: 0,
    });
    await exporter.stop();
    await through.close();
    await proxy.close();
    expect(changes[0]).toBe('retrying');
  });
});
