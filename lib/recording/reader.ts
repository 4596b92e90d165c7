// Reading a recording: its manifest, its events, and its batches as the writer got them.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ENTITIES, type Entity, type Instance } from '../catalog';
import { createBatch, instancesOf, type Batch, type SamplerEvent } from '../sampling/batch';
import { joinChunks, toCatalog, type Chunk } from './chunk';
import { EVENTS, eventsIn, parseEvents, problemsIn, type EventLog, type RecordedEvent } from './events';
import { readWhole } from './files';
import { decodeEntries, JOURNAL } from './journal';
import { reasonOf } from '../reason';
import { lengthOf, readManifest, type Manifest } from './manifest';
import { knownSchema, parseSegmentName, segmentName } from './segments';
import { readSegment, type RecordingProblem } from './segment-reader';
import { isTrimmed, readTrimmed, trimmedOf, type Trimmed } from './trimmed';

/** All chunks that were written together: at most one a table. */
export interface ChunkGroup {
  readonly flush: number;
  readonly chunks: readonly Chunk[];
}

/** Told how much of a recording has been read: seconds from its start, of how many; null where it has no end yet. */
export type OnRead = (read__s: number, of__s: number | null) => void;

/** Of each table that has more: the next chunk, and those after it. */
type Streams = Map<Entity, { chunk: Chunk; rest: AsyncGenerator<Chunk> }>;

/** Takes the chunks with the lowest number. */
async function nextGroup(streams: Streams): Promise<ChunkGroup> {
  const flush = Math.min(...[...streams.values()].map(({ chunk }) => chunk.flush));
  const chunks: Chunk[] = [];
  for (const [entity, stream] of streams) {
    if (stream.chunk.flush !== flush) continue;
    chunks.push(stream.chunk);
    const next = await stream.rest.next();
    if (next.done) streams.delete(entity);
    else stream.chunk = next.value;
  }
  return { flush, chunks };
}

export class Recording {
  readonly events: readonly RecordedEvent[];
  /** By file and reason: reading twice finds them twice. */
  private readonly found = new Map<string, RecordingProblem>();

  constructor(
    readonly dir: string,
    readonly manifest: Manifest,
    private readonly log: EventLog,
    private trimmed: Trimmed,
    found: readonly RecordingProblem[],
  ) {
    this.events = eventsIn(log.entries);
    for (const problem of found) this.note(problem);
  }

  /** It was closed in order; false after a kill or a crash. */
  get complete(): boolean {
    return this.manifest.complete;
  }

  /** Its beginning was removed on purpose: it was exported, or space was short. */
  get isTrimmed(): boolean {
    return isTrimmed(this.trimmed);
  }

  /** UTC = monotonic + offset, in nanoseconds. */
  get utcOffset__ns(): bigint {
    return BigInt(this.manifest.clock.utcOffset__ns);
  }

  /** Everything that was measured, by id. */
  get instances(): ReadonlyMap<number, Instance> {
    return this.log.instances;
  }

  /** What could not be read; whole once `batches` has been read to its end. */
  get problems(): readonly RecordingProblem[] {
    return [...problemsIn(this.log.entries), ...this.found.values()];
  }

  /** The batches in order of time, without their boundaries: one holds half a minute or 1 MiB. */
  async *batches(onRead?: OnRead): AsyncGenerator<Batch> {
    const events = this.eventsByFlush();
    for await (const { flush, chunks } of this.chunks(ENTITIES, onRead)) {
      for (const earlier of [...events.keys()].filter((key) => key < flush))
        yield this.batch([], take(events, earlier));
      yield this.batch(chunks, take(events, flush));
    }
    for (const rest of [...events.keys()]) yield this.batch([], take(events, rest));
  }

  /** The tables that have rows, in the catalog's order. */
  async tables(): Promise<readonly Entity[]> {
    const present = new Set([...(await this.segments()).keys(), ...(await this.journal()).keys()]);
    return ENTITIES.filter((entity) => present.has(entity));
  }

  /** Rows with the recording's own columns, by what was written together. */
  async *chunks(entities: readonly Entity[] = ENTITIES, onRead?: OnRead): AsyncGenerator<ChunkGroup> {
    const streams = await this.open(entities);
    try {
      while (streams.size > 0) {
        const group = await nextGroup(streams);
        onRead?.(this.secondsUntil(group), lengthOf(this.manifest));
        yield group;
      }
    } finally {
      for (const { rest } of streams.values()) await rest.return(undefined);
    }
  }

  private secondsUntil({ chunks }: ChunkGroup): number {
    const start__ns = BigInt(this.manifest.clock.start__ns);
    return Math.max(0, ...chunks.map(({ time }) => Number((time.at(-1) ?? start__ns) - start__ns) / 1e9));
  }

