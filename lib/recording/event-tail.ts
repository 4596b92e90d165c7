// Follows events.ndjson: lines that were added since the last look.
import { join } from 'node:path';
import type { Instance } from '../catalog';
import { EVENTS, parseEvents, type RecordedEvent } from './events';
import { readFrom, sizeOf } from './files';
import { intervalsOf, SpanFold, type JobSpan, type RecordedInterval } from './windows';
import type { Manifest } from './manifest';

export class EventTail {
  private readonly path: string;
  private offset = 0;
  private list: RecordedEvent[] = [];
  private known = new Map<number, Instance>();
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
    const { events, instances } = parseEvents(bytes.toString('utf8', 0, end));
    for (const [id, instance] of instances) this.known.set(id, instance);
    for (const event of events) {
      this.list.push(event);
      this.fold.push(event);
    }
    if (events.some(({ kind }) => kind === 'interval')) this.readAt = intervalsOf(this.list, this.manifest);
  }

  /** A piece that could not be written whole was cut off again, after it was read. */
  private restart(): void {
    this.offset = 0;
    this.list = [];
    this.known = new Map();
    this.fold = new SpanFold();
  }
}
