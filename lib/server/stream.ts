// Live batches as server-sent events: what a slow client does not take is left out for it, and counted.
import type { ServerResponse } from 'node:http';
import type { Entity } from '../catalog';
import type { Batch } from '../sampling/batch';

/** Unsent bytes above which a client is not sent more. */
const QUEUE__B = 1 << 20;
const CLIENTS_MAX = 16;
/** A comment this often keeps proxies from closing a quiet stream; who has taken nothing meanwhile of what waits is gone. */
const HEARTBEAT__MS = 15_000;

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;

interface Client {
  readonly response: ServerResponse;
  /** Undefined: all. */
  readonly entities: ReadonlySet<Entity> | undefined;
  /** Rows left out since the last that were sent. */
  skipped: number;
  /** It has taken something since the last heartbeat. */
  taking: boolean;
}

export class LiveStream {
  private readonly clients = new Set<Client>();
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(private readonly heartbeat__ms = HEARTBEAT__MS) {}

  /** Another client would be one too many. */
  get full(): boolean {
    return this.clients.size >= CLIENTS_MAX;
  }

  /** Sends every batch from now on, until the client goes away. */
  add(response: ServerResponse, entities: ReadonlySet<Entity> | undefined): void {
    const client: Client = { response, entities, skipped: 0, taking: true };
    this.clients.add(client);
    response.on('close', () => this.remove(client));
    write(client, ': nvpulse\n\n');
    this.heartbeat ??= setInterval(() => this.beat(), this.heartbeat__ms);
  }

  push(batch: Batch): void {
    if (this.clients.size === 0) return;
    for (const { entity, length } of batch.tables) {
      const takers = [...this.clients].filter(({ entities }) => entities?.has(entity) ?? true);
      if (takers.length === 0) continue;
      const ready = takers.filter((client) => this.isReady(client, length));
      if (ready.length === 0) continue;
      const data = JSON.stringify({ entity, rows: [...batch.rows(entity)] });
      for (const client of ready) send(client, data);
    }
  }

  close(): void {
    for (const { response } of this.clients) response.end();
  }

  private isReady(client: Client, rows: number): boolean {
    if (client.response.writableLength < QUEUE__B) return true;
    client.skipped += rows;
    return false;
  }

  private beat(): void {
    for (const client of this.clients) {
      if (client.response.writableLength === 0) write(client, ':\n\n');
      else if (!client.taking) client.response.destroy();
      client.taking = false;
    }
  }

  private remove(client: Client): void {
    this.clients.delete(client);
    if (this.clients.size > 0) return;
    clearInterval(this.heartbeat);
    this.heartbeat = undefined;
  }
}

function send(client: Client, data: string): void {
  if (client.skipped > 0) write(client, `event: skipped\ndata: {"rows":${client.skipped}}\n\n`);
  client.skipped = 0;
  write(client, `event: batch\ndata: ${data}\n\n`);
}

function write(client: Client, text: string): void {
  client.response.write(text, () => (client.taking = true));
}
