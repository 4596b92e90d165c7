// The energy of one GPU over a window's exact bounds: by its counter, or by its power, with a bound of the error.
import { STATUS } from '../catalog';
import { Marks, type Bounds } from './fold-bounds';
import {
  NOTHING,
  plus,
  PowerIntegral,
  uncertaintyOf,
  withLag,
  type Energy,
  type Integral,
  type RunningIntegral,
} from './fold-power';
import type { EnergySummary } from './summary-types';

/** Slowest refresh of a driver's energy counter that was observed (they step each 10 to 100 ms), in nanoseconds. */
const REFRESH = 100e6;
const SECOND = 1e9;
/** Counter and power come of sensors of 5 % each: what they differ by beyond this is a fault of one of them. */
const SENSORS = 0.1;

/** One row of a GPU: values, each with its status. */
export interface EnergyReading {
  readonly counter__J: number;
  readonly counterStatus: number;
  readonly power__W: number;
  readonly powerStatus: number;
  readonly limit__W: number;
  readonly limitStatus: number;
}

export interface GpuEnergy extends Energy {
  readonly method: Extract<EnergySummary['method'], 'counter' | 'integrated_power'>;
}

/** A step of the counter: it had this total at `time`, give or take `doubt` nanoseconds. */
interface Step {
  readonly time: number;
  readonly doubt: number;
  readonly total__J: number;
  /** The stream's first reading: nothing but REFRESH bounds its age. */
  readonly isFirst: boolean;
  /** By the power, up to the step. */
  readonly integral: RunningIntegral | undefined;
}

/** The counter's total at an edge of the window, and the steps that bound it. */
interface Edge {
  readonly time: number;
  readonly total__J: number;
  readonly steps: readonly Step[];
}

/** How a window began. */
interface Begin {
  readonly edge: Edge;
  /** The first that is known. */
  readonly step: Step;
  /** What was bridged before. */
  readonly bridges: Integral;
}

function slope__W(a: Step, b: Step): number {
  return ((b.total__J - a.total__J) / (b.time - a.time)) * SECOND;
}

/**
 * How far off an edge's total may be: the counter never falls, and rises by `top__W` at most, so each step near the
 * edge leaves it a range; in all of them lies the truth.
 */
function uncertaintyAt({ time, total__J, steps }: Edge, top__W: number): number {
  const ranges = steps.map((step) => {
    const after__s = Math.max(0, time - (step.time - step.doubt)) / SECOND;
    const before__s = Math.max(0, step.time + step.doubt - time) / SECOND;
    return [step.total__J - top__W * before__s, step.total__J + top__W * after__s] as const;
  });
  const low__J = Math.max(...ranges.map(([low]) => low));
  const high__J = Math.min(...ranges.map(([, high]) => high));
  return Math.max(Math.abs(high__J - total__J), Math.abs(total__J - low__J));
}

/**
 * The counter stands still between the driver's refreshes, so only a reading that brought a new value tells when
 * the counter had it: between the reading before and this one, and at most REFRESH ago. The middle of that span is
 * the step's time, half of it its doubt. Between two steps around an edge of the window the counter is taken as
 * linear; where there is no step beyond the edge, the power from the edge to the nearest step is integrated.
 *
 * A fall is a restart (the driver was loaded anew), and so is a gap in which the counter could have risen from zero to
 * what it shows: what was drawn between the steps on both sides is told by the power alone.
 *
 * Of counter and power the one with the smaller uncertainty is the answer. Where they contradict each other it is the
 * power; where they differ by what their sensors may, it is widened to hold both. The uncertainty is a bound, without
 * the sensors' own accuracy.
 */
export class EnergyFold {
  private power: PowerIntegral;
  private reading = { time: -Infinity, value: NaN };
  private highest__W = -Infinity;
  /** What is added to the counter's values, because of restarts. */
  private offset__J = 0;
  /** Between the steps on both sides of restarts. */
  private bridges = NOTHING;
  private superseded: Step | undefined;
  private step: Step | undefined;
  private begun: Marks<Begin>;
  private stop: Edge | undefined;
  private closed = false;

  constructor(
    private readonly bounds: Bounds,
    private readonly limit: number,
  ) {
    this.power = new PowerIntegral(bounds, limit);
    this.begun = new Marks(bounds);
  }

  push(time: number, reading: EnergyReading): void {
    if (reading.limitStatus === STATUS.ok) this.power.allow(time, reading.limit__W);
    this.power.push(time, reading.power__W, reading.powerStatus);
    if (reading.counterStatus === STATUS.ok && !this.closed) this.read(time, reading.counter__J);
  }

  /** A window is no longer of the fold. */
  drop(start: number): void {
    this.power.drop(start);
    this.begun.drop(start);
  }

  /** For a fold of one of the windows. */
  fork(start: number, bounds: Bounds): EnergyFold {
    const fork = new EnergyFold(bounds, this.limit);
    fork.power = this.power.fork(start, bounds);
    fork.reading = this.reading;
    fork.highest__W = this.highest__W;
    fork.offset__J = this.offset__J;
    fork.bridges = this.bridges;
    fork.superseded = this.superseded;
    fork.step = this.step;
    fork.begun = this.begun.fork(start, bounds);
    return fork;
  }

