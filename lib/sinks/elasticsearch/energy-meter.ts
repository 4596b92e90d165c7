// How far the energy counter of each GPU has risen since the document before, so that sums of documents are energies.

/** A counter as it was read last. */
export interface MeterReading {
  readonly total__J: number;
  /** Nanoseconds since the recording's start. */
  readonly time: number;
}

/** By the GPU's UUID. */
export type MeterReadings = Readonly<Record<string, MeterReading>>;

/** Joules since the reading before. */
export interface Drawn {
  readonly energy__J: number;
  /** Of them, those from before its jobs were what they are, as if power had been even. */
  readonly before__J: number;
}

/** Fields of a GPU's documents. */
export const DRAWN = 'energy_drawn__J';
export const BEFORE = 'energy_before__J';

export class EnergyMeter {
  private readonly latest: Map<string, MeterReading>;
  private origin__ns: bigint | undefined;

  constructor(readings: MeterReadings = {}) {
    this.latest = new Map(Object.entries(readings));
  }

  /** What it is to be made with to go on from here. */
  get readings(): MeterReadings {
    return Object.fromEntries(this.latest);
  }

  /**
   * Undefined where there was no reading before, or the difference is beyond all numbers. A counter that fell
   * began at zero since: what it shows was drawn.
   * @param from since when the GPU has the jobs that it has now, on the same scale as the time
   */
  read(uuid: string, reading: MeterReading, from: number): Drawn | undefined {
    const before = this.latest.get(uuid);
    this.latest.set(uuid, reading);
    if (!before) return undefined;
    const { total__J, time } = reading;
    const energy__J = total__J < before.total__J ? total__J : total__J - before.total__J;
    const isChanged = before.time < from && from <= time;
    if (!Number.isFinite(energy__J)) return undefined;
    const share = isChanged ? (from - before.time) / (time - before.time) : 0;
    return { energy__J, before__J: share * energy__J };
  }

  /** Nanoseconds since the first time that was asked for, exact for 104 days. */
  relative(time__ns: bigint): number {
    this.origin__ns ??= time__ns;
    return Number(time__ns - this.origin__ns);
  }
}

/** Counters step by millijoules: what a difference has below that is rounding. Doubles beyond 2^33 have no such digits. */
export const rounded = (energy__J: number): number =>
  Math.abs(energy__J) < 2 ** 33 ? Math.round(energy__J * 1e6) / 1e6 : energy__J;

/** Of the `meters` of a position from JSON. A cursor of 0.1 has none. */
export function parseReadings(position: unknown): MeterReadings {
  const meters = isObject(position) ? position['meters'] : undefined;
  if (!isObject(meters)) return {};
  return Object.fromEntries(
    Object.entries(meters).flatMap(([uuid, one]) => {
      const { total__J, time } = isObject(one) ? one : {};
      return typeof total__J === 'number' && typeof time === 'number' ? [[uuid, { total__J, time }]] : [];
    }),
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
