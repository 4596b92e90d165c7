// Jobs of days ago to compare: one on two hosts, and ten that took a day each.
import type { Elasticsearch } from './elasticsearch';

export const SWEEP = 'sweep';
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
  const windowOn = (host: string, start__ms: number, hours: number, figures: object) => ({
    '@timestamp': new Date(start__ms + hours * HOUR__MS).toISOString(),
    'host.name': host,
    entity: 'window',
    job: [SWEEP],
    job_name: SWEEP,
    job_title: `${stampOf(start__ms)} ${SWEEP}\t${SWEEP}`,
    start: new Date(start__ms).toISOString(),
    duration__s: hours * 3600,
    gpu_shared: false,
    simulated: true,
    ...figures,
  });
  await created(elasticsearch, 'jobmetrics', [
    windowOn(SWEEP_HOSTS[0], from__ms + 1000, 3, {
      gpu_energy__J: 3e6,
      gpu_utilization__pct: 80,
      gpu_memory_used__MiB_max: 1000,
    }),
    // Begins there two seconds later, and fails after an hour.
    windowOn(SWEEP_HOSTS[1], from__ms + 3000, 1, {
      gpu_energy__J: 1e6,
      gpu_utilization__pct: 40,
      gpu_memory_used__MiB_max: 4000,
    }),
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
