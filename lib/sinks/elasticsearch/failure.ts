// What a request or an item that did not succeed says: what state that is, whether it may have been done all the
// same, and why. By errors of the official client and answers of Elasticsearch 8.19 and 9.4.
import type { errors } from '@elastic/elasticsearch';

/** Why something cannot be sent at the moment. */
export type FailureState = 'retrying' | 'denied' | 'not_set_up' | 'refused';

export interface Failure {
  readonly state: FailureState;
  /** One line, with what to do about it where someone has to do something. */
  readonly reason: string;
  /** It may have been done all the same: what is there is to be looked up before it is sent again. */
  readonly ambiguous: boolean;
}

/** As Elasticsearch tells an error, of a request or of an item. */
export interface Complaint {
  readonly type: string;
  readonly reason: string;
  readonly caused_by?: { readonly reason?: string | null } | null;
}

/** More is no use in a line of status, and the rest may be a whole page of a proxy. */
const REASON_LENGTH = 400;

/** @param status HTTP status of a request or an item. @param complaint undefined where it is not Elasticsearch's */
export function failureOfStatus(status: number, complaint: Complaint | undefined): Failure {
  const said = complaint ? describe(complaint) : '';
  const because = said === '' ? '' : `: ${said}`;
  // What Elasticsearch itself turns away it has not begun; of all else, nobody knows.
  const ambiguous = !complaint || status < 400 || status >= 500;
  const failure = (state: FailureState, reason: string): Failure => ({
    state,
    reason: oneLine(reason),
    ambiguous,
  });
  if (status === 429 || status === 408) return failure('retrying', `overloaded (${status})${because}`);
  if (status >= 500) return failure('retrying', `answers ${status}${because}`);
  if (complaint?.type === 'cluster_block_exception')
    return failure('refused', `${said}; remove the block, or free its disk`);
  if (complaint?.type === 'index_closed_exception')
    return failure('refused', `an index is closed${because}; open it again`);
  if (status === 401)
    return failure(
      'denied',
      `does not know who asks (401)${because}; give an API key or a user that is valid`,
    );
  if (status === 403)
    return failure(
      'denied',
      `forbids it (403)${because}; grant it (docs/ELASTICSEARCH.md names what is needed)`,
    );
  if (status === 404 && complaint) return failure('not_set_up', `${said}; run nvpulse create-mapping`);
  return failure(
    'refused',
    `answers ${status}${because}; check the URL, and what stands before Elasticsearch`,
  );
}

/** Of a request that threw. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error))
    return { state: 'retrying', reason: oneLine(String(error)), ambiguous: true };
  if (isResponseError(error)) return failureOfStatus(error.statusCode ?? 0, complaintIn(error.body));
  if (error.name === 'ProductNotSupportedError')
    return {
      state: 'refused',
      reason: 'what answers there is not Elasticsearch; check the URL',
      ambiguous: false,
    };
  const reason = oneLine(error.message);
  return { state: 'retrying', reason, ambiguous: !NEVER_CONNECTED.test(error.message) };
}

/** Node's and undici's words for a connection that was never made; of others it may have been sent. */
const NEVER_CONNECTED = /^(connect E|getaddrinfo |Connect Timeout Error)/;

export function isTooLarge(error: unknown): boolean {
  return error instanceof Error && isResponseError(error) && error.statusCode === 413;
}

/** The reason of a complaint in one line, with what caused it where that says more. */
export function describe({ type, reason, caused_by }: Complaint): string {
  const cause = caused_by?.reason;
  return oneLine(`${type}: ${reason}${cause && !reason.includes(cause) ? ` (${cause})` : ''}`);
}

function isResponseError(error: Error): error is errors.ResponseError {
  return error.name === 'ResponseError';
}

/** Undefined where the answer is not Elasticsearch's own. */
function complaintIn(body: unknown): Complaint | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error } = body;
  return isComplaint(error) ? error : undefined;
}

function isComplaint(error: unknown): error is Complaint {
  return (
    typeof error === 'object' &&
    error !== null &&
    'type' in error &&
    typeof error.type === 'string' &&
    'reason' in error &&
    typeof error.reason === 'string'
  );
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > REASON_LENGTH ? `${line.slice(0, REASON_LENGTH)}…` : line;
}
