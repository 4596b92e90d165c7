// A recording as documents, in parcels of a size that Elasticsearch takes well, each with the place in the
// recording up to which all has been made.
import type { EndedWindow } from '../../jobs/ended-window';
import {
  parsePosition,
  parseSummaryPlace,
  readSummaries,
  RecordingTail,
  SUMMARIES_START,
  summariesBeyond,
  tellsSummaries,
  type JobSpan,
  type Json,
  type Manifest,
  type SummaryPlace,
} from '../../recording';
import { parseDuration } from '../../time';
import type { OutgoingDocument } from './bulk';
import { DocumentFold, FOLD_START, type FoldPosition } from './document-fold';
import { parseReadings } from './energy-meter';
import { endedWindow, eventDocuments, windowDocument, type JobDocument } from './job-documents';
import type { DocumentChoice } from './exporter-types';
import { asciiJson } from './instance-fold';
import { Packer, sizeOf, type PackedDocument } from './packed';

/** A parcel ends with the rows that reach one of these. */
export const PARCEL = { documents: 5000, size__B: 2 * 2 ** 20 } as const;
/** Rows read at once, and events. */
const ROWS = 500;
const EVENTS = 500;
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

/** How far a recording has been made into documents. */
export interface Checkpoint {
  readonly position: FoldPosition;
  /** How many of its events. */
  readonly events: number;
  /** Where the summaries begin that have not. */
  readonly summaries: SummaryPlace;
}

export interface Parcel {
  readonly documents: readonly PackedDocument[];
  /** Everything before it is in this parcel, or in one before. */
  readonly checkpoint: Checkpoint;
  /** UTC of the newest row, in nanoseconds. */
  readonly newest__ns: bigint;
  /** Some tell again what an earlier recording told: it is there already. */
  readonly retold: boolean;
}

export const BEGINNING: Checkpoint = { position: FOLD_START, events: 0, summaries: SUMMARIES_START };

/** Calls must not overlap. */
export class RecordingDocuments {
  private readonly fold: DocumentFold;
  private readonly packer = new Packer();
  private newest__ns: bigint;

  /** How many events were made into documents. */
  private events: number;
  /** Where the summaries begin that were not. */
  private summaries: SummaryPlace;
  private retold = false;

