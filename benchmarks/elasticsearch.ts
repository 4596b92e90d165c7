// Documents into a real Elasticsearch: by the exporter, by the client's helper, and the ceiling: the same documents,
// serialised and compressed beforehand, posted by the same client.
import { join } from 'node:path';
import type { Client } from '@elastic/elasticsearch';
import { connect, createMapping } from '../lib/sinks/elasticsearch';
import { startElasticsearch } from '../test/support/elasticsearch';
import { bodiesOf, exportOnce, helperBulk, inFolder, post, record } from './harness/documents';
import type { Benchmark, Finding } from './harness/report';
import { scaled, spreadOf } from './harness/rounds';

const DOCUMENTS = 500_000;
const ROUNDS = 1;
const LOOK__MS = 50;

interface Round {
  readonly documents: number;
  /** Documents a second. */
  readonly ceiling: number;
  readonly ours: number;
  readonly helper: number;
  readonly memory__MiB: { readonly most: number; readonly growth: number };
}

async function rateOf(documents: number, work: () => Promise<unknown>): Promise<number> {
  const start__ms = performance.now();
  await work();
  return (documents * 1000) / (performance.now() - start__ms);
}

/** Resident memory while `work` runs: how far it rose above its start, and its second half above its first. */
async function memoryDuring(work: () => Promise<void>): Promise<Round['memory__MiB']> {
  globalThis.gc?.();
  const start = process.memoryUsage.rss();
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(process.memoryUsage.rss() - start), LOOK__MS);
  await work();
  clearInterval(timer);
  const middle = Math.floor(seen.length / 2);
  const most = (part: readonly number[]): number => Math.max(0, ...part) / 2 ** 20;
  return { most: most(seen), growth: most(seen.slice(middle)) - most(seen.slice(0, middle)) };
}

async function round(client: Client, documents: number): Promise<Round> {
  return inFolder(async (folder) => {
    const dirs = ['ours', 'ceiling', 'helper'].map((name) => join(folder, name));
    const [ours = '', ceiling = '', helper = ''] = dirs;
    const rows = await record(ours, documents);
    await record(ceiling, documents);
    await record(helper, documents);
    let rate = NaN;
    const memory__MiB = await memoryDuring(async () => {
      rate = await rateOf(rows, () => exportOnce(client, ours));
    });
    const bodies = await bodiesOf(ceiling);
    return {
      documents: rows,
      memory__MiB,
      ours: rate,
      ceiling: await rateOf(rows, () => post(client, bodies)),
      helper: await rateOf(rows, () => helperBulk(client, helper)),
    };
  });
}

async function bytesADocument(client: Client): Promise<number> {
  await client.indices.forcemerge({ index: 'gpumetrics', max_num_segments: 1 }, { requestTimeout: 300_000 });
  await client.indices.refresh({ index: 'gpumetrics' });
  const { _all } = await client.indices.stats({ index: 'gpumetrics', metric: ['store', 'docs'] });
  const { store, docs } = _all.primaries ?? {};
  return (store?.size_in_bytes ?? NaN) / (docs?.count ?? NaN);
}

export const benchmark: Benchmark = {
  title:
    '500,000 documents of a GPU (17 metrics) from a recording into an Elasticsearch on the same machine, in turn with ' +
    "the same number posted ready-made, and with the client's helpers.bulk",
  run: async ({ effort }) => {
    const elasticsearch = await startElasticsearch();
    const client = await connect({ url: elasticsearch.url });
    try {
      await createMapping({ client });
      const documents = scaled(DOCUMENTS, effort);
      // The server's own warming up is nobody's.
      await round(client, Math.round(documents / 5));
      const rounds: Round[] = [];
      for (let at = 0; at < scaled(ROUNDS, effort); at++) rounds.push(await round(client, documents));
      const figure = (what: string, unit: string, of: (one: Round) => number) => {
        const { median, range } = spreadOf(rounds.map(of));
        return { what, value: median, unit, spread: range };
      };
      const findings: Finding[] = [
        figure('exporter', 'documents/s', ({ ours }) => ours),
        figure('ready-made bodies', 'documents/s', ({ ceiling }) => ceiling),
        figure('helpers.bulk', 'documents/s', ({ helper }) => helper),
        {
          ...figure('exporter ÷ ready-made bodies', '×', ({ ours, ceiling }) => ours / ceiling),
          limit: { atLeast: 0.8 },
        },
        {
          ...figure('exporter ÷ helpers.bulk', '×', ({ ours, helper }) => ours / helper),
          limit: { atLeast: 1 },
        },
        {
          ...figure('memory above start', 'MiB', ({ memory__MiB }) => memory__MiB.most),
          limit: { atMost: 64 },
          note: 'after a warming round in the same process, whose memory it reuses',
        },
        figure('memory, second half above first', 'MiB', ({ memory__MiB }) => memory__MiB.growth),
        { what: 'in Elasticsearch, merged', value: await bytesADocument(client), unit: 'B/document' },
      ];
      return findings;
    } finally {
      await client.close();
      await elasticsearch.stop();
    }
  },
};
