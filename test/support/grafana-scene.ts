// What the dashboards are tried on: a GPU machine, simulated, that `nvpulse server` watches and exports, a desktop of
// which there is a recording, and a trainer whose jobs go on.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatUtc, openRecording, Sampler, type Batch } from '../../lib';
import type { JobSpan } from '../../lib/recording';
import { Meter, eventDocuments, toDocuments } from '../../lib/sinks/elasticsearch';
import type { Elasticsearch } from './elasticsearch';
import { nvpulseIn, type Ending, type Running } from './nvpulse';
import { patience } from './patience';
import { batchOf, gpu, HOST, MEMORY, SECOND } from './readings';

export interface Scene {
  readonly from__ms: number;
  readonly to__ms: number;
}

/** Eight GPUs; the last is lost on the way. */
export const MACHINE = hostname();
/** One GPU, with what those do not have: a fan and a video encoder. */
export const DESKTOP = 'desktop';
/** Told by its process, which runs on all GPUs. Lucene means something by most of these characters. */
export const JOB = 'liver-tumor:1 (test) + "7"';
export const JOB_NAME = 'liver-tumor';
/** Has GPU 0, and is never stopped: its lease ends it. */
export const FORGOTTEN = 'forgotten';
export const MARK = 'segmentation';
/** Two real GPUs: no simulator. */
export const TRAINER = 'trainer';
/** Began 15 minutes before the scene, on GPU 1, and goes on. */
export const LONG = 'train-7';
/** Began with the scene, on GPU 0, and goes on. */
export const SHORT = 'train-8';
/** Has no end, and its host was silent for the ten minutes before the scene. */
export const LOST = 'train-6';
export const TRAINING = 'training';
export const TRAINER_POWER__W = 250;
/** The long training ran here too, until the machine fell silent ten minutes before the scene. */
export const TRAINER_2 = 'trainer-2';
/** Looked at each five seconds; of simulated GPUs it has no document. */
export const SLOW = 'slow';
export const SLOW_JOB = 'nightly';

/** Counts from the server's start; both jobs are open then. */
const FAULTS = 'gpu=7,lost,from=16s';
const LEASE = '8s';
const WAIT__ms = 90_000;

/** Keeps a CPU busy and writes to a disk. */
const WORK = `
  const { openSync, writeSync, fsyncSync } = require('node:fs');
  const file = openSync(process.argv[1], 'w');
  const block = Buffer.alloc(1 << 20, 'x');
  setInterval(() => {
    for (const end = Date.now() + 150; Date.now() < end; );
    writeSync(file, block, 0, block.length, 0);
    fsyncSync(file);
  }, 200);`;

