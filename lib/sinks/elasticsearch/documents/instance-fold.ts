// What a fold keeps of one instance: the text that all of its documents share, and the samples of the one that is
// being folded.
import type { Instance } from '../../../catalog';
import { asciiJson } from './ascii-json';
import { identityOf, instanceKey, jobTimeOf } from './documents';
import { NOWHERE, type JobStretch } from './job-stretch';
import type { Measured } from './meter';
import type { Timeline } from './timeline';

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
  /** Of a GPU and a host. */
  measured: Measured | undefined;
}

export interface InstanceSetting {
  readonly recording: string;
  readonly host: string;
  readonly resolution__ns: number;
}

export class InstanceFold {
  readonly key: string;
  bucket: Bucket | undefined;
  /** Buckets up to this time were given. */
  closedUntil = -Infinity;
  /** Time of its newest row. */
  seen = -Infinity;
  /** Where `jobs` holds. */
  from = NaN;
  until = NaN;
  /** When the first of its jobs there had it; -Infinity where it has none. */
  since = -Infinity;
  /** What its documents say of their jobs, as JSON: behind `identity`, before all else. */
  jobs: Buffer = Buffer.alloc(0);
  /** Its first fields behind the time, as JSON. */
  identity = '';
  /** Since when its one job has been open; NaN where it has none, or several. */
  private jobStart = NaN;
  private generation = -1;
  private stretches: readonly JobStretch[] = [];

  constructor(
    readonly instance: Instance,
    private readonly timeline: Timeline,
    private readonly setting: InstanceSetting,
  ) {
    const { recording, resolution__ns } = setting;
    this.key = instanceKey(recording, instance, resolution__ns);
  }

  /** Makes `jobs` those of a time. */
  turnTo(time: number): void {
    if (this.generation !== this.timeline.generation) {
      this.generation = this.timeline.generation;
      this.stretches = this.timeline.jobsOf(this.instance);
      this.identity = this.identityText();
    }
    const stretch = this.stretches.findLast((one) => one.from <= time) ?? NOWHERE;
    this.from = stretch.from;
    this.until = stretch.until;
    const { since__ns, windows } = stretch.belonging;
    this.since = since__ns === undefined ? -Infinity : this.timeline.relative(since__ns);
    this.jobs = stretch.textFor(this.instance);
    const [window] = windows;
    this.jobStart = window && windows.length === 1 ? this.timeline.relative(window.start__ns) : NaN;
  }

  private identityText(): string {
    const common = [
      ['host.name', this.setting.host],
      ['entity', this.instance.entity],
      ...(this.timeline.simulated ? [['simulated', true]] : []),
    ];
    return asciiJson(Object.fromEntries([...common, ...identityOf(this.instance)])).slice(1, -1);
  }

  /** How long its one job has been open, as JSON; the jobs of a time must be those of this one. */
  jobTime(time: number): string {
    const job_time__s = jobTimeOf(this.instance, time - this.jobStart);
    return job_time__s === undefined ? '' : `,"job_time__s":${job_time__s}`;
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
