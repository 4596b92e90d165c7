// What changes what a row becomes, by its time: windows of jobs and the interval. Times here are doubles: nanoseconds
// since the recording's start, exact for 104 days and the same at every reading.
import type { Instance } from '../../../catalog';
import type { JobSpan, RecordedInterval } from '../../../recording';
import { belongingsOf, kinOf } from './attribution';
import { JobStretch } from './job-stretch';

/** From `from` to before `until` this is how often was read: samples are folded, or each is a document. */
export interface IntervalStretch {
  readonly from: number;
  readonly until: number;
  readonly interval__ns: number;
  readonly isFolded: boolean;
}

/** Windows that ended so long before the newest rows concern no row to come. */
const PAST__NS = 60e9;

export class Timeline {
  /** Changes when windows, intervals or `simulated` do. */
  generation = 0;
  /** GPU figures are a simulator's. */
  simulated = false;
  /** The newest row of all tables. */
  newest = -Infinity;
  private windows: readonly JobSpan[] = [];
  private intervals: readonly RecordedInterval[] = [];
  private relevant: readonly JobSpan[] = [];
  private stretches: readonly IntervalStretch[] = [];
  /** By what instances share. */
  private readonly jobs = new Map<string, readonly JobStretch[]>();

  constructor(
    private readonly start__ns: bigint,
    private readonly resolution__ns: number,
    private readonly utcOffset__ns: bigint,
  ) {}

  set(windows: readonly JobSpan[], intervals: readonly RecordedInterval[], simulated: boolean): void {
    if (simulated !== this.simulated) this.generation++;
    this.simulated = simulated;
    if (windows !== this.windows) {
      this.windows = windows;
      this.jobs.clear();
      this.relevant = windows.filter(
        ({ stop__ns }) => stop__ns === undefined || this.relative(stop__ns) > this.newest - PAST__NS,
      );
      this.generation++;
    }
    if (intervals !== this.intervals) {
      this.intervals = intervals;
      this.generation++;
      this.stretches = intervals.map(({ from__ns, interval__ns }, at) => ({
        from: at === 0 ? -Infinity : this.relative(from__ns),
        until: at + 1 < intervals.length ? this.relative(intervals[at + 1]?.from__ns ?? 0n) : Infinity,
        interval__ns,
        isFolded: interval__ns < this.resolution__ns,
      }));
    }
  }

  relative(time__ns: bigint): number {
    return Number(time__ns - this.start__ns);
  }

  relativeTimes(time: BigInt64Array): Float64Array {
    const halves = new Int32Array(time.buffer, time.byteOffset, 2 * time.length);
    const startLow = Number(BigInt.asUintN(32, this.start__ns));
    const startHigh = Number(this.start__ns >> 32n);
    const relative = new Float64Array(time.length);
    for (let row = 0; row < relative.length; row++) {
      const [low, high] = [(halves[2 * row] ?? 0) >>> 0, halves[2 * row + 1] ?? 0];
      relative[row] = (high - startHigh) * 2 ** 32 + (low - startLow);
    }
    return relative;
  }

  intervalAt(time: number): IntervalStretch {
    return this.stretches.findLast(({ from }) => from <= time) ?? WHOLE;
  }

  jobsOf(instance: Instance): readonly JobStretch[] {
    const kin = kinOf(instance, this.relevant);
    const known = this.jobs.get(kin) ?? this.stretchesOf(instance);
    this.jobs.set(kin, known);
    return known;
  }

  private stretchesOf(instance: Instance): readonly JobStretch[] {
    const belongings = belongingsOf(instance, this.relevant);
    return belongings.map((belonging, at) => {
      const { from__ns } = belonging;
      const next = belongings[at + 1]?.from__ns;
      return new JobStretch(
        from__ns === undefined ? -Infinity : this.relative(from__ns),
        next === undefined ? Infinity : this.relative(next),
        belonging,
        this.utcOffset__ns,
      );
    });
  }
}

const WHOLE: IntervalStretch = { from: -Infinity, until: Infinity, interval__ns: 0, isFolded: false };
