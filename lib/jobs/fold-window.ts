// One window: its bounds, what was folded of it, and the summary that it ends in.
import { ENTITIES, type Entity, type Instance } from '../catalog';
import { NvpulseError } from '../errors';
import { newestOf } from '../sampling/batch';
import { startOf, type Bounds } from './fold-bounds';
import { listed } from './fold-processes';
import { periodOf, type Closing } from './fold-series';
import type { Subject } from './fold-subject';
import { isPassing, Subjects, type FoldInput } from './fold-subjects';
import { energyOf } from './fold-total';
import type { EnergySummary, EntitySummary } from './summary-types';

export interface WindowOptions {
  /** Start of the window, in monotonic nanoseconds; it belongs to the window. */
  readonly start__ns: bigint;
  /** End of the window, which no longer belongs to it; where it is known from the outset. */
  readonly stop__ns?: bigint;
  /** The sampler's interval in nanoseconds; 0 where readings come only when asked for. */
  readonly interval__ns: number;
  /** When the job's process tree began, so that its first processes' counters were zero then. */
  readonly treeBegan__ns?: bigint;
  /** The job whose rows of job, process and gpu_process count, where several are followed. @default all of them */
  readonly job?: string;
}

/** What a fold knows of its window; the rest of a summary is told by whoever ran the job. */
export interface Folded {
  readonly start__ns: bigint;
  readonly stop__ns: bigint;
  readonly entities: readonly EntitySummary[];
  readonly processes_left_out: number;
  readonly energy: EnergySummary;
  /** Rows that were lost before the batches that were pushed. */
  readonly droppedRows: number;
}

export class WindowFold {
  readonly bounds: Bounds;
  readonly subjects: Subjects;
  droppedRows = 0;
  /** Time of the newest row that was folded, in monotonic nanoseconds. */
  folded__ns = 0n;
  private stop__ns: bigint | undefined;

  /** @param origin__ns monotonic nanoseconds at which the clock of its series is 0 */
  constructor(
    readonly options: WindowOptions,
    origin__ns = options.start__ns,
  ) {
    this.bounds = { starts: [Number(options.start__ns - origin__ns)], stop: Infinity };
    this.subjects = new Subjects({ ...options, bounds: this.bounds, origin__ns });
    if (options.stop__ns !== undefined) this.close(options.stop__ns);
  }

  get isClosed(): boolean {
    return this.stop__ns !== undefined;
  }

  push(batch: FoldInput): void {
    this.droppedRows += batch.droppedRows;
    const newest__ns = newestOf(batch);
    if (newest__ns > this.folded__ns) this.folded__ns = newest__ns;
    for (const table of batch.tables) this.subjects.fold(table, batch.instances);
  }

  /**
   * Ends the window and gives its end: `stop__ns`, unless later rows are folded already; then the time of the last of
   * those.
   * @throws ERR_OPTION where it lies before the window's start · ERR_STATE where the window has ended
   */
  close(stop__ns: bigint): bigint {
    const { start__ns } = this.options;
    if (this.isClosed) throw new NvpulseError('ERR_STATE', 'the window is closed already');
    if (stop__ns < start__ns)
      throw new NvpulseError('ERR_OPTION', `a window from ${start__ns} ns cannot end at ${stop__ns} ns`);
    const end__ns = stop__ns > this.folded__ns ? stop__ns : this.folded__ns;
    this.stop__ns = end__ns;
    this.bounds.stop = this.subjects.relative(end__ns);
    return end__ns;
  }

  /**
   * The window's summary from what was pushed.
   * @param cores logical CPUs, for shares of all of them, where the batches have none
   * @param only of what was folded, what the summary shall tell
   * @throws ERR_STATE where the window is open
   */
  result(cores: number, only: (instance: Instance) => boolean = () => true): Folded {
    const { bounds, options, stop__ns, subjects } = this;
    if (stop__ns === undefined)
      throw new NvpulseError('ERR_STATE', 'close the window before asking for its summary');
    const inside = subjects.all.filter((subject) => this.concerns(subject) && only(subject.instance));
    // A CPU that went offline and came back is another instance of the same.
    const counted = new Set(
      inside.flatMap(({ instance }) => (instance.entity === 'core' ? [instance.identity.core] : [])),
    );
    subjects.end(periodOf('slow', options.interval__ns));
    const closing = { length: bounds.stop - startOf(bounds), cores: counted.size || cores };
    const processes = inside.filter(({ instance }) => instance.entity === 'process');
    return {
      start__ns: options.start__ns,
      stop__ns,
      entities: ENTITIES.flatMap((entity) => summaries(entity, inside, closing)),
      processes_left_out: subjects.forgotten + processes.length - listed(processes).length,
      energy: energyOf(inside),
      droppedRows: this.droppedRows,
    };
  }

  /** Has it rows that tell of the window? */
  private concerns({ instance, first, latest }: Subject): boolean {
    return first < this.bounds.stop && (!isPassing(instance) || latest >= startOf(this.bounds));
  }
}

function summaries(entity: Entity, subjects: readonly Subject[], closing: Closing): readonly EntitySummary[] {
  const own = subjects.filter(({ instance }) => instance.entity === entity);
  const inOrder = entity === 'process' ? listed(own) : own.sort(byIdentity);
  return inOrder.map((subject) => subject.summary(closing));
}

function byIdentity(a: Subject, b: Subject): number {
  const [left, right] = [Object.values(a.instance.identity), Object.values(b.instance.identity)];
  for (const [index, value] of left.entries()) {
    const other: unknown = right[index];
    if (typeof value === 'number' && typeof other === 'number' && value !== other) return value - other;
    if (String(value) !== String(other)) return String(value) < String(other) ? -1 : 1;
  }
  return a.instance.id - b.instance.id;
}
