// What a monitoring server takes of the machine that it watches, with one job open and everything exported.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inFolder, withCountingSink } from './harness/documents';
import type { Benchmark, Finding } from './harness/report';
import { scaled } from './harness/rounds';
import { postJson, startServerProcess } from './harness/server-process';

const WARM_UP__S = 10;
const DURATION__S = 30;
const RATES = [
  { name: '10 Hz', interval: '100ms', cpu__pct: 3 },
  { name: '1 Hz', interval: '1s', cpu__pct: 0.6 },
] as const;
const RSS__MiB = 120;

async function measure(url: string, { name, interval, cpu__pct }: (typeof RATES)[number], effort: number) {
  return inFolder(async (folder): Promise<readonly Finding[]> => {
    const server = await startServerProcess(join(folder, 'state'), ['-i', interval, '--url', url]);
    try {
      await postJson(`${server.url}/v1/jobs`, { id: 'benchmark', name: 'benchmark' });
      await setTimeout(WARM_UP__S * 1000);
      const begun = { cpu__s: server.cpu__s(), at__ms: performance.now() };
      await setTimeout(scaled(DURATION__S, effort) * 1000);
      const spent__s = server.cpu__s() - begun.cpu__s;
      const share__pct = (100_000 * spent__s) / (performance.now() - begun.at__ms);
      return [
        { what: `CPU of a core at ${name}`, value: share__pct, unit: '%', limit: { atMost: cpu__pct } },
        { what: `peak RSS at ${name}`, value: server.rss__MiB(), unit: 'MiB', limit: { atMost: RSS__MiB } },
      ];
    } finally {
      await server.stop();
    }
  });
}

export const benchmark: Benchmark = {
  title:
    '`nvpulse server` with 8 simulated GPUs and the host, one job, exporting to a sink that only counts: the whole ' +
    `process over ${DURATION__S} s, ${WARM_UP__S} s after the job began`,
  run: ({ effort }) =>
    withCountingSink(async (url) => {
      const findings: Finding[] = [];
      for (const rate of RATES) findings.push(...(await measure(url, rate, effort)));
      return findings;
    }),
};
