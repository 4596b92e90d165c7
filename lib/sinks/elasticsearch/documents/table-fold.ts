// Documents of one table: rows as they are, or folded into buckets.
import { metricsOf, type Entity, type Instance, type Kind } from '../../../catalog';
import type { TablePosition } from '../../../recording';
import type { Table } from '../../../sampling/batch';
import { formatUtc } from '../../../time';
import type { OutgoingDocument } from './packed';
import { documentId } from './documents';
import { isMetered, measuredFields, Meter, together, type Measured, type MeterReadings } from './meter';
import { InstanceFold, type Bucket, type InstanceSetting } from './instance-fold';
import { Stamps } from './stamps';
import { streamOf, type Stream } from './streams';
import type { IntervalStretch, Timeline } from './timeline';

export interface FoldSetting extends InstanceSetting {
  readonly utcOffset__ns: bigint;
  /** Of the recording, the origin of relative times. */
  readonly start__ns: bigint;
}

/** How far a table has been made into documents. */
export interface TablePlace {
  readonly position: TablePosition;
  /** Of the rows before it, where the entity is metered. */
  readonly meters: MeterReadings | undefined;
}

/** A stretch of the grid, and the place of its first row. */
interface Cell extends TablePlace {
  readonly start: number;
}

/** A row that begins a bucket. */
interface FirstRow {
  readonly time: number;
  readonly time__ns: bigint;
  readonly interval: IntervalStretch;
  /** How many rows of the flush are before it. */
  readonly before: number;
  readonly after: TablePosition;
}

interface Field {
  readonly name: MetricColumn;
  readonly kind: Kind;
  /** `,"name":` */
  readonly text: string;
  readonly minText: string;
  readonly maxText: string;
  readonly lastText: string;
}
type MetricColumn = ReturnType<typeof metricsOf>[number]['name'];

/** Instances without a row for so long are forgotten: processes come and go. */
const FORGET__NS = 60e9;

export class TableFold {
  private readonly stream: Stream;
  private readonly fields: readonly Field[];
  private readonly instances = new Map<number, InstanceFold>();
  private readonly open = new Set<InstanceFold>();
  /** Where rows of the latest stretches of the grid begin, oldest first. */
  private cells: Cell[] = [];
  private reached: TablePosition;
  /** The first end of an open bucket. */
  private nextEnd = Infinity;
  private generation = -1;
  private newest = -Infinity;
  private swept = -Infinity;
  /** Of GPUs and the host alone. */
  private readonly meter: Meter | undefined;
  private readonly counter: number;

  constructor(
    entity: Entity,
    private readonly timeline: Timeline,
    private readonly setting: FoldSetting,
    { position, meters }: TablePlace,
  ) {
    this.reached = position;
    this.stream = streamOf(entity);
    this.meter = isMetered(entity) ? new Meter(0, meters) : undefined;
    this.counter = metricsOf(entity).findIndex(({ name }) => name === 'energy__J');
    this.fields = metricsOf(entity).map(({ name, kind }) => ({
      name,
      kind,
      text: `,"${name}":`,
      minText: `,"${name}_min":`,
      maxText: `,"${name}_max":`,
      lastText: `,"${name}_last":`,
    }));
  }

  /** All rows before it are in documents that were given, and no document has rows on both sides of it. */
  get place(): TablePlace {
    let oldest = Infinity;
    for (const { bucket } of this.open) if (bucket) oldest = Math.min(oldest, bucket.cell);
    return this.cells.find(({ start }) => start >= oldest) ?? this.reachedPlace;
  }

  /** Where the oldest open bucket begins; Infinity where none is open. */
  get oldest(): number {
    return Math.min(Infinity, ...[...this.open].map(({ bucket }) => bucket?.start ?? Infinity));
  }

