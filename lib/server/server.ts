// The monitoring server: the monitor, what follows it, and the API over them on an address.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NvpulseError } from '../errors';
import { reasonOf } from '../reason';
import { urlHost } from './address';
import { documentsOf } from './delivery';
import { endExport, startExport } from './export';
import { Freshness } from './freshness';
import { createApi } from './http';
import { Lock } from './lock';
import { Monitor } from './monitor';
import { configOf, type ServerConfig, type ServerOptions } from './options';
import type { Acknowledged, Exporter } from '../sinks/elasticsearch';
import { Spool } from './spool';
import { keepToOneself } from './state-folder';
import { LiveStream } from './stream';
import { Watch } from './watch';

/** Between looks at the spool's size; more often while the disk refuses something. */
const SPOOL__MS = 10_000;
const FULL_DISK__MS = 1000;
const OPEN_TO_PAGES =
  '--insecure: anyone who can reach this address may use it, and so may a web page in their browser (DNS rebinding); ' +
  'name this machine with --allow-host to keep pages out';

export interface MonitoringServer {
  /** Where it listens, such as `http://127.0.0.1:9417`. */
  readonly url: string;
  /** Folder of jobs, recordings and cursors. */
  readonly state: string;
  /** Ends it; open windows stay open for the next server on this state folder. Twice is allowed. */
  close(): Promise<void>;
}

/** What was opened is closed in the opposite order. */
class Closers {
  private readonly stack: (() => void | Promise<void>)[] = [];
  private closing: Promise<void> | undefined;

  push(close: () => void | Promise<void>): void {
    this.stack.push(close);
  }

  close(): Promise<void> {
    this.closing ??= this.unwind();
    return this.closing;
  }

  private async unwind(): Promise<void> {
    for (let close = this.stack.pop(); close; close = this.stack.pop()) await close();
  }
}

/**
 * Starts a server. It goes on with the jobs that its state folder has.
 * @throws ERR_OPTION for what cannot be: an option, an address in use, a state folder that another server has ·
 * ERR_IO · ERR_NATIVE
 */
export async function startServer(options: ServerOptions = {}): Promise<MonitoringServer> {
  const config = configOf(options);
  const closers = new Closers();
  try {
    const url = await open(config, closers);
    if (config.token === undefined && config.hosts === undefined) config.log(OPEN_TO_PAGES);
    return { url, state: config.state, close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function open(config: ServerConfig, closers: Closers): Promise<string> {
  const lock = Lock.take(config.state);
  closers.push(() => lock.release());
  keepToOneself(config.state);
  const stream = new LiveStream();
  const freshness = new Freshness();
  let exporter: Exporter | undefined;
  // After the monitor: what it writes last is sent too.
  closers.push(async () => exporter && endExport(exporter));
  const taken = (): readonly Acknowledged[] => exporter?.acknowledged() ?? [];
  const monitor = await Monitor.open({
    ...config,
    taken: config.elasticsearch && taken,
    hold: () => lock.hold(),
    onBatch: (batch) => {
      freshness.push(batch);
      stream.push(batch);
    },
  });
  closers.push(() => monitor.close());
  if (config.elasticsearch) exporter = await startExport(config.elasticsearch, monitor, config);
  const spool = new Spool({
    dir: monitor.spool,
    limit__B: config.spoolLimit__B,
    current: () => monitor.recording,
    taken: async (dir) => exporter?.acknowledgedOf(dir),
    log: config.log,
  });
  closers.push(keepRegularly(spool, () => monitor.status().disk !== null));
  const watch = new Watch({ monitor, freshness, spool, exporter });
  closers.push(() => watch.close());
  const api = await createApi(
    {
      monitor,
      stream,
      health: () => watch.health(),
      ready: () => watch.ready(),
      documents: (id, wait__ms) => documentsOf(monitor, exporter, id, wait__ms),
    },
    config,
  );
  closers.push(async () => {
    stream.close();
    await stopListening(api);
  });
  return listen(api, config);
}

/** @returns what ends it */
function keepRegularly(spool: Spool, isRefused: () => boolean): () => Promise<void> {
  void spool.keep();
  const timers = [
    setInterval(() => void spool.keep(), SPOOL__MS),
    setInterval(() => void (isRefused() && spool.keep()), FULL_DISK__MS),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
    // One that is under way ends before the folder is another server's.
    return spool.keep();
  };
}

async function listen(api: Server, { address: { host, port }, tls }: ServerConfig): Promise<string> {
  try {
    await once(api.listen(port, host), 'listening');
  } catch (cause) {
    throw new NvpulseError('ERR_OPTION', `--listen: ${refusal(cause, `${urlHost(host)}:${port}`)}`, {
      cause,
    });
  }
  const { port: taken } = api.address() as AddressInfo;
  return `${tls ? 'https' : 'http'}://${urlHost(host)}:${taken}`;
}

/** Connections that are kept alive are closed too. */
async function stopListening(api: Server): Promise<void> {
  if (!api.listening) return;
  const closed = once(api, 'close');
  api.close();
  api.closeAllConnections();
  await closed;
}

function refusal(cause: unknown, address: string): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `'${address}' is in use; is a server running already? Name another port`;
  if (code === 'EADDRNOTAVAIL') return `'${address}' is not an address of this machine`;
  return `'${address}': ${reasonOf(cause)}`;
}
