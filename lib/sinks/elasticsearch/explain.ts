// What went wrong between us and Elasticsearch: its kind, for programs, and one line with the remedy, for people.

/**
 * - `unreachable`: nothing answers, or it broke off.
 * - `tls`: the encryption, or the certificate, is not what the options say.
 * - `not_elasticsearch`: another product answers.
 * - `denied`: it does not know who asks, or does not let them do this.
 * - `busy`: it has too much to do, or is not ready.
 * - `blocked`: an index, or the whole cluster, is read-only.
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

/** Of an error that the client threw. */
export function explain(error: unknown): Explanation {
  const { errors } = require('@elastic/elasticsearch') as typeof import('@elastic/elasticsearch');
  if (error instanceof errors.ResponseError) return explainAnswer(error.statusCode ?? 0, error.body);
  if (error instanceof errors.ProductNotSupportedError)
    return { kind: 'not_elasticsearch', message: 'what answers is not Elasticsearch' };
  if (error instanceof errors.TimeoutError)
    return {
      kind: 'unreachable',
      message: 'no answer in time; see whether host and port are right, and how busy it is',
    };
  if (error instanceof errors.ConnectionError || error instanceof errors.NoLivingConnectionsError)
    return explainConnection(error.message);
  if (error instanceof errors.DeserializationError)
    return { kind: 'unreachable', message: 'the answer is cut or is not JSON; see what stands between' };
  return { kind: 'unexpected', message: oneLine(error instanceof Error ? error.message : String(error)) };
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

/** The part of an answer's body that tells what is wrong; of a bulk's item, `{ error }`. */
interface ErrorBody {
  readonly error?: ErrorText | string;
}

interface ErrorText {
  readonly type?: string;
  readonly reason?: string;
  readonly root_cause?: readonly ErrorText[];
  readonly caused_by?: ErrorText;
  readonly additional_unsuccessful_credentials?: string;
}

/** Of an answer, or of one item of a bulk's, by its status and its body. */
export function explainAnswer(status: number, body: unknown): Explanation {
  const error = errorOf(body);
  const { type = '', reason = '' } = error;
  const text = oneLine(innermost(error) || reason || type || `status ${status}`);
  if (type === 'cluster_block_exception')
    return { kind: 'blocked', message: `${text.replace(/;+$/, '')}; free its disk, or take the block back` };
  switch (status) {
    case 401: {
      const detail = error.additional_unsuccessful_credentials;
      const why = detail === undefined || detail === '' ? text : oneLine(detail);
      return {
        kind: 'denied',
        message: `who asks is not known: ${why}; give an API key that is valid, or a user and a password`,
      };
    }
    case 403:
      return { kind: 'denied', message: text };
    case 404:
      return { kind: 'missing', message: text };
    case 413:
      return { kind: 'too_large', message: `the request is longer than it takes: ${text}` };
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return { kind: 'busy', message: `it is overloaded or not ready: ${text}` };
    default:
      return { kind: status >= 400 && status < 500 ? 'rejected' : 'unexpected', message: text };
  }
}

function errorOf(body: unknown): ErrorText {
  const { error } = (typeof body === 'object' && body !== null ? body : {}) as ErrorBody;
  return typeof error === 'string' ? { reason: error } : (error ?? {});
}

/** The reason that says most: of the last cause. */
function innermost({ reason = '', caused_by }: ErrorText): string {
  return caused_by === undefined ? reason : innermost(caused_by) || reason;
}

const LONGEST = 400;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
