// Where Elasticsearch is and who asks, as options that several commands share.
import { Option } from 'commander';
import { NvpulseError } from '../index';
import type { ConnectionOptions } from '../sinks/elasticsearch';

/** What the options give. */
export interface ElasticsearchFlags {
  readonly url?: string;
  readonly ip?: string;
  readonly port?: string;
  readonly apiKeyFile?: string;
  readonly ca?: string;
  readonly fingerprint?: string;
}

const DEFAULT_PORT = '9200';

/** @param ip how the command spells the option of the host; it must have `--ip` */
export const elasticsearchOptions = (ip = '--ip <host>'): readonly Option[] => [
  new Option('--url <url>', "Elasticsearch's address, such as https://es.example.com:9200"),
  new Option(ip, 'or its host name or address'),
  new Option('--port <port>', `and its port (default: ${DEFAULT_PORT})`),
  new Option('--api-key-file <file>', 'file of an API key; else NVPULSE_ES_USER and NVPULSE_ES_PASSWORD'),
  new Option('--ca <file>', "certificate, as PEM, of the CA that signed Elasticsearch's"),
  new Option('--fingerprint <sha256>', "fingerprint of that CA's certificate"),
];

/** @throws ERR_OPTION where no address is named, or two, or one that is none */
export function connectionOf(flags: ElasticsearchFlags): ConnectionOptions {
  const { apiKeyFile, ca, fingerprint } = flags;
  return {
    url: urlOf(flags),
    ...(apiKeyFile !== undefined && { apiKeyFile }),
    ...(ca !== undefined && { ca }),
    ...(fingerprint !== undefined && { fingerprint }),
  };
}

function urlOf({ url, ip, port, ca, fingerprint }: ElasticsearchFlags): string {
  if (url !== undefined) {
    const other = ip !== undefined ? '--ip' : port !== undefined ? '--port' : undefined;
    if (other === undefined) return url;
    throw new NvpulseError('ERR_OPTION', `${other}: the address stands in --url already; give one of both`);
  }
  if (ip === undefined)
    throw new NvpulseError(
      'ERR_OPTION',
      'no Elasticsearch named; give --ip with --port, or --url, such as --url http://127.0.0.1:9200',
    );
  // A certificate to check tells that it speaks HTTPS.
  const scheme = ca === undefined && fingerprint === undefined ? 'http' : 'https';
  return `${scheme}://${checkedHost(ip)}:${checkedPort(port ?? DEFAULT_PORT)}`;
}

function checkedHost(text: string): string {
  const host = text.includes(':') && !text.startsWith('[') ? `[${text}]` : text;
  if (!/[/?#@\s]/.test(host) && URL.canParse(`http://${host}:${DEFAULT_PORT}`)) return host;
  throw new NvpulseError(
    'ERR_OPTION',
    `--ip: '${text}' is not a host; allowed is its name or address, such as 10.0.0.5, and --port beside it`,
  );
}

function checkedPort(text: string): string {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return text;
  throw new NvpulseError('ERR_OPTION', `--port: '${text}' is not a port; allowed is 1 to 65535`);
}
