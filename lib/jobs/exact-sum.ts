// A sum of products in twice the precision of a double, so that its value does not depend on the order. Pure.

/** Dekker's: cuts a double into two halves of 26 bits. */
const CUT = 2 ** 27 + 1;

/** The product's rounding error; factors are below 2⁹⁹⁶ in size. */
function errorOf(a: number, b: number, product: number): number {
  const [cutA, cutB] = [a * CUT, b * CUT];
  const [highA, highB] = [cutA - (cutA - a), cutB - (cutB - b)];
  const [lowA, lowB] = [a - highA, b - highB];
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

export class ExactSum {
  private high = 0;
  private low = 0;

  get value(): number {
    return this.high + this.low;
  }

  /** Adds a product. */
  add(a: number, b: number): void {
    const product = a * b;
    this.plus(product, errorOf(a, b, product));
  }

  merge({ high, low }: ExactSum): void {
    this.plus(high, low);
  }

  /** What it is more than another. */
  minus({ high, low }: ExactSum): number {
    return this.high - high + (this.low - low);
  }

  private plus(high: number, low: number): void {
    const sum = this.high + high;
    const part = sum - this.high;
    this.low += this.high - (sum - part) + (high - part) + low;
    this.high = sum;
  }
}
