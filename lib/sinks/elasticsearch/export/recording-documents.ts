// A recording as documents, in parcels of a size that Elasticsearch takes well, each with the place in the
// recording up to which all has been made.
import {
  parsePosition,
  parseSummaryPlace,
  RecordingTail,
  SUMMARIES_START,
  type Manifest,
} from '../../../recording';
import { parseSegmentName } from '../../../recording/segments';
import { parseDuration } from '../../../time';
import type { DeadLetter } from '../delivery/dead-letters';
import { DocumentFold, FOLD_START, type FoldPosition } from '../documents/document-fold';
import { parseMeters } from '../documents/meter';
import type { DocumentChoice } from './exporter-types';
import { Packer, sizeOf, type PackedDocument } from '../documents/packed';
import { streamOf } from '../documents/streams';
import { ToldDocuments, type ToldPlace } from './told-documents';

/** A parcel ends with the rows that reach one of these. */
export const PARCEL = { documents: 5000, size__B: 2 * 2 ** 20 } as const;
/** Rows read at once, and fewer where their documents are large: with many windows open each names all their jobs. */
const ROWS = 500;
const FIRST_ROWS = 10;
/** Where so much happened, more of it comes before any row. */
const MUCH = 500;
const RESOLUTION = { default: '100ms', range: { min: '1ms', max: '1h' } } as const;

/** `DocumentChoice`, checked. */
export interface DocumentSetting {
  readonly resolution__ns: number;
  readonly cores: boolean;
  readonly summaryOf: DocumentChoice['summaryOf'];
  /** Windows that are open when the recording ends were cut; else they go on in the next recording. */
  readonly endsWindows: boolean;
}

/** @throws ERR_OPTION where the resolution is none */
export function settingOf(
  { resolution, cores, summaryOf }: DocumentChoice,
  endsWindows: boolean,
): DocumentSetting {
  const text = String(resolution ?? RESOLUTION.default);
  return {
    resolution__ns: parseDuration(text, 'resolution', RESOLUTION.range),
    cores: cores ?? false,
    summaryOf,
    endsWindows,
  };
}

/** How far a recording has been made into documents: its rows, and apart from them what happened. */
export interface Checkpoint extends ToldPlace {
  readonly position: FoldPosition;
  /** UTC of the newest row before it, in nanoseconds: decimal, as JSON has no such integers. Absent where there is none. */
  readonly newest__ns?: string;
}

export interface Parcel {
  readonly documents: readonly PackedDocument[];
  /** What would have been a document, and is none. */
  readonly letters: readonly DeadLetter[];
  /** Everything before it is in this parcel, or in one before. */
  readonly checkpoint: Checkpoint;
  readonly sent: SentBefore;
}

/**
 * Whether documents were sent before, by whomever: `never` where they are of rows that were added since the recording
 * was opened, `likely` where some may tell again what was told before.
 */
export type SentBefore = 'never' | 'perhaps' | 'likely';

export const BEGINNING: Checkpoint = {
  position: FOLD_START,
  file: '',
  events: 0,
  summaries: SUMMARIES_START,
};

/** Calls must not overlap. */
export class RecordingDocuments {
  private readonly fold: DocumentFold;
  private readonly told: ToldDocuments;
  private readonly packer = new Packer();
  private newest__ns: bigint | undefined;
  /** Of what the tail could not read, how much was told. */
  private lossNum = 0;
  /** UTC of the newest row when all was read for the first time, or 0: what it held when it was opened is no newer. */
  private opened__ns: bigint | undefined;
  /** What the latest rows became. */
  private perRow__B = PARCEL.size__B / FIRST_ROWS;

