// An Elasticsearch that takes everything and keeps nothing, in a process of its own: counting-sink.ts prints its port.
// What is measured against it is the sender alone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

const HEADERS = {
  'content-type': 'application/vnd.elasticsearch+json;compatible-with=8',
  'x-elastic-product': 'Elasticsearch',
};
const CREATED = '{"create":{"status":201}}';

/** A document is two lines: what to do, and its source. */
function documentsIn(body: Buffer): number {
  let lines = 0;
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) lines++;
  return lines / 2;
}

export function answerTo(path: string, body: Buffer): string {
  if (path.startsWith('/_bulk')) {
    return `{"errors":false,"took":1,"items":[${Array(documentsIn(body)).fill(CREATED).join()}]}`;
  }
  if (path.includes('/_search')) return '{"timed_out":false,"hits":{"hits":[]}}';
  if (path.includes('/_refresh')) return '{"_shards":{"total":1,"successful":1,"failed":0}}';
  return '{"version":{"number":"9.4.3","build_flavor":"default"},"tagline":"You Know, for Search"}';
}

/** The request's body, as it came and inflated. */
export async function bodyOf(
  request: IncomingMessage,
): Promise<{ readonly raw: Buffer; readonly plain: Buffer }> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  const raw = Buffer.concat(pieces);
  return { raw, plain: request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw };
}

export function answer(response: ServerResponse, path: string, body: Buffer): void {
  response.writeHead(200, HEADERS).end(answerTo(path, body));
}

if (require.main === module) {
  const server = createServer((request, response) => {
    void bodyOf(request).then(({ plain }) => answer(response, request.url ?? '', plain));
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}
