// The energy of one GPU over a window's exact bounds: by its counter, and by its power, with what is uncertain.
import { STATUS } from '../catalog';
import type { Bounds } from './fold-hold';
import { PowerIntegral, type Energy } from './fold-power';

/** Slowest refresh of a driver's energy counter that was observed (they step each 10 to 100 ms), in nanoseconds. */
const REFRESH = 100e6;
const SECOND = 1e9;

/** A step of the counter: it had this total at `time`, give or take `doubt` nanoseconds. */
interface Step {
  readonly time: number;
  readonly doubt: number;
  readonly total__J: number;
  /** The stream's first reading: nothing but REFRESH bounds its age. */
  readonly first: boolean;
  /** At the reading that showed the step; NaN where there is no power. */
  readonly power__W: number;
  /** The higher of that and of the reading before. */
  readonly peak__W: number;
  /** By the power, from the window's start to the step. */
  readonly integral: Energy | undefined;
}

/** The counter's total at an edge, and the step it was reckoned from. */
interface Edge extends Energy {
  readonly step: Step;
}

function slope__W(a: Step, b: Step): number {
  return ((b.total__J - a.total__J) / (b.time - a.time)) * SECOND;
}

/** At an edge between two steps: the counter is taken as linear. */
function between(a: Step, b: Step, time: number): Edge {
  const mean__W = slope__W(a, b);
  const change__W = Math.abs(b.power__W - a.power__W);
  const jump__W = Number.isNaN(change__W) ? mean__W : change__W;
  const peak__W = Number.isNaN(change__W) ? mean__W : Math.max(mean__W, a.peak__W, b.peak__W);
  return {
    step: a,
    energy__J: a.total__J + (mean__W * (time - a.time)) / SECOND,
    uncertainty__J: (peak__W * Math.max(a.doubt, b.doubt) + (jump__W * (b.time - a.time)) / 4) / SECOND,
  };
}

/** At an edge with steps on one side only: by the power between it and the nearest. */
function byIntegral(step: Step, edge: Energy | undefined): Edge | undefined {
  const { integral } = step;
  if (!integral || !edge) return undefined;
  const doubt__J = (step.peak__W * step.doubt) / SECOND;
  return {
    step,
    energy__J: step.total__J + edge.energy__J - integral.energy__J,
    uncertainty__J: Math.abs(edge.uncertainty__J - integral.uncertainty__J) + doubt__J,
  };
}

/** The same where there is no power: the counter goes on as it did between two steps, or not at all. */
function bySlope(step: Step, mean__W: number, time: number): Edge {
  const beyond__J = (mean__W * (time - step.time)) / SECOND;
  return {
    step,
    energy__J: step.total__J + beyond__J,
    uncertainty__J: Math.abs(beyond__J) + (mean__W * step.doubt) / SECOND,
  };
}

/**
 * The counter stands still between the driver's refreshes, so only a reading that brought a new value tells when
 * the counter had it: between the reading before and this one, and at most REFRESH ago. The middle of that span is
 * the step's time, half of it its doubt d. Between two steps around an edge of the window the counter is taken as
 * linear; where there is no step beyond the edge, the power from the edge to the nearest step is integrated.
 *
 * Uncertainty of the counter, per edge: d × the highest power near it; plus, between steps, |change of power| × their distance ÷ 4
 * (what a jump in the middle does to a straight line), or, beyond them, that of the integral. Then, where counter
 * and integrated power disagree by more than the integral's own uncertainty explains, the rest of the disagreement
 * if that is more. The sensor's own accuracy is not included. A fall of the counter restarts the baseline.
 */
export class EnergyFold {
  private readonly power: PowerIntegral;
  private reading = { time: -Infinity, value: NaN };
  private lost__J = 0;
  private step: Step | undefined;
  private slope__W = NaN;
  private start: Edge | undefined;
  private stop: Edge | undefined;

  constructor(
    private readonly bounds: Bounds,
    limit: number,
  ) {
    this.power = new PowerIntegral(bounds, limit);
  }

  /** One row: the counter (J) and the power (W), each with its status. */
  push(time: number, counter__J: number, counterStatus: number, power__W: number, powerStatus: number): void {
    this.power.push(time, power__W, powerStatus);
    if (counterStatus === STATUS.ok && !this.stop) this.read(time, counter__J);
  }

  /** By the counter, cross-checked with the power; undefined where no two steps tell of the window. */
  byCounter(): Energy | undefined {
    const { start, step } = this;
    if (!start || !step) return undefined;
    const end = this.bounds.stop;
    const stop = this.stop ?? byIntegral(step, this.power.at(end)) ?? bySlope(step, this.slope__W, end);
    if (stop.step === start.step && stop !== this.stop) return undefined;
    const energy__J = stop.energy__J - start.energy__J;
    return {
      energy__J,
      uncertainty__J: this.crossChecked(energy__J, start.uncertainty__J + stop.uncertainty__J),
    };
  }

  /** By the power; undefined where it was never read. */
  byPower(): Energy | undefined {
    return this.power.energy();
  }

  private crossChecked(energy__J: number, uncertainty__J: number): number {
    const power = this.byPower();
    if (!power) return uncertainty__J;
    return Math.max(uncertainty__J, Math.abs(energy__J - power.energy__J) - power.uncertainty__J);
  }

  private read(time: number, value: number): void {
    const before = this.reading;
    this.reading = { time, value };
    if (value === before.value) return;
    if (value < before.value) this.lost__J += before.value - value;
    const doubt = Math.min(time - before.time, REFRESH) / 2;
    const at = time - doubt;
    const step = {
      time: at,
      doubt,
      total__J: value + this.lost__J,
      first: Number.isNaN(before.value),
      power__W: this.power.power__W,
      peak__W: this.power.peak__W,
      integral: this.power.at(at),
    };
    this.take(step, this.supersedes(step) ? undefined : this.step);
  }

  /** A step that is known better than the stream's first, and follows at once, takes its place. */
  private supersedes(next: Step): boolean {
    const { step } = this;
    return (
      step !== undefined && step.first && next.doubt < step.doubt && next.time - step.time <= 1.5 * REFRESH
    );
  }

  private take(step: Step, before: Step | undefined): void {
    if (before) this.slope__W = slope__W(before, step);
    if (!before) this.start = undefined;
    this.start ??= this.startOf(step, before);
    this.step = step;
    if (before && step.time >= this.bounds.stop) this.stop = between(before, step, this.bounds.stop);
  }

  private startOf(step: Step, before: Step | undefined): Edge | undefined {
    if (step.time < 0) return undefined;
    if (before && before.time <= 0) return between(before, step, 0);
    const nearest = before ?? step;
    const byPower = byIntegral(nearest, { energy__J: 0, uncertainty__J: 0 });
    return byPower ?? (before && bySlope(before, this.slope__W, 0));
  }
}
