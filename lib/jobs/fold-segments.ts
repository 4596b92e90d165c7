// What a series weighed, apart for each start of a window: windows that overlap share what they have in common.
import type { Bounds } from './fold-bounds';
import { Distribution } from './fold-distribution';

/**
 * Weights from each start to the next. A stretch that reaches over starts is divided there. What was weighed before
 * the first start, or after the stop, is of no window.
 */
export class Segments {
  /** From a start that was passed to the next one, which was passed too. */
  private readonly sealed: Distribution[] = [];
  /** From the start that was passed last. */
  private open: Distribution;

  /** @param make an empty distribution */
  constructor(
    private readonly bounds: Bounds,
    private readonly make: () => Distribution = () => new Distribution(),
  ) {
    this.open = make();
  }

  /** Of the window, once it is one window's. */
  get whole(): Distribution {
    return this.open;
  }

  /** A value from a time to another; stretches come in their order. */
  add(value: number, from: number, to: number): void {
    const { starts, stop } = this.bounds;
    const end = Math.min(to, stop);
    let begin = Math.max(from, starts[0] ?? Infinity);
    for (let next = this.next; next < end; next = this.next) {
      if (next > begin) {
        this.open.add(value, next - begin);
        begin = next;
      }
      this.open.trim();
      this.sealed.push(this.open);
      this.open = this.make();
    }
    if (end > begin) this.open.add(value, end - begin);
  }

  /** A window is no longer of the fold: what is from its start on belongs to the one before, if there is one. */
  drop(at: number): void {
    const before = this.sealed[at - 1];
    const [dropped] = this.sealed.splice(at, 1);
    if (dropped) {
      before?.merge(dropped);
      before?.trim();
    } else if (at === this.sealed.length) {
      this.sealed.pop();
      if (before) this.open.merge(before);
      else this.open = this.make();
    }
  }

  /** For a fold of one of the windows: all from its start on. */
  fork(at: number, bounds: Bounds): Segments {
    const fork = new Segments(bounds, this.make);
    if (at > this.sealed.length) return fork;
    // The parts of windows that started together are small, and the last is long.
    fork.open = this.open.copy();
    for (const part of this.sealed.slice(at)) fork.open.merge(part);
    return fork;
  }

  private get next(): number {
    return this.bounds.starts[this.sealed.length + 1] ?? Infinity;
  }
}
