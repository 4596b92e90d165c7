// The connections of a server, of which there is a most: who has kept it longest makes way for who comes new. So nobody
// can shut others out by holding connections, whether he says nothing, half a request, or does not take his answers.
import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

interface Connection {
  /** What the kernel knows, below TLS. */
  readonly socket: Socket;
  /** Requests that are worked on. */
  working: number;
  /** Bytes of answers that it has not taken. */
  owed__B: number;
}

const CONNECTIONS_MAX = 1024;
const LIMITS = '/proc/self/limits';
/** Of all answers that are not taken yet, but for the newest. */
const OWED_MAX__B = 64 * 2 ** 20;

/** How many this process may have without being short of files. */
export function connectionsMax(): number {
  const limits = existsSync(LIMITS) ? readFileSync(LIMITS, 'utf8') : '';
  const files = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  return Math.min(CONNECTIONS_MAX, Math.floor(files / 2));
}

export class Connections {
  private readonly open = new Map<string, Connection>();
  /** Those that the server waits for, and those that wait for it; the longest first. */
  private readonly idle = new Set<Connection>();
  private readonly busy = new Set<Connection>();
  private owed__B = 0;

  constructor(
    server: Server,
    private readonly max: number,
  ) {
    server.on('connection', (socket: Socket) => this.add(socket));
  }

  /** A request is worked on until the promise is settled: its connection then goes after those that idle. */
  async during<T>(socket: Socket, work: () => Promise<T> | T): Promise<T> {
    const connection = this.open.get(peerOf(socket));
    if (!connection) return work();
    connection.working++;
    this.idle.delete(connection);
    this.busy.add(connection);
    try {
      return await work();
    } finally {
      if (--connection.working === 0) this.rest(connection);
    }
  }

  /** A stream of events stays, until it ends. */
  keep(response: ServerResponse): void {
    const connection = this.open.get(peerOf(response.req.socket));
    if (!connection) return;
    this.idle.delete(connection);
    response.once('close', () => this.rest(connection));
  }

  /** An answer is on its way; where too many are not taken, those who wait longest with theirs are let go. */
  owe(response: ServerResponse, bytes: number): void {
    const connection = this.open.get(peerOf(response.req.socket));
    if (!connection) return;
    this.change(connection, bytes);
    response.once('close', () => this.change(connection, -bytes));
    for (const other of [...this.idle, ...this.busy]) {
      if (this.owed__B <= OWED_MAX__B) return;
      if (other.owed__B > 0 && other !== connection) this.drop(other);
    }
  }

  private add(socket: Socket): void {
    const peer = peerOf(socket);
    const connection: Connection = { socket, working: 0, owed__B: 0 };
    this.open.set(peer, connection);
    socket.once('close', () => {
      this.forget(connection);
      if (this.open.get(peer) === connection) this.open.delete(peer);
    });
    const [longest = connection] = [...first(this.idle), ...first(this.busy)];
    this.idle.add(connection);
    if (this.idle.size + this.busy.size > this.max) this.drop(longest);
  }

  /** Behind all others. */
  private rest(connection: Connection): void {
    this.busy.delete(connection);
    if (!connection.socket.destroyed) this.idle.add(connection);
  }

  private drop(connection: Connection): void {
    this.forget(connection);
    connection.socket.destroy();
  }

  private forget(connection: Connection): void {
    this.idle.delete(connection);
    this.busy.delete(connection);
    this.change(connection, -connection.owed__B);
  }

  private change(connection: Connection, bytes: number): void {
    const owed__B = Math.max(connection.owed__B + bytes, 0);
    this.owed__B += owed__B - connection.owed__B;
    connection.owed__B = owed__B;
  }
}

function first<T>(set: ReadonlySet<T>): readonly T[] {
  for (const one of set) return [one];
  return [];
}

/** The same for a connection and for the TLS in it. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
