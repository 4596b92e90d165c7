// What an exporter says of itself, and in which order it sends: on a real Elasticsearch, through a proxy that fails.
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Client } from '@elastic/elasticsearch';
import { RecordingWriter, SUMMARIES_START } from '../../lib/recording';
import { createMapping, Exporter, type ExporterOptions } from '../../lib/sinks/elasticsearch';
import { META } from '../fixtures/recording/batches';
import { startChaosProxy, type ChaosProxy, type Decide } from '../support/chaos-proxy';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { temporaryPaths } from '../support/folder';
import { until } from '../support/processes';
import { batchesOf, expectedOf, HOST, recordRows, STEP__NS, type Rows } from '../support/recorded';
import { documentsIn } from '../support/documents';

const EVERYTHING = 2n ** 62n;

const folder = temporaryPaths();

let day = 0;
/** Rows of a time that no other test has. */
function rowsOf(ticks: number, gpus = 0): Rows {
  return { ticks, gpus, from__ns: BigInt(++day) * 86_400_000_000_000n };
}

describeWithElasticsearch('what an exporter says', {}, (elasticsearch) => {
  const exporters: Exporter[] = [];
  const writers: RecordingWriter[] = [];
  let proxy: ChaosProxy;
  let client: Client;

  beforeAll(async () => {
    const direct = new Client({ node: elasticsearch.url });
    await createMapping({ client: direct });
    await direct.close();
  });

  afterEach(async () => {
    await Promise.all(exporters.map((exporter) => exporter.stop()));
    await Promise.all(writers.map((writer) => writer.close()));
    await client.close();
    await proxy.close();
  });

  async function through(decide: Decide): Promise<void> {
    proxy = await startChaosProxy(elasticsearch.url, decide);
    client = new Client({ node: proxy.url });
  }

  async function startExporter(options: Omit<ExporterOptions, 'client'>): Promise<Exporter> {
    const exporter = new Exporter({ client, ...options });
    exporters.push(exporter);
    await exporter.start();
    return exporter;
  }

  /** A recording that is being written. */
  async function writing(dir: string): Promise<RecordingWriter> {
    const writer = await RecordingWriter.create(dir, { ...META, host: { ...META.host, name: HOST } });
    writers.push(writer);
    return writer;
  }

  const start = (writer: RecordingWriter, id: string): void =>
    writer.event('window_start', {
      data: { id, tree: false, name: id, labels: {}, gpu_scope: 'node', gpus: [] },
    });

  /** Bytes of a recording's rows, in segments and in the journal. */
  const rows__B = (dir: string): number =>
    readdirSync(dir)
      .filter((name) => /\.arrows\.gz$|^journal\.bin$/.test(name))
      .reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);

  test('after a restart while Elasticsearch is away: the backlog is that of all recordings, and grows', async () => {
    let away = false;
    await through(() => (away ? '503' : 'pass'));
    const source = folder();
    const state = folder();
    const rows = rowsOf(9000);
    const batches = [...batchesOf(rows)];
    const one = await writing(join(source, 'one'));
    for (const batch of batches) await one.write(batch);
    await one.flushed();
    const first = await startExporter({ source, state });
    await first.reached(EVERYTHING);
    await first.stop();
    away = true;

    await recordRows(join(source, 'two'), rowsOf(2000));
    await recordRows(join(source, 'three'), rowsOf(2000));
    const [again] = batchesOf(rowsOf(100));
    if (again) await one.write(again);
    await one.flushed();
    const second = await startExporter({ source, state });
    const least__B = rows__B(join(source, 'two')) + rows__B(join(source, 'three'));
    await until(() => second.stats().backlog__B > least__B);
    expect(second.stats()).toMatchObject({ state: 'retrying', documents: 0 });
    // One that began since, while a pass waits for Elasticsearch.
    const before = second.stats().backlog__B;
    await recordRows(join(source, 'four'), rowsOf(2000));
    const all__B = before + rows__B(join(source, 'four'));
    await until(() => second.stats().backlog__B >= all__B);
    away = false;
    await second.reached(EVERYTHING);
    expect(second.stats()).toMatchObject({ state: 'idle', backlog__B: 0, documents: 6100, duplicates: 0 });
  });

  test('after a restart the lag is that of what is left, not of all that was recorded', async () => {
    let away = false;
    await through(() => (away ? '503' : 'pass'));
    const source = folder();
    const state = folder();
    const dir = join(source, 'one');
    const rows = rowsOf(9000);
    const [last] = batchesOf(rowsOf(1));
    const writer = await writing(dir);
    for (const batch of batchesOf(rows)) await writer.write(batch);
    await writer.flushed();
    // It says that it began with its rows.
    const path = join(dir, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    manifest.clock.start__ns = String(rows.from__ns);
    writeFileSync(path, JSON.stringify(manifest));
    const first = await startExporter({ source, state });
    await first.reached(EVERYTHING);
    await first.stop();
    away = true;
    if (last) await writer.write(last);
    await writer.flushed();
    const second = await startExporter({ source, state });
    await until(() => second.stats().backlog__B > 0 && second.stats().state === 'retrying');
    const start__s = Number(rows.from__ns! + META.utcOffset__ns) / 1e9;
    const newest__s = start__s + Number(8999n * STEP__NS) / 1e9;
    const now__s = Date.now() / 1e3;
    const { lag__s } = second.stats();
    expect(lag__s).toBeLessThan(now__s - start__s - 800);
    expect(lag__s).toBeGreaterThan(now__s - newest__s - 10);
    away = false;
  });

  /** Entities of documents in the order in which they were sent. */
  const sent: string[] = [];
  const noteSent = (path: string, body: Buffer): void => {
    if (!path.startsWith('/_bulk')) return;
    const lines = gunzipSync(body).toString().split('\n');
    sent.push(...lines.flatMap((line) => /"entity":"(\w+)"/.exec(line)?.[1] ?? []));
  };

  test('starts wait for no rows: those that were told in an outage, and those told since', async () => {
    sent.length = 0;
    let isTold = false;
    const source = folder();
    await recordRows(join(source, 'old'), rowsOf(60_000));
    const writer = await writing(join(source, 'new'));
    start(writer, 'in-the-outage');
    await writer.flushed();
    await through(async ({ path, body }) => {
      if (path.startsWith('/_bulk') && sent.includes('host') && !isTold) {
        isTold = true;
        start(writer, 'since');
        await writer.flushed();
        // The others go out while this one waits: nothing is told more often than every two seconds.
        await until(() => performance.now() - begun__ms > 2500);
      }
      noteSent(path, body);
      return 'pass' as const;
    });
    const begun__ms = performance.now();
    const exporter = await startExporter({ source, state: folder() });
    await exporter.reached(EVERYTHING);
    expect(sent.filter((entity) => entity === 'host')).toHaveLength(60_000);
    expect(sent[0]).toBe('start');
    const second = sent.lastIndexOf('start');
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(sent.length - 20_000);
    expect(exporter.stats()).toMatchObject({ documents: 60_002, duplicates: 0 });
  });

  test('a summary that is not understood is a dead letter with its reason, and what comes after it arrives', async () => {
    await through(() => 'pass');
    const source = folder();
    const state = folder();
    const writer = await writing(join(source, 'one'));
    const [at = SUMMARIES_START] = await writer.tellSummaries([{ summary: {} }]);
    start(writer, 'after');
    for (const batch of batchesOf(rowsOf(10))) await writer.write(batch);
    await writer.flushed();
    const exporter = await startExporter({ source, state });
    await exporter.reached(EVERYTHING);
    expect(exporter.stats()).toMatchObject({ documents: 11, rejected: 1 });
    const [line = '', ...others] = readFileSync(exporter.stats().deadLetterFile, 'utf8').split('\n');
    expect(others).toEqual(['']);
    expect(JSON.parse(line)).toMatchObject({
      reason: expect.stringMatching(/^a line of the recording's summaries is not understood: ./),
      index: 'jobmetrics',
      document: { summary: {} },
    });
    // It names no job: whose it is, who told it knows.
    expect(await exporter.rejectedOf('after', { recording: 'one', at })).toBe(1);
    expect(await exporter.rejectedOf('after', { recording: 'two', at })).toBe(0);
    expect(await exporter.rejectedOf('after')).toBe(0);
  });

  test('what is added to an older recording while a pass waits is not taken for sent', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let asked = false;
    await through(async ({ path }) => {
      if (!path.startsWith('/_bulk')) return 'pass' as const;
      asked = true;
      await released;
      return 'pass' as const;
    });
    const source = folder();
    const rows = rowsOf(2000, 1);
    const dir = join(source, 'older');
    const writer = await writing(dir);
    const [first, ...others] = batchesOf(rows);
    if (first) await writer.write(first);
    await writer.flushed();
    await recordRows(join(source, 'newer'), rowsOf(10));
    const exporter = await startExporter({ source, state: folder() });
    await until(() => asked);
    for (const batch of others) await writer.write(batch);
    await writer.flushed();
    // Its process was killed, an hour ago.
    const past = new Date(Date.now() - 3_600_000);
    for (const name of readdirSync(dir)) utimesSync(join(dir, name), past, past);
    release();
    await exporter.reached(EVERYTHING);
    await exporter.reached(EVERYTHING);
    const expected = new Set(expectedOf(rows).gpu);
    const found = (await documentsIn(elasticsearch, 'gpumetrics')).filter((one) => expected.has(one));
    expect(found).toHaveLength(2000);
  });

  test('recordings that cannot be looked at are not taken for none', async () => {
    await through(() => 'pass');
    const source = folder();
    appendFileSync(source, 'a file in the place of the folder');
    const exporter = await startExporter({ source, state: folder() });
    await until(() => exporter.stats().state !== 'ok');
    expect(exporter.stats()).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('not a directory'),
    });
  });

  test("the state's folder, removed while rows flow, is told each time, and what was acknowledged stays so", async () => {
    await through(() => 'pass');
    const [source, state] = [folder(), folder()];
    const ended = join(source, 'ended');
    await recordRows(ended, rowsOf(10));
    const writer = await writing(join(source, 'flowing'));
    const write = async (at: number): Promise<void> => {
      const from__ns = BigInt(at) * STEP__NS;
      for (const batch of batchesOf({ ticks: 1, gpus: 0, from__ns })) await writer.write(batch);
      await writer.flushed();
    };
    let told = 0;
    const exporter = await startExporter({ source, state, onRemoved: () => told++ });
    for (let time = 1; time <= 3; time++) {
      const before = exporter.stats().documents;
      await write(2 * time);
      await exporter.reached(EVERYTHING);
      expect(exporter.stats().documents).toBeGreaterThan(before);
      rmSync(state, { recursive: true });
      await write(2 * time + 1);
      await until(() => told === time);
      expect(await exporter.acknowledgedOf(ended)).toMatchObject({ finished: true });
    }
  });

  test('a link to a recording is not followed', async () => {
    await through(() => 'pass');
    const [source, elsewhere] = [folder(), folder()];
    await recordRows(join(source, 'own'), rowsOf(10));
    await recordRows(join(elsewhere, 'other'), rowsOf(20));
    symlinkSync(join(elsewhere, 'other'), join(source, 'link'));
    const exporter = await startExporter({ source, state: folder() });
    await exporter.reached(EVERYTHING);
    expect(exporter.stats()).toMatchObject({ state: 'idle', documents: 10 });
  });

  test('a recording whose manifest cannot be read is told, and holds up who waits for it alone', async () => {
    await through(() => 'pass');
    const source = folder();
    const [good, ill] = [join(source, 'good'), join(source, 'ill')];
    await recordRows(good, rowsOf(10));
    await recordRows(ill, rowsOf(20));
    // Nothing is wrong with what is none, or only beginning.
    mkdirSync(join(source, 'beginning'));
    appendFileSync(join(source, 'a-file'), '');
    const path = join(ill, 'manifest.json');
    const manifest = readFileSync(path, 'utf8');
    writeFileSync(path, '{');
    const exporter = await startExporter({ source, state: folder() });
    for (const [text, why] of [
      ['{', 'is not a recording: its manifest.json is not JSON'],
      [JSON.stringify({ ...JSON.parse(manifest), format: 99 }), 'is of format 99'],
    ] as const) {
      writeFileSync(path, text);
      await until(() => exporter.stats().reason.includes(why));
      await exporter.reached(EVERYTHING, (dir) => dir === good);
      expect(exporter.stats()).toMatchObject({ state: 'refused', documents: 10 });
    }
    let isReached = false;
    const reached = exporter.reached(EVERYTHING).then(() => (isReached = true));
    await exporter.reached(EVERYTHING, (dir) => dir !== ill);
    expect(isReached).toBe(false);
    writeFileSync(path, manifest);
    await reached;
    expect(exporter.stats()).toMatchObject({ state: 'idle', reason: '', documents: 30 });
  });

  test('what a failed pass had read is sent by the next one; it holds up no other recording', async () => {
    sent.length = 0;
    await through(({ path, body }) => {
      noteSent(path, body);
      return 'pass';
    });
    const source = folder();
    const writer = await writing(join(source, 'one'));
    start(writer, 'short');
    for (const batch of batchesOf(rowsOf(10))) await writer.write(batch);
    writer.event('window_stop', { data: { id: 'short', gpu_scope: 'node', gpus: [] } });
    await writer.flushed();
    await recordRows(join(source, 'two'), rowsOf(20));
    let isIll = true;
    const exporter = await startExporter({
      source,
      state: folder(),
      summaryOf: () => (isIll ? Promise.reject(new Error('not now')) : Promise.resolve(undefined)),
    });
    await until(() => exporter.stats().state === 'refused' && exporter.stats().documents === 20);
    expect(exporter.stats().reason).toBe(`${join(source, 'one')}: not now`);
    // What cannot be sent is left.
    await until(() => exporter.stats().backlog__B > 0);
    isIll = false;
    await exporter.reached(EVERYTHING);
    expect(exporter.stats()).toMatchObject({ reason: '', documents: 32, duplicates: 0 });
    expect(sent.filter((entity) => entity !== 'host')).toEqual(['start', 'event']);
  });
});
