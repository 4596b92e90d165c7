// Documents until each is settled: created, there already, or among the dead letters. What fails is tried again
// without end; what may have been done is looked up before.
import type { Client } from '@elastic/elasticsearch';
import { reasonOf } from '../../../reason';
import { asciiJson } from '../documents/ascii-json';
import { backOff } from './backoff';
import { sendBulk, type BulkOutcome, type ItemOutcome } from './bulk';
import type { DeadLetter, DeadLetters } from './dead-letters';
import { failureOf, type Failure } from './failure';
import { Packer, sizeOf, type PackedDocument } from '../documents/packed';
import { anyThere, idsThere, newestIn, refresh, streamsOf, type Stretch } from './presence';
import { plainProbe, spoiltProbe } from './probe';

/** Bytes of a request at most, before they are compressed. */
const LARGEST = 8 * 2 ** 20;

/** Requests that went well before a larger one is tried again. */
const GROW_AFTER = 100;

/** What became of documents so far. */
export interface DeliveryCounts {
  readonly documents: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** Requests after a failure. */
  readonly retries: number;
}

/** How to end early. */
export interface Halt {
  /** Ends before the next attempt, and waiting for it. */
  readonly attempts: AbortSignal;
  /** Breaks off requests too. */
  readonly requests: AbortSignal;
}

export interface Step {
  readonly done: boolean;
  /** It got somewhere, whatever failed then: the next pause is a short one. */
  readonly progress: boolean;
  readonly failure: Failure | undefined;
}

/** Documents on their way, and what is known of them. */
interface Journey {
  open: readonly PackedDocument[];
  /** Some may be there: they are looked up before any is sent. */
  doubtful: boolean;
  letters: readonly DeadLetter[];
  /** How many were found when they were looked up. */
  found: number;
}

/** A document that is refused, and what that means where it is not its own fault. */
interface Refusal {
  readonly document: PackedDocument;
  readonly failure: Failure;
}

export class Delivery {
  /** What holds up each step that is repeated. */
  private readonly held = new Map<object, Failure>();
  private readonly total = { documents: 0, duplicates: 0, rejected: 0, retries: 0 };
  /** By stream: the document that it took last. */
  private readonly taken = new Map<string, PackedDocument>();
  /** Bytes of a request: fewer where something on the way took no larger one; and how many went well since. */
  private largest: number = LARGEST;
  private fitted = 0;

  constructor(
    private readonly client: Client,
    private readonly deadLetters: DeadLetters,
    /** The failure came, changed, or went. */
    private readonly onChange: () => void,
  ) {}

  get counts(): DeliveryCounts {
    return this.total;
  }

  /** What holds up documents at the moment. */
  get failure(): Failure | undefined {
    return [...this.held.values()].at(-1);
  }

  /**
   * Resolves when all are settled; how many of them were found by looking.
   * @param doubtful some may be there already
   * @throws what `halt` was aborted with
   */
  deliver(documents: readonly PackedDocument[], doubtful: boolean, halt: Halt): Promise<number> {
    return this.settleAll({ open: documents, doubtful, letters: [], found: 0 }, halt);
  }

  /** Resolves when they stand among the dead letters. @throws what `halt` was aborted with */
  async reject(letters: readonly DeadLetter[], halt: Halt): Promise<void> {
    await this.settleAll({ open: [], doubtful: false, letters, found: 0 }, halt);
  }

  private async settleAll(journey: Journey, halt: Halt): Promise<number> {
    await this.insist(halt, async () => {
      const before = journey.open.length;
      const failure = await this.advance(journey, halt.requests);
      const done = journey.open.length === 0 && journey.letters.length === 0;
      return { done, progress: journey.open.length < before, failure };
    });
    return journey.found;
  }

  /** Whether any document of this host is there in this time; also of those that were just written. */
  async anyThere(streams: readonly string[], stretch: Stretch, halt: Halt): Promise<boolean> {
    let any = true;
    await this.insist(halt, async () => {
      const failure = await this.attempt(async () => {
        await refresh(this.client, streams, halt.requests);
        any = await anyThere(this.client, streams, stretch, halt.requests);
      }, halt.requests);
      return { done: !failure, progress: false, failure };
    });
    return any;
  }

