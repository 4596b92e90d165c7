// The client of one server: starts, stops, renews and marks jobs. Every attempt is bounded in time.
import { readFileSync } from 'node:fs';
import { request as overHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as overHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { NvpulseError, type NvpulseErrorCode } from '../errors';
import { reasonOf } from '../reason';
import { isLoopback, parseAddress, unbracketed, urlHost } from './address';
import type {
  JobDetail,
  JobDocuments,
  JobList,
  JobView,
  Problem,
  RenewRequest,
  StartRequest,
  StopRequest,
} from './api';
import type { Health } from './health';
import { isNameable } from './names';

export interface ClientOptions {
  /** `HOST`, `HOST:PORT` or a URL; the port is 9417 where none is given. */
  readonly host: string;
  /** What the server's token file has. @default none */
  readonly token?: string | undefined;
  /** File of the CA's certificate, as PEM, that signed the server's: the connection is then by TLS. */
  readonly ca?: string | undefined;
  /** The longest that one attempt may take, in milliseconds. @default 5000 */
  readonly timeout__ms?: number | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object | undefined;
  /** Sending it twice is sending it once. */
  readonly repeatable: boolean;
  /** Beyond the time of an attempt: the server is asked to wait so long. */
  readonly wait__ms?: number | undefined;
}

const ATTEMPTS = 3;
const PAUSE__MS = 500;
const TIMEOUT__MS = 5_000;
/** Answers are small; whatever sends more is no server of ours. */
const ANSWER_MAX__B = 16 * 2 ** 20;
/** Not now: worth another attempt. */
const BUSY = 503;

const CODES: Readonly<Record<number, NvpulseErrorCode>> = {
  400: 'ERR_OPTION',
  404: 'ERR_JOB_UNKNOWN',
  409: 'ERR_STATE',
};

export class MonitorClient {
  /** Where the server is. */
  readonly url: URL;
  private readonly ca: Buffer | undefined;

  /** @throws ERR_OPTION where the host is none, or the CA's file cannot be read */
  constructor(private readonly options: ClientOptions) {
    this.ca = options.ca === undefined ? undefined : caOf(options.ca);
    this.url = urlOf(options.host, this.ca !== undefined);
  }

  /**
   * Opens a job's window, durably. Give an id: then a start that is sent again starts nothing new.
   * @throws ERR_SERVER where the server is not reached, or cannot do it; ERR_OPTION, ERR_STATE as the server says
   */
  async start(request: StartRequest): Promise<JobView> {
    const repeatable = request.id !== undefined;
    return (await this.call({ method: 'POST', path: '/v1/jobs', body: request, repeatable })) as JobView;
  }

  /** Ends a job's window, durably. @throws ERR_JOB_UNKNOWN, ERR_SERVER */
  async stop(id: string, request: StopRequest = {}): Promise<JobView> {
    return (await this.post(id, 'stop', request)) as JobView;
  }

  /** @throws ERR_JOB_UNKNOWN, ERR_STATE where the window is over, ERR_SERVER */
  async renew(id: string, request: RenewRequest = {}): Promise<JobView> {
    return (await this.post(id, 'renew', request)) as JobView;
  }

  /** @throws ERR_JOB_UNKNOWN, ERR_STATE where the window is over, ERR_SERVER */
  async mark(id: string, name: string): Promise<void> {
    await this.call({ method: 'POST', path: `${pathOf(id)}/marks`, body: { name }, repeatable: false });
  }

  /** The jobs, oldest first. @throws ERR_SERVER */
  async list(
    only: { readonly state?: 'open'; readonly name?: string | undefined } = {},
  ): Promise<readonly JobView[]> {
    const query = new URLSearchParams();
    if (only.state !== undefined) query.set('state', only.state);
    if (only.name !== undefined) query.set('name', only.name);
    const path = `/v1/jobs?${String(query)}`;
    return ((await this.call({ method: 'GET', path, repeatable: true })) as JobList).jobs;
  }

  /** @throws ERR_JOB_UNKNOWN, ERR_SERVER */
  async show(id: string): Promise<JobDetail> {
    return (await this.call({ method: 'GET', path: pathOf(id), repeatable: true })) as JobDetail;
  }

  /** Where a job's documents are, once they are acknowledged or the time is over. @throws ERR_JOB_UNKNOWN, ERR_SERVER */
  async documents(id: string, wait__ms: number): Promise<JobDocuments> {
    const path = `${pathOf(id)}/documents?wait=${Math.max(1, Math.round(wait__ms))}ms`;
    return (await this.call({ method: 'GET', path, repeatable: true, wait__ms })) as JobDocuments;
  }

  /** @throws ERR_SERVER where the server is not reached */
  async health(): Promise<Health> {
    const { body } = await this.attempt({ method: 'GET', path: '/health', repeatable: true });
    return body as Health;
  }

  private post(id: string, what: string, body: object): Promise<unknown> {
    return this.call({ method: 'POST', path: `${pathOf(id)}/${what}`, body, repeatable: true });
  }

  private async call(call: Call): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const again = call.repeatable && attempt < ATTEMPTS;
      const answer = await this.attempt(call).catch((error: unknown) => {
        if (!again) throw error;
      });
      if (answer && answer.status < 400) return answer.body;
      if (answer && !(again && answer.status === BUSY)) throw this.refusal(answer);
      await delay(PAUSE__MS * attempt * (0.5 + Math.random()));
    }
  }

  private refusal({ status, body }: Answer): NvpulseError {
    const { detail = `it answered ${status}` } = (typeof body === 'object' ? body : null) as Partial<Problem>;
    return new NvpulseError(CODES[status] ?? 'ERR_SERVER', `${this.url.host}: ${detail}`);
  }

  private async attempt({ method, path, body, wait__ms = 0 }: Call): Promise<Answer> {
    const { timeout__ms = TIMEOUT__MS, token } = this.options;
    const limit__ms = timeout__ms + wait__ms;
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      const answer = await exchange(new URL(path, this.url), text, {
        method,
        signal: AbortSignal.timeout(limit__ms),
        agent: false,
        headers: {
          accept: 'application/json',
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(this.ca ? { ca: this.ca } : {}),
      });
      return { status: answer.status, body: JSON.parse(answer.text) as unknown };
    } catch (cause) {
      throw new NvpulseError('ERR_SERVER', `${this.url.host}: ${failureOf(cause, limit__ms, this.url)}`, {
        cause,
      });
    }
  }
}

