// How long a start or a stop over HTTP takes until it is durable, while the server samples at 1 kHz.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inFolder } from './harness/documents';
import type { Benchmark } from './harness/report';
import { scaled } from './harness/rounds';
import { postJson, startServerProcess } from './harness/server-process';

const A_SECOND = 100;
const DURATION__S = 20;
const LIMIT__MS = 20;

/** Requests on a fixed schedule, whatever the answers take: a wait for one must not hide the next. */
async function latencies(
  url: string,
  run: string,
  count: number,
): Promise<{ starts: number[]; stops: number[] }> {
  const taken = { starts: [] as number[], stops: [] as number[] };
  const timed = async (into: number[], path: string, body: object): Promise<void> => {
    const start__ms = performance.now();
    await postJson(`${url}${path}`, body);
    into.push(performance.now() - start__ms);
  };
  const begin__ms = performance.now();
  const running: Promise<void>[] = [];
  const opened: Promise<void>[] = [];
  for (let at = 0; at < count; at++) {
    await setTimeout(Math.max(0, begin__ms + (at * 1000) / A_SECOND - performance.now()));
    const job = Math.floor(at / 2);
    if (at % 2 === 0) {
      opened[job] = timed(taken.starts, '/v1/jobs', { id: `${run}-${job}` });
      running.push(opened[job]);
    } else {
      await opened[job];
      running.push(timed(taken.stops, `/v1/jobs/${run}-${job}/stop`, {}));
    }
  }
  await Promise.all(running);
  return taken;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export const benchmark: Benchmark = {
  title: `${A_SECOND} starts and stops a second over HTTP for ${DURATION__S} s, while 8 simulated GPUs are sampled at 1 kHz`,
  run: ({ effort }) =>
    inFolder(async (folder) => {
      const server = await startServerProcess(join(folder, 'state'), ['-i', '1ms']);
      try {
        await postJson(`${server.url}/v1/jobs`, { id: 'fast', name: 'keeps the rate at 1 kHz' });
        await latencies(server.url, 'warm', A_SECOND);
        const { starts, stops } = await latencies(server.url, 'job', scaled(A_SECOND * DURATION__S, effort));
        return [
          { what: 'start, p50', value: percentile(starts, 0.5), unit: 'ms' },
          { what: 'start, p99', value: percentile(starts, 0.99), unit: 'ms', limit: { atMost: LIMIT__MS } },
          { what: 'stop, p50', value: percentile(stops, 0.5), unit: 'ms' },
          { what: 'stop, p99', value: percentile(stops, 0.99), unit: 'ms', limit: { atMost: LIMIT__MS } },
        ];
      } finally {
        await server.stop();
      }
    }),
};
