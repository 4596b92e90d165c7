// What happened in a recording, and what became of its windows, as documents. It has places of its own in the
// recording: nobody waits for a start behind the rows of a day.
import { basename } from 'node:path';
import type { EndedWindow } from '../../../jobs/ended-window';
import {
  eventsIn,
  EventTail,
  openRecording,
  readSummaries,
  spansOf,
  summariesBeyond,
  tellsSummaries,
  type EventLog,
  type JobSpan,
  type Json,
  type Manifest,
  type RecordedEvent,
  type SummaryPlace,
  type ToldSummary,
} from '../../../recording';
import { EVENTS } from '../../../recording/events';
import { readManifest } from '../../../recording/manifest';
import { reasonOf } from '../../../reason';
import { asciiJson } from '../documents/ascii-json';
import type { OutgoingDocument } from '../documents/packed';
import type { DocumentChoice } from './exporter-types';
import { endedWindow, eventDocuments, windowDocument, type JobDocument } from '../documents/job-documents';

/** How far it has been made into documents. */
export interface ToldPlace {
  /** In which file of events, by its first line; '' before any was read. */
  readonly file: string;
  /** How many of its events, with lines that are none. */
  readonly events: number;
  /** Where the summaries begin that have not. */
  readonly summaries: SummaryPlace;
}

/** Of which no document can be made: what would have been one, and why it is none. */
export interface Unfit {
  readonly document: OutgoingDocument;
  readonly reason: string;
}

export interface Told {
  readonly documents: readonly OutgoingDocument[];
  readonly unfit: readonly Unfit[];
  /** Some may tell again what was told before, also by an earlier recording: it is there already. */
  readonly retold: boolean;
}

/** Calls must not overlap. */
export class ToldDocuments {
  private readonly log: EventTail;
  private file: string;
  private events: number;
  /** The file may have been told before: where it was come to is a place in another. */
  private isToldAgain = false;
  private summaries: SummaryPlace;
  /** Byte offsets of places in the file of events, from the last that was acknowledged on. */
  private reads: readonly { readonly events: number; readonly read__B: number }[] = [];

  /**
   * @param summaryOf of recordings that don't tell the summaries of their windows themselves
   */
  constructor(
    private readonly dir: string,
    manifest: Manifest,
    private readonly summaryOf: DocumentChoice['summaryOf'],
    { file, events, summaries }: ToldPlace,
  ) {
    this.log = new EventTail(dir, manifest);
    this.file = file;
    this.events = events;
    this.summaries = summaries;
  }

  get place(): ToldPlace {
    const { file, events, summaries } = this;
    return { file, events, summaries };
  }

  /** Windows that it keeps in mind. */
  get windowNum(): number {
    return this.log.spans.length;
  }

  /** What comes next, some at a time; undefined where there is nothing now. @throws what `summaryOf` throws */
  async next(): Promise<Told | undefined> {
    const entries = await this.added();
    const events = eventsIn(entries);
    const summaries = await readSummaries(this.dir, this.summaries);
    if (entries.length === 0 && summaries.length === 0) return undefined;
    // After what it says something of: its writer corrects it before.
    const { id, host, start, clock, simulated } = await readManifest(this.dir);
    const { spans, instances } = this.log;
    const context = { host: host.name, spans, instances, simulated };
    const lines = summaries.map((line) => lineOf(this.dir, line));
    const told = {
      documents: [
        ...eventDocuments(events, context).map(outgoing),
        ...(await this.ended(events)),
        ...lines.flatMap(({ document }) => document ?? []),
      ],
      unfit: [
        ...entries.flatMap((entry) => ('badLine' in entry ? unreadable(id, entry.badLine) : [])),
        ...lines.flatMap(({ unfit }) => unfit ?? []),
      ],
      retold:
        (this.isToldAgain && entries.length > 0) ||
        events.some(({ time__ns }) => time__ns < BigInt(clock.start__ns)) ||
        // One that ended before the recording began may have been told in an earlier one.
        lines.some(({ end }) => end !== undefined && end < start),
    };
    this.pass(events);
    this.events += entries.length;
    this.summaries = summaries.at(-1)?.next ?? this.summaries;
    return told;
  }

  /** Documents of the windows that are open, where the recording ends with them. @throws what `summaryOf` throws */
  async cut(): Promise<readonly OutgoingDocument[]> {
    return this.windows((spans) => spans.filter(({ stop__ns }) => stop__ns === undefined));
  }