  /** Repeats a step until it is done, with pauses where it fails; what it fails of is told meanwhile. */
  async insist(halt: Halt, step: () => Promise<Step>): Promise<void> {
    const key = {};
    try {
      for (let attempt = 0; ;) {
        halt.attempts.throwIfAborted();
        const { done, progress, failure } = await step();
        // It stands until something got through: a look that nothing came of is none.
        if (failure || progress) this.hold(key, failure);
        if (done) return;
        if (progress) attempt = 0;
        if (!failure) continue;
        this.total.retries++;
        await backOff(++attempt, halt.attempts);
      }
    } finally {
      this.hold(key, undefined);
    }
  }

  /** One step; the failure where something holds it up. */
  private async advance(journey: Journey, signal: AbortSignal): Promise<Failure | undefined> {
    if (journey.letters.length > 0) return this.bury(journey);
    if (journey.open.length === 0) return undefined;
    return journey.doubtful ? this.lookUp(journey, signal) : this.send(journey, signal);
  }

  private async bury(journey: Journey): Promise<Failure | undefined> {
    try {
      await this.deadLetters.add(journey.letters);
    } catch (error) {
      const reason = `dead letters cannot be written: ${reasonOf(error)}`;
      return { state: 'refused', reason, ambiguous: false };
    }
    this.total.rejected += journey.letters.length;
    journey.letters = [];
    return undefined;
  }

  private async lookUp(journey: Journey, signal: AbortSignal): Promise<Failure | undefined> {
    return this.attempt(async () => {
      await refresh(this.client, streamsOf(journey.open), signal);
      const there = await idsThere(this.client, journey.open, signal);
      const missing = journey.open.filter(({ id }) => !there.has(id));
      const found = journey.open.length - missing.length;
      journey.found += found;
      this.total.duplicates += found;
      journey.open = missing;
      journey.doubtful = false;
    }, signal);
  }