export async function playScene(elasticsearch: Elasticsearch): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-grafana-'));
  const from__ms = Date.now();
  try {
    const { run } = nvpulseIn(folder);
    succeeded(await run(['create-mapping', '--url', elasticsearch.url]));
    await Promise.all([
      watchMachine(elasticsearch, folder),
      recordDesktop(elasticsearch, folder),
      watchSlowly(elasticsearch, folder),
    ]);
    await exportCgroup(elasticsearch, from__ms);
    const to__ms = Date.now();
    await exportTrainer(elasticsearch, from__ms, to__ms);
    await elasticsearch.request('POST', '/_refresh');
    return { from__ms, to__ms };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function watchMachine(elasticsearch: Elasticsearch, folder: string): Promise<void> {
  const { start, run } = nvpulseIn(folder);
  const server = start(
    [
      ...['server', '-i', '200ms', '-d', '127.0.0.1', '--port', String(elasticsearch.port)],
      ...['--listen', '127.0.0.1:0', '--state', join(folder, 'server'), '--simulate', 'h200x8'],
    ],
    { env: { NVPULSE_SIM_PROCESSES: 'environ', NVPULSE_SIM_FAULTS: FAULTS } },
  );
  let work: ChildProcess | undefined;
  try {
    const address = await listening(server);
    const client = async (...args: readonly string[]): Promise<void> =>
      succeeded(await run(['client', '-i', address, '--strict', ...args]));
    work = spawn(process.execPath, ['-e', WORK, join(folder, 'written')], {
      env: { ...process.env, NVPULSE_SIM_GPU: '0,1,2,3,4,5,6,7' },
      stdio: 'ignore',
    });
    const tracked = ['--name', JOB_NAME, '--label', 'organ=liver', '--pid', String(work.pid)];
    await Promise.all([
      client('--start', '--job', JOB, ...tracked),
      client('--start', '--job', FORGOTTEN, '--gpu', '0', '--lease', LEASE),
    ]);
    await client('--mark', MARK, '--job', JOB);
    await Promise.all([
      found(elasticsearch, 'event:device_lost'),
      found(elasticsearch, `entity:window AND job:${FORGOTTEN}`),
    ]);
    await client('--stop', '--job', JOB, '--status', 'Succeeded', '--wait', '30s');
    server.child.kill('SIGTERM');
    succeeded(await server.ended);
  } finally {
    work?.kill('SIGKILL');
    server.child.kill('SIGKILL');
    await server.ended;
  }
}

/** HOST:PORT of a server that has begun to listen. */
async function listening({ child, ended }: Running): Promise<string> {
  const address = new Promise<string>((resolve) => {
    let text = '';
    child.stderr.on('data', (piece: string) => {
      text += piece;
      const [, host] = /listening on http:\/\/(\S+?)[,\s]/.exec(text) ?? [];
      if (host !== undefined) resolve(host);
    });
  });
  return Promise.race([
    address,
    ended.then(({ code, stderr }) => Promise.reject(new Error(`the server ended (${code}): ${stderr}`))),
  ]);
}

/** Waits until jobmetrics has a document. */
async function found(elasticsearch: Elasticsearch, query: string): Promise<void> {
  const search = `/jobmetrics/_search?ignore_unavailable=true&q=${encodeURIComponent(query)}`;
  for (const start__ms = Date.now(); ;) {
    await elasticsearch.request('POST', '/jobmetrics/_refresh?ignore_unavailable=true');
    const { status, body } = await elasticsearch.request('GET', search);
    if (status === 200 && body.hits.total.value > 0) return;
    if (Date.now() - start__ms > patience(WAIT__ms))
      throw new Error(`jobmetrics has no document for ${query}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function recordDesktop(elasticsearch: Elasticsearch, folder: string): Promise<void> {
  const dir = join(folder, DESKTOP);
  const { run } = nvpulseIn(folder);
  succeeded(
    await run(['record', '--simulate', 'desktop', '-i', '200ms', '--for', '4s', '-o', dir], {
      env: { NVPULSE_SIM_PROCESSES: 'profile' },
    }),
  );
  for await (const batch of (await openRecording(dir)).batches()) await index(elasticsearch, batch, DESKTOP);
}

/** A job whose processes are read three times. */
async function watchSlowly(elasticsearch: Elasticsearch, folder: string): Promise<void> {
  const work = spawn(process.execPath, ['-e', WORK, join(folder, 'slowly')], { stdio: 'ignore' });
  const sampler = new Sampler({ interval: '5s', gpu: false });
  const window: JobSpan = {
    id: SLOW_JOB,
    name: SLOW_JOB,
    labels: {},
    start__ns: sampler.now(),
    gpu_scope: 'node',
    gpus: 'node',
  };
  sampler.follow({ id: SLOW_JOB, pid: work.pid ?? 0, own: true });
  sampler.start();
  try {
    let rows = 0;
    for await (const batch of sampler) {
      await index(elasticsearch, batch, SLOW, [window], true);
      rows += batch.table('job')?.length ?? 0;
      if (rows >= 3) return;
    }
  } finally {
    sampler.stop();
    work.kill('SIGKILL');
  }
}

/** A cgroup with a memory controller of version 2, which not every machine that runs tests has. */
async function exportCgroup(elasticsearch: Elasticsearch, from__ms: number): Promise<void> {
  const instance = { id: 1, entity: 'cgroup', identity: { path: '/kubepods/pod1' } } as const;
  const seconds = [1, 11];
  const batch = batchOf(
    seconds.map((second) => ({
      instance,
      time__ns: (from__ms + second * 1000) * 1e6,
      values: {
        cgroup_cpu_time__s: 100 + 1.5 * second,
        cgroup_throttled__s: 0.1 * second,
        cgroup_cpus_used: 1.5,
        cgroup_cpus_throttled: 0.1,
        cgroup_memory__MiB: 512,
        cgroup_memory_limit__MiB: 1024,
      },
    })),
  );
  const window: JobSpan = {
    id: JOB,
    name: JOB_NAME,
    labels: {},
    start__ns: 0n,
    gpu_scope: 'node',
    gpus: 'node',
  };
  await index(elasticsearch, batch, MACHINE, [window]);
}

/** A reading each two seconds. */
async function exportTrainer(elasticsearch: Elasticsearch, from__ms: number, to__ms: number): Promise<void> {
  const minutesBefore = (minutes: number): number => from__ms - minutes * 60_000;
  const spans: readonly JobSpan[] = [
    { ...opened(LOST, minutesBefore(20)), gpu_scope: 'named', gpus: gpusOf(0, minutesBefore(20)) },
    { ...opened(LONG, minutesBefore(15)), gpu_scope: 'named', gpus: gpusOf(1, minutesBefore(15)) },
    { ...opened(SHORT, from__ms + 1000), gpu_scope: 'named', gpus: gpusOf(0, from__ms + 1000) },
  ];
  const lost = spans.slice(0, 1);
  const running = spans.slice(1);
  await index(elasticsearch, trained(minutesBefore(20), minutesBefore(16)), TRAINER, lost);
  await index(elasticsearch, trained(minutesBefore(15), to__ms), TRAINER, running);
  const started = spans.map(startOf);
  await send(elasticsearch, eventDocuments(started, { host: TRAINER, spans, instances: new Map() }));
  const other = { ...opened(LONG, minutesBefore(14)), gpu_scope: 'node', gpus: 'node' } as const;
  await index(elasticsearch, trained(minutesBefore(14), minutesBefore(10)), TRAINER_2, [other]);
  await send(
    elasticsearch,
    eventDocuments([startOf(other)], { host: TRAINER_2, spans: [other], instances: new Map() }),
  );
}

const startOf = ({ id, start__ns }: JobSpan) => ({
  time: formatUtc(start__ns),
  time__ns: start__ns,
  kind: 'window_start' as const,
  flush: 0,
  instance: null,
  text: '',
  data: { id },
});

const opened = (id: string, start__ms: number) => ({
  id,
  name: TRAINING,
  labels: {},
  start__ns: BigInt(start__ms) * 1_000_000n,
});
const gpusOf = (index: number, from__ms: number) => [
  { from__ns: BigInt(from__ms) * 1_000_000n, uuids: [`GPU-${index}`] },
];

function trained(from__ms: number, to__ms: number): Batch {
  const seconds = Array.from({ length: Math.floor((to__ms - from__ms) / 2000) + 1 }, (_, at) => 2 * at);
  return batchOf(
    seconds.flatMap((second) => {
      const time__ns = (from__ms + second * 1000) * 1e6;
      const ofGpu = {
        gpu_utilization__pct: 50,
        memory_used__MiB: 2000,
        power_draw__W: TRAINER_POWER__W,
        energy__J: 7000 + TRAINER_POWER__W * second,
        gpu_temperature__C: 60,
      };
      return [
        { instance: gpu(0), time__ns, values: ofGpu },
        { instance: gpu(1), time__ns, values: ofGpu },
        { instance: HOST, time__ns, values: { cpu_utilization__pct: 40 } },
        { instance: MEMORY, time__ns, values: { memory_used__MiB: 3000 } },
      ];
    }),
  );
}

async function index(
  elasticsearch: Elasticsearch,
  batch: Batch,
  host: string,
  windows: readonly JobSpan[] = [],
  simulated = false,
): Promise<void> {
  await send(elasticsearch, [
    ...toDocuments(batch, { host, windows, simulated, meter: new Meter(10 * SECOND) }),
  ]);
}

async function send(
  elasticsearch: Elasticsearch,
  documents: readonly { readonly index: string; readonly source: object }[],
): Promise<void> {
  const lines = documents.map(
    ({ index: stream, source }) =>
      `${JSON.stringify({ create: { _index: stream } })}\n${JSON.stringify(source)}\n`,
  );
  if (lines.length === 0) return;
  const { body } = await elasticsearch.request('POST', '/_bulk?require_data_stream=true', lines.join(''));
  if (body.errors !== false) throw new Error(`_bulk: ${JSON.stringify(body).slice(0, 1000)}`);
}

function succeeded({ code, signal, stderr }: Ending): void {
  if (code !== 0) throw new Error(`nvpulse ended with ${signal ?? code}: ${stderr}`);
}
