// Many windows over one stream: what the machine did is folded once for all that are open, however many they are. A
// window that ends takes what it shared with it, and goes on alone until its summary.
import type { Instance } from '../catalog';
import { newestOf, type Table } from '../sampling/batch';
import { machineTables, sliceBefore, sliceFrom, sliceLast, tablesByJob } from './batch-slice';
import { Subjects, type FoldInput } from './fold-subjects';
import { WindowFold, type Folded } from './fold-window';

export interface SharedOptions {
  /** Of all its windows, in nanoseconds. */
  readonly interval__ns: number;
  /** Readings this near to a window sharpen its edges, in nanoseconds. */
  readonly margin__ns: bigint;
}

export interface SharedWindowOptions {
  /** Start of the window, in monotonic nanoseconds: no row of this time or later was pushed yet. */
  readonly start__ns: bigint;
  /** End of the window, where it is known from the outset. */
  readonly stop__ns?: bigint;
  /** The job whose rows of job, process and gpu_process count. */
  readonly job: string;
}

/** What windows share while they are open. */
interface Machine {
  readonly subjects: Subjects;
  readonly origin__ns: bigint;
  newest__ns: bigint;
}

export class SharedWindow {
  readonly fold: WindowFold;
  /** Time from which readings tell of the window, by the fold's clock. */
  readonly from: number;
  /** A batch came while it was open. */
  followed = false;
  private after__ns = 0n;
  private readonly from__ns: bigint;

  /** What was read shortly before it, until a batch comes. */
  before: FoldInput | undefined;
  /** End of the window, where it is known before rows reach it. */
  stop__ns: bigint | undefined;

  constructor(
    readonly options: SharedWindowOptions,
    before: FoldInput | undefined,
    private readonly owner: SharedFold,
    origin__ns: bigint,
  ) {
    const { start__ns, stop__ns, job } = options;
    const { interval__ns, margin__ns } = owner.options;
    this.stop__ns = stop__ns;
    this.fold = new WindowFold({ start__ns, job, interval__ns }, origin__ns);
    this.from__ns = start__ns - margin__ns;
    this.from = this.fold.subjects.relative(this.from__ns);
    this.before = before && { ...this.near(before), droppedRows: 0 };
  }

  /**
   * Ends the window and gives its end: `stop__ns`, unless later rows were pushed already.
   * @throws ERR_OPTION where it lies before the window's start · ERR_STATE where the window has ended
   */
  close(stop__ns: bigint): bigint {
    const { start__ns } = this.options;
    if (!this.followed && this.stop__ns === undefined && stop__ns >= start__ns) {
      // Its rows are still to come, maybe those of hours.
      this.stop__ns = stop__ns;
      return stop__ns;
    }
    const end__ns = this.owner.close(this, stop__ns);
    this.after__ns = end__ns + this.owner.options.margin__ns;
    return end__ns;
  }

  /** It takes no more batches: it has ended, or ends now where rows have not come so far. */
  seal(): void {
    if (this.stop__ns !== undefined && !this.fold.isClosed) this.close(this.stop__ns);
    this.owner.seal(this);
  }

  /** The window's summary from what was pushed. @throws ERR_STATE where it is open */
  result(cores: number, only?: (instance: Instance) => boolean): Folded {
    return this.fold.result(cores, only);
  }

  /** What is its job's own, while it is open. */
  follow({ instances, droppedRows }: FoldInput, byJob: ReadonlyMap<string, readonly Table[]>): void {
    this.followed = true;
    this.fold.push({ tables: byJob.get(this.options.job) ?? [], instances, droppedRows });
  }

  /** All there is, once it has ended. */
  push(batch: FoldInput): void {
    const { fold, after__ns } = this;
    const slice = this.followed ? batch : this.near(batch);
    fold.push(sliceBefore(slice, after__ns));
    // Long after the window only the reading that was asked for counts: it is the last, and has every metric.
    fold.push(sliceLast(slice, this.owner.options.margin__ns, after__ns));
  }

