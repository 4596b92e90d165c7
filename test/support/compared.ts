// Jobs of days ago: one on two hosts and one without a GPU, ten that took a day each, and one that was sampled at different intervals.
import type { JobSpan } from '../../lib/recording';
import { Meter, toDocuments } from '../../lib/sinks/elasticsearch';
import type { Elasticsearch } from './elasticsearch';
import { batchOf, gpu, HOST, SECOND } from './readings';

export const SWEEP = 'sweep';
export const NO_GPU = 'no-gpu';
export const SWEEP_HOSTS = ['sweep-a', 'sweep-b'] as const;
export const ENDLESS = 'endless';
export const ENDLESS_JOBS = 10;

const HOUR__MS = 3_600_000;
const DAY__MS = 24 * HOUR__MS;
const STEP__MS = 10_000;

export interface Compared {
  readonly from__ms: number;
  readonly to__ms: number;
}

/** Four days ago. */
export async function exportSweep(elasticsearch: Elasticsearch): Promise<Compared> {
  const from__ms = Date.now() - 4 * DAY__MS;
  const windowOn = (job: string, host: string, start__ms: number, hours: number, figures: object = {}) => ({
    '@timestamp': new Date(start__ms + hours * HOUR__MS).toISOString(),
    'host.name': host,
    entity: 'window',
    job: [job],
    job_name: job,
    job_title: `${stampOf(start__ms)} ${job}\t${job}`,
    start: new Date(start__ms).toISOString(),
    duration__s: hours * 3600,
    gpu_shared: false,
    simulated: true,
    ...figures,
  });
  await created(elasticsearch, 'jobmetrics', [
    windowOn(SWEEP, SWEEP_HOSTS[0], from__ms + 1000, 3, {
      gpu_energy__J: 3e6,
      gpu_utilization__pct: 80,
      gpu_memory_used__MiB_max: 1000,
    }),
    // Begins there two seconds later, and fails after an hour.
    windowOn(SWEEP, SWEEP_HOSTS[1], from__ms + 3000, 1, {
      gpu_energy__J: 1e6,
      gpu_utilization__pct: 40,
      gpu_memory_used__MiB_max: 4000,
    }),
    windowOn(NO_GPU, SWEEP_HOSTS[1], from__ms + 2 * HOUR__MS, 1),
  ]);
  return { from__ms, to__ms: from__ms + 4 * HOUR__MS };
}

/** Six days ago, each on a GPU of its own, a sample each ten seconds. */
export async function exportEndless(elasticsearch: Elasticsearch): Promise<Compared> {
  const from__ms = Date.now() - 6 * DAY__MS;
  for (let index = 0; index < ENDLESS_JOBS; index++) {
    const job = `${ENDLESS}-${index}`;
    const start__ms = from__ms + index * 1000;
    const told = {
      'host.name': ENDLESS,
      job: [job],
      job_title: `${stampOf(start__ms)} ${ENDLESS}\t${job}`,
    };
    const samples = Array.from({ length: DAY__MS / STEP__MS }, (_, at) => ({
      '@timestamp': new Date(start__ms + at * STEP__MS).toISOString(),
      entity: 'gpu',
      index,
      ...told,
      job_time__s: (at * STEP__MS) / 1000,
      power_draw__W: 100,
    }));
    await created(elasticsearch, 'gpumetrics', samples);
    const start = { '@timestamp': new Date(start__ms).toISOString(), entity: 'start', job_name: ENDLESS };
    await created(elasticsearch, 'jobmetrics', [{ ...start, ...told }]);
  }
  return { from__ms, to__ms: from__ms + DAY__MS + HOUR__MS };
}

/** Ten minutes on each of two hosts: one is read each second for a minute and then each minute, the other each ten seconds. */
export const UNEVEN = 'uneven';
const UNEVEN__S = 600;
/** Busy for the minute that is read each second, and hardly so later; of the other host's alike all the while. */
const [BUSY__PCT, IDLE__PCT, STEADY__PCT] = [90, 10, 30];
const FIRST__PCT = (60 * BUSY__PCT + 540 * IDLE__PCT) / UNEVEN__S;
export const UNEVEN_MEANS = {
  gpu__pct: (FIRST__PCT + STEADY__PCT) / 2,
  cpu__pct: (FIRST__PCT + STEADY__PCT) / 2,
} as const;
const POWER__W = 200;
export const UNEVEN_ENERGY__J = 2 * UNEVEN__S * POWER__W;

/** Five days ago. On the first host other jobs begin and end meanwhile, between two readings. */
export async function exportUneven(elasticsearch: Elasticsearch): Promise<Compared> {
  const from__ms = Math.floor(Date.now() / 1000) * 1000 - 5 * DAY__MS;
  const at = (second: number): bigint => BigInt(from__ms + second * 1000) * 1_000_000n;
  const span = (id: string, from__s: number, until__s: number): JobSpan => ({
    id,
    name: id,
    labels: {},
    start__ns: at(from__s),
    stop__ns: at(until__s),
    gpu_scope: 'node',
    gpus: 'node',
  });
  // A nanosecond longer than its last reading, which lies inside then.
  const own = { ...span(UNEVEN, 0, UNEVEN__S), stop__ns: at(UNEVEN__S) + 1n };
  const minutes = Array.from({ length: 9 }, (_, minute) => 120 + 60 * minute);
  const uneven = [...Array.from({ length: 61 }, (_, second) => second), ...minutes];
  const even = Array.from({ length: 61 }, (_, reading) => 10 * reading);
  const hosts = [
    { name: 'uneven-a', times: uneven, spans: [own, span('beside', 90, 150), span('later', 200, 330)] },
    { name: 'uneven-b', times: even, spans: [own] },
  ];
  for (const { name, times, spans } of hosts) {
    const shareAt = (second: number): number =>
      name === 'uneven-b' ? STEADY__PCT : second <= 60 ? BUSY__PCT : IDLE__PCT;
    const batch = batchOf(
      times.flatMap((second) => [
        {
          instance: gpu(0),
          time__ns: Number(at(second)),
          values: { gpu_utilization__pct: shareAt(second), energy__J: 1e6 + POWER__W * second },
        },
        { instance: HOST, time__ns: Number(at(second)), values: { cpu_utilization__pct: shareAt(second) } },
      ]),
    );
    const documents = [...toDocuments(batch, { host: name, windows: spans, meter: new Meter(60 * SECOND) })];
    for (const stream of ['gpumetrics', 'cpumetrics'])
      await created(
        elasticsearch,
        stream,
        documents.flatMap(({ index, source }) => (index === stream ? [source] : [])),
      );
  }
  return { from__ms: from__ms - 1000, to__ms: from__ms + (UNEVEN__S + 60) * 1000 };
}

const stampOf = (time__ms: number): string => new Date(time__ms).toISOString().slice(0, 19).replace('T', ' ');

async function created(
  elasticsearch: Elasticsearch,
  stream: string,
  sources: readonly object[],
): Promise<void> {
  const lines = sources.map((source) => `{"create":{}}\n${JSON.stringify(source)}\n`).join('');
  const { body } = await elasticsearch.request('POST', `/${stream}/_bulk?refresh=true`, lines);
  if (body.errors !== false) throw new Error(`_bulk: ${JSON.stringify(body).slice(0, 1000)}`);
}
