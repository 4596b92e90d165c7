// Documents of a recording as lines of JSON, from its rows as they are read. Samples that are closer together than
// the resolution are folded into one document. What a row becomes depends on the recording alone: not on how it is
// cut into reads, nor on where reading began.
// This is the exporter's inner loop: no BigInt and no object a metric, and the same text as of `toDocuments`.
import type { Entity } from '../../../catalog';
import {
  TABLE_START,
  TAIL_START,
  type JobSpan,
  type Manifest,
  type RecordedInterval,
  type TablePosition,
  type TailPosition,
  type TailRead,
} from '../../../recording';
import type { OutgoingDocument } from './packed';
import type { MeterReadings, Meters } from './meter';
import { TableFold, type FoldSetting } from './table-fold';
import { Timeline } from './timeline';

export interface DocumentFoldOptions {
  /** Length of what samples are folded into, in nanoseconds: a whole number. */
  readonly resolution__ns: number;
  /** Documents of single cores too. @default false */
  readonly cores?: boolean | undefined;
}

/** How far a recording's rows have been made into documents. */
export interface FoldPosition extends TailPosition {
  /** Of the rows before it. */
  readonly meters: Meters;
}

export const FOLD_START: FoldPosition = { ...TAIL_START, meters: {} };

/** No row comes more than this after rows that were sampled later: a drain takes a second, a stalled device less. */
const LATE__NS = 10e9;

/** Takes what a `RecordingTail` reads, in its order. */
export class DocumentFold {
  private readonly tables = new Map<Entity, TableFold>();
  private readonly timeline: Timeline;
  private readonly setting: FoldSetting;
  private read: TailPosition;

  constructor(
    { id, clock, host }: Pick<Manifest, 'id' | 'clock' | 'host'>,
    private readonly options: DocumentFoldOptions,
    /** Where the tail begins: a `position` of a fold with the same resolution. */
    private readonly from: FoldPosition = FOLD_START,
  ) {
    this.read = from;
    const { resolution__ns } = options;
    const start__ns = BigInt(clock.start__ns);
    const utcOffset__ns = BigInt(clock.utcOffset__ns);
    this.setting = { recording: id, host: host.name, resolution__ns, utcOffset__ns, start__ns };
    this.timeline = new Timeline(start__ns, resolution__ns, utcOffset__ns);
  }

  /**
   * Everything before it is in documents that were given. A tail and a fold that go on from here give the same
   * documents as this one, again those of which some rows come after it.
   */
  get position(): FoldPosition {
    const tables: Partial<Record<Entity, TablePosition>> = { ...this.read.tables };
    const meters: Partial<Record<Entity, MeterReadings>> = { ...this.from.meters };
    for (const [entity, { place }] of this.tables) {
      tables[entity] = place.position;
      if (place.meters) meters[entity] = place.meters;
    }
    return { tables, meters };
  }

  /**
   * The documents that are complete with these rows, of each table in order of time.
   * @param windows `RecordingTail.spans` after the read, and `intervals` likewise
   */
  push(
    { batch, position, simulated, settled }: TailRead,
    windows: readonly JobSpan[],
    intervals: readonly RecordedInterval[],
  ): OutgoingDocument[] {
    const documents: OutgoingDocument[] = [];
    this.read = position;
    this.timeline.set(windows, intervals, simulated);
    for (const table of batch.tables) {
      const { entity } = table;
      if (entity === 'core' && !this.options.cores) continue;
      const after = position.tables[entity] ?? TABLE_START;
      this.tableOf(entity).push(table, batch.instances, after, documents);
    }
    // A table that has no more rows waits for none.
    if (settled) this.close(this.timeline.newest - LATE__NS, documents);
    return documents;
  }

  /** Whether rows before a UTC time, in nanoseconds, wait for later ones of their document. */
  waitsBefore(utc__ns: bigint): boolean {
    const { start__ns, utcOffset__ns } = this.setting;
    const time = Number(utc__ns - utcOffset__ns - start__ns);
    return [...this.tables.values()].some(({ oldest }) => oldest < time);
  }

  /** The rest, where nothing will be added to the recording. */
  end(): OutgoingDocument[] {
    const documents: OutgoingDocument[] = [];
    this.close(Infinity, documents);
    return documents;
  }

  private close(time: number, documents: OutgoingDocument[]): void {
    for (const table of this.tables.values()) table.close(time, documents);
  }

  private tableOf(entity: Entity): TableFold {
    const known = this.tables.get(entity);
    if (known) return known;
    const { tables, meters } = this.from;
    const place = { position: tables[entity] ?? TABLE_START, meters: meters[entity] };
    const table = new TableFold(entity, this.timeline, this.setting, place);
    this.tables.set(entity, table);
    return table;
  }
}
