// How long a reading stands: the zero-order hold that gauges and states are weighted by.
import { STATUS } from '../catalog';

/** A window on the fold's own clock: nanoseconds since its start, `stop` Infinity while it is open. */
export interface Bounds {
  stop: number;
}

/** Takes a value and the nanoseconds that it held inside the window. */
export interface WeightSink {
  add(value: number, weight: number): void;
}

/** Not a loss: the metric was not due, or its second reading is to come. */
export function isPending(status: number): boolean {
  return status === STATUS.notDue || status === STATUS.needsSecondReading;
}

/**
 * A reading holds from its time until the next reading of the same instance and metric, clipped to the window; one
 * from before the window holds into it. A missing status (not ok, not pending) ends the hold at once. Where rows
 * stay away altogether it ends `limit` after the last row, so that lost rows and stalled devices are uncovered time.
 */
export class Hold {
  /** Readings inside the window. */
  samples = 0;
  /** The latest reading before the window's end; NaN before the first. */
  last = NaN;
  /** The latest missing status; 0 while there was none. */
  missing: number = STATUS.ok;
  private value = NaN;
  private since = 0;
  private alive = -Infinity;
  private closed = false;

  constructor(
    private readonly bounds: Bounds,
    private readonly limit: number,
    private readonly sink: WeightSink,
  ) {}

  push(time: number, value: number, status: number): void {
    if (this.closed) return;
    if (time >= this.bounds.stop) {
      this.flush(time);
      this.closed = true;
      return;
    }
    if (status === STATUS.ok) this.read(time, value);
    else if (!isPending(status)) this.lose(time, status);
    else if (time - this.alive <= this.limit) this.alive = time;
  }

  /** Gives the sink what the last reading held up to the window's end. */
  finish(): void {
    this.flush(this.bounds.stop);
  }

  private read(time: number, value: number): void {
    if (time >= 0) this.samples++;
    this.last = value;
    // Most readings repeat the one before: then the hold just goes on.
    if (value !== this.value || time - this.alive > this.limit) {
      this.flush(time);
      this.value = value;
      this.since = time;
    }
    this.alive = time;
  }

  private lose(time: number, status: number): void {
    this.flush(time);
    this.value = NaN;
    this.alive = -Infinity;
    this.missing = status;
  }

  private flush(time: number): void {
    if (Number.isNaN(this.value)) return;
    const end = Math.min(time, this.alive + this.limit, this.bounds.stop);
    const start = Math.max(this.since, 0);
    if (end > start) this.sink.add(this.value, end - start);
    this.since = Math.max(end, start);
  }
}
