// The folds that windows share. The interval that a job asks for says how long a reading holds; so that a thousand jobs
// with as many intervals share a few folds, it is told in steps.
import { SharedFold, type SharedWindow, type SharedWindowOptions } from '../jobs/fold-shared';
import type { FoldInput } from '../jobs/fold-subjects';

/** Readings beside a window that sharpen its edges, in intervals. */
const MARGIN = 3n;
/** 1, 2 and 5 of each power of ten, from 1 ms on. What is asked for is mostly one. */
const STEPS__NS = [1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12].flatMap((power) => [power, 2 * power, 5 * power]);

export class SharedFolds {
  private readonly folds = new Map<number, SharedFold>();

  /**
   * @param interval__ns 1 ms to 1 h
   * @param before the batch before, if there was one
   */
  open(interval__ns: number, options: SharedWindowOptions, before?: FoldInput): SharedWindow {
    for (const [step, fold] of this.folds) if (fold.isIdle) this.folds.delete(step);
    const step__ns = STEPS__NS.find((step) => step >= interval__ns) ?? interval__ns;
    const fold =
      this.folds.get(step__ns) ??
      new SharedFold({ interval__ns: step__ns, margin__ns: MARGIN * BigInt(step__ns) });
    this.folds.set(step__ns, fold);
    return fold.open(options, before);
  }

  push(batch: FoldInput): void {
    for (const fold of this.folds.values()) fold.push(batch);
  }
}
