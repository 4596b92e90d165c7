// Power integrated over a window: what energy is where the counter does not tell.
import { STATUS } from '../catalog';
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

/** A window, in nanoseconds since its start; `stop` is Infinity while it is open. */
export interface Span {
  readonly stop: number;
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

interface Reading {
  readonly time: number;
  readonly power__W: number;
}

/** A reading with the integral from the window's start up to it, or to the window's end. */
interface Point extends Reading {
  readonly integral: Integral;
}

function powerAt(time: number, a: Reading, b: Reading): number {
  return a.power__W + ((b.power__W - a.power__W) * (time - a.time)) / (b.time - a.time);
}

function constant(power__W: number, span: number, covered: number): Integral {
  const gap__J = (power__W * covered) / SECOND;
  return { ...NOTHING, energy__J: gap__J, gap__s: span / SECOND, gap__J };
}

/**
 * Trapezoids between readings, clipped to `[0, stop)`, across gaps (readings more than `limit`, and more than 0.3 s,
 * apart) too. Before the first reading it holds for at most `limit`; the last one holds to the end, or until a reading
 * failed.
 *
 * The uncertainty is a bound. Between neighbouring readings the power is taken to stay between the two: |change| ×
 * spacing ÷ 2. In a gap, before the first and after the last reading it may have been anything from 0 to the power
 * limit (or the highest reading, where that is more). And 0.5 s at that power, once, as readings may be means of a
 * second.
 */
export class PowerIntegral {
  /** The most that is taken as possible: the limit in force, or the highest reading; -Infinity before any. */
  top__W = -Infinity;
  private previous: Point | undefined;
  private latest: Point | undefined;
  private failed = Infinity;
  private readonly gap: number;

  constructor(
    private readonly span: Span,
    private readonly limit: number,
  ) {
    this.gap = Math.max(limit, GAP);
  }

  push(time: number, power__W: number, status: number): void {
    if (this.latest && this.latest.time >= this.span.stop) return;
    if (status === STATUS.ok) this.read(time, power__W);
    else if (!isPending(status)) this.failed = Math.min(this.failed, time);
  }

  /** The power limit in force. */
  allow(limit__W: number): void {
    this.top__W = Math.max(this.top__W, limit__W);
  }

  /** From the window's start to a time not before the reading before the latest; undefined before the first reading. */
  at(time: number): Integral | undefined {
    const { latest, previous } = this;
    if (!latest) return undefined;
    const until = Math.max(0, Math.min(time, this.span.stop));
    if (until >= latest.time) return plus(latest.integral, this.held(latest, until));
    if (!previous) return constant(latest.power__W, until, Math.min(until, this.limit));
    return plus(latest.integral, this.between(previous, latest, until), -1);
  }

  /** Of the whole window; undefined where the power was never read. */
  energy(): Energy | undefined {
    const { stop } = this.span;
    const whole = this.at(stop);
    if (!whole) return undefined;
    const uncertainty__J = uncertaintyOf(withLag(whole, stop / SECOND), this.top__W);
    return { energy__J: whole.energy__J, uncertainty__J };
  }

  private read(time: number, power__W: number): void {
    this.allow(power__W);
    const { latest } = this;
    const reading = { time, power__W };
    const integral = latest ? plus(latest.integral, this.between(latest, reading, 0)) : this.head(reading);
    this.previous = latest;
    this.latest = { ...reading, integral };
    this.failed = Infinity;
  }

  /** What lies between two readings, from a time on, inside the window. */
  private between(a: Reading, b: Reading, from: number): Integral {
    const [start, end] = [Math.max(a.time, from, 0), Math.min(b.time, this.span.stop)];
    if (end <= start) return NOTHING;
    const [first__W, last__W] = [powerAt(start, a, b), powerAt(end, a, b)];
    const span__s = (end - start) / SECOND;
    const energy__J = ((first__W + last__W) / 2) * span__s;
    if (b.time - a.time > this.gap) return { ...NOTHING, energy__J, gap__s: span__s, gap__J: energy__J };
    return { ...NOTHING, energy__J, jumps__J: (Math.abs(b.power__W - a.power__W) / 2) * span__s };
  }

  private head({ time, power__W }: Reading): Integral {
    const span = Math.max(0, Math.min(time, this.span.stop));
    return constant(power__W, span, Math.min(span, this.limit));
  }

  private held({ time, power__W }: Point, until: number): Integral {
    const start = Math.max(time, 0);
    const span = Math.max(0, until - start);
    return constant(power__W, span, Math.max(0, Math.min(span, this.failed - start)));
  }
}
