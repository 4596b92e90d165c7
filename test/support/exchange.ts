// Bytes to a server, as no well-mannered client sends them.
import { connect, type Socket } from 'node:net';

export interface Exchange {
  /** Everything that came back until the server ended its half. */
  readonly answer: string;
  /** The client's half, which stays open until who asked destroys it. */
  readonly socket: Socket;
}

export async function exchange(url: string, bytes: string | Buffer): Promise<Exchange> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), allowHalfOpen: true });
  socket.write(bytes);
  let answer = '';
  for await (const text of socket.setEncoding('utf8').iterator({ destroyOnReturn: false }))
    answer += String(text);
  return { answer, socket };
}
