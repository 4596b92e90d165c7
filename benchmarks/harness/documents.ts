// The same documents for every contestant: a recording of GPUs' readings, what the exporter makes of it, and the
// bodies that it would send.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@elastic/elasticsearch';
import { openRecording, RecordingWriter } from '../../lib/recording';
import {
  connect,
  documentId,
  exportToElasticsearch,
  instanceKey,
  toDocuments,
} from '../../lib/sinks/elasticsearch';
import { parseDuration } from '../../lib/time';
import { answer, bodyOf } from './counting-sink';
import { makeBatches, META } from './gpu-readings';
import { ROOT } from './native';

const INTERVAL__MS = 100;
const HOST = 'benchmark';

/** A folder that is gone after `work`. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-bench-documents-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A recording of at least so many rows, each of which is a document; how many they are. Each has its own id. */
export async function record(dir: string, documents: number): Promise<number> {
  const { batches } = makeBatches(INTERVAL__MS, documents * 15);
  const meta = { ...META, interval__ns: INTERVAL__MS * 1e6, host: { ...META.host, name: HOST } };
  const writer = await RecordingWriter.create(dir, meta);
  let rows = 0;
  for (const batch of batches) {
    if (rows >= documents) break;
    rows += batch.tables.reduce((sum, { length }) => sum + length, 0);
    await writer.write(batch);
  }
  await writer.close();
  if (writer.lastError) throw writer.lastError;
  return rows;
}

/** What the exporter does with a recording. */
export async function exportOnce(client: Client, dir: string): Promise<number> {
  const rejectedFile = `${dir}.rejected.ndjson`;
  const { documents, rejected } = await exportToElasticsearch(dir, { client, rejectedFile });
  if (rejected > 0) throw new Error(`${rejected} documents were rejected`);
  return documents;
}

/** The same by the client's own helper, which asks for each document when it wants it. */
export async function helperBulk(client: Client, dir: string): Promise<number> {
  const recording = await openRecording(dir);
  const resolution__ns = parseDuration('100ms', 'resolution');
  async function* sources(): AsyncGenerator<{ index: string; id: string; source: object }> {
    for await (const batch of recording.batches()) {
      const [table] = batch.tables;
      let row = 0;
      for (const { index, source } of toDocuments(batch, { host: HOST, windows: [] })) {
        const instance = batch.instances.get(table?.instance[row] ?? -1);
        if (!instance) throw new Error('a row of nobody');
        const key = instanceKey(recording.manifest.id, instance, resolution__ns);
        const utc__ns = (table?.time[row++] ?? 0n) + batch.utcOffset__ns;
        yield { index, id: documentId(key, utc__ns), source };
      }
    }
  }
  const ids = new WeakMap<object, { index: string; id: string }>();
  async function* datasource(): AsyncGenerator<object> {
    for await (const { index, id, source } of sources()) {
      ids.set(source, { index, id });
      yield source;
    }
  }
  const { successful, failed } = await client.helpers.bulk<object>({
    datasource: datasource(),
    onDocument: (source) => {
      const { index, id } = ids.get(source) ?? { index: '', id: '' };
      return { create: { _index: index, _id: id } };
    },
  });
  if (failed > 0) throw new Error(`${failed} documents failed`);
  return successful;
}

/** The bodies that the exporter sends of a recording, compressed as it sends them. */
export async function bodiesOf(dir: string): Promise<readonly Buffer[]> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    void bodyOf(request).then(({ raw, plain }) => {
      if (path.startsWith('/_bulk')) bodies.push(raw);
      answer(response, path, plain);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await connect({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await exportOnce(client, dir);
  await client.close();
  server.close();
  return bodies;
}

/** Sends bodies as the exporter does, as many at a time. */
export async function post(client: Client, bodies: readonly Buffer[]): Promise<void> {
  const waiting = [...bodies];
  const lane = async (): Promise<void> => {
    for (let body = waiting.shift(); body; body = waiting.shift()) {
      const sent = client.transport.request(
        {
          method: 'POST',
          path: '/_bulk',
          querystring: { require_data_stream: true, filter_path: 'errors' },
          bulkBody: body,
        },
        { maxRetries: 0, compression: false, headers: { 'content-encoding': 'gzip' } },
      );
      const { errors } = (await sent) as { readonly errors: boolean };
      if (errors) throw new Error('documents of a prepared body failed');
    }
  };
  await Promise.all([lane(), lane()]);
}

/** A sink that only counts, in a process of its own; `work` is told its URL. */
export async function withCountingSink<T>(work: (url: string) => Promise<T>): Promise<T> {
  const loader = join(ROOT, 'test', 'support', 'register-typescript.js');
  const child = spawn(process.execPath, ['-r', loader, join(__dirname, 'counting-sink.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    return await work(`http://127.0.0.1:${Number(String(port))}`);
  } finally {
    child.kill('SIGKILL');
  }
}
