// What a server is told, checked: what cannot be is said with its option before anything starts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NvpulseError } from '../errors';
import { recordingRoot } from '../recording';
import { reasonOf } from '../reason';
import { machineOf, type MachineOptions } from '../sampling/machine';
import { INTERVAL_RANGE, parseInterval, refuseUnknown, type Duration } from '../sampling/options';
import type { ConnectionOptions } from '../sinks/elasticsearch';
import { parseDuration } from '../time';
import { DEFAULT_PORT, isHostName, isLoopback, parseAddress, type Address } from './address';
import { readServerToken } from './token';

export interface ServerOptions extends MachineOptions {
  /** `HOST:PORT`; port 0 takes a free one. @default '127.0.0.1:9417' */
  readonly listen?: string;
  /** File of the token that clients must show: at least 16 characters, readable by nobody else. @default none */
  readonly tokenFile?: string;
  /** Listen on other addresses than loopback without a token. @default false */
  readonly insecure?: boolean;
  /**
   * Names that the server answers under besides `localhost` and addresses, such as a proxy's. On loopback without a
   * token it answers under no others; elsewhere under any, unless this is given. @default []
   */
  readonly allowHosts?: readonly string[];
  /** Files, as PEM. @default plain HTTP */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Folder of jobs, recordings and cursors. @default `${XDG_STATE_HOME:-~/.local/state}/nvpulse/server` */
  readonly state?: string;
  /** Time between readings of jobs that ask for none, 1 ms to 1 h. @default '100ms' */
  readonly interval?: Duration;
  /** Time between readings while no job is open, or 'off'. @default '10s' */
  readonly background?: Duration;
  /** Bytes that recordings may take, with a unit: `512MiB`, `2GiB`. @default '2GiB' */
  readonly spoolLimit?: string;
  /** Where the recordings go. @default nowhere: they stay in the spool */
  readonly elasticsearch?: ConnectionOptions;
  /** Samples that are closer together become one document. @default '100ms' */
  readonly resolution?: Duration;
  /** Also documents of single CPU cores. @default false */
  readonly cores?: boolean;
  /** Path of the NVML library. @default NVPULSE_NVML, else the system's */
  readonly nvml?: string;
  /** The longest time that a request may take to arrive. @default '10s' */
  readonly requestTimeout?: Duration;
  /** CLOCK_REALTIME − CLOCK_MONOTONIC in nanoseconds; for tests. @default the system's */
  readonly utcOffset?: () => bigint;
  /** Told of what people should know, a line each. @default nothing is told */
  readonly log?: (line: string) => void;
}

export interface ElasticsearchConfig {
  readonly connection: ConnectionOptions;
  readonly resolution: Duration;
  readonly cores: boolean;
}

export interface ServerConfig {
  readonly address: Address;
  readonly token: string | undefined;
  /** Names that it answers under, besides localhost and addresses; undefined: under any. */
  readonly hosts: readonly string[] | undefined;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly state: string;
  readonly interval__ns: number;
  readonly background__ns: number | null;
  readonly spoolLimit__B: number;
  /** Undefined: nothing is exported. */
  readonly elasticsearch: ElasticsearchConfig | undefined;
  readonly nvml: string | undefined;
  readonly machine: MachineOptions;
  readonly requestTimeout__ms: number;
  readonly utcOffset: (() => bigint) | undefined;
  readonly log: (line: string) => void;
}

const OPTIONS = [
  'listen',
  'tokenFile',
  'insecure',
  'allowHosts',
  'tls',
  'state',
  'interval',
  'background',
  'spoolLimit',
  'elasticsearch',
  'resolution',
  'cores',
  'nvml',
  'rootfs',
  'hostName',
  'requestTimeout',
  'utcOffset',
  'log',
] as const satisfies readonly (keyof ServerOptions)[];

const SIZE_UNIT__B: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const SPOOL_LEAST__B = 16 * 2 ** 20;

/** @throws ERR_OPTION naming the option as the command line has it */
export function configOf(options: ServerOptions): ServerConfig {
  refuseUnknown(options, OPTIONS, 'startServer');
  machineOf(options);
  const { background = '10s', requestTimeout = '10s', tls } = options;
  const address = parseAddress(options.listen ?? `127.0.0.1:${DEFAULT_PORT}`, '--listen', '0.0.0.0');
  const token = options.tokenFile === undefined ? undefined : readServerToken(options.tokenFile);
  if (token === undefined && !isLoopback(address.host) && options.insecure !== true)
    throw new NvpulseError(
      'ERR_OPTION',
      `--listen: '${address.host}' is reached from outside, which needs a token: give --token-file, or --insecure to go without`,
    );
  return {
    address,
    token,
    hosts: hostsOf(options.allowHosts, token === undefined && isLoopback(address.host)),
    tls: tls && { cert: fileOf(tls.cert, '--tls-cert'), key: fileOf(tls.key, '--tls-key') },
    state: options.state ?? join(recordingRoot(), 'server'),
    interval__ns: parseInterval(options.interval ?? '100ms', '--interval'),
    background__ns:
      background === 'off' ? null : parseDuration(String(background), '--background', INTERVAL_RANGE),
    spoolLimit__B: parseSize(options.spoolLimit ?? '2GiB', '--spool-limit'),
    elasticsearch: elasticsearchOf(options),
    nvml: options.nvml,
    machine: { rootfs: options.rootfs, hostName: options.hostName },
    requestTimeout__ms:
      parseDuration(String(requestTimeout), 'requestTimeout', { min: '100ms', max: '1h' }) / 1e6,
    utcOffset: options.utcOffset,
    log: options.log ?? (() => undefined),
  };
}

/** @param checked also where none are allowed besides this machine's own */
function hostsOf(names: readonly string[] | undefined, checked: boolean): readonly string[] | undefined {
  const unfit = names?.find((name) => !isHostName(name));
  if (unfit !== undefined)
    throw new NvpulseError(
      'ERR_OPTION',
      `--allow-host: '${unfit}' is no host name; allowed are names without a port, such as monitor.example.com`,
    );
  return (names ?? (checked ? [] : undefined))?.map((name) => name.toLowerCase());
}

function elasticsearchOf({
  elasticsearch,
  resolution = '100ms',
  cores = false,
}: ServerOptions): ElasticsearchConfig | undefined {
  parseInterval(resolution, '--resolution');
  return elasticsearch && { connection: elasticsearch, resolution, cores };
}

function fileOf(path: string, option: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new NvpulseError('ERR_OPTION', `${option}: '${path}' cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(KiB|MiB|GiB|TiB)$/.exec(text.trim());
  const size__B = Number(match?.[1]) * (SIZE_UNIT__B[match?.[2] ?? ''] ?? NaN);
  if (size__B >= SPOOL_LEAST__B) return Math.round(size__B);
  throw new NvpulseError(
    'ERR_OPTION',
    `${option}: '${text}' is no size; allowed is a number and KiB, MiB, GiB or TiB, 16MiB at least`,
  );
}
