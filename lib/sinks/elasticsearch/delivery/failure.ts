// What a request or an item that did not succeed means for the delivery: what state that is, and whether it may have
// been done all the same. By errors of the official client and answers of Elasticsearch 8.19 and 9.4.
import {
  complaintIn,
  explain,
  explainStatus,
  isResponseError,
  isSigned,
  oneLine,
  type Complaint,
  type Explanation,
  type ExplanationKind,
} from '../client/explain';

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

/** Of an item that is not done. @param status its HTTP status */
export function failureOfItem(status: number, complaint: Complaint | undefined): Failure {
  return failureFrom(explainStatus(status, complaint), !isTurnedAway(status, complaint));
}

/** Of a request that threw. */
export function failureOf(error: unknown): Failure {
  // A gateway may answer what it likes after Elasticsearch has done it all.
  const never = isResponseError(error)
    ? isSigned(error.headers) && isTurnedAway(error.statusCode ?? 0, complaintIn(error.body))
    : NEVER_CONNECTED.test(String(error));
  return failureFrom(explain(error), !never);
}

/** What Elasticsearch itself turns away it has not begun. */
function isTurnedAway(status: number, complaint: Complaint | undefined): boolean {
  return status >= 400 && status < 500 && typeof complaint?.type === 'string';
}

/** Of what someone has found out. @param ambiguous something may have been done */
export function failureFrom({ kind, message }: Explanation, ambiguous: boolean): Failure {
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
