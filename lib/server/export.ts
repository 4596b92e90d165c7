// The exporter of a server: its spool into Elasticsearch.
import { join } from 'node:path';
import { connect, Exporter } from '../sinks/elasticsearch';
import type { ElasticsearchConfig } from './options';

/** @throws ERR_OPTION, ERR_IO as `connect` does, and where the cursors' folder cannot be written */
export async function startExport(
  { connection, resolution, cores }: ElasticsearchConfig,
  spool: string,
  { state, log }: { readonly state: string; readonly log: (line: string) => void },
): Promise<Exporter> {
  const client = await connect(connection);
  const exporter = new Exporter({
    client,
    source: spool,
    state: join(state, 'export'),
    resolution,
    cores,
    onChange: ({ state, reason }) =>
      log(reason === '' ? `export is ${state}` : `export is ${state}: ${reason}`),
  });
  await exporter.start();
  return exporter;
}
