// Power integrated over a window: what energy is where the counter does not tell.
import { STATUS } from '../catalog';
import { ExactSum } from './exact-sum';
import { Highest, Marks, startOf, type Bounds } from './fold-bounds';
import { isPending } from './fold-hold';

const SECOND = 1e9;
/** From Ampere on a reading is the mean of the last second: what was drawn lies half a second behind, at most. */
const LAG__S = 0.5;
/** The driver refreshes the power each 100 ms: readings within three refreshes are no gap, as often as they may come. */
const GAP = 300e6;

/** Joules, and how far off they may be: the truth lies between `energy__J` less and plus `uncertainty__J`. */
export interface Energy {
  readonly energy__J: number;
  readonly uncertainty__J: number;
}

/** Energy with what is not known of it. Two from one start differ by what is between them. */
export interface Integral {
  readonly energy__J: number;
  /** What a jump anywhere between two neighbouring readings may add or take. */
  readonly jumps__J: number;
  /** Seconds that no reading tells of, and the energy that was put in for them. */
  readonly gap__s: number;
  readonly gap__J: number;
  /** Seconds by which stretches that were read may lie earlier or later. */
  readonly loose__s: number;
}

export const NOTHING: Integral = { energy__J: 0, jumps__J: 0, gap__s: 0, gap__J: 0, loose__s: 0 };

export function plus(a: Integral, b: Integral, sign: 1 | -1 = 1): Integral {
  return {
    energy__J: a.energy__J + sign * b.energy__J,
    jumps__J: a.jumps__J + sign * b.jumps__J,
    gap__s: a.gap__s + sign * b.gap__s,
    gap__J: a.gap__J + sign * b.gap__J,
    loose__s: a.loose__s + sign * b.loose__s,
  };
}

/** As a bound, where the power lay between 0 and `top__W`. */
export function uncertaintyOf({ jumps__J, gap__s, gap__J, loose__s }: Integral, top__W: number): number {
  return jumps__J + Math.max(gap__J, top__W * gap__s - gap__J) + top__W * loose__s;
}

/**
 * With what readings that are means of a second may be off by, over a span: 0.5 s, or the whole of what was read where
 * that is less. Once, however many gaps part the readings: means have it at both ends of the span only, and in a gap
 * every mean that may have been is in the bound already.
 */
export function withLag(integral: Integral, span__s: number): Integral {
  const read__s = Math.max(0, span__s - integral.gap__s);
  return { ...integral, loose__s: integral.loose__s + Math.min(LAG__S, read__s) };
}

/** An integral since the first reading, exact enough that two of them differ by just what is between. */
export class RunningIntegral {
  private readonly energy__J = new ExactSum();
  private readonly jumps__J = new ExactSum();
  private readonly gap__s = new ExactSum();
  private readonly gap__J = new ExactSum();

  /** With a part that follows, or without one of the last. */
  plus(part: Integral, sign: 1 | -1 = 1): RunningIntegral {
    const sum = new RunningIntegral();
    for (const key of ['energy__J', 'jumps__J', 'gap__s', 'gap__J'] as const) {
      sum[key].merge(this[key]);
      sum[key].add(part[key], sign);
    }
    return sum;
  }

  since(before: RunningIntegral): Integral {
    return {
      energy__J: this.energy__J.minus(before.energy__J),
      jumps__J: this.jumps__J.minus(before.jumps__J),
      gap__s: this.gap__s.minus(before.gap__s),
      gap__J: this.gap__J.minus(before.gap__J),
      loose__s: 0,
    };
  }
}

interface Reading {
  readonly time: number;
  readonly power__W: number;
}

/** A reading with the integral up to it, or to the window's end. */
interface Point extends Reading {
  readonly integral: RunningIntegral;
}

function powerAt(time: number, a: Reading, b: Reading): number {
  return a.power__W + ((b.power__W - a.power__W) * (time - a.time)) / (b.time - a.time);
}

function constant(power__W: number, span: number, covered: number): Integral {
  const gap__J = (power__W * covered) / SECOND;
  return { ...NOTHING, energy__J: gap__J, gap__s: span / SECOND, gap__J };
}

/**
 * Trapezoids between readings, up to the window's end, across gaps (readings more than `limit`, and more than 0.3 s,
 * apart) too. Before the first reading it holds for at most `limit`; the last one holds to the end, or until a reading
 * failed.
 *
 * The uncertainty is a bound. Between neighbouring readings the power is taken to stay between the two: |change| ×
 * spacing ÷ 2. In a gap, before the first and after the last reading it may have been anything from 0 to the power
 * limit (or the highest reading, where that is more). And 0.5 s at that power, once, as readings may be means of a
 * second.
 */
