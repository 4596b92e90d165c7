// Stands for Elasticsearch Serverless, which cannot be had here: says of itself what that says, and passes on to a real
// Elasticsearch what that offers. All else it refuses as that does: an API of the cluster's or the nodes', and a setting
// of an index that Elastic manages. By the handlers marked @ServerlessScope(PUBLIC), and the settings marked
// ServerlessPublic, of Elasticsearch 9.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const OFFERED: readonly RegExp[] = [
  /^POST \/_bulk$/,
  /^(GET|PUT) \/_component_template\/[^/]+$/,
  /^(GET|PUT) \/_index_template(\/[^/]+)?$/,
  /^(GET|PUT) \/_data_stream\/[^/]+\/_lifecycle$/,
  /^GET \/_resolve\/index\/[^/]+$/,
  /^GET \/[^_/][^/]*$/,
  /^PUT \/[^_/][^/]*\/_mapping$/,
  /^POST \/[^_/][^/]*\/(_refresh|_search|_rollover)$/,
];

const MANAGED = /"(index\.)?(number_of_shards|number_of_replicas|auto_expand_replicas)"|"lifecycle":\{"name"/;

const ROOT = {
  name: 'serverless',
  cluster_name: 'a1b2c3d4e5f6',
  cluster_uuid: 'AAAAAAAAAAAAAAAAAAAAAA',
  version: {
    number: '8.11.0',
    build_flavor: 'serverless',
    build_type: 'docker',
    build_hash: '00000000',
    build_date: '2023-10-31',
    build_snapshot: false,
    lucene_version: '9.7.0',
    minimum_wire_compatibility_version: '8.11.0',
    minimum_index_compatibility_version: '8.11.0',
  },
  tagline: 'You Know, for Search',
};

export interface Serverless {
  readonly url: string;
  /** `METHOD path` of what was refused. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

/** @param target URL of the server, without a path */
export async function startServerless(target: string): Promise<Serverless> {
  const refused: string[] = [];
  const server = createServer((incoming, outgoing) => {
    handle(target, incoming, outgoing, refused).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    refused,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  refused: string[],
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const { method = 'GET', url = '/' } = incoming;
  const path = new URL(url, target).pathname;
  const called = `${method} ${path}`;
  if (path === '/') return reply(outgoing, 200, ROOT);
  if (!OFFERED.some((offered) => offered.test(called))) {
    refused.push(called);
    const reason = `Request for uri [${url}] with method [${method}] exists but is not available when running in serverless mode`;
    return reply(outgoing, 410, { error: { type: 'api_not_available_exception', reason }, status: 410 });
  }
  if (method === 'PUT' && MANAGED.test(body.toString())) {
    refused.push(called);
    const reason = 'Settings are not available when running in serverless mode';
    return reply(outgoing, 400, { error: { type: 'illegal_argument_exception', reason }, status: 400 });
  }
  const call = request(
    `${target}${url}`,
    { method, headers: { ...incoming.headers, 'content-length': String(body.length) }, agent: false },
    (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    },
  );
  call.on('error', () => outgoing.destroy());
  call.end(body);
}

function reply(outgoing: ServerResponse, status: number, body: object): void {
  outgoing.writeHead(status, {
    'content-type': 'application/json',
    'x-elastic-product': 'Elasticsearch',
  });
  outgoing.end(JSON.stringify(body));
}
