// Follows events.ndjson: lines that were added since the last look.
import { join } from 'node:path';
import type { Entity, Instance } from '../catalog';
import { EVENTS, parseEvents, TOLD_FOR__FLUSHES, type RecordedEvent } from './events';
import { readFrom, sizeOf } from './files';
import { intervalsOf, SpanFold, type JobSpan, type RecordedInterval } from './windows';
import type { Manifest } from './manifest';

export class EventTail {
  private readonly path: string;
  private offset = 0;
  private list: RecordedEvent[] = [];
  private known = new Map<number, Instance>();
  /** By instance: the latest flush that it is known to be in. */
  private readonly latest = new Map<number, number>();
  private fold = new SpanFold();
  private readAt: readonly RecordedInterval[];

  constructor(
    dir: string,
    private readonly manifest: Manifest,
  ) {
    this.path = join(dir, EVENTS);
    this.readAt = intervalsOf([], manifest);
  }

  get events(): readonly RecordedEvent[] {
    return this.list;
  }

  /** Those that rows to come may be about. */
  get instances(): ReadonlyMap<number, Instance> {
    return this.known;
  }

  get spans(): readonly JobSpan[] {
    return this.fold.spans;
  }

  get intervals(): readonly RecordedInterval[] {
    return this.readAt;
  }

  /** Lines that are whole now. */
  async read(): Promise<void> {
    const size = sizeOf(this.path);
    if (size < this.offset) this.restart();
    if (size <= this.offset) return;
    const bytes = await readFrom(this.path, this.offset, size - this.offset);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end === 0) return;
    this.offset += end;
    const { events, instances, told } = parseEvents(bytes.toString('utf8', 0, end));
    for (const [id, instance] of instances) this.known.set(id, instance);
    for (const [id, flush] of told) this.note(id, flush);
    for (const event of events) {
      this.list.push(event);
      this.fold.push(event);
    }
    if (events.some(({ kind }) => kind === 'interval')) this.readAt = intervalsOf(this.list, this.manifest);
  }

  /** Rows of a flush are about it. */
  note(id: number, flush: number): void {
    this.latest.set(id, Math.max(this.latest.get(id) ?? 0, flush));
  }

  /**
   * Forgets what no row to come is about, unless it is told again. GPUs are kept: events are about them too.
   * @param flush of an entity: all rows to come are of this one or later
   */
  forget(flush: (entity: Entity) => number): void {
    for (const [id, { entity }] of this.known) {
      if (entity === 'gpu' || flush(entity) - (this.latest.get(id) ?? 0) <= TOLD_FOR__FLUSHES) continue;
      this.known.delete(id);
      this.latest.delete(id);
    }
  }

  /** A piece that could not be written whole was cut off again, after it was read. */
  private restart(): void {
    this.offset = 0;
    this.list = [];
    this.known = new Map();
    this.fold = new SpanFold();
  }
}
