// Documents from batches: one entity at one time, flat, what is missing absent. Pure.
import { createHash } from 'node:crypto';
import { metricsOf, type Entity, type Instance } from '../../../catalog';
import type { JobSpan } from '../../../recording';
import type { Batch, Table } from '../../../sampling/batch';
import { formatUtc } from '../../../time';
import { belongingsOf, NOBODYS, ownerOf, type Belonging } from './attribution';
import { isMetered, measuredFields, type Measured, type Meter } from './meter';
import { IDENTITY_FIELDS, streamOf, type Stream } from './streams';
import { titleOf } from './job-title';
import { nanosKey, secondKey } from './utc-key';

export interface ToDocumentsOptions {
  /** `host.name` of the documents. */
  readonly host: string;
  /** Windows of jobs. Without them a row belongs to the job that was followed for it, if to one. */
  readonly windows?: readonly JobSpan[] | undefined;
  /** Documents of single cores too. @default false */
  readonly cores?: boolean | undefined;
  /** The GPUs are a simulator's. @default false */
  readonly simulated?: boolean | undefined;
  /** Tells `sampled__s`, and GPUs' `energy_drawn__J`: the same one for all batches of a sampler or a recording, in their order. */
  readonly meter?: Meter | undefined;
}

export interface DocumentSource {
  /** UTC, ISO 8601 with nine decimals. */
  readonly '@timestamp': string;
  readonly 'host.name': string;
  readonly entity: Entity;
  readonly simulated?: true;
  /** Ids of the jobs in whose windows it lies; absent where there is none. */
  readonly job?: readonly string[];
  /** Identity, and metrics that have a value. */
  readonly [field: string]: string | number | true | readonly string[] | undefined;
}

export interface Document {
  /** Name of the data stream. */
  readonly index: Stream;
  readonly source: DocumentSource;
}

/**
 * A document for each row that has a value, and whose instance the batch knows.
 * Any batch will do: of a sampler, of a recording, or made with `createBatch`.
 */
export function* toDocuments(batch: Batch, options: ToDocumentsOptions): Generator<Document> {
  for (const table of batch.tables) {
    if (table.entity === 'core' && !options.cores) continue;
    yield* tableDocuments(table, batch, options);
  }
}

function* tableDocuments(table: Table, batch: Batch, options: ToDocumentsOptions): Generator<Document> {
  const { host, windows, meter, simulated } = options;
  const index = streamOf(table.entity);
  const columns = metricsOf(table.entity).map(({ name }) => ({ name, values: table.values(name) }));
  const belongings = new Map<number, readonly Belonging[]>();
  for (let row = 0; row < table.length; row++) {
    const metrics: Record<string, number> = {};
    for (const { name, values } of columns) {
      const value = values[row] ?? NaN;
      if (Number.isFinite(value)) metrics[name] = value;
    }
    const instance = batch.instances.get(table.instance[row] ?? -1);
    if (!instance) continue;
    let known = belongings.get(instance.id);
    if (!known) belongings.set(instance.id, (known = belongingsIn(windows, instance)));
    const time__ns = table.time[row] ?? 0n;
    const belonging = known.findLast((one) => (one.from__ns ?? time__ns) <= time__ns) ?? NOBODYS;
    const measured = measuredOf(instance, metrics['energy__J'] ?? NaN, time__ns, belonging.since__ns, meter);
    if (Object.keys(metrics).length === 0) continue;
    const [window, ...others] = belonging.windows;
    const open__ns = window && others.length === 0 ? Number(time__ns - window.start__ns) : NaN;
    const job_time__s = jobTimeOf(instance, open__ns);
    const source: DocumentSource = {
      '@timestamp': formatUtc(time__ns + batch.utcOffset__ns),
      'host.name': host,
      entity: table.entity,
      ...(simulated && { simulated }),
      ...Object.fromEntries(identityOf(instance)),
      ...jobFields(instance, belonging, batch.utcOffset__ns),
      ...(job_time__s === undefined ? {} : { job_time__s }),
      ...metrics,
      ...(measured && measuredFields(measured)),
    };
    yield { index, source };
  }
}

