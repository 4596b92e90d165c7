// What a fold keeps of one instance: the text that all of its documents share, and the samples of the one that is
// being folded.
import type { Instance } from '../../catalog';
import { identityOf, instanceKey } from './documents';
import type { Drawn } from './energy-meter';
import type { JobStretch, Timeline } from './timeline';

/** Samples that are being folded. */
export interface Bucket {
  /** Rows of `start` ≤ time < `end`. */
  readonly start: number;
  end: number;
  /** Start of the grid's stretch in which it lies. */
  readonly cell: number;
  readonly count: Uint32Array;
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly last: Float64Array;
  /** Of a GPU whose counter was read. */
  drawn: Drawn | undefined;
}

export class InstanceFold {
  readonly key: string;
  bucket: Bucket | undefined;
  /** Buckets up to this time were given. */
  closedUntil = -Infinity;
  /** Time of its newest row. */
  seen = -Infinity;
  /** Where `text` holds. */
  from = NaN;
  until = NaN;
  /** Fields between the time and the metrics, as JSON. */
  text = '';
  private generation = -1;
  private stretches: readonly JobStretch[] = [];
  private readonly identity: string;

  constructor(
    readonly instance: Instance,
    private readonly timeline: Timeline,
    setting: { readonly recording: string; readonly host: string; readonly resolution__ns: number },
  ) {
    const { recording, host, resolution__ns } = setting;
    this.key = instanceKey(recording, instance, resolution__ns);
    const fields = [['host.name', host], ['entity', instance.entity], ...identityOf(instance)];
    this.identity = asciiJson(Object.fromEntries(fields)).slice(1, -1);
  }

  /** Makes `text` that of a time. */
  turnTo(time: number): void {
    if (this.generation !== this.timeline.generation) {
      this.generation = this.timeline.generation;
      this.stretches = this.timeline.jobsOf(this.instance);
    }
    const { from, until, jobs } = this.stretches.findLast((one) => one.from <= time) ?? NOWHERE;
    this.from = from;
    this.until = until;
    this.text = jobs.length === 0 ? this.identity : `${this.identity},"job":${asciiJson(jobs)}`;
  }

  /** Windows or intervals have changed: none of them may begin or end inside what is being folded. */
  revise(): void {
    this.from = this.until = NaN;
    if (!this.bucket) return;
    this.turnTo(this.seen);
    const { until } = this.timeline.intervalAt(this.seen);
    this.bucket.end = Math.min(this.bucket.end, this.until, until);
  }
}

const NOWHERE: JobStretch = { from: -Infinity, until: Infinity, jobs: [] };

/** JSON of ASCII characters alone: a string that is encoded as it is. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
