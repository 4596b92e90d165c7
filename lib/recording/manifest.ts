// A recording's manifest: what was recorded, where and when, and how its columns are to be read.
import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ENTITIES, metricsOf, unitOf, type Entity, type Kind } from '../catalog';
import { NvpulseError } from '../errors';
import type { GpuState } from '../native/addon';
import { isNowhere } from './files';
import { ANEW } from './private';
import { syncFolder } from './replace-file';
import { reasonOf } from '../reason';
import { formatUtc } from '../time';
import { VERSION } from '../version';

/** The number that changes when an older nvpulse could no longer read a recording. */
export const FORMAT = 1;
export const MANIFEST = 'manifest.json';

export interface HostInventory {
  readonly name: string;
  readonly os: string;
  readonly kernel: string;
  readonly cpu_model: string;
  readonly core_num: number;
  readonly memory_total__MiB: number;
}

/** Why there are GPU metrics or none; see `GpuState`. The devices themselves are instances. */
export interface GpuInventory {
  readonly state: GpuState['state'];
  readonly reason: string;
  readonly driver_version: string;
  readonly nvml_version: string;
}

/** The machine's hardware and operating system. */
export interface Inventory {
  readonly cpu: {
    readonly model: string;
    /** 0 where it is not known. */
    readonly speed__GHz: number;
    readonly core_num: number;
    readonly physical_core_num: number;
    readonly socket_num: number;
  };
  readonly disks: readonly {
    readonly device: string;
    readonly type: string;
    readonly name: string;
    readonly interface: string;
    readonly size__MiB: number;
  }[];
  readonly os: {
    readonly name: string;
    readonly release: string;
    readonly kernel: string;
    readonly arch: string;
  };
}

/** One of both is null. */
export interface RecordedExit {
  readonly exitCode: number | null;
  /** Such as `SIGTERM`. */
  readonly signal: string | null;
}

/** What the caller tells about a recording. */
export interface RecordingMeta {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** GPU figures are the simulator's, of this profile. */
  readonly simulated: boolean;
  readonly profile: string;
  readonly host: HostInventory;
  readonly gpu: GpuInventory;
  /** Found in the background; jobs of less than two seconds do not have it. */
  readonly inventory?: Inventory;
  readonly interval__ns: number;
  /** UTC = monotonic + offset, for all times of the recording. */
  readonly utcOffset__ns: bigint;
}

export interface MetricColumn {
  readonly name: string;
  readonly kind: Kind;
  readonly unit: string;
  readonly description: string;
}

export interface Manifest extends Omit<RecordingMeta, 'utcOffset__ns'> {
  readonly format: number;
  /** Version that wrote it. */
  readonly nvpulse: string;
  readonly id: string;
  readonly clock: {
    /** Decimal; beyond the integers of a double. */
    readonly utcOffset__ns: string;
    /** Monotonic time of the start, decimal. */
    readonly start__ns: string;
  };
  /** ISO 8601 UTC with nine decimals. */
  readonly start: string;
  /** Null until the recording is closed. */
  readonly end: string | null;
  /** It was closed, and says all that happened until `end`. */
  readonly complete: boolean;
  /** Rows that were not recorded: a disk that was full, gone, or too slow. */
  readonly lostRows: number;
  /** How the command ended that was recorded; null without a command, and until the recording is closed. */
  readonly exit: RecordedExit | null;
  /**
   * How long the command, or the window that was recorded, lasted; the recording itself begins before it and ends after
   * it. Null where there is no such window, or several, and until the recording is closed.
   */
  readonly duration__s: number | null;
  /** Metrics of each table, in the order of their columns. */
  readonly catalog: Readonly<Partial<Record<Entity, readonly MetricColumn[]>>>;
}

export function createManifest({ utcOffset__ns, ...meta }: RecordingMeta, start__ns: bigint): Manifest {
  return {
    format: FORMAT,
    nvpulse: VERSION,
    id: randomUUID(),
    ...meta,
    clock: { utcOffset__ns: String(utcOffset__ns), start__ns: String(start__ns) },
    start: formatUtc(start__ns + utcOffset__ns),
    end: null,
    complete: false,
    lostRows: 0,
    exit: null,
    duration__s: null,
    catalog: Object.fromEntries(ENTITIES.map((entity) => [entity, metricColumns(entity)])),
  };
}

function metricColumns(entity: Entity): readonly MetricColumn[] {
  return metricsOf(entity).map(({ name, kind, description }) => ({
    name,
    kind,
    unit: unitOf(name),
    description,
  }));
}

/** Seconds from a recording's start to its end; null where it was not closed. */
export function lengthOf({ start, end }: Pick<Manifest, 'start' | 'end'>): number | null {
  return end === null ? null : (Date.parse(end) - Date.parse(start)) / 1000;
}

/** Replaces the manifest at once: a reader sees the old one or the new one. `durable`: on disk when done. */
export async function writeManifest(
  dir: string,
  manifest: Manifest,
  durable: boolean,
  mode: number,
): Promise<void> {
  const temporary = join(dir, `.${MANIFEST}.tmp`);
  const file = await open(temporary, ANEW, mode);
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(dir, MANIFEST));
  if (durable) await syncFolder(dir);
}

/** Of what `readManifest` throws: there is no manifest, so that it is none, or is only beginning. */
export function isNoRecording(error: unknown): boolean {
  return error instanceof NvpulseError && error.cause !== undefined && isNowhere(error.cause);
}

function whyNot(cause: unknown): string {
  const { name } = cause as NodeJS.ErrnoException;
  if (name === 'SyntaxError') return `its ${MANIFEST} is not JSON`;
  if (isNowhere(cause)) return `it has no ${MANIFEST}`;
  return `its ${MANIFEST} cannot be read: ${reasonOf(cause)}`;
}

/** @throws ERR_RECORDING where `dir` is no recording, or one of a newer format */
export async function readManifest(dir: string): Promise<Manifest> {
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(await readFile(join(dir, MANIFEST), 'utf8')) as Partial<Manifest> | null;
  } catch (cause) {
    throw new NvpulseError('ERR_RECORDING', `'${dir}' is not a recording: ${whyNot(cause)}`, { cause });
  }
  if (typeof manifest?.format !== 'number' || !manifest.clock || !manifest.catalog) {
    throw new NvpulseError('ERR_RECORDING', `'${dir}' is not a recording: its ${MANIFEST} has no format`);
  }
  if (manifest.format > FORMAT) {
    throw new NvpulseError(
      'ERR_RECORDING',
      `'${dir}' is of format ${manifest.format}, written by nvpulse ${manifest.nvpulse ?? '(unknown)'}; ` +
        `this is nvpulse ${VERSION}, which reads up to format ${FORMAT}: update nvpulse`,
    );
  }
  // Before 0.2 there were none.
  return { exit: null, duration__s: null, ...(manifest as Omit<Manifest, 'exit' | 'duration__s'>) };
}
