// A counter over a window's exact bounds.
import { STATUS } from '../catalog';
import { Marks, Missing, Readings, startOf, type Bounds } from './fold-bounds';
import { isPending } from './fold-hold';

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
 * The difference of a counter over `[start, stop)`, linear between the readings on both sides of an edge; where an edge
 * has a reading on one side only, from or to the nearest reading inside. A fall restarts the baseline, so that the
 * difference is the sum of the rises.
 */
export class CounterFold {
  private firsts: Marks<Point>;
  private counted: Readings;
  private absent: Missing;
  private raw = 0;
  private lost = 0;
  private previous: Point | undefined;
  private closed = false;

  /** @param limit nanoseconds that a reading may hold */
  constructor(
    private readonly bounds: Bounds,
    private readonly limit: number,
  ) {
    this.firsts = new Marks(bounds);
    this.counted = new Readings(bounds);
    this.absent = new Missing(limit);
  }

  /** Readings that the difference rests on: those inside, and the ones next to the edges. */
  get readings(): number {
    return this.counted.inside + (this.counted.isContinued ? 1 : 0);
  }

  get missing(): number {
    return this.absent.since(startOf(this.bounds));
  }

  push(time: number, value: number, status: number): void {
    if (this.closed) return;
    if (status !== STATUS.ok) {
      if (!isPending(status)) this.absent.push(time, status);
      return;
    }
    if (value < this.raw && this.previous) this.lost += this.raw - value;
    this.raw = value;
    this.take({ time, total: value + this.lost });
  }

  /** Undefined where fewer than two readings tell of the window. */
  growth(): Growth | undefined {
    const { previous } = this;
    const { first } = this.firsts;
    if (!first || !previous || previous.time <= first.time) return undefined;
    return { delta: previous.total - first.total, span: previous.time - first.time };
  }

  /** A window is no longer of the fold. */
  drop(start: number): void {
    this.firsts.drop(start);
    this.counted.drop(start);
  }

  /** For a fold of one of the windows. */
  fork(start: number, bounds: Bounds): CounterFold {
    const fork = new CounterFold(bounds, this.limit);
    fork.firsts = this.firsts.fork(start, bounds);
    fork.counted = this.counted.fork(start, bounds);
    fork.absent = this.absent.fork();
    fork.raw = this.raw;
    fork.lost = this.lost;
    fork.previous = this.previous;
    return fork;
  }

  private take(point: Point): void {
    const { previous } = this;
    const stop = this.bounds.stop;
    this.counted.push(point.time);
    for (let next = this.firsts.next; point.time >= next; next = this.firsts.next)
      this.firsts.pass(previous ? { time: next, total: at(next, previous, point) } : point);
    if (point.time >= stop) {
      this.closed = true;
      if (previous) this.previous = { time: stop, total: at(stop, previous, point) };
    } else {
      this.previous = point;
    }
  }
}
