// A gauge that derives from a counter: its samples, each weighted by the time that it is the mean of.
import { STATUS } from '../catalog';
import { Distribution } from './fold-distribution';
import type { Bounds } from './fold-hold';

/**
 * A derived sample is the mean since the reading before it, so it is weighted backwards: by the part of that time
 * which lies inside the window. The sample that follows the window's end counts with its part too.
 */
export class RateFold {
  readonly distribution = new Distribution();
  /** Samples inside the window. */
  samples = 0;
  /** The latest sample inside the window; NaN where there is none. */
  last = NaN;
  missing: number = STATUS.ok;
  private from = NaN;
  private closed = false;

  constructor(private readonly bounds: Bounds) {}

  push(time: number, value: number, status: number): void {
    if (this.closed || status === STATUS.notDue) return;
    if (status === STATUS.ok) this.read(time, value);
    else if (status !== STATUS.needsSecondReading) this.missing = status;
    this.from = status === STATUS.ok || status === STATUS.needsSecondReading ? time : NaN;
    this.closed = time >= this.bounds.stop;
  }

  /** It went away. */
  end(): void {
    this.from = NaN;
  }

  private read(time: number, value: number): void {
    const start = Math.max(this.from, 0);
    const weight = Math.min(time, this.bounds.stop) - start;
    if (weight > 0) this.distribution.add(value, weight);
    if (time < 0 || time >= this.bounds.stop) return;
    this.samples++;
    this.last = value;
  }
}
