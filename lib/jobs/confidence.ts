// A mean of ratios with the interval that holds the truth in 95 of 100 repetitions. Pure.

export interface Ratio {
  /** Geometric mean. */
  readonly mean: number;
  /** Ends of the 95 % confidence interval: of the logarithms' mean, by Student's t. */
  readonly low: number;
  readonly high: number;
}

/** 97.5 % points of Student's t for 1 to 5 degrees of freedom, where the series below is too rough. */
const FEW: readonly number[] = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706];
const NORMAL = 1.959964;

/**
 * The 97.5 % point of Student's t, to 0.1 %: the normal's, widened by the Cornish-Fisher series in 1/n
 * (Abramowitz and Stegun, 26.7.5).
 */
export function studentT(degrees: number): number {
  const exact = FEW[degrees - 1];
  if (exact !== undefined) return exact;
  const z = NORMAL;
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  );
}

/** Of at least two positive ratios, each of one pair of runs. */
export function ratioOf(ratios: readonly number[]): Ratio {
  const logs = ratios.map(Math.log);
  const count = logs.length;
  const mean = logs.reduce((sum, log) => sum + log, 0) / count;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (count - 1);
  const half = studentT(count - 1) * Math.sqrt(variance / count);
  return { mean: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}
