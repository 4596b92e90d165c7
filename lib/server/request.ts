// What a request asks: its path, its query and its body, as they were sent. None of it is trusted yet.
import type { IncomingMessage } from 'node:http';
import { problem, RequestError } from './problems';

const BODY_MAX__B = 64 * 1024;

export interface Target {
  /** The server as the client calls it, with the port. */
  readonly host: string;
  /** In percent notation. */
  readonly path: string;
  /** Values by name; a name that is given twice has an array, which no schema takes. */
  readonly query: object;
}

/** A target that is a whole address counts before the header (RFC 9112, 3.2.2). */
export function targetOf({ url = '/', headers }: IncomingMessage): Target {
  const [, host = headers.host ?? '', local = '/'] = /^(?:https?:\/\/([^/?#]*))?(.*)$/i.exec(url) ?? [];
  const [path, ...rest] = local.split('?');
  const query = new URLSearchParams(rest.join('?'));
  const names = [...new Set(query.keys())];
  const valueOf = (name: string): unknown => {
    const values = query.getAll(name);
    return values.length === 1 ? values[0] : values;
  };
  return { host, path: path || '/', query: Object.fromEntries(names.map((name) => [name, valueOf(name)])) };
}

/**
 * The JSON of a request's body. Who has nothing to say need not send an empty object.
 * @throws RequestError where it is no JSON, or larger than 64 KiB; what the connection's end throws
 */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const {
    'content-length': length,
    'content-type': type = '',
    'transfer-encoding': coding,
  } = request.headers;
  if (Number(length ?? 0) > BODY_MAX__B) throw tooLarge();
  if (Number(length ?? 0) === 0 && coding === undefined) return {};
  if (!/^application\/json *(;|$)/i.test(type))
    throw new RequestError(problem(415, `the body must be application/json, and is ${type || 'of no type'}`));
  const text = (await bytesOf(request)).toString();
  try {
    return JSON.parse(text, refusePrototype) ?? {};
  } catch (cause) {
    throw new RequestError(
      problem(400, `the body is no JSON that can be taken: ${(cause as SyntaxError).message}`),
    );
  }
}

/** Where such a key is copied carelessly, it is no key but what the copy inherits from. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError("the key '__proto__' is not allowed");
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
