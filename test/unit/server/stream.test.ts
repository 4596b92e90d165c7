// Live batches to a client that does not keep up: memory stays bounded, and what is left out is counted.
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { LiveStream } from '../../../lib/server/stream';
import { batchOf, gpu, HOST } from '../../support/readings';
import { until } from '../../support/processes';

const HEARTBEAT__MS = 100;
let server: Server;
const responses: ServerResponse[] = [];
const stream = new LiveStream();
beforeAll(async () => {
  server = createServer((request, response) => {
    const all = request.url === '/all';
    responses.push(response);
    stream.add(response, all ? undefined : new Set(['gpu'] as const));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  stream.close();
  server.closeAllConnections();
  server.close();
});

async function follow(path: string): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const [response] = (await once(get({ port, path }), 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
}

const reading = (index: number, time__ns: number) => ({
  instance: index < 0 ? HOST : gpu(index),
  time__ns,
  values: index < 0 ? { load_1min: 2 } : { power_draw__W: 100 + index },
});
const batch = (rows: number, index = 0) =>
  batchOf(Array.from({ length: rows }, (_, row) => reading(index, row * 1e6)));

test('a client that does not read is sent no more than fits, and is told what it missed; others miss nothing', async () => {
  const [slow, quick] = [await follow('/gpu'), await follow('/gpu')];
  slow.pause();
  let quickRows = 0;
  quick.on('data', (text: string) => (quickRows += text.match(/"power_draw__W":100/g)?.length ?? 0));
  let pushed = 0;
  const push = (): number => {
    stream.push(batch(500));
    return (pushed += 500);
  };
  const [toSlow] = responses;
  while ((toSlow?.writableLength ?? 0) < 1 << 20) {
    push();
    await new Promise(setImmediate);
  }
  for (let i = 0; i < 50; i++) {
    push();
    await new Promise(setImmediate);
  }
  expect(toSlow?.writableLength).toBeLessThan(2 << 20);
  await until(() => quickRows === pushed);

  let text = '';
  slow.on('data', (piece: string) => (text += piece));
  slow.resume();
  await until(() => toSlow?.writableLength === 0);
  push();
  await until(() => text.includes('event: skipped') && text.endsWith('\n\n'));
  await until(
    () =>
      (text.match(/"power_draw__W":100/g)?.length ?? 0) + Number(/"rows":(\d+)}/.exec(text)?.[1]) === pushed,
  );
  slow.destroy();
  quick.destroy();
});

test('a client is sent the entities that it wants', async () => {
  const [all, gpus] = [await follow('/all'), await follow('/gpu')];
  const texts = [all, gpus].map((response) => {
    const seen = { text: '' };
    response.on('data', (piece: string) => (seen.text += piece));
    return seen;
  });
  stream.push(batch(1, -1));
  stream.push(batch(1, 3));
  await until(() => texts.every(({ text }) => text.includes('"entity":"gpu"')));
  expect(texts.map(({ text }) => text.includes('"entity":"host"'))).toEqual([true, false]);
  all.destroy();
  gpus.destroy();
});

test('there is an end to how many may follow', async () => {
  await until(() => responses.every((response) => response.destroyed || !response.writable));
  expect(stream.full).toBe(false);
  const clients = await Promise.all(Array.from({ length: 16 }, () => follow('/all')));
  expect(stream.full).toBe(true);
  clients[0]?.destroy();
  await until(() => !stream.full);
  for (const client of clients) client.destroy();
});

test('who does not read gives up the place, who reads slowly keeps it', async () => {
  const brief = new LiveStream(HEARTBEAT__MS);
  const served: ServerResponse[] = [];
  const follower = createServer((_, response) => {
    served.push(response);
    brief.add(response, undefined);
  }).listen(0, '127.0.0.1');
  await once(follower, 'listening');
  const { port } = follower.address() as AddressInfo;
  const [stuck] = (await once(get({ port }), 'response')) as [IncomingMessage];
  const [slow] = (await once(get({ port }), 'response')) as [IncomingMessage];
  stuck.on('error', () => undefined).pause();
  let beats = 0;
  slow.setEncoding('utf8').on('data', (text: string) => (beats += text.startsWith(':') ? 1 : 0));
  while (served[0]?.destroyed === false) {
    brief.push(batch(500));
    await new Promise(setImmediate);
  }
  const before = beats;
  await until(() => beats > before + 2);
  expect(served[1]?.destroyed).toBe(false);
  brief.close();
  follower.closeAllConnections();
  follower.close();
});
