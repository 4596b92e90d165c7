// What each answer to a bulk request means for each document; the server is this test's own.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Client } from '@elastic/elasticsearch';
import { sendBulk, type BulkOutcome } from '../../../lib/sinks/elasticsearch/delivery/bulk';
import { Packer, type OutgoingDocument } from '../../../lib/sinks/elasticsearch/documents/packed';
import { until } from '../../support/processes';

const LINES: readonly OutgoingDocument[] = ['a', 'b', 'c'].map((id, at) => ({
  index: 'gpumetrics',
  id,
  source: JSON.stringify({ '@timestamp': `2026-02-14T10:15:0${at}.000000001Z`, entity: 'gpu' }),
}));

const packer = new Packer();
const DOCUMENTS = LINES.map((line) => packer.pack(line));

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  /** Without the header of Elasticsearch's own answers. @default false */
  readonly unsigned?: boolean;
}

let reply: Reply | 'break' | 'break_midway' | 'nothing' = 'nothing';
let asked: { readonly url: string; readonly body: string } | undefined;
let server: Server;
let client: Client;

beforeAll(async () => {
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      asked = { url: request.url ?? '', body: gunzipSync(Buffer.concat(pieces)).toString() };
      if (reply === 'nothing') return;
      if (reply === 'break') return void request.socket.destroy();
      const type = (reply !== 'break_midway' && reply.type) || 'application/vnd.elasticsearch+json';
      const unsigned = reply !== 'break_midway' && reply.unsigned;
      const headers = {
        'content-type': type,
        ...(unsigned ? {} : { 'x-elastic-product': 'Elasticsearch' }),
      };
      if (reply === 'break_midway') {
        response.writeHead(200, { ...headers, 'content-length': 1000 });
        return void response.write('{"errors":false,"items":[', () => response.destroy());
      }
      response.writeHead(reply.status, headers);
      response.end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new Client({ node: `http://127.0.0.1:${port}`, compression: true, requestTimeout: 500 });
});

beforeEach(() => {
  asked = undefined;
});

