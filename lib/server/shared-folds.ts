// The folds that windows share: one for each interval that jobs ask for, as it says how long a reading holds.
import { SharedFold, type SharedWindow, type SharedWindowOptions } from '../jobs/fold-shared';
import type { FoldInput } from '../jobs/fold-subjects';

/** Readings beside a window that sharpen its edges, in intervals. */
const MARGIN = 3n;

export class SharedFolds {
  private readonly folds = new Map<number, SharedFold>();

  /** @param before the batch before, if there was one */
  open(interval__ns: number, options: SharedWindowOptions, before?: FoldInput): SharedWindow {
    for (const [interval, fold] of this.folds) if (fold.isIdle) this.folds.delete(interval);
    const fold =
      this.folds.get(interval__ns) ??
      new SharedFold({ interval__ns, margin__ns: MARGIN * BigInt(interval__ns) });
    this.folds.set(interval__ns, fold);
    return fold.open(options, before);
  }

  push(batch: FoldInput): void {
    for (const fold of this.folds.values()) fold.push(batch);
  }
}
