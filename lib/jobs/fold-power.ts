// Power integrated over a window: what energy is where the counter does not tell.
import { STATUS } from '../catalog';
import { isPending, type Bounds } from './fold-hold';

const SECOND = 1e9;
/** From Ampere on the driver reports the mean of the last second, which lies half a second behind. */
const LAG = 0.5 * SECOND;

/** Joules, and how far off they may be. */
export interface Energy {
  readonly energy__J: number;
  readonly uncertainty__J: number;
}

/** A reading, with energy and doubt from the window's start up to it. */
interface Point extends Energy {
  readonly time: number;
  readonly power__W: number;
}

function powerAt(time: number, a: Point, b: Point): number {
  return a.power__W + ((b.power__W - a.power__W) * (time - a.time)) / (b.time - a.time);
}

/**
 * Trapezoids between readings, clipped to `[0, stop)`; before the first and after the last reading the nearest one
 * holds for at most `limit`. Longer stretches without a reading are not counted.
 *
 * Uncertainty: Σ |change of power| × spacing ÷ 2 (a jump anywhere between two readings stays within it); power ×
 * time for what was held or not counted; and 0.5 s × (max − min), as the readings may be means of a second.
 */
export class PowerIntegral {
  private previous: Point | undefined;
  private latest: Point | undefined;
  private alive = -Infinity;
  private min = Infinity;
  private max = -Infinity;

  constructor(
    private readonly bounds: Bounds,
    private readonly limit: number,
  ) {}

  /** W at the latest reading; NaN before the first. */
  get power__W(): number {
    return this.latest?.power__W ?? NaN;
  }

  /** W, the higher of the latest two readings; NaN before the first. */
  get peak__W(): number {
    return Math.max(this.power__W, this.previous?.power__W ?? this.power__W);
  }

  push(time: number, power__W: number, status: number): void {
    if (this.latest && this.latest.time >= this.bounds.stop) return;
    if (status === STATUS.ok) this.read(time, power__W);
    else if (!isPending(status)) this.alive = Math.min(this.alive, time - this.limit);
    else if (time - this.alive <= this.limit) this.alive = time;
  }

  /** Energy from the window's start to a time near the latest reading; undefined before the first reading. */
  at(time: number): Energy | undefined {
    const { latest, previous } = this;
    if (!latest) return undefined;
    const until = Math.max(0, Math.min(time, this.bounds.stop));
    if (until >= latest.time) return this.held(latest, until);
    const power__W = previous && previous.time <= until ? powerAt(until, previous, latest) : latest.power__W;
    const span__s = (latest.time - until) / SECOND;
    return {
      energy__J: latest.energy__J - ((power__W + latest.power__W) / 2) * span__s,
      uncertainty__J: latest.uncertainty__J - (Math.abs(latest.power__W - power__W) / 2) * span__s,
    };
  }

  /** Energy of the whole window. */
  energy(): Energy | undefined {
    const whole = this.at(this.bounds.stop);
    const lag__s = Math.min(LAG, this.bounds.stop) / SECOND;
    return whole && { ...whole, uncertainty__J: whole.uncertainty__J + lag__s * (this.max - this.min) };
  }

  private read(time: number, power__W: number): void {
    this.min = Math.min(this.min, power__W);
    this.max = Math.max(this.max, power__W);
    const reading = { time, power__W, energy__J: 0, uncertainty__J: 0 };
    const point = this.clip(this.latest, reading);
    const added = this.latest ? this.between(this.latest, point) : this.head(point);
    this.previous = this.latest;
    this.latest = {
      ...point,
      energy__J: (this.latest?.energy__J ?? 0) + added.energy__J,
      uncertainty__J: (this.latest?.uncertainty__J ?? 0) + added.uncertainty__J,
    };
    this.alive = time;
  }

  /** A reading beyond the window's end becomes the one at its end. */
  private clip(before: Point | undefined, after: Point): Point {
    const stop = this.bounds.stop;
    if (after.time <= stop) return after;
    return { ...after, time: stop, power__W: before ? powerAt(stop, before, after) : after.power__W };
  }

  private between(before: Point, after: Point): Energy {
    const start = Math.max(before.time, 0);
    if (after.time <= start) return { energy__J: 0, uncertainty__J: 0 };
    const span__s = (after.time - start) / SECOND;
    const from__W = powerAt(start, before, after);
    if (after.time - this.alive > this.limit)
      return { energy__J: 0, uncertainty__J: Math.max(from__W, after.power__W) * span__s };
    return {
      energy__J: ((from__W + after.power__W) / 2) * span__s,
      uncertainty__J: (Math.abs(after.power__W - from__W) / 2) * span__s,
    };
  }

  private head(first: Point): Energy {
    const span = Math.max(0, Math.min(first.time, this.bounds.stop));
    return this.constant(first.power__W, span, Math.min(span, this.limit));
  }

  private held(last: Point, until: number): Energy {
    const start = Math.max(last.time, 0);
    const covered = Math.min(until, this.alive + this.limit) - start;
    const tail = this.constant(last.power__W, until - start, Math.max(0, covered));
    return {
      energy__J: last.energy__J + tail.energy__J,
      uncertainty__J: last.uncertainty__J + tail.uncertainty__J,
    };
  }

  private constant(power__W: number, span: number, covered: number): Energy {
    return { energy__J: (power__W * covered) / SECOND, uncertainty__J: (power__W * span) / SECOND };
  }
}
