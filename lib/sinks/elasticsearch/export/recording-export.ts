// One recording on its way into Elasticsearch, and how far it is acknowledged.
import { readCursor, writeCursor } from '../../../recording';
import { lengthOf, readManifest } from '../../../recording/manifest';
import { reasonOf } from '../../../reason';
import { formatUtc } from '../../../time';
import type { Delivery, Halt } from '../delivery/delivery';
import { Doubt } from './doubt';
import type { Acknowledged } from './exporter-types';
import {
  BEGINNING,
  newestOf,
  parseCheckpoint,
  RecordingDocuments,
  type Checkpoint,
  type DocumentSetting,
  type Parcel,
} from './recording-documents';
import { STREAMS } from '../documents/streams';

/** Requests on their way at once. */
const IN_FLIGHT = 2;

/** A row may have been read before its recording began: the sampler was there first. */
const BEFORE_START__NS = 60_000_000_000n;

export interface RecordingExportOptions {
  readonly dir: string;
  readonly delivery: Delivery;
  readonly halt: Halt;
  readonly setting: DocumentSetting;
  /** The cursor's file, by the recording's id; absent where nobody will go on from it. */
  readonly cursorOf?: (recording: string) => string;
  /** Told when more is acknowledged. */
  readonly onAcknowledged?: () => void;
}

/** How far a recording is acknowledged, as its cursor's file says it. */
interface Cursor {
  readonly checkpoint: Checkpoint;
  /** All of it is, and nothing will be added. */
  readonly finished: boolean;
}

