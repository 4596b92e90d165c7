// A client of the Elasticsearch that the options name, and what answers there.
import type { Client, ClientOptions } from '@elastic/elasticsearch';
import { readFileSync } from 'node:fs';
import { NvpulseError } from '../../../errors';
import { reasonOf } from '../../../reason';
import { explain, explainAnswer, isSigned, UNSIGNED, type Explanation } from './explain';

/**
 * Where Elasticsearch is. A user and a password come from the environment (`NVPULSE_ES_USER`, `NVPULSE_ES_PASSWORD`),
 * and give way to an API key.
 */
export interface ConnectionOptions {
  /** Such as `http://127.0.0.1:9200`; a path before Elasticsearch's own (of a proxy) is allowed. */
  readonly url: string;
  /** File of an API key: `encoded` of Elasticsearch's answer, or `id:api_key`. */
  readonly apiKeyFile?: string;
  /** File of the certificate, as PEM, of the CA that signed Elasticsearch's. */
  readonly ca?: string;
  /** SHA-256 of that CA's certificate in hexadecimal, with colons or without, in place of the file. */
  readonly fingerprint?: string;
}

/** What answers `GET /`. */
export interface ServerIdentity {
  /** Such as `9.4.3`; a serverless one always says `8.11.0`. */
  readonly version: string;
}

/** The first whose bulk requests can ask for a data stream (`require_data_stream`). */
const FLOOR = { major: 8, minor: 13 };
const REQUEST_TIMEOUT__MS = 30_000;

/**
 * A client that asks nothing yet, and never retries by itself: who calls decides. Its requests are compressed.
 * @throws ERR_OPTION where an option is not allowed, ERR_IO where a file cannot be read
 */
export async function connect(options: ConnectionOptions): Promise<Client> {
  const settings = settingsOf(options);
  const { Client } = await import('@elastic/elasticsearch');
  return new Client(settings);
}

/**
 * Which server this is.
 * @throws ERR_ELASTICSEARCH where none answers, or another product, or an Elasticsearch that is too old
 */
export async function identify(client: Client): Promise<ServerIdentity> {
  const outcome = await recognize(client);
  if ('kind' in outcome) throw new NvpulseError('ERR_ELASTICSEARCH', outcome.message);
  return outcome;
}

/** Which server this is, or why none of ours; a message begins with its address. */
export async function recognize(client: Client): Promise<ServerIdentity | Explanation> {
  const [connection] = client.connectionPool.connections;
  if (!connection) throw new NvpulseError('ERR_STATE', 'the client is closed');
  // Not by the client's `info`, which keeps what another product answers to itself.
  const outcome = await connection
    .request(
      { method: 'GET', path: '/', headers: { accept: 'application/json' } },
      { requestId: 'identify', name: 'nvpulse', context: null, timeout: REQUEST_TIMEOUT__MS },
    )
    .then(({ statusCode, headers, body }) => judge(statusCode, isSigned(headers), parsed(String(body))))
    .catch(explain);
  if (!('kind' in outcome)) return outcome;
  return { ...outcome, message: `${connection.url.href.replace(/\/$/, '')}: ${outcome.message}` };
}

interface RootBody {
  readonly version?: {
    readonly number?: string;
    readonly distribution?: string;
    readonly build_flavor?: string;
  };
}

function judge(status: number, signed: boolean, body: RootBody): ServerIdentity | Explanation {
  const { number = '', distribution, build_flavor } = body.version ?? {};
  const needed = `nvpulse needs Elasticsearch ${FLOOR.major}.${FLOOR.minor} or newer`;
  const other = (what: string): Explanation => ({ kind: 'not_elasticsearch', message: `${what}; ${needed}` });
  if (distribution === 'opensearch') return other(`this is OpenSearch ${number}`);
  if (status >= 400) return explainAnswer(status, body);
  if (number === '') return other('what answers is not Elasticsearch');
  const [major = 0, minor = 0] = number.split('.').map(Number);
  const isOld = major < FLOOR.major || (major === FLOOR.major && minor < FLOOR.minor);
  // Serverless is always the newest, whatever it says.
  if (isOld && build_flavor !== 'serverless') return other(`this is version ${number}`);
  if (!signed) return { kind: 'not_elasticsearch', message: UNSIGNED };
  return { version: number };
}

