// A counter over a window's exact bounds.
import { STATUS } from '../catalog';
import { isPending, type Bounds } from './fold-hold';

/** A counter's growth inside the window and the part of the window, in nanoseconds, that it was followed over. */
export interface Growth {
  readonly delta: number;
  readonly span: number;
}

interface Point {
  readonly time: number;
  readonly total: number;
}

function at(time: number, before: Point, after: Point): number {
  if (time >= after.time) return after.total;
  const share = (time - before.time) / (after.time - before.time);
  return before.total + (after.total - before.total) * share;
}

/**
 * The difference of a counter over `[0, stop)`, linear between the readings on both sides of an edge; where an edge
 * has a reading on one side only, from or to the nearest reading inside. A fall restarts the baseline, so that the
 * difference is the sum of the rises.
 */
export class CounterFold {
  /** Readings that the difference rests on: those inside, and the ones next to the edges. */
  readings = 0;
  missing: number = STATUS.ok;
  private raw = 0;
  private lost = 0;
  private previous: Point | undefined;
  private first: Point | undefined;
  private closed = false;

  constructor(private readonly bounds: Bounds) {}

  push(time: number, value: number, status: number): void {
    if (this.closed) return;
    if (status !== STATUS.ok) {
      if (!isPending(status)) this.missing = status;
      return;
    }
    if (value < this.raw && this.previous) this.lost += this.raw - value;
    this.raw = value;
    this.take({ time, total: value + this.lost });
  }

  /** Undefined where fewer than two readings tell of the window. */
  growth(): Growth | undefined {
    const { first, previous } = this;
    if (!first || !previous || previous.time <= first.time) return undefined;
    return { delta: previous.total - first.total, span: previous.time - first.time };
  }

  private take(point: Point): void {
    const { previous } = this;
    const stop = this.bounds.stop;
    this.readings = point.time < 0 ? 1 : this.readings + 1;
    if (!this.first && point.time >= 0)
      this.first = previous ? { time: 0, total: at(0, previous, point) } : point;
    if (point.time >= stop) {
      this.closed = true;
      if (previous) this.previous = { time: stop, total: at(stop, previous, point) };
    } else {
      this.previous = point;
    }
  }
}
