// Whether a peer's value is one that nvpulse read, too. Values move meanwhile, so nvpulse reads before the peer does,
// while it does, and afterwards. Pure.
//
// - counter: lies between the first and the last reading, since it never falls.
// - state, and a gauge that the driver holds between two refreshes: is one of the values read. So is a constant.
// - gauge that was new at every reading: lies between the lowest and the highest, give or take the largest step
//   between two readings, since it moved between them, too.
// - Where the peer cuts digits that nvpulse has, it may be off by one of its last digit.
import type { AbsentState, Kind } from 'nvpulse';
import type { Answer } from './peer';

export type Verdict = 'equal' | 'differs' | 'not comparable';

/** What nvpulse read once. */
export type Own = { readonly value: number } | { readonly state: AbsentState; readonly reason: string };

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
  /** Of nvpulse's readings; absent where none had a value, or there was none to compare. */
  readonly own?: { readonly min: number; readonly max: number; readonly readings: number };
  readonly theirs?: number;
  /** By how much `theirs` may be off. */
  readonly tolerance?: number;
}

/** States of a moment: what nvpulse could not read then, another may well have. */
const PASSING: ReadonlySet<AbsentState> = new Set(['transient', 'stalled', 'gone']);

/** Of a double, relative: the same decimal fraction comes in two ways. */
const ROUNDING = 1e-12;

/** @param readings of nvpulse, in order, around the peer's */
export function judge(kind: Kind, readings: readonly Own[], theirs: Answer): Judgement {
  const values = readings.flatMap((reading) => ('value' in reading ? [reading.value] : []));
  const missing = readings.find((reading) => 'state' in reading);
  if ('failed' in theirs) return { verdict: 'not comparable', reason: theirs.failed };
  if (values.length > 0) return judgeValues(kind, values, theirs);
  if (!missing) return { verdict: 'not comparable', reason: 'nvpulse got no reading of this GPU in time' };
  const own = `nvpulse: ${missing.state}, ${missing.reason}`;
  if ('none' in theirs)
    return { verdict: 'equal', reason: `neither has a value (${own}; theirs: ${theirs.none})` };
  const verdict = PASSING.has(missing.state) ? 'not comparable' : 'differs';
  return { verdict, reason: `only they have a value (${own})`, theirs: theirs.value };
}

function judgeValues(
  kind: Kind,
  values: readonly number[],
  theirs: Exclude<Answer, { readonly failed: string }>,
): Judgement {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const own = { min, max, readings: values.length };
  if ('none' in theirs)
    return { verdict: 'differs', reason: `only nvpulse has a value (theirs: ${theirs.none})`, own };
  const { value, resolution } = theirs;
  const moving = kind === 'counter' || (kind === 'gauge' && isMoving(values));
  const away = moving
    ? Math.max(0, min - value, value - max)
    : Math.min(...values.map((reading) => Math.abs(value - reading)));
  const tolerance = (moving && kind === 'gauge' ? largestStep(values) : 0) + cut(values, resolution);
  const equal = away <= tolerance + ROUNDING * Math.abs(value);
  const off = `theirs is ${Number(away.toPrecision(6))} away from what nvpulse read; ${tolerance} is allowed`;
  return { verdict: equal ? 'equal' : 'differs', reason: equal ? '' : off, own, theirs: value, tolerance };
}

/** Two readings or more, each another than the one before. */
const isMoving = (values: readonly number[]): boolean =>
  values.length > 1 && values.every((value, at) => value !== values[at - 1]);

function largestStep(values: readonly number[]): number {
  return values.reduce((step, value, at) => Math.max(step, Math.abs(value - (values[at - 1] ?? value))), 0);
}

/** `resolution` where some value has digits beyond it, else 0. */
function cut(values: readonly number[], resolution: number): number {
  const whole = (value: number): boolean =>
    Math.abs(value - Math.round(value / resolution) * resolution) < 1e-9;
  return resolution === 0 || values.every(whole) ? 0 : resolution;
}