function parsed(text: string): RootBody {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function settingsOf({ url, apiKeyFile, ca, fingerprint }: ConnectionOptions): ClientOptions {
  const node = checkedUrl(url);
  if (node.protocol === 'http:' && (ca !== undefined || fingerprint !== undefined))
    throw new NvpulseError(
      'ERR_OPTION',
      `url: '${url}' is not encrypted, so no certificate is checked; allowed is https:// with ca or fingerprint`,
    );
  const auth = apiKeyFile === undefined ? userFromEnvironment() : { apiKey: readApiKey(apiKeyFile) };
  return {
    node: node.href,
    compression: true,
    maxRetries: 0,
    requestTimeout: REQUEST_TIMEOUT__MS,
    ...(auth && { auth }),
    ...(ca !== undefined && { tls: { ca: readCertificate(ca) } }),
    ...(fingerprint !== undefined && {
      caFingerprint: checkedFingerprint(fingerprint),
      // The fingerprint is checked in place of the chain to a known CA; with the CA's file, both are.
      ...(ca === undefined && { tls: { rejectUnauthorized: false } }),
    }),
  };
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
    throw new NvpulseError(
      'ERR_OPTION',
      `url: '${text}' is not the address of an Elasticsearch; allowed is http:// or https://, such as http://127.0.0.1:9200`,
    );
  if (url.username !== '' || url.password !== '')
    throw new NvpulseError(
      'ERR_OPTION',
      `url: it holds a password, which every user of this machine can see; set NVPULSE_ES_USER and NVPULSE_ES_PASSWORD`,
    );
  return url;
}

function checkedFingerprint(text: string): string {
  if (/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i.test(text)) return text;
  throw new NvpulseError(
    'ERR_OPTION',
    `fingerprint: '${text}' is not a SHA-256 fingerprint; allowed are 64 hexadecimal digits, with colons or without`,
  );
}

function userFromEnvironment(): { username: string; password: string } | undefined {
  const { NVPULSE_ES_USER: username = '', NVPULSE_ES_PASSWORD: password = '' } = process.env;
  if (username === '' && password === '') return undefined;
  if (username !== '' && password !== '') return { username, password };
  throw new NvpulseError(
    'ERR_OPTION',
    `${username === '' ? 'NVPULSE_ES_PASSWORD is set, NVPULSE_ES_USER' : 'NVPULSE_ES_USER is set, NVPULSE_ES_PASSWORD'} is not; set both or none`,
  );
}

function readApiKey(path: string): string | { id: string; api_key: string } {
  const text = readOption('apiKeyFile', path).trim();
  const [, id, key] = /^([\w-]+):([\w-]+)$/.exec(text) ?? [];
  if (id !== undefined && key !== undefined) return { id, api_key: key };
  if (/^[A-Za-z0-9+/]{16,}=*$/.test(text)) return text;
  throw new NvpulseError(
    'ERR_OPTION',
    `apiKeyFile: '${path}' holds no API key; allowed is "encoded" of Elasticsearch's answer, or id:api_key`,
  );
}

function readCertificate(path: string): string {
  const text = readOption('ca', path);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new NvpulseError(
    'ERR_OPTION',
    `ca: '${path}' holds no certificate; allowed is PEM, beginning with -----BEGIN CERTIFICATE-----`,
  );
}

function readOption(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new NvpulseError('ERR_IO', `${option}: '${path}' cannot be read: ${reasonOf(cause)}`, { cause });
  }
}
