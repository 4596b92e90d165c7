// A request through the official client, made once.
import type { Client } from '@elastic/elasticsearch';

export interface RequestParts {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly querystring: Readonly<Record<string, string | boolean>>;
  readonly body?: object;
  /** Compressed already. */
  readonly bulkBody?: Buffer;
}

/**
 * The answer's body. The client's own retries are off: they would repeat what may have been done. How long an answer
 * may take is the client's setting.
 * @throws the client's errors, and the reason of `signal` where that was aborted
 */
export async function requested(
  client: Client,
  signal: AbortSignal,
  { method, path, querystring, body, bulkBody }: RequestParts,
): Promise<unknown> {
  const parts = { method, path, querystring: { ...querystring } };
  try {
    return await (bulkBody
      ? client.transport.request(
          { ...parts, bulkBody },
          { maxRetries: 0, signal, compression: false, headers: { 'content-encoding': 'gzip' } },
        )
      : client.transport.request({ ...parts, ...(body ? { body } : {}) }, { maxRetries: 0, signal }));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
