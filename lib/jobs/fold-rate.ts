// A gauge that derives from a counter: its samples, each weighted by the time that it is the mean of.
import { STATUS } from '../catalog';
import { Missing, Readings, startOf, type Bounds } from './fold-bounds';
import type { Distribution } from './fold-distribution';
import { Segments } from './fold-segments';

/**
 * A derived sample is the mean since the reading before it, so it is weighted backwards: by the part of that time
 * which lies inside the window. The sample that follows the window's end counts with its part too.
 */
export class RateFold {
  private segments: Segments;
  private readings: Readings;
  private lost: Missing;
  private latest = NaN;
  private from = NaN;
  private closed = false;

  /** @param limit nanoseconds that a reading may hold */
  constructor(
    private readonly bounds: Bounds,
    private readonly limit: number,
  ) {
    this.segments = new Segments(bounds);
    this.readings = new Readings(bounds);
    this.lost = new Missing(limit);
  }

  get distribution(): Distribution {
    return this.segments.whole;
  }

  /** Samples inside the window. */
  get samples(): number {
    return this.readings.inside;
  }

  /** The latest sample inside the window; NaN where there is none. */
  get last(): number {
    return this.samples > 0 ? this.latest : NaN;
  }

  get missing(): number {
    return this.lost.since(startOf(this.bounds));
  }

  push(time: number, value: number, status: number): void {
    if (this.closed || status === STATUS.notDue) return;
    if (status === STATUS.ok) this.read(time, value);
    else if (status !== STATUS.needsSecondReading) this.lost.push(time, status);
    this.from = status === STATUS.ok || status === STATUS.needsSecondReading ? time : NaN;
    this.closed = time >= this.bounds.stop;
  }

  /** It went away. */
  end(): void {
    this.from = NaN;
  }

  /** A window is no longer of the fold. */
  drop(at: number): void {
    this.segments.drop(at);
    this.readings.drop(at);
  }

  /** For a fold of one of the windows. */
  fork(at: number, bounds: Bounds): RateFold {
    const fork = new RateFold(bounds, this.limit);
    fork.segments = this.segments.fork(at, bounds);
    fork.readings = this.readings.fork(at, bounds);
    fork.lost = this.lost.fork();
    fork.latest = this.latest;
    fork.from = this.from;
    return fork;
  }

  private read(time: number, value: number): void {
    this.segments.add(value, this.from, time);
    if (time >= this.bounds.stop) return;
    this.readings.push(time);
    this.latest = value;
  }
}
