// What a request or an item that did not succeed means for the delivery: what state that is, and whether it may have
// been done all the same. By errors of the official client and answers of Elasticsearch 8.19 and 9.4.
import {
  complaintIn,
  explain,
  explainStatus,
  isResponseError,
  oneLine,
  type Complaint,
  type Explanation,
  type ExplanationKind,
} from './explain';

/** Why something cannot be sent at the moment. */
export type FailureState = 'retrying' | 'denied' | 'not_set_up' | 'refused';

export interface Failure {
  readonly state: FailureState;
  /** One line, with what to do about it where someone has to do something. */
  readonly reason: string;
  /** It may have been done all the same: what is there is to be looked up before it is sent again. */
  readonly ambiguous: boolean;
}

const STATES: Readonly<Record<ExplanationKind, FailureState>> = {
  unreachable: 'retrying',
  busy: 'retrying',
  unexpected: 'retrying',
  denied: 'denied',
  missing: 'not_set_up',
  tls: 'refused',
  not_elasticsearch: 'refused',
  blocked: 'refused',
  too_large: 'refused',
  rejected: 'refused',
};

/** @param status HTTP status of a request or an item. @param complaint undefined where it is not Elasticsearch's */
export function failureOfStatus(status: number, complaint: Complaint | undefined): Failure {
  // What Elasticsearch itself turns away it has not begun; of all else, nobody knows.
  const ambiguous = !complaint || status < 400 || status >= 500;
  return failureFrom(explainStatus(status, complaint), ambiguous);
}

/** Of a request that threw. */
export function failureOf(error: unknown): Failure {
  if (isResponseError(error)) return failureOfStatus(error.statusCode ?? 0, complaintIn(error.body));
  const explanation = explain(error);
  const never = explanation.kind === 'not_elasticsearch' || NEVER_CONNECTED.test(String(error));
  return failureFrom(explanation, !never);
}

function failureFrom({ kind, message }: Explanation, ambiguous: boolean): Failure {
  const remedy = kind === 'missing' ? '; run nvpulse create-mapping' : '';
  return { state: STATES[kind], reason: `${message}${remedy}`, ambiguous };
}

/** Node's and undici's words for a connection that was never made; of others it may have been sent. */
const NEVER_CONNECTED = /^\w+: (connect E|getaddrinfo |Connect Timeout Error)/;

export function isTooLarge(error: unknown): boolean {
  return explain(error).kind === 'too_large';
}

/** The reason of a complaint in one line, with what caused it where that says more. */
export function describe({ type = '', reason, caused_by }: Complaint): string {
  const cause = caused_by?.reason;
  return oneLine(`${type}: ${reason ?? ''}${cause && !reason?.includes(cause) ? ` (${cause})` : ''}`);
}
