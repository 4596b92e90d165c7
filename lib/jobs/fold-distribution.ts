// Values weighted by the time they held: mean, bounds and percentiles in bounded memory.

/** Distinct values kept exactly; beyond them the percentiles come from a histogram. */
const EXACT_VALUES = 256;

/**
 * A bucket is all doubles with the same sign, exponent and first seven bits of the mantissa: these bits are its key.
 * Its middle is within 2⁻⁸ of each of them.
 */
const KEY_SHIFT = 13;
const BITS = new DataView(new ArrayBuffer(8));
/** Smaller values, in size, count as zero. */
const LEAST = 2 ** -1000;

function keyOf(value: number): number {
  if (Math.abs(value) < LEAST) return 0;
  BITS.setFloat64(0, value);
  return BITS.getInt32(0) >> KEY_SHIFT;
}

function middleOf(key: number): number {
  if (key === 0) return 0;
  BITS.setInt32(0, (key << KEY_SHIFT) | (1 << (KEY_SHIFT - 1)));
  BITS.setInt32(4, 0);
  return BITS.getFloat64(0);
}

/**
 * A distribution of values by weight (nanoseconds). Mean, minimum and maximum are exact. Percentiles are exact up to
 * 256 distinct values; beyond, they are within 0.4 % of the exact one, zero and negative values too. Whole weights
 * that add up to less than 2⁵³ add exactly, so percentiles do not depend on any order.
 */
export class Distribution {
  total = 0;
  min = Infinity;
  max = -Infinity;
  private sum = 0;
  private exact = true;
  /** Values, or keys of buckets, to their places in `weights`: apart, because numbers in a Map's values are boxed. */
  private places = new Map<number, number>();
  private weights: number[] = [];

  /** A weight of zero leaves no trace. */
  add(value: number, weight: number): void {
    if (weight <= 0) return;
    this.total += weight;
    this.sum += value * weight;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.weigh(this.exact ? value : keyOf(value), weight);
    if (this.exact && this.weights.length > EXACT_VALUES) this.coarsen();
  }

  /** NaN where nothing was added, as for `percentile`. */
  get mean(): number {
    return this.clamp(this.sum / this.total);
  }

  /** The smallest value that at least this share of the time did not exceed; `share` is above 0, up to 1. */
  percentile(share: number): number {
    const wanted = share * this.total;
    let reached = 0;
    for (const [value, weight] of this.weighted().sort(([a], [b]) => a - b)) {
      reached += weight;
      if (reached >= wanted) return this.clamp(value);
    }
    return this.total > 0 ? this.max : NaN;
  }

  private weigh(key: number, weight: number): void {
    const place = this.places.get(key);
    if (place === undefined) {
      this.places.set(key, this.weights.length);
      this.weights.push(weight);
    } else {
      this.weights[place] = (this.weights[place] ?? 0) + weight;
    }
  }

  private weighted(): [value: number, weight: number][] {
    return [...this.places].map(([key, place]) => [
      this.exact ? key : middleOf(key),
      this.weights[place] ?? 0,
    ]);
  }

  private coarsen(): void {
    const values = this.weighted();
    this.exact = false;
    this.places = new Map();
    this.weights = [];
    for (const [value, weight] of values) this.weigh(keyOf(value), weight);
  }

  /** Rounding and bucket middles must not leave the range that was seen. */
  private clamp(value: number): number {
    return Math.min(Math.max(value, this.min), this.max);
  }
}