  /** @param after the position after these rows, which are of one flush */
  push(
    table: Table,
    known: ReadonlyMap<number, Instance>,
    after: TablePosition,
    documents: OutgoingDocument[],
  ): void {
    this.revise();
    const values = this.fields.map(({ name }) => table.values(name));
    const times = this.timeline.relativeTimes(table.time);
    const stamps = new Stamps(table.time, this.setting.utcOffset__ns);
    const first = after.rows - table.length;
    let interval = this.timeline.intervalAt(times[0] ?? 0);
    for (let row = 0; row < times.length; row++) {
      const time = times[row] ?? 0;
      if (time >= this.nextEnd) this.close(time, documents);
      const instance = this.instanceOf(table.instance[row] ?? 0, known);
      if (!instance) continue;
      instance.seen = time;
      if (time > this.newest) this.newest = time;
      if (time < interval.from || time >= interval.until) interval = this.timeline.intervalAt(time);
      if (this.meter) this.meter.interval__ns = interval.interval__ns;
      if (!(time >= instance.from && time < instance.until)) instance.turnTo(time);
      if (interval.isFolded) {
        const bucket =
          instance.bucket ??
          this.begin(instance, {
            time,
            time__ns: table.time[row] ?? 0n,
            interval,
            before: first + row,
            after,
          });
        this.add(bucket, values, row);
        bucket.measured = together(bucket.measured, this.measured(instance, values, row, time));
        continue;
      }
      stamps.read(row);
      const measured = this.measured(instance, values, row, time);
      const metrics = this.metricsText(values, row);
      if (metrics === '') continue;
      const fields = instance.jobTime(time) + metrics + measuredText(measured);
      documents.push(this.document(instance, stamps.key + instance.key, stamps.text, fields));
    }
    this.reached = after;
    if (this.newest > this.timeline.newest) this.timeline.newest = this.newest;
    this.forget();
  }

  /** Gives the buckets that end at a time, or before. */
  close(time: number, documents: OutgoingDocument[]): void {
    this.revise();
    this.nextEnd = Infinity;
    let oldest = Infinity;
    for (const instance of this.open) {
      const { bucket } = instance;
      if (!bucket) continue;
      if (bucket.end > time) {
        this.nextEnd = Math.min(this.nextEnd, bucket.end);
        oldest = Math.min(oldest, bucket.cell);
        continue;
      }
      this.open.delete(instance);
      instance.bucket = undefined;
      instance.closedUntil = bucket.end;
      const document = this.documentOf(instance, bucket);
      if (document) documents.push(document);
    }
    const last = this.cells.length - 1;
    this.cells = this.cells.filter(({ start }, at) => start >= oldest || at === last);
  }

  private metricsText(values: readonly Float64Array[], row: number): string {
    const { fields } = this;
    let text = '';
    for (let at = 0; at < fields.length; at++) {
      const value = values[at]?.[row] ?? NaN;
      // Finite: neither missing nor beyond JSON.
      if (value - value === 0) text += (fields[at]?.text ?? '') + value;
    }
    return text;
  }

  /** Since the row before. */
  private measured(
    { instance, since }: InstanceFold,
    values: readonly Float64Array[],
    row: number,
    time: number,
  ): Measured | undefined {
    return this.meter?.read(instance, time, values[this.counter]?.[row] ?? NaN, since);
  }

  private get reachedPlace(): TablePlace {
    return { position: this.reached, meters: this.meter?.readings };
  }

  /** Windows or intervals have changed: buckets end where one of them does. */
  private revise(): void {
    if (this.generation === this.timeline.generation) return;
    this.generation = this.timeline.generation;
    for (const instance of this.instances.values()) instance.revise();
    this.nextEnd = Math.min(Infinity, ...[...this.open].map(({ bucket }) => bucket?.end ?? Infinity));
  }

  private instanceOf(id: number, known: ReadonlyMap<number, Instance>): InstanceFold | undefined {
    const kept = this.instances.get(id);
    if (kept) return kept;
    const instance = known.get(id);
    if (!instance) return undefined;
    const fold = new InstanceFold(instance, this.timeline, this.setting);
    this.instances.set(id, fold);
    return fold;
  }