/** Whose the document is; a host's and a GPU's also say what their jobs are called. */
export function jobFields(
  instance: Instance,
  { jobs, windows }: Pick<Belonging, 'jobs' | 'windows'>,
  utcOffset__ns: bigint,
): { readonly job?: readonly string[]; readonly job_title?: readonly string[] } {
  if (jobs.length === 0) return {};
  if (!isTitled(instance) || windows.length === 0) return { job: jobs };
  const title = ({ id, name, start__ns }: JobSpan): string =>
    titleOf(formatUtc(start__ns + utcOffset__ns), name, id);
  return { job: jobs, job_title: newest(windows).map(title) };
}

/** Its documents say what its jobs are called, and how long one has been open. */
export function isTitled({ entity }: Instance): boolean {
  return entity === 'gpu' || entity === 'host';
}

/** At most so many titles: a document would else grow with the windows that are open. */
const TITLES = 100;

function newest(windows: readonly JobSpan[]): readonly JobSpan[] {
  if (windows.length <= TITLES) return windows;
  return windows
    .toSorted((a, b) => (a.start__ns > b.start__ns ? -1 : a.start__ns < b.start__ns ? 1 : 0))
    .slice(0, TITLES);
}

/** Seconds, of a GPU or a host. @param open__ns how long its one job has been open; NaN where there is no such */
export function jobTimeOf(instance: Instance, open__ns: number): number | undefined {
  if (!isTitled(instance) || Number.isNaN(open__ns)) return undefined;
  return Math.round(open__ns / 1e6) / 1e3;
}

function measuredOf(
  instance: Instance,
  total__J: number,
  time__ns: bigint,
  since__ns: bigint | undefined,
  meter: Meter | undefined,
): Measured | undefined {
  if (!meter || !isMetered(instance.entity)) return undefined;
  const since = since__ns === undefined ? -Infinity : meter.relative(since__ns);
  return meter.read(instance, meter.relative(time__ns), total__J, since);
}

/** As `belongingsOf`, also where no windows are given. */
export function belongingsIn(
  windows: readonly JobSpan[] | undefined,
  instance: Instance,
): readonly [Belonging, ...Belonging[]] {
  if (windows) return belongingsOf(instance, windows);
  const owner = ownerOf(instance);
  return [{ from__ns: undefined, since__ns: undefined, jobs: owner ? [owner] : [], windows: [] }];
}

/** The document's identity fields in their order. */
export function identityOf({
  entity,
  identity,
}: Instance): readonly (readonly [field: string, value: string | number])[] {
  const values: Readonly<Record<string, string | number | null>> = { ...identity };
  return IDENTITY_FIELDS[entity].flatMap(([field, of]) => {
    const value = values[of];
    return value === undefined || value === null ? [] : [[field, value] as const];
  });
}

/** Bits of the hash in a document's id: 78, so that instances of all recordings ever made do not collide. */
const HASH_LENGTH = 13;

/** The part of documents' ids that tells a recording's instances, and their documents' resolutions, apart. */
export function instanceKey(recording: string, instance: Instance, resolution__ns: number): string {
  const identity = [
    recording,
    instance.entity,
    ...identityOf(instance),
    ownerOf(instance) ?? null,
    resolution__ns,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('base64url').slice(0, HASH_LENGTH);
}

/**
 * The `_id` of a document: the same whenever and by whomever it is made. The time comes first, so that ids grow with
 * time: Elasticsearch finds at a glance that its older segments don't have a new one. 24 characters of base64url,
 * which it keeps as 18 bytes.
 * @param key of `instanceKey`
 */
export function documentId(key: string, utc__ns: bigint): string {
  const [seconds, nanos] = [Number(utc__ns / 1_000_000_000n), Number(utc__ns % 1_000_000_000n)];
  return secondKey(seconds) + nanosKey(nanos) + key;
}