  private async attempt(work: () => Promise<void>, signal: AbortSignal): Promise<Failure | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      return failureOf(error);
    }
  }

  private async send(journey: Journey, signal: AbortSignal): Promise<Failure | undefined> {
    const sent = journey.open.slice(0, this.fitting(journey.open));
    const outcome = await sendBulk(this.client, sent, signal);
    if (outcome.kind !== 'answered') return this.notAnswered(journey, sent, outcome, signal);
    if (++this.fitted % GROW_AFTER === 0) this.largest = Math.min(LARGEST, this.largest * 2);
    const { items } = outcome;
    const { failure, refused } = this.settle(journey, sent, items, streamsTaking(sent, items));
    return failure ?? this.question(journey, refused, signal);
  }

  /** Nothing is known of the documents, or the request was too large. */
  private async notAnswered(
    journey: Journey,
    sent: readonly PackedDocument[],
    { kind, failure }: Exclude<BulkOutcome, { kind: 'answered' }>,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    journey.doubtful = failure.ambiguous;
    if (kind === 'failed') return failure;
    this.largest = Math.floor(sent.reduce((sum, document) => sum + sizeOf(document), 0) / 2);
    this.fitted = 0;
    const [only, ...others] = sent;
    return only && others.length === 0 ? this.questionSize(journey, only, failure, signal) : undefined;
  }

  /**
   * What has an outcome is no longer open; the failure where some have to be sent again.
   * @param takes streams that are known to take documents: what they refuse, they will never take
   */
  private settle(
    journey: Journey,
    sent: readonly PackedDocument[],
    items: readonly ItemOutcome[],
    takes: ReadonlySet<string>,
  ): { readonly failure: Failure | undefined; readonly refused: readonly Refusal[] } {
    const again = new Set<PackedDocument>();
    const refused: Refusal[] = [];
    const letters: DeadLetter[] = [];
    let failure: Failure | undefined;
    sent.forEach((document, at) => {
      const item = items[at];
      if (item?.kind === 'created') {
        this.total.documents++;
        this.taken.set(document.index, document);
      } else if (item?.kind === 'duplicate') this.total.duplicates++;
      else if (item?.kind === 'rejected') letters.push({ document, reason: item.reason });
      else if (item?.kind === 'refused' && takes.has(document.index))
        letters.push({ document, reason: item.reason });
      else {
        again.add(document);
        if (item?.kind === 'refused') refused.push({ document, failure: item.failure });
        else if (!failure || item?.failure.ambiguous) failure = item?.failure;
      }
    });
    const settled = new Set(sent.filter((document) => !again.has(document)));
    journey.open = journey.open.filter((document) => !settled.has(document));
    journey.letters = [...journey.letters, ...letters];
    journey.doubtful = failure?.ambiguous ?? false;
    return { failure, refused };
  }

  /**
   * Of streams that took none of the documents they were sent: sends those again, together with such as it takes, so
   * that all is answered at one time. It is the documents' fault where those are taken.
   */
  private async question(
    journey: Journey,
    refused: readonly Refusal[],
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    if (refused.length === 0) return undefined;
    const documents = refused.map(({ document }) => document);
    const suspects = [...new Map(documents.map((document) => [document.index, document])).values()];
    const witnesses: PackedDocument[] = [];
    const unknown = await this.attempt(async () => {
      for (const suspect of suspects) witnesses.push(await this.witnessFor(suspect, signal));
    }, signal);
    if (unknown) return unknown;
    const probes = suspects.flatMap((suspect, at) => [
      plainProbe(suspect),
      spoiltProbe(suspect),
      spoiltProbe(witnesses[at] ?? suspect),
    ]);
    const outcome = await sendBulk(this.client, [...documents, ...probes], signal);
    if (outcome.kind !== 'answered') return this.notAnswered(journey, documents, outcome, signal);
    const items = outcome.items.slice(0, documents.length);
    const takes = streamsTaking(documents, items);
    suspects.forEach(({ index }, at) => {
      const [plain, spoilt, witness] = outcome.items.slice(documents.length + 3 * at);
      // It comes as far as its fields, and others are kept; or not even so far, and others come so far.
      const isIndexWell = isThere(plain) && spoilt?.kind === 'rejected';
      const isPipelineWell = spoilt?.kind === 'refused' && witness?.kind === 'rejected';
      if (isIndexWell || isPipelineWell) takes.add(index);
    });
    const { failure, refused: still } = this.settle(journey, documents, items, takes);
    const [first] = still;
    if (failure || !first) return failure;
    return {
      ...first.failure,
      reason: `${first.document.index} takes no documents: ${first.failure.reason}`,
    };
  }

  /** One that its stream has taken; the suspect itself where there is none. */
  private async witnessFor(suspect: PackedDocument, signal: AbortSignal): Promise<PackedDocument> {
    const { index } = suspect;
    const known = this.taken.get(index);
    if (known) return known;
    const kept = await newestIn(this.client, index, signal);
    if (!kept) return suspect;
    return new Packer().pack({ index, id: suspect.id, source: asciiJson(kept) });
  }

  /** Of a document that is too large alone: whether any is small enough. */
  private async questionSize(
    journey: Journey,
    document: PackedDocument,
    failure: Failure,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    const outcome = await sendBulk(this.client, [plainProbe(document)], signal);
    if (outcome.kind !== 'answered' || !isThere(outcome.items[0])) return failure;
    // It may be there all the same.
    const doubt = journey.doubtful ? await this.lookUp(journey, signal) : undefined;
    if (doubt || !journey.open.includes(document)) return doubt;
    journey.open = journey.open.filter((other) => other !== document);
    journey.letters = [...journey.letters, { document, reason: failure.reason }];
    return undefined;
  }

  /** How many from the front fit into a request; at least one. */
  private fitting(documents: readonly PackedDocument[]): number {
    let size = 0;
    const over = documents.findIndex((document) => (size += sizeOf(document)) > this.largest);
    return over < 0 ? documents.length : Math.max(1, over);
  }

  private hold(key: object, failure: Failure | undefined): void {
    const before = this.held.get(key);
    if (failure) this.held.set(key, failure);
    else this.held.delete(key);
    if (before?.state !== failure?.state || before?.reason !== failure?.reason) this.onChange();
  }
}

function isThere(item: ItemOutcome | undefined): boolean {
  return item?.kind === 'created' || item?.kind === 'duplicate';
}

/** Those that took one of the documents. */
function streamsTaking(sent: readonly PackedDocument[], items: readonly ItemOutcome[]): Set<string> {
  return new Set(sent.filter((_, at) => isThere(items[at])).map(({ index }) => index));
}
