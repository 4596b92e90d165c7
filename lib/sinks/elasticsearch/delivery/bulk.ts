// One bulk request and what its answer says of each document. Nothing is repeated here: whether that is safe, and
// when, only the delivery knows.
import type { Client } from '@elastic/elasticsearch';
import type { Complaint } from '../client/explain';
import { describe, failureOf, failureOfItem, isTooLarge, type Failure } from './failure';
import { compressedBody } from './body';
import type { PackedDocument } from '../documents/packed';
import { requested } from '../client/request';

export type ItemOutcome =
  | { readonly kind: 'created' }
  /** It was there already. */
  | { readonly kind: 'duplicate' }
  /** Elasticsearch will never take it; the reason in one line. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Either Elasticsearch will never take it, or it takes no document at the moment: both are told alike. */
  | { readonly kind: 'refused'; readonly reason: string; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure };

export type BulkOutcome =
  /** An outcome a document, in their order. */
  | { readonly kind: 'answered'; readonly items: readonly ItemOutcome[] }
  /** Of a server, or a proxy before it, that takes no body of this size. */
  | { readonly kind: 'too_large'; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure };

interface BulkAnswer {
  readonly errors: boolean;
  readonly items: readonly {
    readonly create: {
      readonly status: number;
      readonly error?: Complaint;
      /** `used`: it was put aside where nobody finds it. */
      readonly failure_store?: string;
    };
  }[];
}

/** All that is read of an answer; a status of each item keeps their places. */
const FILTER = 'errors,items.create.status,items.create.error,items.create.failure_store';

/**
 * Creates documents that are not there in the newest backing index of their data stream.
 * @param documents at least one
 * @throws what `signal` was aborted with; all else is an outcome
 */
export async function sendBulk(
  client: Client,
  documents: readonly PackedDocument[],
  signal: AbortSignal,
): Promise<BulkOutcome> {
  const bulkBody = await compressedBody(documents);
  try {
    const answer = await requested(client, signal, {
      method: 'POST',
      path: '/_bulk',
      querystring: { require_data_stream: true, filter_path: FILTER },
      bulkBody,
    });
    if (!isAnswer(answer, documents.length)) return { kind: 'failed', failure: NO_ANSWER };
    return { kind: 'answered', items: answer.items.map(({ create }) => outcomeOf(create)) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: isTooLarge(error) ? 'too_large' : 'failed', failure: failureOf(error) };
  }
}

const NO_ANSWER: Failure = {
  state: 'refused',
  reason:
    'what answers there does not answer as Elasticsearch does; check the URL, and what stands before it',
  ambiguous: true,
};

/**
 * What Elasticsearch complains of when it has read a document and found it wrong. Others of the same status are told
 * of a document (`illegal_argument_exception` of a term that is too long) and of the cluster (of a pipeline that is not
 * there). Since 8.8 what is wrong with a mapping has a type of its own.
 */
const DOCUMENT_ERRORS: readonly string[] = ['document_parsing_exception', 'strict_dynamic_mapping_exception'];

/** Of a pipeline that refuses on purpose, with status 500: what it refuses it has not passed on. */
const FAIL_PROCESSOR = 'fail_processor_exception';

/** Of one shard, whatever others take; in the words of Elasticsearch 8.19 and 9.4. */
const SHARD_IS_FULL = /Number of documents in the (shard|index) can(not|'t) exceed/i;

function outcomeOf({ status, error, failure_store }: BulkAnswer['items'][number]['create']): ItemOutcome {
  // Elasticsearch keeps it; sent again, it would be there twice.
  if (failure_store === 'used')
    return { kind: 'rejected', reason: "put into the data stream's failure store" };
  if (!error && status < 300) return { kind: 'created' };
  if (status === 409) return { kind: 'duplicate' };
  const failure = failureOfItem(error?.type === FAIL_PROCESSOR ? 400 : status, error);
  // A closed index, a full shard, and all that has another status, is no fault of the document.
  if (!error || (status !== 400 && error.type !== FAIL_PROCESSOR) || error.type === 'index_closed_exception')
    return { kind: 'failed', failure };
  if (SHARD_IS_FULL.test(error.reason ?? ''))
    return {
      kind: 'failed',
      failure: { ...failure, reason: `${failure.reason}; roll the data stream over` },
    };
  const reason = describe(error);
  return DOCUMENT_ERRORS.includes(error.type ?? '')
    ? { kind: 'rejected', reason }
    : { kind: 'refused', reason, failure };
}

function isAnswer(answer: unknown, length: number): answer is BulkAnswer {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'items' in answer &&
    Array.isArray(answer.items) &&
    answer.items.length === length
  );
}
