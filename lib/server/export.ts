// The exporter of a server: its spool into Elasticsearch.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, Exporter } from '../sinks/elasticsearch';
import type { Monitor } from './monitor';
import type { ElasticsearchConfig } from './options';

/** How long a server that ends sends what is left: mostly its last two seconds. */
const LAST__MS = 3000;

/** @throws ERR_OPTION, ERR_IO as `connect` does, and where the cursors' folder cannot be written */
export async function startExport(
  { connection, resolution, cores }: ElasticsearchConfig,
  monitor: Monitor,
  { state, log }: { readonly state: string; readonly log: (line: string) => void },
): Promise<Exporter> {
  const client = await connect(connection);
  const exporter = new Exporter({
    client,
    source: monitor.spool,
    state: join(state, 'export'),
    resolution,
    cores,
    onChange: ({ state, reason }) =>
      log(reason === '' ? `export is ${state}` : `export is ${state}: ${reason}`),
    onRemoved: (dir) =>
      monitor.noteRemoved(`'${dir}' was removed, and is made again: what was rejected is no longer known`),
  });
  await exporter.start();
  return exporter;
}

/** Sends what stands in the recordings now, if Elasticsearch takes it in time; the rest is the next server's. */
export async function endExport(exporter: Exporter): Promise<void> {
  const { state } = exporter.stats();
  if (state === 'ok' || state === 'idle') {
    const now__ns = BigInt(Date.now()) * 1_000_000n;
    await Promise.race([exporter.reached(now__ns), delay(LAST__MS, undefined, { ref: false })]);
  }
  await exporter.stop();
}