afterAll(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function outcomeOf(given: typeof reply): Promise<BulkOutcome> {
  reply = given;
  return sendBulk(client, DOCUMENTS, new AbortController().signal);
}

const item = (status: number, type?: string, reason = 'why', more = {}): object => ({
  create: { status, ...(type === undefined ? {} : { error: { type, reason, ...more } }) },
});
const answer = (...items: readonly object[]): Reply => ({
  status: 200,
  body: JSON.stringify({ errors: true, items }),
});
const complaint = (status: number, type: string, reason = 'why'): Reply => ({
  status,
  body: JSON.stringify({ error: { root_cause: [], type, reason }, status }),
});

test('sends compressed lines of creations that only a data stream takes', async () => {
  await outcomeOf(answer(item(201), item(201), item(201)));
  expect(asked?.url).toMatch(/^\/_bulk\?require_data_stream=true&filter_path=/);
  expect(asked?.body).toBe(
    LINES.map(({ id, source }) => `{"create":{"_index":"gpumetrics","_id":"${id}"}}\n${source}\n`).join(''),
  );
});

test('created, there already, rejected: of each document its own', async () => {
  const parsing = item(400, 'document_parsing_exception', 'failed to parse', {
    caused_by: { type: 'x', reason: 'For input string: "x"' },
  });
  expect(await outcomeOf(answer(item(201), item(409, 'version_conflict_engine_exception'), parsing))).toEqual(
    {
      kind: 'answered',
      items: [
        { kind: 'created' },
        { kind: 'duplicate' },
        {
          kind: 'rejected',
          reason: 'document_parsing_exception: failed to parse (For input string: "x")',
        },
      ],
    },
  );
});

test.each([
  'illegal_argument_exception',
  'validation_exception',
  'mapper_parsing_exception',
  'something_that_is_yet_to_come',
])('a refusal that may be of the document or of all (%s) is not yet the one or the other', async (type) => {
  expect(await outcomeOf(answer(item(201), item(400, type), item(201)))).toMatchObject({
    items: [
      { kind: 'created' },
      { kind: 'refused', reason: `${type}: why`, failure: { state: 'refused', ambiguous: false } },
      { kind: 'created' },
    ],
  });
});

test('a pipeline that refuses on purpose has passed nothing on, though its status is 500', async () => {
  const outcome = await outcomeOf(answer(item(201), item(500, 'fail_processor_exception', 'no'), item(201)));
  expect(outcome).toMatchObject({
    items: [
      { kind: 'created' },
      {
        kind: 'refused',
        reason: 'fail_processor_exception: no',
        failure: { state: 'refused', ambiguous: false },
      },
      { kind: 'created' },
    ],
  });
});

test('a shard that is full is no fault of the document, though others are taken', async () => {
  const full = 'Number of documents in the shard cannot exceed [2147483519]; for more information, see [x]';
  const outcome = await outcomeOf(
    answer(item(201), item(400, 'illegal_argument_exception', full), item(201)),
  );
  expect(outcome).toMatchObject({
    items: [
      { kind: 'created' },
      {
        kind: 'failed',
        failure: { state: 'refused', reason: `${full}; roll the data stream over`, ambiguous: false },
      },
      { kind: 'created' },
    ],
  });
});

test('put into a failure store is not in the data stream', async () => {
  const aside = { create: { status: 201, failure_store: 'used' } };
  const outcome = await outcomeOf(answer(item(201), aside, item(201)));
  expect(outcome).toMatchObject({ items: [{ kind: 'created' }, { kind: 'rejected' }, { kind: 'created' }] });
});

test.each([
  [429, 'es_rejected_execution_exception', 'retrying', false],
  [503, 'unavailable_shards_exception', 'retrying', true],
  [500, 'node_not_connected_exception', 'retrying', true],
  [403, 'security_exception', 'denied', false],
  [403, 'cluster_block_exception', 'refused', false],
  [400, 'index_closed_exception', 'refused', false],
  [404, 'index_not_found_exception', 'not_set_up', false],
  [404, 'resource_not_found_exception', 'not_set_up', false],
])('an item of status %d, %s: %s', async (status, type, state, ambiguous) => {
  const outcome = await outcomeOf(answer(item(201), item(status, type), item(201)));
  expect(outcome).toMatchObject({
    kind: 'answered',
    items: [{ kind: 'created' }, { kind: 'failed', failure: { state, ambiguous } }, { kind: 'created' }],
  });
});

test.each([
  [429, 'es_rejected_execution_exception', 'retrying', false],
  [429, 'circuit_breaking_exception', 'retrying', false],
  [503, 'cluster_block_exception', 'retrying', true],
  [401, 'security_exception', 'denied', false],
  [403, 'security_exception', 'denied', false],
  [400, 'illegal_argument_exception', 'refused', false],
])("Elasticsearch's own answer %d, %s: %s", async (status, type, state, ambiguous) => {
  const outcome = await outcomeOf(complaint(status, type, 'the reason'));
  expect(outcome).toMatchObject({ kind: 'failed', failure: { state, ambiguous } });
  expect(outcome.kind === 'failed' && outcome.failure.reason).toContain('the reason');
});

test.each([
  [429, 'retrying'],
  [502, 'retrying'],
  [504, 'retrying'],
  [403, 'denied'],
  [404, 'refused'],
  [405, 'refused'],
])('an answer %d of something before it says nothing about what was done', async (status, state) => {
  const outcome = await outcomeOf({ status, body: '<html>no</html>', type: 'text/html' });
  expect(outcome).toMatchObject({ kind: 'failed', failure: { state, ambiguous: true } });
});

test.each([
  ['a text for an error', 403, { error: 'no' }],
  ['a text for an error', 408, { error: 'no' }],
  ['a text for an error', 429, { error: 'no' }],
  ['an error without a type', 429, { error: { reason: 'no' } }],
])("%s (%d) may have been done, also with Elasticsearch's header", async (_, status, body) => {
  const outcome = await outcomeOf({ status, body: JSON.stringify(body) });
  expect(outcome).toMatchObject({ kind: 'failed', failure: { ambiguous: true } });
  expect(outcome.kind === 'failed' && outcome.failure.reason).toContain('no');
});

test.each([429, 403, 400])("%d without Elasticsearch's header may have been done", async (status) => {
  const given = complaint(status, 'security_exception');
  expect(await outcomeOf({ ...given, unsigned: true })).toMatchObject({
    kind: 'failed',
    failure: { ambiguous: true },
  });
});

test.each([
  [401, 'denied', 'API key'],
  [403, 'denied', 'docs/ELASTICSEARCH.md'],
  [404, 'refused', 'create-mapping'],
  [400, 'refused', 'create-mapping'],
] as const)("%d without Elasticsearch's header has a gateway's remedy", async (status, state, ours) => {
  const body = JSON.stringify({ error: 'no such route' });
  const outcome = await outcomeOf({ status, body, unsigned: true });
  expect(outcome).toMatchObject({ kind: 'failed', failure: { state, ambiguous: true } });
  const reason = outcome.kind === 'failed' ? outcome.failure.reason : '';
  expect(reason).toBe('no such route; see the URL, and what stands before Elasticsearch');
  expect(reason).not.toContain(ours);
});

test('an answer without the header may have been done, and may be of a proxy that takes it out', async () => {
  expect(await outcomeOf({ ...answer(item(201), item(201), item(201)), unsigned: true })).toMatchObject({
    kind: 'failed',
    failure: { state: 'refused', reason: expect.stringContaining('let the proxy pass'), ambiguous: true },
  });
});

test('what a gateway says of its own connection is not of ours', async () => {
  const body = 'connect ECONNREFUSED 10.0.0.7:9200';
  expect(await outcomeOf({ status: 502, body, type: 'text/plain', unsigned: true })).toMatchObject({
    kind: 'failed',
    failure: { ambiguous: true },
  });
});

test('413 asks for less', async () => {
  expect(await outcomeOf({ status: 413, body: '', type: 'text/plain' })).toMatchObject({ kind: 'too_large' });
});

test.each(['break', 'break_midway'] as const)('a broken connection (%s) may have been done', async (how) => {
  expect(await outcomeOf(how)).toMatchObject({
    kind: 'failed',
    failure: { state: 'retrying', ambiguous: true },
  });
});

test('no answer in time may have been done', async () => {
  expect(await outcomeOf('nothing')).toMatchObject({
    kind: 'failed',
    failure: { state: 'retrying', ambiguous: true },
  });
});

test.each([
  ['no JSON', { status: 200, body: '{"errors":' }],
  ['another page', { status: 200, body: '<html>welcome</html>', type: 'text/html' }],
  ['fewer outcomes than documents', answer(item(201))],
])('an answer that is none (%s) may have been done', async (_, given) => {
  expect(await outcomeOf(given)).toMatchObject({ kind: 'failed', failure: { ambiguous: true } });
});

test('a server that is not there was never reached', async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const away = new Client({ node: `http://127.0.0.1:${port}` });
  const outcome = await sendBulk(away, DOCUMENTS, new AbortController().signal);
  await away.close();
  expect(outcome).toMatchObject({ kind: 'failed', failure: { state: 'retrying', ambiguous: false } });
});

test('an aborted request throws why', async () => {
  reply = 'nothing';
  const stop = new AbortController();
  const sent = sendBulk(client, DOCUMENTS, stop.signal);
  const ending = expect(sent).rejects.toThrow('enough');
  await until(() => asked !== undefined);
  stop.abort(new Error('enough'));
  await ending;
});

test('a reason is one line of bounded length', async () => {
  const outcome = await outcomeOf(complaint(400, 'illegal_argument_exception', 'a\nb'.repeat(1000)));
  expect(outcome.kind === 'failed' && outcome.failure.reason).toMatch(/^[^\n]{50,600}$/);
});
