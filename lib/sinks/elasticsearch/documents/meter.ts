// What happened between a document and the one before of the same thing, so that sums of documents are energies, and means
// can be weighted by time.
import { HOLD_PERIODS, type Entity, type Instance } from '../../../catalog';
import { isObject } from '../../../recording/position';

/** When a GPU or a host was read last, and the energy counter as it was read last. */
export interface MeterReading {
  /** Nanoseconds since the recording's start, as all times here. */
  readonly time: number;
  /** From one reading to the next, as asked for then, or as it took, where that was longer. */
  readonly period: number;
  readonly energy?: EnergyReading;
}

interface EnergyReading {
  readonly total__J: number;
  readonly time: number;
}

/** By the GPU's UUID; of a host by ''. */
export type MeterReadings = Readonly<Record<string, MeterReading>>;

/** Of each metered entity. */
export type Meters = Readonly<Partial<Record<Entity, MeterReadings>>>;

/** Joules since the reading before. */
export interface Drawn {
  readonly energy__J: number;
  /** Of them, those from before the first of its jobs had it, as if power had been even. */
  readonly before__J: number;
}

/** What a reading tells of the time since the one before. */
export interface Measured {
  /** Nanoseconds of it that the reading stands for. */
  readonly span: number;
  readonly drawn?: Drawn;
}

/** Fields of documents. */
export const SAMPLED = 'sampled__s';
/** Of GPUs' alone. */
export const DRAWN = 'energy_drawn__J';
export const BEFORE = 'energy_before__J';

export const isMetered = (entity: Entity): boolean => entity === 'gpu' || entity === 'host';

const keyOf = ({ entity, identity }: Instance): string => (entity === 'gpu' ? identity.uuid : '');

/**
 * Nanoseconds that a reading may stand for. A host's are rates, which were made over all the time since the reading before;
 * a GPU's say nothing of a time in which nobody read.
 */
const standsFor = (entity: Entity, period: number): number =>
  entity === 'gpu' ? HOLD_PERIODS * period : Infinity;

export class Meter {
  private readonly latest: Map<string, MeterReading>;
  private origin__ns: bigint | undefined;

  /** @param interval__ns from one reading to the next, as asked for; set it anew where that changes */
  constructor(
    public interval__ns: number,
    readings: MeterReadings = {},
  ) {
    this.latest = new Map(Object.entries(readings));
  }

  /** What it is to be made with to go on from here. */
  get readings(): MeterReadings {
    return Object.fromEntries(this.latest);
  }

  /**
   * Undefined where there was no reading before.
   * @param total__J the energy counter; NaN where it was not read
   * @param since when the first of its jobs had it; -Infinity where it has none
   */
  read(instance: Instance, time: number, total__J: number, since: number): Measured | undefined {
    const key = keyOf(instance);
    const before = this.latest.get(key);
    // Finite: neither missing nor beyond all numbers.
    const energy = total__J - total__J === 0 ? { total__J, time } : undefined;
    const kept = energy ?? before?.energy;
    const { interval__ns } = this;
    const period = before ? Math.max(interval__ns, time - before.time) : interval__ns;
    this.latest.set(key, { time, period, ...(kept && { energy: kept }) });
    if (!before) return undefined;
    const longest = standsFor(instance.entity, Math.max(interval__ns, before.period));
    const span = Math.max(0, Math.min(longest, time - Math.max(before.time, since)));
    const drawn = energy && before.energy && drawnBetween(before.energy, energy, since);
    return { span, ...(drawn && { drawn }) };
  }

  /** Nanoseconds since the first time that was asked for, exact for 104 days. */
  relative(time__ns: bigint): number {
    this.origin__ns ??= time__ns;
    return Number(time__ns - this.origin__ns);
  }
}

/**
 * Undefined where the difference is beyond all numbers. A counter that fell began at zero since: what it shows was
 * drawn.
 */
function drawnBetween(before: EnergyReading, now: EnergyReading, since: number): Drawn | undefined {
  const energy__J = now.total__J < before.total__J ? now.total__J : now.total__J - before.total__J;
  if (!Number.isFinite(energy__J)) return undefined;
  const isBegun = before.time < since && since <= now.time;
  const share = isBegun ? (since - before.time) / (now.time - before.time) : 0;
  return { energy__J, before__J: share * energy__J };
}

/** What is told of several readings that follow each other. */
export function together(one: Measured | undefined, other: Measured | undefined): Measured | undefined {
  if (!one || !other) return one ?? other;
  const drawn = [one.drawn, other.drawn].flatMap((each) => each ?? []);
  return {
    span: one.span + other.span,
    ...(drawn.length > 0 && {
      drawn: {
        energy__J: drawn.reduce((sum, { energy__J }) => sum + energy__J, 0),
        before__J: drawn.reduce((sum, { before__J }) => sum + before__J, 0),
      },
    }),
  };
}

/** Its fields, in their order. */
export function measuredFields({ span, drawn }: Measured): Readonly<Record<string, number>> {
  const sampled__s = Math.round(span / 1e3) / 1e6;
  return {
    ...(sampled__s > 0 && { [SAMPLED]: sampled__s }),
    ...(drawn && { [DRAWN]: rounded(drawn.energy__J) }),
    ...(drawn && drawn.before__J > 0 && { [BEFORE]: rounded(drawn.before__J) }),
  };
}

/** Counters step by millijoules: what a difference has below that is rounding. Doubles beyond 2^33 have no such digits. */
const rounded = (energy__J: number): number =>
  Math.abs(energy__J) < 2 ** 33 ? Math.round(energy__J * 1e6) / 1e6 : energy__J;

/** Of the `meters` of a position from JSON. A cursor of 0.1 has none. */
export function parseMeters(position: unknown): Meters {
  const meters = isObject(position) ? position['meters'] : undefined;
  if (!isObject(meters)) return {};
  return { gpu: parseReadings(meters['gpu']), host: parseReadings(meters['host']) };
}

function parseReadings(value: unknown): MeterReadings {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      const { time, period = 0, energy } = isObject(one) ? one : {};
      if (typeof time !== 'number' || typeof period !== 'number') return [];
      const read = isObject(energy) ? energy : {};
      const [total__J, at] = [read['total__J'], read['time']];
      const isTold = typeof total__J === 'number' && typeof at === 'number';
      return [[key, { time, period, ...(isTold && { energy: { total__J, time: at } }) }]];
    }),
  );
}
