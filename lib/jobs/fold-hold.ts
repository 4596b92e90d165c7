// How long a reading stands: the zero-order hold that gauges and states are weighted by.
import { HOLD_PERIODS, STATUS } from '../catalog';
import { Missing, Readings, startOf, type Bounds } from './fold-bounds';
import type { Segments } from './fold-segments';

/** Not a loss: the metric was not due, or its second reading is to come. */
export function isPending(status: number): boolean {
  return status === STATUS.notDue || status === STATUS.needsSecondReading;
}

/** A stretch without rows that is longer than the schedule explains. */
interface Silence {
  readonly value: number;
  readonly from: number;
  readonly to: number;
  /** Time between the two readings before it, in nanoseconds; 0 where there are no two. */
  readonly spacing: number;
}

/**
 * A reading holds from its time until the next reading of the same instance and metric, clipped to the window; one
 * from before the window holds into it. A missing status (not ok, not pending) ends the hold at once. Where rows
 * stay away altogether it ends `limit` after the last row, so that lost rows and stalled devices are uncovered time;
 * or later, where rows come no faster: a reading holds for three periods that it really had, which the spacing of
 * the readings before and after a silence tells.
 */
export class Hold {
  /** The latest reading before the window's end; NaN before the first. */
  last = NaN;
  private readings: Readings;
  private lost: Missing;
  private value = NaN;
  private since = 0;
  private alive = -Infinity;
  /** Of the latest readings, and of those before; 0 where there are no two. */
  private spacing = 0;
  private earlier = 0;
  private silence: Silence | undefined;
  private closed = false;

  constructor(
    private readonly bounds: Bounds,
    private readonly limit: number,
    private readonly sink: Segments,
  ) {
    this.readings = new Readings(bounds);
    this.lost = new Missing(limit);
  }

  /** Readings inside the window. */
  get samples(): number {
    return this.readings.inside;
  }

  /** The latest missing status; 0 while there was none. */
  get missing(): number {
    return this.lost.since(startOf(this.bounds));
  }

  push(time: number, value: number, status: number): void {
    if (this.closed) return;
    if (time >= this.bounds.stop) {
      this.settle(time - this.alive);
      this.flush(time);
      this.closed = true;
      return;
    }
    if (status === STATUS.ok) this.read(time, value);
    else if (!isPending(status)) {
      this.lost.push(time, status);
      this.lose(time);
    } else if (time - this.alive <= this.limit) this.alive = time;
  }

  /** It went away by this time, which says nothing of why there was no value before. */
  end(time: number): void {
    if (!this.closed && time < this.bounds.stop) this.lose(time);
  }

  /** Gives the sink what the last reading held up to the window's end. */
  finish(): void {
    this.settle(0);
    this.flush(this.bounds.stop);
  }

  /** A window is no longer of the fold. */
  drop(at: number): void {
    this.readings.drop(at);
  }

  /** For a fold of one of the windows: what was read before it holds into it. */
  fork(at: number, bounds: Bounds, sink: Segments): Hold {
    const fork = new Hold(bounds, this.limit, sink);
    fork.readings = this.readings.fork(at, bounds);
    fork.lost = this.lost.fork();
    fork.last = this.last;
    fork.value = this.value;
    fork.since = this.since;
    fork.alive = this.alive;
    fork.spacing = this.spacing;
    fork.earlier = this.earlier;
    fork.silence = this.silence;
    return fork;
  }

  private read(time: number, value: number): void {
    this.readings.push(time);
    this.last = value;
    const spacing = time - this.alive;
    this.settle(spacing);
    if (spacing > this.limit) this.fallSilent(time);
    // Most readings repeat the one before: then the hold just goes on.
    if (value !== this.value) {
      this.flush(time);
      this.value = value;
      this.since = time;
    }
    this.alive = time;
    if (spacing === Infinity) return;
    this.earlier = this.spacing;
    this.spacing = spacing;
  }

  /** The time up to `to` is left to `settle`, which knows the reading after it. */
  private fallSilent(to: number): void {
    const { value, alive: from, spacing } = this;
    this.flush(from);
    if (!Number.isNaN(value)) this.silence = { value, from, to, spacing };
    this.value = NaN;
  }

  /** @param after the spacing of the readings after the silence; 0 where there are no two */
  private settle(after: number): void {
    if (!this.silence) return;
    const { value, from, to, spacing } = this.silence;
    this.silence = undefined;
    this.sink.add(value, from, Math.min(to, from + this.longest(Math.max(spacing, after))));
  }

  private lose(time: number): void {
    this.settle(0);
    this.flush(time);
    this.value = NaN;
    this.alive = -Infinity;
    this.spacing = this.earlier = 0;
  }

  private flush(time: number): void {
    if (Number.isNaN(this.value)) return;
    // A single silence before it does not let the last reading hold for longer.
    const longest = this.longest(Math.min(this.spacing, this.earlier));
    this.sink.add(this.value, this.since, Math.min(time, this.alive + longest));
    this.since = Math.max(this.since, time);
  }

  /** Nanoseconds that a reading holds. */
  private longest(spacing: number): number {
    return Math.max(this.limit, HOLD_PERIODS * spacing);
  }
}
