// nvpulse server: until it is told to end.
import type { Command } from 'commander';
import { NvpulseError } from '../../index';
import { interval, simulated } from '../options';
import { note } from '../output';
import { simulateHere } from '../simulate';

interface Options {
  readonly interval: string;
  readonly listen: string;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: true;
  readonly state?: string;
  readonly background: string;
  readonly spoolLimit: string;
  readonly simulate?: string;
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function define(command: Command): void {
  command
    .addOption(interval())
    .option('--listen <address>', 'HOST:PORT to listen on', '127.0.0.1:9417')
    .option('--token-file <file>', 'what clients must show; needed on other addresses than loopback')
    .option('--tls-cert <file>', 'certificate, as PEM')
    .option('--tls-key <file>', 'its key, as PEM')
    .option('--insecure', 'listen on other addresses without a token')
    .option('--state <dir>', 'jobs, recordings and cursors (default: below $XDG_STATE_HOME)')
    .option('--background <duration>', 'time between readings while no job is open, or off', '10s')
    .option('--spool-limit <size>', 'bytes that recordings may take', '2GiB')
    .addOption(simulated())
    .action(serve);
}

async function serve(options: Options): Promise<void> {
  if (options.simulate !== undefined) simulateHere(options.simulate);
  const { startServer } = require('../../server') as typeof import('../../server');
  const { tokenFile, state, insecure = false } = options;
  const tls = tlsOf(options);
  const ended = new Promise<void>((resolve) => {
    for (const signal of ENDING) process.once(signal, () => resolve());
  });
  const server = await startServer({
    interval: options.interval,
    listen: options.listen,
    background: options.background,
    spoolLimit: options.spoolLimit,
    insecure,
    log: (line) => note(`nvpulse server: ${line}`),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(tls === undefined ? {} : { tls }),
    ...(state === undefined ? {} : { state }),
  });
  note(`nvpulse server: listening on ${server.url}, state in ${server.state}`);
  await ended;
  await server.close();
}

function tlsOf({ tlsCert, tlsKey }: Options): { readonly cert: string; readonly key: string } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey };
  throw new NvpulseError('ERR_OPTION', '--tls-cert, --tls-key: give both, or none');
}
