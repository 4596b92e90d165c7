// Rounds of two or more contestants in turn, so that what disturbs the machine disturbs all of them.

export interface Spread {
  readonly median: number;
  readonly range: readonly [number, number];
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  return { median, range: [at(0), at(sorted.length - 1)] };
}

/** The spread of a quantity that is made of both sides of each round. */
export function compare<A, B>(pairs: readonly (readonly [A, B])[], quantity: (a: A, b: B) => number): Spread {
  return spreadOf(pairs.map(([a, b]) => quantity(a, b)));
}

/** ABAB…: each round runs `a`, then `b`. */
export async function interleave<A, B>(
  rounds: number,
  a: () => Promise<A> | A,
  b: () => Promise<B> | B,
): Promise<readonly (readonly [A, B])[]> {
  const pairs: (readonly [A, B])[] = [];
  for (let round = 0; round < rounds; round++) pairs.push([await a(), await b()]);
  return pairs;
}

/** Rounds or seconds scaled by the effort, at least one. */
export const scaled = (amount: number, effort: number): number => Math.max(1, Math.round(amount * effort));
