// A recording as documents, in parcels of a size that Elasticsearch takes well, each with the place in the
// recording up to which all has been made.
import { parsePosition, RecordingTail, TAIL_START, type Manifest, type TailPosition } from '../../recording';
import { parseDuration } from '../../time';
import type { OutgoingDocument } from './bulk';
import { DocumentFold } from './document-fold';
import type { DocumentChoice } from './exporter-types';

/** A parcel ends with the rows that reach one of these. */
export const PARCEL = { documents: 5000, characters: 2 * 2 ** 20 } as const;
/** Rows read at once. */
const ROWS = 500;
const RESOLUTION = { default: '100ms', range: { min: '1ms', max: '1h' } } as const;

/** `DocumentChoice`, checked. */
export interface DocumentSetting {
  readonly resolution__ns: number;
  readonly cores: boolean;
  readonly summaryOf: NonNullable<DocumentChoice['summaryOf']>;
}

/** @throws ERR_OPTION where the resolution is none */
export function settingOf({ resolution, cores, summaryOf }: DocumentChoice): DocumentSetting {
  const text = String(resolution ?? RESOLUTION.default);
  return {
    resolution__ns: parseDuration(text, 'resolution', RESOLUTION.range),
    cores: cores ?? false,
    summaryOf: summaryOf ?? (() => Promise.resolve(undefined)),
  };
}

/** How far a recording has been made into documents. */
export interface Checkpoint {
  readonly position: TailPosition;
  /** How many of its events. */
  readonly events: number;
}

export interface Parcel {
  readonly documents: readonly OutgoingDocument[];
  /** Everything before it is in this parcel, or in one before. */
  readonly checkpoint: Checkpoint;
  /** UTC of the newest row, in nanoseconds. */
  readonly newest__ns: bigint;
}

export const BEGINNING: Checkpoint = { position: TAIL_START, events: 0 };

/** Calls must not overlap. */
export class RecordingDocuments {
  private readonly fold: DocumentFold;
  private newest__ns: bigint;

  private constructor(
    private readonly tail: RecordingTail,
    setting: DocumentSetting,
    from: Checkpoint,
  ) {
    this.fold = new DocumentFold(tail.manifest, setting, from.position);
    this.newest__ns = this.start__ns;
  }

  /** @throws ERR_RECORDING where it is none, or a newer one */
  static async open(dir: string, setting: DocumentSetting, from: Checkpoint): Promise<RecordingDocuments> {
    return new RecordingDocuments(await RecordingTail.open(dir, from.position), setting, from);
  }

  get manifest(): Manifest {
    return this.tail.manifest;
  }

  /** UTC in nanoseconds. */
  get start__ns(): bigint {
    return BigInt(this.manifest.clock.start__ns) + this.tail.utcOffset__ns;
  }

  /** The recording was closed, and all of it has been read. */
  get ended(): boolean {
    return this.tail.ended;
  }

  /** What comes next; undefined where there is nothing now. */
  async next(): Promise<Parcel | undefined> {
    const documents: OutgoingDocument[] = [];
    let characters = 0;
    let isMore = false;
    while (documents.length < PARCEL.documents && characters < PARCEL.characters) {
      const read = await this.tail.read(ROWS);
      if (!read) break;
      isMore = true;
      for (const document of this.fold.push(read, this.tail.spans, this.tail.intervals)) {
        characters += document.source.length;
        documents.push(document);
      }
      for (const { time } of read.batch.tables) this.note((time.at(-1) ?? 0n) + this.tail.utcOffset__ns);
    }
    if (!isMore) return undefined;
    return {
      documents,
      checkpoint: { position: this.fold.position, events: 0 },
      newest__ns: this.newest__ns,
    };
  }

  /** The last parcel, where nothing will be added to the recording. */
  end(): Parcel {
    const documents = this.fold.end();
    return {
      documents,
      checkpoint: { position: this.tail.position, events: 0 },
      newest__ns: this.newest__ns,
    };
  }

  /** Bytes on disk beyond a checkpoint. */
  backlog({ position }: Checkpoint): Promise<number> {
    return this.tail.backlog(position);
  }

  /** Whether rows before a UTC time, in nanoseconds, wait for later ones. */
  holdsBack(utc__ns: bigint): boolean {
    return this.fold.waitsBefore(utc__ns);
  }

  private note(utc__ns: bigint): void {
    if (utc__ns > this.newest__ns) this.newest__ns = utc__ns;
  }
}

/** A checkpoint from JSON; undefined where it is none. */
export function parseCheckpoint(value: unknown): Checkpoint | undefined {
  if (typeof value !== 'object' || value === null || !('position' in value) || !('events' in value))
    return undefined;
  const position = parsePosition(value.position);
  const { events } = value;
  return position && typeof events === 'number' ? { position, events } : undefined;
}
