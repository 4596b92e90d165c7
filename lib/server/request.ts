// What a request asks: its path, its query and its body, as they were sent. None of it is trusted yet.
import type { IncomingMessage } from 'node:http';
import { isUnicode } from './names';
import { problem, RequestError } from './problems';

const BODY_MAX__B = 64 * 1024;
const TARGET_MAX__B = 8 * 1024;

export interface Target {
  /** The server as the client calls it, with the port; undefined where an HTTP/1.0 client does not say. */
  readonly host: string | undefined;
  /** In percent notation. */
  readonly path: string;
  /** In percent notation, without the question mark. */
  readonly search: string;
}

/** A target that is a whole address counts before the header (RFC 9112, 3.2.2). @throws RequestError */
export function targetOf({ url = '/', headers, httpVersion }: IncomingMessage): Target {
  if (url.length > TARGET_MAX__B)
    throw new RequestError(problem(414, `the path and query are longer than ${TARGET_MAX__B} characters`));
  if (/[^!-~]/.test(url)) throw new RequestError(problem(400, `'${url}' is not in percent notation`));
  if (headers.host === undefined && httpVersion !== '1.0')
    throw new RequestError(problem(400, 'the request has no Host header, which HTTP/1.1 demands'));
  const [, host = headers.host, local = '/'] = /^(?:https?:\/\/([^/?#]*))?(.*)$/i.exec(url) ?? [];
  const [path, ...rest] = local.split('?');
  return { host, path: path || '/', search: rest.join('?') };
}

/** Values by name; a name that is given twice has an array, which no schema takes. @throws RequestError */
export function queryOf(search: string): object {
  const values = new Map<string, string[]>();
  for (const pair of search.split('&')) {
    if (pair === '') continue;
    const at = pair.includes('=') ? pair.indexOf('=') : pair.length;
    const name = decoded(pair.slice(0, at));
    values.set(name, [...(values.get(name) ?? []), decoded(pair.slice(at + 1))]);
  }
  return Object.fromEntries(
    [...values].map(([name, given]) => [name, given.length === 1 ? given[0] : given]),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new RequestError(problem(400, `'${text}' is not in percent notation`));
  }
}

/**
 * The JSON of a request's body; one of no length is an empty object.
 * @throws RequestError where it is no JSON, or larger than 64 KiB; what the connection's end throws
 */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const { 'content-length': length, 'content-type': type } = request.headers;
  if (Number(length ?? 0) > BODY_MAX__B) throw tooLarge();
  // A page of another site may send what a form sends; this it may not.
  if (!/^application\/json *(;|$)/i.test(type ?? ''))
    throw new RequestError(
      problem(415, `send content-type: application/json, also without a body; it is ${type || 'not given'}`),
    );
  const bytes = await bytesOf(request);
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), refuseTraps);
  } catch (cause) {
    throw new RequestError(
      problem(400, `the body is no JSON that can be taken: ${cause instanceof Error ? cause.message : ''}`),
    );
  }
}

function refuseTraps(key: string, value: unknown): unknown {
  // Where such a key is copied carelessly, it is no key but what the copy inherits from.
  if (key === '__proto__') throw new SyntaxError("the key '__proto__' is not allowed");
  for (const text of [key, value])
    if (typeof text === 'string' && !isUnicode(text))
      throw new SyntaxError(`half of a surrogate pair is no text, as in ${JSON.stringify(text)}`);
  return value;
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size__B = 0;
  // Read to its end, or the connection would be gone before the answer; how long that takes is bounded.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size__B += chunk.length;
    if (size__B <= BODY_MAX__B) chunks.push(chunk);
  }
  if (size__B > BODY_MAX__B) throw tooLarge();
  return Buffer.concat(chunks);
}

function tooLarge(): RequestError {
  return new RequestError(problem(413, `the body is larger than ${BODY_MAX__B} bytes, which is the most`));
}
