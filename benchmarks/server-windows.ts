// What windows cost that are open at once: memory of the server, and CPU time that does not grow with them.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inFolder, withCountingSink } from './harness/documents';
import type { Benchmark, Finding } from './harness/report';
import { scaled } from './harness/rounds';
import { postJson, startServerProcess, type ServerProcess } from './harness/server-process';

const WINDOWS = 1000;
const DURATION__S = 180;

interface Cost {
  readonly rss__MiB: number;
  readonly cpu__pct: number;
}

/** Over so many seconds; the memory is the highest until then. */
async function costOf(server: ServerProcess, duration__s: number): Promise<Cost> {
  const begun = { cpu__s: server.cpu__s(), at__ms: performance.now() };
  await setTimeout(duration__s * 1000);
  const spent__s = server.cpu__s() - begun.cpu__s;
  return { rss__MiB: server.rss__MiB(), cpu__pct: (100_000 * spent__s) / (performance.now() - begun.at__ms) };
}

/** One window, and then all of them. */
async function measure(args: readonly string[], effort: number): Promise<{ one: Cost; all: Cost }> {
  return inFolder(async (folder) => {
    const server = await startServerProcess(join(folder, 'state'), args);
    try {
      const open = (index: number) => postJson(`${server.url}/v1/jobs`, { id: `window-${index}` });
      await open(0);
      const one = await costOf(server, scaled(DURATION__S / 3, effort));
      for (let index = 1; index < WINDOWS; index++) await open(index);
      return { one, all: await costOf(server, scaled(DURATION__S, effort)) };
    } finally {
      await server.stop();
    }
  });
}

/** @param where after each finding's name */
function findingsOf({ one, all }: { one: Cost; all: Cost }, where: string): readonly Finding[] {
  const each__kB = ((all.rss__MiB - one.rss__MiB) * 1048.576) / (WINDOWS - 1);
  return [
    { what: `peak RSS, one window${where}`, value: one.rss__MiB, unit: 'MiB' },
    {
      what: `peak RSS, ${WINDOWS} windows${where}`,
      value: all.rss__MiB,
      unit: 'MiB',
      limit: { atMost: 250 },
    },
    { what: `a window more${where}`, value: each__kB, unit: 'kB', limit: { atMost: 150 } },
    { what: `CPU of a core, one window${where}`, value: one.cpu__pct, unit: '%' },
    { what: `CPU of a core, ${WINDOWS} windows${where}`, value: all.cpu__pct, unit: '%' },
    {
      what: `CPU, ${WINDOWS} windows ÷ one${where}`,
      value: all.cpu__pct / one.cpu__pct,
      unit: '×',
      limit: { atMost: 3 },
    },
  ];
}

export const benchmark: Benchmark = {
  title:
    `\`nvpulse server\` at its default interval with 8 simulated GPUs: one window for ${DURATION__S / 3} s, then ` +
    `${WINDOWS} for ${DURATION__S} s; and the same exporting to a sink that only counts`,
  run: async ({ effort }) => [
    ...findingsOf(await measure([], effort), ''),
    ...(await withCountingSink(async (url) =>
      findingsOf(await measure(['--url', url], effort), ', exporting'),
    )),
  ],
};
