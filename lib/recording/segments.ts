// The segments of one table, as they are written: each a gzip file of an Arrow stream that grows by chunks.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { rm } from 'node:fs/promises';
import { ENTITIES, type Entity } from '../catalog';
import { AppendFile } from './append-file';
import { END_OF_STREAM } from './arrow-messages';
import { metricNames } from './columns';
import { encodeSchema } from './encode';
import { compress } from './gzip';
import type { Manifest } from './manifest';
import type { Access } from './private';
import { VERSION } from '../version';

const ROTATE = { plain__B: 64 * 2 ** 20, age__ms: 3_600_000 } as const;

/** `gpu-000001.arrows.gz` */
export function segmentName(entity: Entity, number: number): string {
  return `${entity}-${String(number).padStart(6, '0')}.arrows.gz`;
}

const SEGMENT = /^([a-z_]+)-(\d{6})\.arrows\.gz$/;

/** Of which table, and which of it; undefined where the file is no segment. */
export function parseSegmentName(
  file: string,
): { readonly entity: Entity; readonly number: number } | undefined {
  const [, name, number] = SEGMENT.exec(file) ?? [];
  const entity = ENTITIES.find((one) => one === name);
  return entity && { entity, number: Number(number) };
}

/** What the first member of a table's segments tells, where this version wrote them; undefined where another did. */
export function knownSchema({ nvpulse, catalog }: Manifest, entity: Entity): Buffer | undefined {
  const told = (catalog[entity] ?? []).map(({ name }) => name).join();
  return nvpulse === VERSION && told === metricNames(entity).join() ? encodeSchema(entity) : undefined;
}

/** Without the first member of a segment. */
export const NO_SCHEMA = 'without its beginning, which another version wrote, the rest cannot be read';

/** Calls must not overlap: the writer's queue sees to it. */
export class SegmentSequence {
  private number = 0;
  private current: { file: AppendFile; plain__B: number; opened__ms: number } | undefined;

  constructor(
    private readonly dir: string,
    private readonly entity: Entity,
    private readonly access: Access,
  ) {}

  /**
   * Writes a compressed chunk; a segment that is full or old is ended first. Returns the bytes written.
   * On failure the segment is closed, a new one will be tried next, and the system's error is thrown.
   */
  async append(chunk: Buffer, plain__B: number): Promise<number> {
    if (this.current && this.isDue(plain__B)) await this.end();
    const segment = (this.current ??= this.next());
    const { size } = segment.file;
    try {
      const piece = size > 0 ? chunk : Buffer.concat([await compress(encodeSchema(this.entity)), chunk]);
      await segment.file.append(piece);
      segment.plain__B += plain__B;
      return piece.length;
    } catch (error) {
      await this.abandon(size === 0);
      throw error;
    }
  }

  /** Rejects with RemovedError where the segment that is being written is gone: the next chunk opens a new one. */
  async check(): Promise<void> {
    try {
      await this.current?.file.check();
    } catch (error) {
      await this.abandon(false);
      throw error;
    }
  }

  /** Ends the stream and closes the file. */
  async end(): Promise<void> {
    const segment = this.current;
    if (!segment) return;
    this.current = undefined;
    try {
      await segment.file.append(await compress(END_OF_STREAM));
    } finally {
      await segment.file.close();
    }
  }

  private isDue(plain__B: number): boolean {
    const { current } = this;
    if (!current) return false;
    const age__ms = performance.now() - current.opened__ms;
    return current.plain__B + plain__B > ROTATE.plain__B || age__ms > ROTATE.age__ms;
  }

  private next(): { file: AppendFile; plain__B: number; opened__ms: number } {
    const path = join(this.dir, segmentName(this.entity, ++this.number));
    return { file: new AppendFile(path, 0, this.access), plain__B: 0, opened__ms: performance.now() };
  }

  /** A segment that never got a chunk leaves no file, and its number is free again. */
  private async abandon(empty: boolean): Promise<void> {
    const segment = this.current;
    if (!segment) return;
    this.current = undefined;
    await segment.file.close();
    if (!empty) return;
    await rm(segment.file.path, { force: true }).catch(() => undefined);
    this.number--;
  }
}
