// What goes wrong, as RFC 9457 wants it told over HTTP.
import { STATUS_CODES } from 'node:http';
import { NvpulseError, type NvpulseErrorCode } from '../errors';
import type { Problem } from './api';
import type { Answer } from './route';

export const PROBLEM_TYPE = 'application/problem+json';

const STATUS: Readonly<Partial<Record<NvpulseErrorCode, number>>> = {
  ERR_OPTION: 400,
  ERR_JOB_UNKNOWN: 404,
  ERR_STATE: 409,
  ERR_IO: 503,
  ERR_SERVER: 503,
};

export function problem(status: number, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
}

/** What is wrong with a request as HTTP, whatever it asks. */
export class RequestError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

export function problemAnswer(body: Problem): Answer {
  const retry = body.status === 503 ? { 'retry-after': '1' } : {};
  return { status: body.status, headers: { 'content-type': PROBLEM_TYPE, ...retry }, body };
}

/** Of an error that a handler threw; undefined where it is a bug of ours. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof RequestError) return error.problem;
  if (!(error instanceof NvpulseError)) return undefined;
  const status = STATUS[error.code];
  return status === undefined ? undefined : problem(status, error.message);
}
