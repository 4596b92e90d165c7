// A monitoring server as a node has it: `nvpulse server` in a process of its own, on a free port, with simulated GPUs.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MonitorClient } from '../../lib/server';
import { endBeforeRemoval } from './folder';
import { nvpulseIn, type Ending } from './nvpulse';
import { patience } from './patience';

export interface RunningServer {
  readonly url: string;
  /** `HOST:PORT`, as the command line wants it. */
  readonly host: string;
  readonly client: MonitorClient;
  readonly pid: number;
  /** What it told so far. */
  told(): string;
  /** SIGTERM, until it is gone. */
  stop(): Promise<Ending>;
  /** SIGKILL, until it is gone. */
  kill(): Promise<Ending>;
}

export interface StartServerOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly token?: string;
  /** @default 'h200x8' */
  readonly profile?: string;
}

const running = new Set<RunningServer>();

/** Servers of this file's tests; those that still run are stopped after them. */
export function serversIn(state: string): {
  /** On a state folder of this name; the same name is the same folder. */
  start(name: string, options?: StartServerOptions): Promise<RunningServer>;
} {
  const stopAll = async (): Promise<void> => {
    for (const server of running) await server.stop();
  };
  endBeforeRemoval(stopAll);
  afterAll(stopAll);
  return {
    start: async (name, { args = [], env = {}, token, profile = 'h200x8' } = {}) => {
      const { child, ended } = nvpulseIn(state).start(
        [
          ...['server', '--listen', '127.0.0.1:0', '--state', join(state, name)],
          ...(profile === '' ? [] : ['--simulate', profile]),
          ...args,
        ],
        { env },
      );
      let told = '';
      child.stderr.on('data', (text: string) => (told += text));
      const url = await Promise.race([
        new Promise<string>((resolve) => {
          child.stderr.on('data', () => {
            const found = /listening on (\S+),/.exec(told);
            if (found?.[1] !== undefined) resolve(found[1]);
          });
        }),
        ended.then(({ stderr }) => {
          throw new Error(`the server did not start: ${stderr}`);
        }),
      ]);
      const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<Ending> => {
        running.delete(server);
        child.kill(signal);
        return ended;
      };
      const server: RunningServer = {
        url,
        host: new URL(url).host,
        client: new MonitorClient({ host: url, token }),
        pid: child.pid ?? 0,
        told: () => told,
        stop: () => end('SIGTERM'),
        kill: () => end('SIGKILL'),
      };
      running.add(server);
      return server;
    },
  };
}

/** What a look gives once it is not undefined; a minute at most, and longer where the machine is busy. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const start__ms = Date.now();
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() - start__ms > patience(60_000)) throw new Error(`never so: ${look.toString()}`);
    await delay(20);
  }
}