export class PowerIntegral {
  private limits: Highest;
  private powers: Highest;
  /** The integral at the starts of windows. */
  private begun: Marks<RunningIntegral>;
  private previous: Point | undefined;
  private latest: Point | undefined;
  private failed = Infinity;
  private readonly gap: number;

  constructor(
    private readonly bounds: Bounds,
    private readonly limit: number,
  ) {
    this.limits = new Highest(bounds);
    this.powers = new Highest(bounds);
    this.begun = new Marks(bounds);
    this.gap = Math.max(limit, GAP);
  }

  /** The most that is taken as possible: the limit in force, or the highest reading; -Infinity before any. */
  get top__W(): number {
    return Math.max(this.limits.value, this.powers.value);
  }

  push(time: number, power__W: number, status: number): void {
    if (this.latest && this.latest.time >= this.bounds.stop) return;
    if (status === STATUS.ok) this.read(time, power__W);
    else if (!isPending(status)) this.failed = Math.min(this.failed, time);
  }

  /** The power limit in force. */
  allow(time: number, limit__W: number): void {
    this.limits.push(time, limit__W);
  }

  /** Up to a time not before the reading before the latest; undefined before the first reading. */
  at(time: number): RunningIntegral | undefined {
    const { latest, previous } = this;
    if (!latest) return undefined;
    const until = Math.min(time, this.bounds.stop);
    if (until >= latest.time) return latest.integral.plus(this.held(latest, until));
    const back = previous ? this.between(previous, latest, until) : this.head(latest, until);
    return latest.integral.plus(back, -1);
  }

  /** Up to a start of a window. */
  atStart(start: number): RunningIntegral | undefined {
    return this.begun.at(start) ?? this.at(this.bounds.starts[start] ?? Infinity);
  }

  /** Of the whole window; undefined where the power was never read. */
  energy(): Energy | undefined {
    const { stop } = this.bounds;
    const [from, to] = [this.atStart(0), this.at(stop)];
    if (!from || !to) return undefined;
    const whole = to.since(from);
    const span__s = (stop - startOf(this.bounds)) / SECOND;
    return {
      energy__J: whole.energy__J,
      uncertainty__J: uncertaintyOf(withLag(whole, span__s), this.top__W),
    };
  }

  /** A window is no longer of the fold. */
  drop(start: number): void {
    this.limits.drop(start);
    this.powers.drop(start);
    this.begun.drop(start);
  }

  /** For a fold of one of the windows. */
  fork(start: number, bounds: Bounds): PowerIntegral {
    const fork = new PowerIntegral(bounds, this.limit);
    fork.limits = this.limits.fork(start, bounds);
    fork.powers = this.powers.fork(start, bounds);
    fork.begun = this.begun.fork(start, bounds);
    fork.previous = this.previous;
    fork.latest = this.latest;
    fork.failed = this.failed;
    return fork;
  }

  private read(time: number, power__W: number): void {
    this.powers.push(time, power__W);
    const { latest } = this;
    const reading = { time, power__W };
    const integral = latest
      ? latest.integral.plus(this.between(latest, reading, latest.time))
      : new RunningIntegral();
    this.previous = latest;
    this.latest = { ...reading, integral };
    this.failed = Infinity;
    for (let next = this.begun.next; time >= next; next = this.begun.next)
      this.begun.pass(this.at(next) ?? integral);
  }

  /** What lies between two readings, from a time on, before the window's end. */
  private between(a: Reading, b: Reading, from: number): Integral {
    const [start, end] = [Math.max(a.time, from), Math.min(b.time, this.bounds.stop)];
    if (end <= start) return NOTHING;
    const [first__W, last__W] = [powerAt(start, a, b), powerAt(end, a, b)];
    const span__s = (end - start) / SECOND;
    const energy__J = ((first__W + last__W) / 2) * span__s;
    if (b.time - a.time > this.gap) return { ...NOTHING, energy__J, gap__s: span__s, gap__J: energy__J };
    return { ...NOTHING, energy__J, jumps__J: (Math.abs(b.power__W - a.power__W) / 2) * span__s };
  }

  /** From a time to the first reading. */
  private head({ time, power__W }: Reading, from: number): Integral {
    const span = Math.max(0, Math.min(time, this.bounds.stop) - from);
    return constant(power__W, span, Math.min(span, this.limit));
  }

  private held({ time, power__W }: Point, until: number): Integral {
    const span = until - time;
    return constant(power__W, span, Math.max(0, Math.min(span, this.failed - time)));
  }
}