  private constructor(
    private readonly tail: RecordingTail,
    private readonly setting: DocumentSetting,
    from: Checkpoint,
  ) {
    this.fold = new DocumentFold(tail.manifest, setting, from.position);
    this.told = new ToldDocuments(tail.dir, tail.manifest, setting.summaryOf, from);
    this.newest__ns = newestOf(from);
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

  /** Windows that are kept in mind. */
  get windowNum(): number {
    return this.tail.spans.length + this.told.windowNum;
  }

  /**
   * What comes next; undefined where there is nothing now. What happened comes before the rows: it is little, and
   * should not wait for a backlog.
   * @throws what `summaryOf` throws
   */
  async next(): Promise<Parcel | undefined> {
    const told = await this.tell();
    if (told && told.documents.length >= MUCH) return told;
    // What happened may stand in several recordings, rows stand in one.
    const sent = told?.sent ?? (this.isPastOpening ? 'never' : 'perhaps');
    const documents = [...(told?.documents ?? [])];
    let size__B = documents.reduce((sum, document) => sum + sizeOf(document), 0);
    let rows = false;
    while (documents.length < PARCEL.documents && size__B < PARCEL.size__B) {
      const before__B = size__B;
      const read = await this.tail.read(
        Math.min(ROWS, Math.ceil((PARCEL.size__B - size__B) / this.perRow__B)),
      );
      if (!read) break;
      rows = true;
      for (const document of this.fold.push(read, this.tail.spans, this.tail.intervals)) {
        const packed = this.packer.pack(document);
        size__B += sizeOf(packed);
        documents.push(packed);
      }
      const { tables } = read.batch;
      const rowNum = tables.reduce((sum, { length }) => sum + length, 0);
      this.perRow__B = Math.max(1, (size__B - before__B) / rowNum);
      for (const { time } of tables) this.note((time.at(-1) ?? 0n) + this.tail.utcOffset__ns);
    }
    const losses = this.losses();
    if (rows || losses.length > 0) {
      const letters = [...(told?.letters ?? []), ...losses];
      return { letters, documents, checkpoint: this.checkpoint, sent };
    }
    // Where the recording ended meanwhile, what it told last is there by now.
    const last = told ?? (await this.tell());
    if (!last) this.opened__ns ??= this.newest__ns ?? 0n;
    return last;
  }

  /** What happened since the last time, some of it at a time; undefined where nothing did. @throws as `next` does */
  async tell(): Promise<Parcel | undefined> {
    const told = await this.told.next();
    if (!told) return undefined;
    const letters = told.unfit.map(({ document, reason }) => ({
      document: this.packer.pack(document),
      reason,
    }));
    const documents = told.documents.map((document) => this.packer.pack(document));
    const sent = told.retold ? 'likely' : 'perhaps';
    return { documents, letters, checkpoint: this.checkpoint, sent };
  }

  /** The last parcel, where nothing will be added to the recording. @throws as `next` does */
  async end(): Promise<Parcel> {
    await this.tail.end();
    const documents = [...this.fold.end(), ...(this.setting.endsWindows ? await this.told.cut() : [])];
    return {
      documents: documents.map((document) => this.packer.pack(document)),
      letters: this.losses(),
      checkpoint: { ...this.checkpoint, position: { ...this.tail.position, meters: {} } },
      sent: 'perhaps',
    };
  }

  /** Bytes on disk beyond a checkpoint. */
  async backlog(checkpoint: Checkpoint): Promise<number> {
    return (await this.tail.backlog(checkpoint.position)) + (await this.told.backlog(checkpoint));
  }

  /** Whether rows before a UTC time, in nanoseconds, wait for later ones. */
  holdsBack(utc__ns: bigint): boolean {
    return this.fold.waitsBefore(utc__ns);
  }

  /** The rows that it held when it was opened are in parcels that were given. */
  private get isPastOpening(): boolean {
    return this.opened__ns !== undefined && !this.holdsBack(this.opened__ns + 1n);
  }

  /** Of the segments, what could not be read since the last time: no documents come of it. */
  private losses(): readonly DeadLetter[] {
    const all = this.tail.problems.flatMap((problem) => {
      const segment = parseSegmentName(problem.segment);
      const isAsked = segment && (segment.entity !== 'core' || this.setting.cores);
      return isAsked ? [{ ...problem, entity: segment.entity }] : [];
    });
    const added = all.slice(this.lossNum);
    this.lossNum = all.length;
    return added.map(({ entity, segment, reason }) => {
      const id = `${this.manifest.id}-${segment}-${reason}`;
      const document = this.packer.pack({ index: streamOf(entity), id, source: 'null' });
      return { document, reason: `the recording's ${segment}: ${reason}` };
    });
  }

  private get checkpoint(): Checkpoint {
    const { newest__ns } = this;
    return {
      position: this.fold.position,
      ...this.told.place,
      ...(newest__ns === undefined ? {} : { newest__ns: String(newest__ns) }),
    };
  }

  private note(utc__ns: bigint): void {
    if (utc__ns > (this.newest__ns ?? 0n)) this.newest__ns = utc__ns;
  }
}

/** UTC of the newest row before a checkpoint, in nanoseconds. */
export function newestOf({ newest__ns }: Checkpoint): bigint | undefined {
  return newest__ns === undefined ? undefined : BigInt(newest__ns);
}

/** A checkpoint from JSON; undefined where it is none. */
export function parseCheckpoint(value: unknown): Checkpoint | undefined {
  if (typeof value !== 'object' || value === null || !('position' in value) || !('events' in value))
    return undefined;
  const position = parsePosition(value.position);
  const { events } = value;
  if (!position || typeof events !== 'number') return undefined;
  // Before 0.2 cursors did not say of which file they are: events are told again. Recordings told no summaries.
  const file = 'file' in value && typeof value.file === 'string' ? value.file : '';
  const summaries = parseSummaryPlace('summaries' in value ? value.summaries : undefined) ?? SUMMARIES_START;
  const newest = 'newest__ns' in value ? value.newest__ns : undefined;
  return {
    position: { ...position, meters: parseMeters(value.position) },
    file,
    events,
    summaries,
    ...(typeof newest === 'string' && /^\d+$/.test(newest) ? { newest__ns: newest } : {}),
  };
}
