// What went wrong between us and Elasticsearch: its kind, for programs, and one line with the remedy, for people.
import type { errors } from '@elastic/elasticsearch';

/**
 * - `unreachable`: nothing answers, or it broke off.
 * - `tls`: the encryption, or the certificate, is not what the options say.
 * - `not_elasticsearch`: another product answers.
 * - `denied`: it does not know who asks, or does not let them do this.
 * - `busy`: it, or what stands before it, has too much to do or is not ready.
 * - `blocked`: an index is read-only or closed, or the whole cluster is read-only.
 * - `missing`: there is no such index, data stream or template.
 * - `too_large`: the request is longer than it takes.
 * - `rejected`: it takes no such request or document.
 * - `unexpected`: none of these.
 */
export type ExplanationKind =
  | 'unreachable'
  | 'tls'
  | 'not_elasticsearch'
  | 'denied'
  | 'busy'
  | 'blocked'
  | 'missing'
  | 'too_large'
  | 'rejected'
  | 'unexpected';

export interface Explanation {
  readonly kind: ExplanationKind;
  readonly message: string;
}

/** Of an answer that Elasticsearch may have given, but for its header. */
export const UNSIGNED =
  'the answer has no header X-Elastic-Product: another product answers, or a proxy takes the header out; see the URL, and let the proxy pass the header on';

/** Of an error that the client threw: told by its name, since the caller's client may be another copy of the package. */
export function explain(error: unknown): Explanation {
  if (!(error instanceof Error)) return { kind: 'unexpected', message: oneLine(String(error)) };
  if (isResponseError(error)) {
    const { statusCode: status = 0, headers } = error;
    const body: unknown = error.body;
    // Elasticsearch signs not all of its refusals, but tells the type of each.
    const isIts = isSigned(headers) || complaintIn(body)?.type !== undefined;
    return isIts ? explainAnswer(status, body) : explainForeign(status, body);
  }
  switch (error.name) {
    case 'ProductNotSupportedError':
      return { kind: 'not_elasticsearch', message: UNSIGNED };
    case 'TimeoutError':
      return {
        kind: 'unreachable',
        message: 'no answer in time; see whether host and port are right, and how busy it is',
      };
    case 'ConnectionError':
    case 'NoLivingConnectionsError':
      return explainConnection(error.message);
    case 'DeserializationError':
      return { kind: 'unreachable', message: 'the answer is cut or is not JSON; see what stands between' };
    default:
      return { kind: 'unexpected', message: oneLine(error.message) };
  }
}

export function isResponseError(error: unknown): error is errors.ResponseError {
  return error instanceof Error && error.name === 'ResponseError';
}

/** Whether Elasticsearch itself answers, by the header that all its answers have. */
export function isSigned(headers: Readonly<Record<string, unknown>> | undefined): boolean {
  return headers?.['x-elastic-product'] === 'Elasticsearch';
}

/** What the client tells of a broken connection is text only. */
const CONNECTIONS: readonly (readonly [RegExp, Explanation])[] = [
  [
    /ECONNREFUSED/,
    {
      kind: 'unreachable',
      message: 'connection refused; see whether Elasticsearch runs there, and its port',
    },
  ],
  [/ENOTFOUND|EAI_AGAIN/, { kind: 'unreachable', message: 'no such host; see its name' }],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|[Tt]imeout/,
    { kind: 'unreachable', message: 'the host does not answer; see its address, and what stands between' },
  ],
  [
    /wrong version number|packet length too long|EPROTO/,
    { kind: 'tls', message: 'it does not speak HTTPS; use http://' },
  ],
  [
    /other side closed|socket hang up|ECONNRESET/,
    {
      kind: 'unreachable',
      message: 'it closed the connection without an answer; where it speaks HTTPS, use https://',
    },
  ],
  [
    /CA fingerprint does not match/,
    {
      kind: 'tls',
      message:
        "the fingerprint is not of its certificate's CA; see whether it is the right server, and the fingerprint",
    },
  ],
  [
    /Invalid or malformed certificate/,
    {
      kind: 'tls',
      message: "its certificate comes without its CA's, so no fingerprint can be checked; give the CA's file",
    },
  ],
  [
    /altname/,
    { kind: 'tls', message: 'its certificate is not for this host name; use a name that stands in it' },
  ],
  [/certificate has expired/, { kind: 'tls', message: 'its certificate has expired' }],
  [
    /certificate|self.signed/,
    { kind: 'tls', message: "its certificate is signed by no known CA; give the CA's file or fingerprint" },
  ],
];

