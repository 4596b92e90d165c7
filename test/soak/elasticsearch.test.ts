// Rounds of everything that can fail between a recording and Elasticsearch, for as long as one likes, by hand:
// NVPULSE_SOAK__MIN minutes (10 unless told), NVPULSE_SOAK_SEED to see one again (as far as timing allows).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import { createMapping } from '../../lib/sinks/elasticsearch';
import { generator, seeded, startChaosProxy, type ChaosProxy } from '../support/chaos-proxy';
import { documentsIn, expectSame } from '../support/documents';
import { describeWithElasticsearch } from '../support/elasticsearch';
import { ExporterProcess } from '../support/exporter-process';
import { until } from '../support/processes';
import { expectedOf, recordRows, type Rows } from '../support/recorded';

const LENGTH__MS = Number(process.env['NVPULSE_SOAK__MIN'] ?? 10) * 60_000;
const SEED = Number(process.env['NVPULSE_SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const STREAMS = ['gpumetrics', 'cpumetrics'];
const HOUR__NS = 3_600_000_000_000n;

describeWithElasticsearch('soak', { restarts: true }, (elasticsearch) => {
  const random = generator(SEED);
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const root = mkdtempSync(join(tmpdir(), 'nvpulse-soak-'));

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** What happens beside the proxy's faults. */
  async function disturb(proxy: ChaosProxy, exporter: ExporterProcess): Promise<string> {
    const what = random();
    if (what < 0.2) {
      await elasticsearch.restart();
      return 'elasticsearch';
    }
    if (what < 0.6) {
      await exporter.kill();
      exporter.start();
      return 'exporter';
    }
    // Between requests: one that is carried out only after it was looked up is beyond what is promised.
    await until(() => proxy.underway() === 0);
    for (const stream of STREAMS) await elasticsearch.request('POST', `/${stream}/_rollover`);
    return 'rollover';
  }

  async function round(number: number): Promise<void> {
    const rows: Rows = {
      ticks: between(300, 4000),
      gpus: between(1, 4),
      from__ns: BigInt(number) * HOUR__NS,
    };
    const folder = join(root, String(number));
    mkdirSync(folder);
    await recordRows(join(folder, 'spool', 'one'), rows);
    const proxy = await startChaosProxy(elasticsearch.url, seeded(0.3, Math.floor(random() * 2 ** 32)));
    const exporter = new ExporterProcess(proxy.url, join(folder, 'spool'), join(folder, 'state'));
    exporter.start();
    const done: string[] = [];
    for (let left = between(2, 6); left > 0; left--) {
      await setTimeout(between(0, 3000));
      done.push(await disturb(proxy, exporter));
    }
    await until(() => exporter.stats?.state === 'idle', 600_000);
    await exporter.kill();
    await proxy.close();
    rmSync(folder, { recursive: true });
    const expected = expectedOf(rows);
    for (const [stream, own] of [
      ['gpumetrics', expected.gpu],
      ['cpumetrics', expected.host],
    ] as const) {
      const wanted = new Set(own);
      const found = await documentsIn(elasticsearch, stream);
      expectSame(
        found.filter((one) => wanted.has(one)),
        own,
      );
    }
    const counted = expected.gpu.length + expected.host.length;
    process.stderr.write(`round ${number}: ${counted} documents, each once, after ${done.join(', ')}\n`);
  }

  test(
    'every document once',
    async () => {
      process.stderr.write(`soak: seed ${SEED}\n`);
      const client = new Client({ node: elasticsearch.url });
      await createMapping({ client });
      await client.close();
      const end__ms = Date.now() + LENGTH__MS;
      for (let number = 1; Date.now() < end__ms; number++) await round(number);
    },
    LENGTH__MS + 1_800_000,
  );
});