  private constructor(
    private readonly tail: RecordingTail,
    private readonly setting: DocumentSetting,
    { position, events, summaries }: Checkpoint,
  ) {
    this.fold = new DocumentFold(tail.manifest, setting, position);
    this.newest__ns = this.start__ns;
    this.events = events;
    this.summaries = summaries;
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

  /**
   * What comes next; undefined where there is nothing now. What happened comes after the rows that there are.
   * @throws what `summaryOf` throws
   */
  async next(): Promise<Parcel | undefined> {
    const documents: PackedDocument[] = [];
    const { events, summaries } = this;
    let size__B = 0;
    let rows = false;
    while (documents.length < PARCEL.documents && size__B < PARCEL.size__B) {
      const read = await this.tail.read(ROWS);
      if (!read) {
        const told = [...(await this.told()), ...(await this.summarised())];
        for (const document of told) documents.push(this.packer.pack(document));
        break;
      }
      rows = true;
      for (const document of this.fold.push(read, this.tail.spans, this.tail.intervals)) {
        const packed = this.packer.pack(document);
        size__B += sizeOf(packed);
        documents.push(packed);
      }
      for (const { time } of read.batch.tables) this.note((time.at(-1) ?? 0n) + this.tail.utcOffset__ns);
    }
    const isMore = rows || this.events > events || this.summaries !== summaries;
    return isMore ? this.parcel(documents, this.fold.position) : undefined;
  }

  /** The last parcel, where nothing will be added to the recording. @throws what `summaryOf` throws */
  async end(): Promise<Parcel> {
    const documents = this.fold.end();
    const open = this.tail.spans.filter(({ stop__ns }) => stop__ns === undefined);
    if (this.setting.endsWindows) documents.push(...(await this.windows(open)));
    return this.parcel(
      documents.map((document) => this.packer.pack(document)),
      { ...this.tail.position, meters: {} },
    );
  }

  /** Bytes on disk beyond a checkpoint. */
  async backlog({ position, summaries }: Checkpoint): Promise<number> {
    return (await this.tail.backlog(position)) + (await summariesBeyond(this.tail.dir, summaries));
  }

  /** Whether rows before a UTC time, in nanoseconds, wait for later ones. */
  holdsBack(utc__ns: bigint): boolean {
    return this.fold.waitsBefore(utc__ns);
  }

  private parcel(documents: readonly PackedDocument[], position: FoldPosition): Parcel {
    const { newest__ns, retold, events, summaries } = this;
    this.retold = false;
    return { documents, checkpoint: { position, events, summaries }, newest__ns, retold };
  }

  /** Documents of what happened since the last time, some of it at a time, and of the windows that have ended. */
  private async told(): Promise<readonly OutgoingDocument[]> {
    const { events, spans, instances, manifest } = this.tail;
    const added = events.slice(this.events, this.events + EVENTS);
    const ended = (this.setting.summaryOf ? added : [])
      .filter(({ kind }) => kind === 'window_stop')
      .flatMap(
        ({ time__ns, data }) => spans.find((span) => span.stop__ns === time__ns && isOf(span, data)) ?? [],
      );
    const context = { host: manifest.host.name, spans, instances, simulated: manifest.simulated };
    const documents = [...eventDocuments(added, context).map(lineOf), ...(await this.windows(ended))];
    const start__ns = BigInt(manifest.clock.start__ns);
    this.retold ||= added.some(({ time__ns }) => time__ns < start__ns);
    this.events += added.length;
    return documents;
  }

  /** Documents of windows whose summaries the recording tells, some at a time. */
  private async summarised(): Promise<readonly OutgoingDocument[]> {
    const told = await readSummaries(this.tail.dir, this.summaries);
    this.summaries = told.at(-1)?.next ?? this.summaries;
    const windows = told.map(({ value }) => value).filter(isEndedWindow);
    // One that ended before the recording began may have been told in an earlier one.
    this.retold ||= windows.some(({ summary }) => summary.job.end < this.manifest.start);
    return windows.map((window) => lineOf(windowDocument(window)));
  }

  /** Of windows whose summaries the recording does not tell. */
  private async windows(spans: readonly JobSpan[]): Promise<readonly OutgoingDocument[]> {
    const { summaryOf } = this.setting;
    if (!summaryOf || spans.length === 0 || (await tellsSummaries(this.tail.dir))) return [];
    const documents: OutgoingDocument[] = [];
    for (const span of spans) {
      const summary = await summaryOf(this.tail.dir, span.id);
      if (summary) documents.push(lineOf(windowDocument(endedWindow(summary, span, this.tail.spans))));
    }
    return documents;
  }

  private note(utc__ns: bigint): void {
    if (utc__ns > this.newest__ns) this.newest__ns = utc__ns;
  }
}

/** What a server tells in its recordings. */
function isEndedWindow(value: unknown): value is EndedWindow {
  return typeof value === 'object' && value !== null && 'summary' in value;
}

/** Recordings of one job did not say whose stop it is. */
function isOf({ id }: JobSpan, data: Json): boolean {
  return typeof data !== 'object' || data === null || !('id' in data) || data['id'] === id;
}

function lineOf({ index, id, source }: JobDocument): OutgoingDocument {
  return { index, id, source: asciiJson(source) };
}

/** A checkpoint from JSON; undefined where it is none. */
export function parseCheckpoint(value: unknown): Checkpoint | undefined {
  if (typeof value !== 'object' || value === null || !('position' in value) || !('events' in value))
    return undefined;
  const position = parsePosition(value.position);
  const { events } = value;
  if (!position || typeof events !== 'number') return undefined;
  // Before 0.2 recordings told no summaries.
  const summaries = parseSummaryPlace('summaries' in value ? value.summaries : undefined) ?? SUMMARIES_START;
  return { position: { ...position, meters: parseReadings(value.position) }, events, summaries };
}