  /** The first chunk of each table, and the rest. */
  private async open(entities: readonly Entity[]): Promise<Streams> {
    const streams: Streams = new Map();
    // The journal first: what a living writer moves to a segment meanwhile is then in both, not in neither.
    const journal = await this.journal();
    const files = await this.segments();
    this.trimmed = await readTrimmed(this.dir);
    for (const entity of entities) {
      const rest = this.tableChunks(entity, files.get(entity) ?? [], journal.get(entity) ?? []);
      const first = await rest.next();
      if (!first.done) streams.set(entity, { chunk: first.value, rest });
    }
    return streams;
  }

  private async *tableChunks(
    entity: Entity,
    numbers: readonly number[],
    journal: readonly Chunk[],
  ): AsyncGenerator<Chunk> {
    const { utcOffset__ns } = this;
    const known = knownSchema(this.manifest, entity);
    let last = 0;
    let before = trimmedOf(this.trimmed, entity);
    for (const number of numbers) {
      const file = segmentName(entity, number);
      if (number > before + 1) this.note({ segment: file, reason: 'one before it is missing' });
      before = number;
      const mayBeCut = !this.complete && number === numbers.at(-1);
      const source = { path: join(this.dir, file), entity, utcOffset__ns, known, mayBeCut };
      for await (const chunk of readSegment(source, (problem) => this.note(problem))) {
        last = chunk.flush;
        yield chunk;
      }
    }
    // The writer may have been killed after it wrote the chunk, and before it cleared the journal.
    const [first, ...others] = journal.filter(({ flush }) => flush > last);
    if (first) yield joinChunks([first, ...others]);
  }

  private note(problem: RecordingProblem): void {
    this.found.set(JSON.stringify(problem), problem);
  }

  /** Numbers of segments by table, in order. */
  private async segments(): Promise<Map<Entity, number[]>> {
    const files = new Map<Entity, number[]>();
    for (const file of (await readdir(this.dir)).sort()) {
      const segment = parseSegmentName(file);
      if (segment) files.set(segment.entity, [...(files.get(segment.entity) ?? []), segment.number]);
    }
    return files;
  }

  private async journal(): Promise<Map<Entity, Chunk[]>> {
    const chunks = new Map<Entity, Chunk[]>();
    const bytes = await readWhole(join(this.dir, JOURNAL)).catch((error: unknown) => {
      this.note(unreadable(JOURNAL, error));
      return Buffer.alloc(0);
    });
    const namesOf = (entity: Entity): string[] =>
      (this.manifest.catalog[entity] ?? []).map(({ name }) => name);
    for (const entry of decodeEntries(bytes, namesOf)) {
      for (const chunk of entry.chunks)
        chunks.set(chunk.entity, [...(chunks.get(chunk.entity) ?? []), chunk]);
    }
    return chunks;
  }

  private eventsByFlush(): Map<number, RecordedEvent[]> {
    const events = new Map<number, RecordedEvent[]>();
    for (const event of this.events) {
      if (!isSamplerEvent(event.kind) && event.kind !== 'rows_dropped') continue;
      events.set(event.flush, [...(events.get(event.flush) ?? []), event]);
    }
    return events;
  }

  private batch(chunks: readonly Chunk[], events: readonly RecordedEvent[]): Batch {
    const own = events.flatMap(({ kind, time__ns, instance, text }) =>
      isSamplerEvent(kind) ? [{ kind, time__ns, instance, text }] : [],
    );
    return createBatch({
      tables: chunks.map(toCatalog),
      instances: instancesOf(chunks, own, this.instances),
      events: own,
      utcOffset__ns: this.utcOffset__ns,
      droppedRows: events.reduce(
        (sum, { kind, data }) => sum + (kind === 'rows_dropped' ? Number(data) : 0),
        0,
      ),
    });
  }
}

const SAMPLER_EVENTS: readonly SamplerEvent['kind'][] = [
  'device_lost',
  'device_recovered',
  'device_stalled',
  'counter_reset',
  'implausible_reading',
  'gpu_state',
];

function isSamplerEvent(kind: string): kind is SamplerEvent['kind'] {
  return SAMPLER_EVENTS.some((known) => known === kind);
}

function take<K, V>(map: Map<K, V[]>, key: K): readonly V[] {
  const value = map.get(key) ?? [];
  map.delete(key);
  return value;
}

function unreadable(segment: string, error: unknown): RecordingProblem {
  return { segment, reason: `it cannot be read: ${reasonOf(error)}` };
}

/** Opens a recording, also one that is being written. @throws ERR_RECORDING where it is none, or a newer one */
export async function openRecording(dir: string): Promise<Recording> {
  const manifest = await readManifest(dir);
  const found: RecordingProblem[] = [];
  const log = await readWhole(join(dir, EVENTS)).catch((error: unknown) => {
    found.push(unreadable(EVENTS, error));
    return '';
  });
  return new Recording(dir, manifest, parseEvents(String(log)), await readTrimmed(dir), found);
}
