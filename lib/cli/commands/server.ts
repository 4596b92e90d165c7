// nvpulse server: until it is told to end.
import { once } from 'node:events';
import { Option, type Command } from 'commander';
import { NvpulseError } from '../../index';
import { untilToldToEnd } from '../ending';
import { connectionOf, elasticsearchOptions, type ElasticsearchFlags } from '../elasticsearch-options';
import { ELASTICSEARCH_VARIABLES, NVML_VARIABLE, explain } from '../help';
import { checkedInterval, interval, machine, simulated } from '../options';
import { note } from '../output';
import { simulateHere } from '../simulate';

interface Options extends ElasticsearchFlags {
  readonly interval: string;
  readonly listen: string;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: true;
  readonly allowHost?: readonly string[];
  readonly state?: string;
  readonly background: string;
  readonly spoolLimit: string;
  readonly resolution: string;
  readonly cores?: true;
  readonly rootfs?: string;
  readonly hostName?: string;
  readonly simulate?: string;
}

export function define(command: Command): void {
  command.addOption(interval());
  for (const option of elasticsearchOptions('-d, --ip <host>')) command.addOption(option);
  command
    .option('--listen <address>', 'HOST:PORT to listen on', '127.0.0.1:9417')
    .option('--token-file <file>', 'what clients must show; needed on other addresses than loopback')
    .option('--tls-cert <file>', 'certificate, as PEM')
    .option('--tls-key <file>', 'its key, as PEM')
    .option('--insecure', 'listen on other addresses without a token')
    .option(
      '--allow-host <names>',
      'names to answer under besides localhost and addresses, such as a proxy has, separated by commas',
      (text) => text.split(','),
    )
    .option('--state <dir>', 'jobs, recordings and cursors (default: below $XDG_STATE_HOME)')
    .option('--background <duration>', 'time between readings while no job is open, or off', '10s')
    .option('--spool-limit <size>', 'bytes that recordings may take', '2GiB')
    .addOption(
      new Option('--resolution <duration>', 'samples that are closer together become one document')
        .default('100ms')
        .argParser(checkedInterval('--resolution')),
    )
    .option('--cores', 'also documents of single CPU cores');
  for (const option of machine()) command.addOption(option);
  command.addOption(simulated()).action(serve);
  explain(command, {
    examples: [
      'nvpulse server',
      'nvpulse server -i 100ms -d 10.0.0.5 --port 9200',
      'nvpulse server --listen 0.0.0.0:9417 --token-file /etc/nvpulse/token --tls-cert cert.pem --tls-key key.pem',
    ],
    environment: [
      [
        'XDG_STATE_HOME',
        'state goes to $XDG_STATE_HOME/nvpulse/server (default: ~/.local/state/nvpulse/server)',
      ],
      NVML_VARIABLE,
      ...ELASTICSEARCH_VARIABLES,
    ],
  });
}

async function serve(options: Options): Promise<void> {
  if (options.simulate !== undefined) simulateHere(options.simulate);
  const { startServer } = require('../../server') as typeof import('../../server');
  const { tokenFile, state, allowHost, insecure = false } = options;
  const tls = tlsOf(options);
  const ended = untilToldToEnd();
  const server = await startServer({
    interval: options.interval,
    listen: options.listen,
    background: options.background,
    spoolLimit: options.spoolLimit,
    resolution: options.resolution,
    cores: options.cores === true,
    rootfs: options.rootfs,
    hostName: options.hostName,
    insecure,
    ...(isExporting(options) ? { elasticsearch: connectionOf(options) } : {}),
    log: (line) => note(`nvpulse server: ${line}`),
    ...(allowHost === undefined ? {} : { allowHosts: allowHost }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(tls === undefined ? {} : { tls }),
    ...(state === undefined ? {} : { state }),
  });
  note(`nvpulse server: listening on ${server.url}, state in ${server.state}`);
  if (!isExporting(options))
    note('nvpulse server: exporting nothing; name an Elasticsearch with -d or --url');
  if (!ended.aborted) await once(ended, 'abort');
  await server.close();
}

/** Without a word of Elasticsearch the server only spools. */
function isExporting({ url, ip, port, apiKeyFile, ca, fingerprint }: Options): boolean {
  return [url, ip, port, apiKeyFile, ca, fingerprint].some((option) => option !== undefined);
}

function tlsOf({ tlsCert, tlsKey }: Options): { readonly cert: string; readonly key: string } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey };
  throw new NvpulseError('ERR_OPTION', '--tls-cert, --tls-key: give both, or none');
}
