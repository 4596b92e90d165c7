// docs/DOCUMENTS.md shows documents as they are made: each of its examples is compared with one that is.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTITIES, type Instance } from '../../../lib/catalog';
import { summarizeJobs } from '../../../lib/jobs/recorded-jobs';
import {
  openRecording,
  RecordingWriter,
  spansOf,
  TABLE_START,
  type JobSpan,
  type Json,
  type Recording,
} from '../../../lib/recording';
import { eventDocuments, toDocuments, endedWindow, windowDocument } from '../../../lib/sinks/elasticsearch';
import { DocumentFold } from '../../../lib/sinks/elasticsearch/documents/document-fold';
import { IDENTITY_FIELDS, streamOf } from '../../../lib/sinks/elasticsearch/documents/streams';
import { META } from '../../fixtures/recording/batches';
import { lineOf } from '../../support/document-line';
import { batchOf, gpu, HOST, MEMORY, SECOND } from '../../support/readings';

const DOCS = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'DOCUMENTS.md'), 'utf8');
const [SAMPLE, PROCESS, FOLDED, WINDOW, START, EVENT, ...NONE] = [
  ...DOCS.matchAll(/^```json\n(.*?)^```$/gms),
].map(([, text]) => JSON.parse(text ?? '') as unknown);
/** The cells of the rows of tables, by the first one. */
const CELLS = new Map(
  [...DOCS.matchAll(/^\| (.+) \|$/gm)].map(([, row]) => {
    const [first = '', ...rest] = (row ?? '').split(' | ');
    return [first, rest.join(' | ')];
  }),
);

/** 2026-09-21T14:13:20Z */
const OFFSET__NS = 1_790_000_000_000_000_000n;
const H200: Instance = {
  id: 3,
  entity: 'gpu',
  identity: {
    index: 3,
    uuid: 'GPU-3',
    name: 'NVIDIA H200',
    pci_bus_id: '',
    serial: null,
    driver_version: '',
  },
};
const PYTHON: Instance = { id: 9, entity: 'process', identity: { pid: 77, name: 'python', job: 'train-7' } };
const NODE: JobSpan = {
  id: 'train-7',
  name: 'train',
  labels: {},
  start__ns: -8_000_000_000n,
  gpu_scope: 'node',
  gpus: 'node',
};

test('there is an example of each kind', () => {
  expect(NONE).toEqual([]);
  expect(EVENT).toBeDefined();
});

test('a sample of a GPU, and of a process', () => {
  const time__ns = 123_457_000;
  const values = { gpu_utilization__pct: 87, power_draw__W: 412.5, energy__J: 123456.789 };
  const used = { cpu_time__s: 12.5, memory_rss__MiB: 2048 };
  const batch = batchOf(
    [
      { instance: H200, time__ns, values },
      { instance: PYTHON, time__ns, values: used },
    ],
    0,
    OFFSET__NS,
  );
  const sources = [...toDocuments(batch, { host: 'n1', windows: [NODE] })].map(({ source }) => source);
  expect(sources).toEqual([SAMPLE, PROCESS]);
});

test('folded samples', () => {
  const busy = [81, 85, 86, 90];
  const readings = busy.map((gpu_utilization__pct, index) => ({
    instance: H200,
    time__ns: 100_000_000 + 10_000_000 * index,
    values: { gpu_utilization__pct, energy__J: 123456.75 + 1.25 * index },
  }));
  const clock = { start__ns: '0', utcOffset__ns: String(OFFSET__NS) };
  const fold = new DocumentFold({ id: 'r', clock, host: META.host }, { resolution__ns: 1e8 });
  const position = { tables: { gpu: { ...TABLE_START, flush: 1, rows: readings.length } } };
  const read = { batch: batchOf(readings, 0, OFFSET__NS), position, simulated: false, settled: true };
  fold.push(read, [NODE], [{ from__ns: 0n, interval__ns: 1e7 }]);
  expect(fold.end().map((document) => JSON.parse(lineOf(document)) as unknown)).toEqual([FOLDED]);
});

describe('a window and an event', () => {
  const root = mkdtempSync(join(tmpdir(), 'nvpulse-documents-'));
  let recording: Recording;
  /** Seconds after 2026-09-21T14:14:00Z. */
  const begin__ns = process.hrtime.bigint() + BigInt(SECOND);
  const at = (time__s: number): bigint => begin__ns + BigInt(time__s * SECOND);

  beforeAll(async () => {
    const dir = join(root, 'r');
    const utcOffset__ns = OFFSET__NS + 40n * BigInt(SECOND) - begin__ns;
    const writer = await RecordingWriter.create(dir, { ...META, utcOffset__ns, interval__ns: SECOND });
    const tell = (kind: 'window_start' | 'window_stop', time__s: number, data: Json) =>
      writer.event(kind, { time__ns: at(time__s), data });
    const common = { id: 'train-7', gpu_scope: 'named', gpus: ['GPU-1'] };
    tell('window_start', 2, { ...common, tree: false, name: 'train', labels: { team: 'x' } });
    const readings = Array.from({ length: 14 }, (_, time__s) => {
      const time__ns = Number(at(time__s));
      const ofGpu = {
        gpu_utilization__pct: 60,
        memory_used__MiB: 2000,
        power_draw__W: 200,
        energy__J: 5000 + 200 * time__s,
        gpu_temperature__C: 41,
      };
      return [
        { instance: gpu(1), time__ns, values: ofGpu },
        { instance: HOST, time__ns, values: { cpu_busy__s: 700 + time__s, cpu_utilization__pct: 50 } },
        { instance: MEMORY, time__ns, values: { memory_used__MiB: 2048 } },
      ];
    });
    await writer.write(batchOf(readings.flat()));
    writer.event('mark', { time__ns: at(5.5), text: 'epoch 1', data: { id: 'train-7' } });
    tell('window_stop', 10, { ...common, status: 'succeeded' });
    await writer.close();
    recording = await openRecording(dir);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('are those of a recording', async () => {
    const spans = spansOf(recording.events);
    const summaries = await summarizeJobs(recording);
    const { source } = windowDocument(endedWindow(summaries.get('train-7')!, spans[0]!, spans));
    // Readings are taken a second apart, to within the digits of a double.
    const rounded = Object.entries(source).map(([field, value]) => [
      field,
      typeof value === 'number' ? Number(value.toFixed(6)) : value,
    ]);
    expect(Object.fromEntries(rounded)).toEqual(WINDOW);
    const context = { host: 'n1', spans, instances: recording.instances, simulated: true };
    const events = eventDocuments(recording.events, context).map((one) => one.source);
    expect(events.find(({ event }) => event === 'mark')).toEqual(EVENT);
    expect(events.find(({ entity }) => entity === 'start')).toEqual(START);
  });
});

test('streams and identities are those in use', () => {
  const named = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  for (const entity of ENTITIES) {
    expect([entity, named(CELLS.get(`\`${streamOf(entity)}\``))]).toEqual([
      entity,
      expect.arrayContaining([entity]),
    ]);
    const fields = IDENTITY_FIELDS[entity].map(([field]) => field);
    if (fields.length > 0) expect([entity, named(CELLS.get(`\`${entity}\``))]).toEqual([entity, fields]);
  }
});