export class RecordingExport {
  private checkpoint: Checkpoint;
  /** UTC of the last look at which all was acknowledged, in nanoseconds. */
  private settled__ns = 0n;
  private saving: Promise<void> = Promise.resolve();
  /** Reading and looking at what is left must not overlap. */
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: RecordingExportOptions,
    private readonly documents: RecordingDocuments,
    private readonly doubt: Doubt,
    private durable: Cursor,
  ) {
    this.checkpoint = durable.checkpoint;
  }

  /** @throws ERR_RECORDING where it is none, or a newer one; ERR_IO where its cursor can't be read */
  static async open(options: RecordingExportOptions): Promise<RecordingExport> {
    const { dir, setting, cursorOf, delivery, halt } = options;
    const { id, host, end } = await readManifest(dir);
    const cursor = cursorOf && parseCursor(await readCursor(cursorOf(id)));
    const documents = await RecordingDocuments.open(dir, setting, cursor?.checkpoint ?? BEGINNING);
    const stretch = {
      host: host.name,
      from: formatUtc(documents.start__ns - BEFORE_START__NS),
      ...(end === null ? {} : { until: end }),
    };
    const doubt = cursor ? Doubt.resumed() : Doubt.replayed(() => delivery.anyThere(STREAMS, stretch, halt));
    return new RecordingExport(
      options,
      documents,
      doubt,
      cursor ?? { checkpoint: BEGINNING, finished: false },
    );
  }

  /** Where it is acknowledged to, also after a crash. */
  get acknowledged(): Acknowledged {
    return acknowledgedBy(this.options.dir, this.recording, this.durable);
  }

  get recording(): string {
    return this.documents.manifest.id;
  }

  get finished(): boolean {
    return this.durable.finished;
  }

  /** The recording was closed, and all of it has been read. */
  get ended(): boolean {
    return this.documents.ended;
  }

  /** Whether rows before a UTC time, in nanoseconds, wait for later ones. */
  holdsBack(utc__ns: bigint): boolean {
    return this.documents.holdsBack(utc__ns);
  }

  /** Seconds of the recording up to which rows are acknowledged. */
  get acknowledged__s(): number {
    return Number(this.reached__ns - this.documents.start__ns) / 1e9;
  }

  /** Seconds from its start to its end; null where it was not closed. */
  get length__s(): number | null {
    return lengthOf(this.documents.manifest);
  }

  /** UTC in nanoseconds: all rows that are not acknowledged are newer. */
  get behind__ns(): bigint {
    const { reached__ns, settled__ns } = this;
    return reached__ns > settled__ns ? reached__ns : settled__ns;
  }

  /** Bytes on disk that are not acknowledged. @throws the system's error */
  async backlog(): Promise<number> {
    if (this.finished) return 0;
    const now__ns = BigInt(Date.now()) * 1_000_000n;
    const backlog__B = await this.inTurn(() => this.documents.backlog(this.checkpoint));
    if (backlog__B === 0) this.settled__ns = now__ns;
    return backlog__B;
  }

  /**
   * Sends all that is there now, and returns when it is acknowledged.
   * @param between is waited for before each parcel
   * @throws what the attempts were halted with
   */
  pass(between: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    return this.send(async () => {
      await between();
      return this.inTurn(() => this.documents.next());
    });
  }

  /** Of all that is there, sends what happened. @throws what the attempts were halted with */
  tell(): Promise<void> {
    return this.send(() => this.inTurn(() => this.documents.tell()));
  }

  /** UTC of the newest row that is acknowledged, or of the start; in nanoseconds. */
  private get reached__ns(): bigint {
    return newestOf(this.checkpoint) ?? this.documents.start__ns;
  }

  private async send(next: () => Promise<Parcel | undefined>): Promise<void> {
    const { attempts } = this.options.halt;
    const underway: Promise<void>[] = [];
    try {
      for (;;) {
        attempts.throwIfAborted();
        const parcel = await next();
        if (!parcel) break;
        if (underway.length === IN_FLIGHT) await underway.shift();
        const sent = this.ship(parcel, underway.at(-1));
        // Who waits for it learns of a failure, which may be later.
        sent.catch(() => undefined);
        underway.push(sent);
      }
      for (const sent of underway) await sent;
      await this.saving;
    } finally {
      await Promise.allSettled([...underway, this.saving]);
    }
  }

  /** After `pass`, where nothing will be added to the recording: sends what waited for later rows. */
  async finish(): Promise<void> {
    if (this.finished) return;
    await this.ship(await this.inTurn(() => this.documents.end()));
    await this.save(true);
    await this.saving;
  }

  private async ship(
    { documents, letters, checkpoint, sent }: Parcel,
    before?: Promise<void>,
  ): Promise<void> {
    const { delivery, halt } = this.options;
    await delivery.reject(letters, halt);
    const doubtful =
      documents.length > 0 && (sent === 'likely' || (sent === 'perhaps' && (await this.doubt.holds())));
    const found = await delivery.deliver(documents, doubtful, halt);
    if (doubtful) this.doubt.looked(documents.length, found);
    await before;
    this.checkpoint = checkpoint;
    this.options.onAcknowledged?.();
    await this.save(false);
  }

  /** Begins to write the cursor once the one before is written: no more than that one can be missing after a crash. */
  private async save(finished: boolean): Promise<void> {
    const before = this.saving;
    const cursor = { checkpoint: this.checkpoint, finished };
    this.saving = before.then(() => this.write(cursor));
    this.saving.catch(() => undefined);
    await before;
  }

  private async write(cursor: Cursor): Promise<void> {
    const { delivery, halt, cursorOf } = this.options;
    if (cursorOf) {
      const path = cursorOf(this.recording);
      await delivery.insist(halt, async () => {
        try {
          await writeCursor(path, cursor);
          return { done: true, progress: true, failure: undefined };
        } catch (error) {
          const failure = { state: 'refused', reason: reasonOf(error), ambiguous: false } as const;
          return { done: false, progress: false, failure };
        }
      });
    }
    this.durable = cursor;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}

/** Undefined where the file is none of ours: what it stood for is then looked up. */
function parseCursor(value: unknown): Cursor | undefined {
  if (typeof value !== 'object' || value === null || !('checkpoint' in value)) return undefined;
  const checkpoint = parseCheckpoint(value.checkpoint);
  return checkpoint && { checkpoint, finished: 'finished' in value && value.finished === true };
}

function acknowledgedBy(dir: string, recording: string, { checkpoint, finished }: Cursor): Acknowledged {
  const { position, summaries } = checkpoint;
  return { dir, recording, position, summaries, finished };
}

/**
 * How far the recording in a folder is acknowledged, by its cursor; undefined where it has none.
 * @throws ERR_RECORDING where it is none · ERR_IO where its cursor can't be read
 */
export async function acknowledgedIn(
  dir: string,
  cursorOf: (recording: string) => string,
): Promise<Acknowledged | undefined> {
  const { id } = await readManifest(dir);
  const cursor = parseCursor(await readCursor(cursorOf(id)));
  return cursor && acknowledgedBy(dir, id, cursor);
}
