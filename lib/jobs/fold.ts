// The fold of batches into a summary of one window: pure, so that a replayed recording gives the same answer.
import type { Instance } from '../catalog';
import { newestOf } from '../sampling/batch';
import type { FoldInput } from './fold-subjects';
import { WindowFold, type Folded, type WindowOptions } from './fold-window';

/** While the window is open, rows this new (ns) wait: the window may turn out to have ended before them. */
const HELD_BACK = 1_000_000_000n;
/** And so do the newest batches, so that news of the end has a turn of the event loop to arrive. */
const BATCHES_HELD_BACK = 2;

/**
 * Folds a stream of batches over `[start, stop)`. Push the batches in their order, from the last reading before the
 * start, if there is one, to the first after the stop: both sharpen the edges. How batches are cut changes nothing.
 * Several folds may follow one stream, for windows that nest or overlap.
 */
export class SummaryFold {
  /** Time of the newest row that was pushed, in monotonic nanoseconds; 0 before the first. */
  newest__ns = 0n;
  private readonly window: WindowFold;
  private readonly waiting: { readonly batch: FoldInput; readonly newest__ns: bigint }[] = [];

  constructor(options: WindowOptions) {
    this.window = new WindowFold(options);
  }

  get start__ns(): bigint {
    return this.window.options.start__ns;
  }

  /** Instances that are kept in mind. */
  get instanceNum(): number {
    return this.window.subjects.size;
  }

  push(batch: FoldInput): void {
    const newest__ns = newestOf(batch);
    if (newest__ns > this.newest__ns) this.newest__ns = newest__ns;
    this.waiting.push({ batch, newest__ns });
    this.settle();
  }

  /**
   * Ends the window and gives its end. That is `stop__ns`, unless the news comes so late (a second, and two batches)
   * that later rows are folded already: then it is the time of the last of those.
   * @throws ERR_OPTION where it lies before the window's start · ERR_STATE where the window has ended
   */
  close(stop__ns: bigint): bigint {
    const end__ns = this.window.close(stop__ns);
    this.settle();
    return end__ns;
  }

  /**
   * The window's summary from what was pushed.
   * @param cores logical CPUs, for shares of all of them, where the batches have none
   * @param only of what was folded, what the summary shall tell
   * @throws ERR_STATE where the window is open
   */
  result(cores: number, only?: (instance: Instance) => boolean): Folded {
    return this.window.result(cores, only);
  }

  private settle(): void {
    for (let next = this.waiting[0]; next && this.isSettled(next.newest__ns); next = this.waiting[0]) {
      this.waiting.shift();
      this.window.push(next.batch);
    }
  }

  private isSettled(time__ns: bigint): boolean {
    if (this.window.isClosed) return true;
    return this.waiting.length > BATCHES_HELD_BACK && time__ns < this.newest__ns - HELD_BACK;
  }
}