function explainConnection(message: string): Explanation {
  const known = CONNECTIONS.find(([pattern]) => pattern.test(message));
  return known?.[1] ?? { kind: 'unreachable', message: oneLine(message) };
}

/** As Elasticsearch tells an error, of a request or of an item. */
export interface Complaint {
  readonly type?: string;
  readonly reason?: string | null;
  readonly caused_by?: Complaint | null;
  /** Of a request that is not authenticated: what is wrong with its API key. */
  readonly additional_unsuccessful_credentials?: string;
}

/** The complaint in an answer's body, as Elasticsearch tells one; undefined where there is none. */
export function complaintIn(body: unknown): Complaint | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  if (typeof body.error === 'string') return { reason: body.error };
  return typeof body.error === 'object' && body.error !== null ? body.error : undefined;
}

/** Of an answer by its status and its body. */
export function explainAnswer(status: number, body: unknown): Explanation {
  return explainStatus(status, complaintIn(body));
}

const BEFORE = 'see the URL, and what stands before Elasticsearch';

/** Of an answer that a gateway or proxy may have given: Elasticsearch's remedies are of no use there. */
function explainForeign(status: number, body: unknown): Explanation {
  const { kind, message } = explainAnswer(status, body);
  if (kind === 'busy' || kind === 'too_large' || kind === 'not_elasticsearch') return { kind, message };
  const complaint = complaintIn(body);
  const text = complaint ? textOf(complaint) : `status ${status}`;
  return { kind: kind === 'denied' ? 'denied' : 'not_elasticsearch', message: oneLine(`${text}; ${BEFORE}`) };
}

/**
 * Of an answer, or of one document in a bulk's.
 * @param complaint undefined where it is not Elasticsearch's
 */
export function explainStatus(status: number, complaint: Complaint | undefined): Explanation {
  const text = complaint ? textOf(complaint) : `status ${status}`;
  const of = (kind: ExplanationKind, message: string): Explanation => ({ kind, message: oneLine(message) });
  switch (status) {
    case 401: {
      const detail = complaint?.additional_unsuccessful_credentials || text;
      const remedy = 'give an API key that is valid, or a user and a password';
      return of('denied', `who asks is not known: ${detail}; ${remedy}`);
    }
    case 403:
      return complaint?.type === 'cluster_block_exception'
        ? of('blocked', `${text.replace(/;+$/, '')}; free its disk, or take the block back`)
        : of('denied', `${text}; docs/ELASTICSEARCH.md names what is needed`);
    case 413:
      return of('too_large', `the request is longer than it takes: ${text}`);
    case 408:
    case 429:
      return of('busy', `it is overloaded: ${text}`);
  }
  if (status >= 500) return of('busy', `it is not ready: ${text}`);
  if (!complaint) return of('not_elasticsearch', `${text}; ${BEFORE}`);
  if (complaint.type === 'index_closed_exception') return of('blocked', `${text}; open it again`);
  return of(status === 404 ? 'missing' : 'rejected', text);
}

/** Its reason, and of what caused it the last, which says most. */
function textOf({ type = '', reason, caused_by }: Complaint): string {
  return (caused_by ? textOf(caused_by) : '') || reason || type;
}

/** A line of status has no room for a whole page of a proxy. */
const LONGEST = 500;

/** @returns without line ends, cut where it is long */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
