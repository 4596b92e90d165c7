// What a document costs the sender: into a sink that only counts, by the exporter and by the client's helper.
import { join } from 'node:path';
import type { Client } from '@elastic/elasticsearch';
import { connect } from '../lib/sinks/elasticsearch';
import { exportOnce, helperBulk, inFolder, record, withCountingSink } from './harness/documents';
import type { Benchmark } from './harness/report';
import { interleave, scaled, spreadOf } from './harness/rounds';

const DOCUMENTS = 500_000;
const ROUNDS = 1;

interface Cost {
  readonly rate: number;
  readonly cpu__us: number;
}

async function costOf(documents: number, work: () => Promise<number>): Promise<Cost> {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const start__ms = performance.now();
  const sent = await work();
  if (sent !== documents) throw new Error(`${sent} of ${documents} documents were sent`);
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (documents * 1000) / (performance.now() - start__ms), cpu__us: (user + system) / documents };
}

async function measure(client: Client, documents: number, rounds: number, folder: string) {
  const dir = join(folder, 'recording');
  const rows = await record(dir, documents);
  const ours = () => costOf(rows, () => exportOnce(client, dir));
  const helper = () => costOf(rows, () => helperBulk(client, dir));
  await ours();
  await helper();
  return interleave(rounds, ours, helper);
}

export const benchmark: Benchmark = {
  title:
    "500,000 documents of a GPU from a recording into an HTTP sink that only counts, by the exporter and by the client's " +
    'helpers.bulk, whose documents are made by toDocuments; both compress',
  run: ({ effort }) =>
    withCountingSink((url) =>
      inFolder(async (folder) => {
        const client = await connect({ url });
        const pairs = await measure(client, scaled(DOCUMENTS, effort), scaled(ROUNDS, effort), folder);
        await client.close();
        const figure = (what: string, unit: string, of: (ours: Cost, helper: Cost) => number) => {
          const { median, range } = spreadOf(pairs.map(([ours, helper]) => of(ours, helper)));
          return { what, value: median, unit, spread: range };
        };
        return [
          figure('exporter', 'documents/s', ({ rate }) => rate),
          figure('helpers.bulk', 'documents/s', (_, { rate }) => rate),
          figure('exporter, CPU', 'µs/document', ({ cpu__us }) => cpu__us),
          figure('helpers.bulk, CPU', 'µs/document', (_, { cpu__us }) => cpu__us),
          {
            ...figure('CPU ÷ helpers.bulk', '×', (ours, helper) => ours.cpu__us / helper.cpu__us),
            limit: { atMost: 1 },
          },
        ];
      }),
    ),
};