  /** Undefined where neither tells of the window. */
  energy(): GpuEnergy | undefined {
    const [counter, power] = [this.byCounter(), this.power.energy()];
    if (!counter) return power && { ...power, method: 'integrated_power' };
    if (!power) return { ...counter, method: 'counter' };
    const apart__J = Math.abs(counter.energy__J - power.energy__J);
    const beyond__J = apart__J - counter.uncertainty__J - power.uncertainty__J;
    const isContradicted = beyond__J > SENSORS * Math.max(counter.energy__J, power.energy__J);
    if (isContradicted || power.uncertainty__J < counter.uncertainty__J)
      return { ...power, method: 'integrated_power' };
    if (beyond__J <= 0) return { ...counter, method: 'counter' };
    return { ...counter, uncertainty__J: apart__J + power.uncertainty__J, method: 'counter' };
  }

  /** The most power that is taken as possible: where none is told, the most between two steps. */
  private get top__W(): number {
    return this.power.top__W === -Infinity ? this.highest__W : this.power.top__W;
  }

  /** Undefined where no two steps tell of the window. */
  private byCounter(): Energy | undefined {
    const { step, top__W } = this;
    const { first } = this.begun;
    if (!first || !step || top__W === -Infinity) return undefined;
    const stop = this.stop ?? this.beyond(step, this.bounds.stop, this.power.at(this.bounds.stop));
    if (!this.stop && step === first.step) return undefined;
    const edges__J = uncertaintyAt(first.edge, top__W) + uncertaintyAt(stop, top__W);
    return {
      energy__J: stop.total__J - first.edge.total__J,
      uncertainty__J: edges__J + uncertaintyOf(plus(this.bridges, first.bridges, -1), top__W),
    };
  }

  private read(time: number, value: number): void {
    const before = this.reading;
    this.reading = { time, value };
    if (value === before.value) return;
    const doubt = Math.min(time - before.time, REFRESH) / 2;
    const step: Step = {
      time: time - doubt,
      doubt,
      total__J: value + this.offset__J,
      isFirst: Number.isNaN(before.value),
      integral: this.power.at(time - doubt),
    };
    if (this.isRestart(before, time, value)) this.restart(step);
    else if (this.supersedes(step)) this.supersede(step);
    else this.take(step, this.step);
  }

  private isRestart(before: { readonly time: number; readonly value: number }, time: number, value: number) {
    if (value < before.value) return true;
    const gap = time - before.time;
    return !Number.isNaN(before.value) && gap > this.limit && value <= (this.top__W * gap) / SECOND;
  }

  private restart(step: Step): void {
    const last = this.step;
    this.superseded = undefined;
    if (!last || !this.begun.first) {
      // Before any window: what was is of no concern.
      this.step = undefined;
      return this.take(step, undefined);
    }
    // The window ended between the two.
    if (step.time >= this.bounds.stop) return void (this.closed = true);
    const bridge = this.bridge(last, step);
    this.bridges = plus(this.bridges, bridge);
    const total__J = last.total__J + bridge.energy__J;
    this.offset__J += total__J - step.total__J;
    this.step = { ...step, total__J };
    this.begin(this.step, undefined);
  }

  /** What was drawn between the steps on both sides of a restart. */
  private bridge(a: Step, b: Step): Integral {
    const span__s = (b.time - a.time) / SECOND;
    const doubt__s = (a.doubt + b.doubt) / SECOND;
    if (a.integral && b.integral) {
      const told = withLag(b.integral.since(a.integral), span__s);
      return { ...told, loose__s: told.loose__s + doubt__s };
    }
    const gap__J = Math.max(0, this.highest__W) * span__s;
    return { ...NOTHING, energy__J: gap__J, gap__s: span__s, gap__J, loose__s: doubt__s };
  }

  /** A step that is known better than the stream's first, and follows at once, takes its place. */
  private supersedes(next: Step): boolean {
    const { step } = this;
    return (
      step !== undefined && step.isFirst && next.doubt < step.doubt && next.time - step.time <= 1.5 * REFRESH
    );
  }

  private supersede(step: Step): void {
    this.superseded = this.step;
    this.begun.clear();
    this.take(step, undefined);
  }

  private take(step: Step, before: Step | undefined): void {
    if (before) this.highest__W = Math.max(this.highest__W, slope__W(before, step));
    this.begin(step, before);
    this.step = step;
    if (!before || step.time < this.bounds.stop) return;
    this.stop = this.between(before, step, this.bounds.stop);
    this.closed = true;
  }

  /** Windows whose start the step has passed. */
  private begin(step: Step, before: Step | undefined): void {
    for (let next = this.begun.next; step.time >= next; next = this.begun.next)
      this.begun.pass({
        edge: this.startOf(next, step, before),
        step: before ?? step,
        bridges: this.bridges,
      });
  }

  private startOf(time: number, step: Step, before: Step | undefined): Edge {
    if (before && before.time <= time) return this.between(before, step, time);
    const edge = this.beyond(before ?? step, time, this.power.atStart(this.begun.passed));
    return { ...edge, steps: [...edge.steps, ...(this.superseded ? [this.superseded] : []), step] };
  }

  private between(a: Step, b: Step, time: number): Edge {
    const total__J = a.total__J + (slope__W(a, b) * (time - a.time)) / SECOND;
    return { time, total__J, steps: [a, b] };
  }

  /**
   * At an edge with steps on one side only: by the power between it and the nearest, else by the counter's slope.
   * @param integral by the power, up to the edge
   */
  private beyond(step: Step, time: number, integral: RunningIntegral | undefined): Edge {
    const beyond__J =
      step.integral && integral
        ? integral.since(step.integral).energy__J
        : (Math.max(0, this.highest__W) * (time - step.time)) / SECOND;
    return { time, total__J: step.total__J + beyond__J, steps: [step] };
  }
}