  private begin(instance: InstanceFold, row: FirstRow): Bucket {
    const { time, time__ns, interval } = row;
    const { utcOffset__ns, resolution__ns } = this.setting;
    const grid = time - Number((time__ns + utcOffset__ns) % BigInt(resolution__ns));
    // A row that comes after its bucket was given has one of its own.
    const isLate = time < instance.closedUntil;
    const start = isLate ? time : Math.max(grid, instance.from, interval.from);
    const end = Math.min(grid + resolution__ns, instance.until, interval.until);
    const cell = this.cellOf(grid, row);
    const fields = this.fields.length;
    const bucket: Bucket = {
      start,
      end,
      cell,
      count: new Uint32Array(fields),
      sum: new Float64Array(fields),
      min: new Float64Array(fields).fill(Infinity),
      max: new Float64Array(fields).fill(-Infinity),
      last: new Float64Array(fields),
      measured: undefined,
    };
    instance.bucket = bucket;
    this.open.add(instance);
    this.nextEnd = Math.min(this.nextEnd, end);
    return bucket;
  }

  /** The grid's stretch of a row: that of the row before, or a new one. */
  private cellOf(grid: number, { before, after }: FirstRow): number {
    const last = this.cells.at(-1);
    if (last && grid <= last.start) return last.start;
    const { segment, offset } = this.reached;
    const position = { flush: after.flush, rows: before, segment, offset };
    this.cells.push({ ...this.reachedPlace, start: grid, position });
    return grid;
  }

  private add({ count, sum, min, max, last }: Bucket, values: readonly Float64Array[], row: number): void {
    for (let at = 0; at < values.length; at++) {
      const value = values[at]?.[row] ?? NaN;
      if (value - value !== 0) continue;
      count[at] = (count[at] ?? 0) + 1;
      sum[at] = (sum[at] ?? 0) + value;
      if (value < (min[at] ?? 0)) min[at] = value;
      if (value > (max[at] ?? 0)) max[at] = value;
      last[at] = value;
    }
  }

  private documentOf(instance: InstanceFold, bucket: Bucket): OutgoingDocument | undefined {
    const { start__ns, utcOffset__ns } = this.setting;
    instance.turnTo(bucket.start);
    let metrics = '';
    this.fields.forEach(({ kind, text, minText, maxText, lastText }, at) => {
      const count = bucket.count[at] ?? 0;
      if (count === 0) return;
      const last = bucket.last[at] ?? 0;
      if (kind === 'gauge') {
        const [min, max] = [bucket.min[at] ?? last, bucket.max[at] ?? last];
        // Rounding may carry the mean of equal values past them.
        const mean = Math.min(max, Math.max(min, (bucket.sum[at] ?? 0) / count));
        metrics += `${text}${mean}${minText}${min}${maxText}${max}${lastText}${last}`;
      } else metrics += text + last;
    });
    if (metrics === '') return undefined;
    const utc__ns = start__ns + BigInt(bucket.start) + utcOffset__ns;
    const fields = instance.jobTime(bucket.start) + metrics + measuredText(bucket.measured);
    return this.document(instance, documentId(instance.key, utc__ns), formatUtc(utc__ns), fields);
  }

  /** @param fields behind those of its jobs: each behind a comma */
  private document(
    { identity, jobs }: InstanceFold,
    id: string,
    utc: string,
    fields: string,
  ): OutgoingDocument {
    const lead = `{"@timestamp":"${utc}",${identity}`;
    return { index: this.stream, id, source: `${lead}${fields}}`, insert: { bytes: jobs, at: lead.length } };
  }

  private forget(): void {
    if (this.newest - this.swept < FORGET__NS) return;
    this.swept = this.newest;
    for (const [id, instance] of this.instances)
      if (!instance.bucket && instance.seen < this.newest - FORGET__NS) this.instances.delete(id);
  }
}

function measuredText(measured: Measured | undefined): string {
  if (!measured) return '';
  let text = '';
  for (const [name, value] of Object.entries(measuredFields(measured))) text += `,"${name}":${value}`;
  return text;
}
