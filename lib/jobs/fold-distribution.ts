// Values weighted by the time they held: mean, bounds and percentiles in bounded memory.
import { ExactSum } from './exact-sum';

/** Distinct values kept exactly; beyond them the percentiles come from a histogram. */
const EXACT_VALUES = 256;

/**
 * A bucket is all doubles with the same sign, exponent and first seven bits of the mantissa. Its middle, within 2⁻⁸ of
 * each of them, stands for them.
 */
const KEY_SHIFT = 13;
const BITS = new DataView(new ArrayBuffer(8));
/** Smaller values, in size, count as zero. */
const LEAST = 2 ** -1000;

function middleOf(value: number): number {
  if (Math.abs(value) < LEAST) return 0;
  BITS.setFloat64(0, value);
  BITS.setInt32(0, ((BITS.getInt32(0) >> KEY_SHIFT) << KEY_SHIFT) | (1 << (KEY_SHIFT - 1)));
  BITS.setInt32(4, 0);
  return BITS.getFloat64(0);
}

/** What buckets do not tell. */
interface Beyond {
  min: number;
  max: number;
  readonly sum: ExactSum;
}

/**
 * A distribution of values by weight (nanoseconds). Mean, minimum and maximum are exact. Percentiles are exact up to
 * 256 distinct values; beyond, they are within 0.4 % of the exact one, zero and negative values too. Whole weights
 * that add up to less than 2⁵³ add exactly, so that nothing depends on the order, nor on what was merged of parts.
 */
export class Distribution {
  /** Ascending: values, or the middles of buckets. Two plain arrays, for an empty one is small. */
  private values: number[] = [];
  private weights: number[] = [];
  private beyond: Beyond | undefined;

  /** @param exactValues distinct values that are kept exactly */
  constructor(private readonly exactValues = EXACT_VALUES) {}

  /** Sum of all weights. */
  get total(): number {
    return this.weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** Infinity where nothing was added. */
  get min(): number {
    return this.beyond?.min ?? this.values[0] ?? Infinity;
  }

  /** -Infinity where nothing was added. */
  get max(): number {
    return this.beyond?.max ?? this.values.at(-1) ?? -Infinity;
  }

  /** NaN where nothing was added, as for `percentile`. */
  get mean(): number {
    const sum = this.beyond?.sum ?? this.sumOf();
    return this.clamp(sum.value / this.total);
  }

  /** Each value, ascending, with its weight. */
  get weighted(): readonly (readonly [value: number, weight: number])[] {
    return this.values.map((value, place) => [value, this.weights[place] ?? 0]);
  }

  /** A weight of zero leaves no trace. */
  add(value: number, weight: number): void {
    if (weight <= 0) return;
    const { beyond } = this;
    if (!beyond) return this.weigh(value, weight);
    beyond.min = Math.min(beyond.min, value);
    beyond.max = Math.max(beyond.max, value);
    beyond.sum.add(value, weight);
    this.weigh(middleOf(value), weight);
  }

  /** Adds all of another. */
  merge(other: Distribution): void {
    const { values, weights } = other;
    const beyond = other.beyond && (this.beyond ?? this.coarsen());
    if (beyond && other.beyond) {
      beyond.min = Math.min(beyond.min, other.beyond.min);
      beyond.max = Math.max(beyond.max, other.beyond.max);
      beyond.sum.merge(other.beyond.sum);
    }
    for (let place = 0; place < values.length; place++) {
      const [value, weight] = [values[place] ?? 0, weights[place] ?? 0];
      // Middles of buckets are told already.
      if (beyond) this.weigh(value, weight);
      else this.add(value, weight);
    }
  }

  /** Another with all that this one has. */
  copy(): Distribution {
    const copy = new Distribution(this.exactValues);
    copy.values = this.values.slice();
    copy.weights = this.weights.slice();
    if (!this.beyond) return copy;
    copy.beyond = { ...this.beyond, sum: new ExactSum() };
    copy.beyond.sum.merge(this.beyond.sum);
    return copy;
  }

  /** Gives back memory that was kept for more: nothing is likely to be added. */
  trim(): void {
    this.values = this.values.slice();
    this.weights = this.weights.slice();
  }

  /** The smallest value that at least this share of the time did not exceed; `share` is above 0, up to 1. */
  percentile(share: number): number {
    const wanted = share * this.total;
    let reached = 0;
    for (const [place, weight] of this.weights.entries()) {
      reached += weight;
      if (reached >= wanted) return this.clamp(this.values[place] ?? NaN);
    }
    return this.weights.length > 0 ? this.max : NaN;
  }

  private weigh(value: number, weight: number): void {
    const { values, weights } = this;
    const place = this.placeOf(value);
    if (values[place] === value) {
      weights[place] = (weights[place] ?? 0) + weight;
      return;
    }
    values.splice(place, 0, value);
    weights.splice(place, 0, weight);
    if (!this.beyond && values.length > this.exactValues) this.coarsen();
  }

  /** Of the first value that is not less. */
  private placeOf(value: number): number {
    let [from, to] = [0, this.values.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.values[middle] ?? 0) < value) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private sumOf(): ExactSum {
    const sum = new ExactSum();
    for (const [value, weight] of this.weighted) sum.add(value, weight);
    return sum;
  }

  private coarsen(): Beyond {
    const { weighted } = this;
    const beyond = (this.beyond = { min: this.min, max: this.max, sum: this.sumOf() });
    this.values = [];
    this.weights = [];
    for (const [value, weight] of weighted) this.weigh(middleOf(value), weight);
    return beyond;
  }

  /** Rounding and bucket middles must not leave the range that was seen. */
  private clamp(value: number): number {
    return Math.min(Math.max(value, this.min), this.max);
  }
}