  /** The part of a batch that is not too long before it. */
  private near(batch: FoldInput): FoldInput {
    return sliceFrom(batch, this.from__ns);
  }
}

/**
 * Batches in their order. Windows are opened and closed as they come; where an end is known before, the window ends
 * when rows reach it.
 */
export class SharedFold {
  /** On the clock of `machine`. */
  private readonly starts: number[] = [];
  private machine: Machine | undefined;
  private readonly running = new Set<SharedWindow>();
  private readonly ending = new Set<SharedWindow>();

  constructor(readonly options: SharedOptions) {}

  /** It has no window. */
  get isIdle(): boolean {
    return this.running.size + this.ending.size === 0;
  }

  /** @param before the batch before, if there was one */
  open(options: SharedWindowOptions, before?: FoldInput): SharedWindow {
    const origin__ns = this.machine?.origin__ns ?? options.start__ns;
    const window = new SharedWindow(options, before, this, origin__ns);
    this.machine ??= this.newMachine(origin__ns, window.before);
    const start = this.machine.subjects.relative(options.start__ns);
    const at = this.starts.findIndex((other) => other >= start);
    if (this.starts[at] !== start) this.starts.splice(at < 0 ? this.starts.length : at, 0, start);
    this.running.add(window);
    return window;
  }

  push(batch: FoldInput): void {
    const newest__ns = newestOf(batch);
    for (const window of this.running) {
      const { stop__ns } = window;
      if (stop__ns !== undefined && stop__ns <= newest__ns) window.close(stop__ns);
    }
    if (this.machine) this.share(batch, this.machine);
    for (const window of this.ending) window.push(batch);
  }

  /** For `SharedWindow`. */
  close(window: SharedWindow, stop__ns: bigint): bigint {
    const { machine } = this;
    const { before, fold, followed } = window;
    const end__ns = fold.close(machine && machine.newest__ns > stop__ns ? machine.newest__ns : stop__ns);
    const [start] = fold.bounds.starts;
    const at = start === undefined ? -1 : this.starts.indexOf(start);
    if (machine && followed) fold.subjects.goOnFrom(machine.subjects, at, window.from);
    else if (before) fold.push(before);
    window.before = undefined;
    this.running.delete(window);
    this.ending.add(window);
    this.forget(at);
    return end__ns;
  }

  /** For `SharedWindow`. */
  seal(window: SharedWindow): void {
    this.ending.delete(window);
  }

  private newMachine(origin__ns: bigint, before: FoldInput | undefined): Machine {
    const bounds = { starts: this.starts, stop: Infinity };
    const { interval__ns } = this.options;
    const subjects = new Subjects({ bounds, origin__ns, interval__ns });
    const machine = { subjects, origin__ns, newest__ns: 0n };
    if (before) foldMachine(machine, before);
    return machine;
  }

  private share(batch: FoldInput, machine: Machine): void {
    const byJob = tablesByJob(batch);
    for (const window of this.running) {
      const { before } = window;
      window.before = undefined;
      if (before) window.follow(before, tablesByJob(before));
      window.follow(batch, byJob);
    }
    foldMachine(machine, batch);
  }

  /** No window that is open has this start any more, if none has. */
  private forget(at: number): void {
    const start = this.starts[at];
    if ([...this.running].some(({ fold }) => fold.bounds.starts[0] === start)) return;
    this.starts.splice(at, 1);
    if (this.running.size === 0) this.machine = undefined;
    else this.machine?.subjects.drop(at, Math.min(...[...this.running].map(({ from }) => from)));
  }
}

function foldMachine(machine: Machine, batch: FoldInput): void {
  const newest__ns = newestOf(batch);
  if (newest__ns > machine.newest__ns) machine.newest__ns = newest__ns;
  for (const table of machineTables(batch)) machine.subjects.fold(table, batch.instances);
}