  /** Bytes on disk beyond a place, which is no earlier than at the call before. */
  async backlog({ file, events, summaries }: ToldPlace): Promise<number> {
    const { count, read__B, unread__B } = this.log;
    const told = this.log.file === '' || this.log.file === file ? events : 0;
    const at = this.reads.findLastIndex((one) => one.events <= told);
    // Of a recording that was only opened it is not known where the events begin.
    const events__B = count < told ? 0 : unread__B + read__B - (this.reads[at]?.read__B ?? 0);
    this.reads = this.reads.slice(Math.max(0, at));
    return events__B + (await summariesBeyond(this.dir, summaries));
  }

  /** Events that were not told before. */
  private async added(): Promise<EventLog['entries']> {
    for (;;) {
      const entries = await this.log.read();
      if (!entries) return [];
      // What was told of a file that was removed says nothing of the next.
      if (this.log.file !== this.file) {
        this.isToldAgain = this.events > 0;
        this.events = 0;
        this.reads = [];
      }
      this.file = this.log.file;
      const { count, read__B } = this.log;
      const before = count - entries.length;
      this.reads = [...this.reads, { events: count, read__B }];
      const added = entries.slice(Math.max(0, this.events - before));
      if (added.length > 0) return added;
      this.pass(eventsIn(entries));
    }
  }

  /** Windows and instances that only these events could be about are of no use to those to come. */
  private pass(events: readonly RecordedEvent[]): void {
    this.log.pass(events.at(-1)?.flush ?? 0);
    this.log.forget(() => Infinity);
  }

  private ended(events: readonly RecordedEvent[]): Promise<readonly OutgoingDocument[]> {
    const stops = events.filter(({ kind }) => kind === 'window_stop');
    if (stops.length === 0) return Promise.resolve([]);
    return this.windows((spans) =>
      stops.flatMap(
        ({ time__ns, data }) => spans.find((span) => span.stop__ns === time__ns && isOf(span, data)) ?? [],
      ),
    );
  }

  /** Of windows whose summaries the recording does not tell. @param choose from all of the recording's */
  private async windows(
    choose: (spans: readonly JobSpan[]) => readonly JobSpan[],
  ): Promise<readonly OutgoingDocument[]> {
    const { summaryOf, dir } = this;
    if (!summaryOf || (await tellsSummaries(dir))) return [];
    const spans = spansOf((await openRecording(dir)).events);
    const documents: OutgoingDocument[] = [];
    for (const span of choose(spans)) {
      const summary = await summaryOf(dir, span.id);
      if (summary) documents.push(outgoing(windowDocument(endedWindow(summary, span, spans))));
    }
    return documents;
  }
}

function unreadable(recording: string, line: number): Unfit {
  const document = { index: 'jobmetrics', id: `${recording}-${EVENTS}-${line}`, source: 'null' };
  return { document, reason: `line ${line} of the recording's ${EVENTS} is damaged: it is not JSON` };
}

/** A line of a recording's summaries. */
export interface SummaryLine {
  /** The recording's folder, without what stands before its name. */
  readonly recording: string;
  readonly at: SummaryPlace;
}

/** `id` of what is told of a line that became no document. */
export function unfitId({ recording, at }: SummaryLine): string {
  return `${recording}-${at.file}-${at.offset}`;
}

/** Of a line that tells what became of a window; one that is not understood holds up no other. */
function lineOf(
  dir: string,
  { value, at }: ToldSummary,
): { readonly document?: OutgoingDocument; readonly unfit?: Unfit; readonly end?: string } {
  try {
    if (!isEndedWindow(value))
      throw new Error(value === undefined ? 'it is damaged' : 'it tells of no window');
    const document = windowDocument(value);
    return { document: outgoing(document), end: document.source['@timestamp'] };
  } catch (error) {
    const id = unfitId({ recording: basename(dir), at });
    const document = { index: 'jobmetrics', id, source: asciiJson(value ?? null) };
    const reason = `a line of the recording's summaries is not understood: ${reasonOf(error)}`;
    return { unfit: { document, reason } };
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

function outgoing({ index, id, source }: JobDocument): OutgoingDocument {
  return { index, id, source: asciiJson(source) };
}
