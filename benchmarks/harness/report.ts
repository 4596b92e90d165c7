// What a case reports: figures, most of them with a limit that they must keep.

/** What a figure must be: at most, or at least. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  /** What was measured, in words that stand in the table. */
  readonly what: string;
  /** The median where there were rounds. */
  readonly value: number;
  readonly unit: string;
  /** Lowest and highest round. */
  readonly spread?: readonly [number, number];
  /** Without one, the figure is shown only. */
  readonly limit?: Limit;
  /** What a reader must know; the reason of a miss where it is known. */
  readonly note?: string;
}

/** Something that could not be measured here, and why. */
export interface Absent {
  readonly what: string;
  readonly absent: string;
}

export type Finding = Figure | Absent;

export interface CaseOptions {
  /** Multiplies rounds and durations; below 1 for a quick look, whose figures are not kept. */
  readonly effort: number;
}

/** Each file of benchmarks/ exports one as `benchmark`. */
export interface Benchmark {
  readonly title: string;
  run(options: CaseOptions): Promise<readonly Finding[]>;
}

export function isMet({ value, limit }: Figure): boolean {
  if (!limit) return true;
  return 'atMost' in limit ? value <= limit.atMost : value >= limit.atLeast;
}
