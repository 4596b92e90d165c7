// `nvpulse server` in a process of its own on the loopback address, with simulated GPUs, and what it uses.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { NVPULSE, simulator } from './native';

export interface ServerProcess {
  readonly url: string;
  /** CPU seconds so far, of all its threads; the kernel counts them in nanoseconds. */
  cpu__s(): number;
  /** Resident memory at its highest. */
  rss__MiB(): number;
  stop(): Promise<void>;
}

const LISTENING = /listening on (http:\S+?),/;

/** Starts it with these arguments; its state goes into `state`. */
export async function startServerProcess(state: string, args: readonly string[]): Promise<ServerProcess> {
  const [node, script] = NVPULSE;
  const child = spawn(node, [script, 'server', '--listen', '127.0.0.1:0', '--state', state, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...simulator('none') },
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      const [, found] = LISTENING.exec((text += piece)) ?? [];
      if (found !== undefined) resolve(found);
    });
    void exited.then(() => reject(new Error(`the server ended: ${text}`)));
  });
  const proc = `/proc/${child.pid}`;
  return {
    url,
    cpu__s: () => {
      const tasks = readdirSync(`${proc}/task`);
      const spent = tasks.map((task) => readFileSync(`${proc}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
      return spent.reduce((sum, ns) => sum + Number(ns), 0) / 1e9;
    },
    rss__MiB: () => Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1]) / 1024,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export async function postJson(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
}