/** @throws ERR_OPTION where no URL can name it, and so no server have it */
function pathOf(id: string): string {
  if (isNameable(id)) return `/v1/jobs/${encodeURIComponent(id)}`;
  throw new NvpulseError('ERR_OPTION', `id: ${JSON.stringify(id)} is none that a URL can name`);
}

function caOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new NvpulseError('ERR_OPTION', `--ca: '${path}' cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

function urlOf(host: string, tls: boolean): URL {
  if (/^https?:\/\//.test(host) && URL.canParse(host)) return new URL(host);
  const address = parseAddress(host, '--host');
  return new URL(`${tls ? 'https' : 'http'}://${urlHost(address.host)}:${address.port}`);
}

/** Resolves when the answer is there to its last byte. */
function exchange(
  url: URL,
  body: string | undefined,
  options: RequestOptions,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? overHttps : overHttp;
    const request = send(url, options, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > ANSWER_MAX__B) response.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the connection broke off')));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function failureOf(cause: unknown, limit__ms: number, { hostname }: URL): string {
  const { code, name } = cause as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${limit__ms / 1000} s`;
  if (name === 'SyntaxError') return 'what answers there is no nvpulse server';
  switch (code) {
    case 'ECONNREFUSED':
      return `nobody listens there; is nvpulse server running${isLoopback(unbracketed(hostname)) ? '' : ', with --listen'}?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host';
    case 'EPROTO':
      return 'the server does not speak TLS there; leave --ca away, or give the right port';
    case 'HPE_INVALID_CONSTANT':
      return 'the server speaks TLS there; give --ca';
    default:
      return reasonOf(cause);
  }
}
