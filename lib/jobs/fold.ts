// The fold of batches into a summary of one window: pure, so that a replayed recording gives the same answer.
import { ENTITIES, STATUS, type Entity, type Instance } from '../catalog';
import { NvpulseError } from '../errors';
import { newestOf, type Batch, type Table } from '../sampling/batch';
import type { Bounds } from './fold-hold';
import { Presence } from './fold-presence';
import { GpuProcesses, listed, Processes } from './fold-processes';
import { periodOf, type Closing } from './fold-series';
import { foldRows, Subject } from './fold-subject';
import { energyOf } from './fold-total';
import type { EnergySummary, EntitySummary } from './summary-types';

/** While the window is open, rows this new (ns) wait: the window may turn out to have ended before them. */
const HELD_BACK = 1_000_000_000n;
/** And so do the newest batches, so that news of the end has a turn of the event loop to arrive. */
const BATCHES_HELD_BACK = 2;

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

/** What a fold takes of a batch. */
export type FoldInput = Pick<Batch, 'tables' | 'instances' | 'droppedRows'>;

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

/** The job that an instance belongs to; undefined where its entity belongs to none. */
function jobOf(instance: Instance): string | undefined {
  switch (instance.entity) {
    case 'job':
      return instance.identity.id;
    case 'process':
    case 'gpu_process':
      return instance.identity.job;
    default:
      return undefined;
  }
}

/**
 * Folds a stream of batches over `[start, stop)`. Push the batches in their order, from the last reading before the
 * start, if there is one, to the first after the stop: both sharpen the edges. How batches are cut changes nothing.
 * Several folds may follow one stream, for windows that nest or overlap.
 */
export class SummaryFold {
  get start__ns(): bigint {
    return this.options.start__ns;
  }

  /** Instances that are kept in mind. */
  get instanceNum(): number {
    return this.subjects.size;
  }

  /** Time of the newest row that was pushed, in monotonic nanoseconds; 0 before the first. */
  newest__ns = 0n;
  private readonly bounds: Bounds = { stop: Infinity };
  private readonly subjects = new Map<number, Subject>();
  private readonly waiting: { readonly batch: FoldInput; readonly newest__ns: bigint }[] = [];
  private readonly processes = new Processes();
  /** Of the host's processes. */
  private readonly presence: Presence;
  /** Of each GPU's, by its UUID: GPUs are read at times of their own. */
  private readonly gpuPresences = new Map<string, Presence>();
  private readonly gpuProcesses = new GpuProcesses();
  private forgotten = 0;
  private droppedRows = 0;
  private folded__ns = 0n;
  private stop__ns: bigint | undefined;

  constructor(private readonly options: WindowOptions) {
    const began = options.treeBegan__ns;
    this.presence = new Presence(began === undefined ? NaN : this.relative(began));
    if (options.stop__ns !== undefined) this.close(options.stop__ns);
  }

  push(batch: FoldInput): void {
    const newest__ns = newestOf(batch);
    this.droppedRows += batch.droppedRows;
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
    if (this.stop__ns !== undefined) throw new NvpulseError('ERR_STATE', 'the window is closed already');
    if (stop__ns < this.options.start__ns)
      throw new NvpulseError(
        'ERR_OPTION',
        `a window from ${this.options.start__ns} ns cannot end at ${stop__ns} ns`,
      );
    this.stop__ns = stop__ns > this.folded__ns ? stop__ns : this.folded__ns;
    this.bounds.stop = this.relative(this.stop__ns);
    this.settle();
    return this.stop__ns;
  }

  /**
   * The window's summary from what was pushed.
   * @param cores logical CPUs, for shares of all of them, where the batches have none
   * @param only of what was folded, what the summary shall tell
   * @throws ERR_STATE where the window is open
   */
  result(cores: number, only: (instance: Instance) => boolean = () => true): Folded {
    if (this.stop__ns === undefined)
      throw new NvpulseError('ERR_STATE', 'close the window before asking for its summary');
    const inside = [...this.subjects.values()].filter(
      (subject) => this.concerns(subject) && only(subject.instance),
    );
    // A CPU that went offline and came back is another instance of the same.
    const counted = new Set(
      inside.flatMap(({ instance }) => (instance.entity === 'core' ? [instance.identity.core] : [])),
    );
    const period = periodOf('slow', this.options.interval__ns);
    for (const presence of this.gpuPresences.values()) presence.end(period);
    const closing = { length: this.bounds.stop, cores: counted.size || cores };
    const processes = inside.filter(({ instance }) => instance.entity === 'process');
    return {
      start__ns: this.options.start__ns,
      stop__ns: this.stop__ns,
      entities: ENTITIES.flatMap((entity) => summaries(entity, inside, closing)),
      processes_left_out: this.forgotten + processes.length - listed(processes).length,
      energy: energyOf(inside),
      droppedRows: this.droppedRows,
    };
  }

  private relative(time__ns: bigint): number {
    return Number(time__ns - this.options.start__ns);
  }

  private settle(): void {
    for (let next = this.waiting[0]; next && this.isSettled(next.newest__ns); next = this.waiting[0]) {
      this.waiting.shift();
      if (next.newest__ns > this.folded__ns) this.folded__ns = next.newest__ns;
      for (const table of next.batch.tables) this.fold(table, next.batch.instances);
    }
  }

  private isSettled(time__ns: bigint): boolean {
    if (this.stop__ns !== undefined) return true;
    return this.waiting.length > BATCHES_HELD_BACK && time__ns < this.newest__ns - HELD_BACK;
  }

  private fold(table: Table, instances: ReadonlyMap<number, Instance>): void {
    const times = new Float64Array(table.length);
    const subjects: (Subject | undefined)[] = [];
    const lists = table.entity === 'gpu' ? table.status('process_num') : undefined;
    let from = 0;
    table.time.forEach((time__ns, row) => {
      const instance = this.ours(instances.get(table.instance[row] ?? -1));
      const time = this.relative(time__ns);
      const presence = instance && this.presenceOf(instance);
      if (presence?.isNewTick(time)) {
        // What a tick says of processes is judged by all rows before it, however batches are cut.
        foldRows(table, times, subjects, from, row);
        from = row;
        presence.begin(time);
        if (presence === this.presence) this.forgetProcesses(time);
      }
      if (instance?.entity === 'gpu' && lists?.[row] === STATUS.ok)
        this.gpuPresence(instance.identity.uuid).wasRead(time);
      times[row] = time;
      subjects.push(instance && this.subjectOf(instance, time));
    });
    foldRows(table, times, subjects, from, table.length);
  }

  /** The instance, unless it is another job's. */
  private ours(instance: Instance | undefined): Instance | undefined {
    const { job } = this.options;
    if (job === undefined || instance === undefined) return instance;
    return (jobOf(instance) ?? job) === job ? instance : undefined;
  }

  private subjectOf(instance: Instance, time: number): Subject {
    const subject = this.subjects.get(instance.id) ?? this.addSubject(instance, time);
    subject.latest = time;
    this.presenceOf(instance)?.saw(subject);
    return subject;
  }

  /** Where an instance is listed, if it is a process. */
  private presenceOf({ entity, identity }: Instance): Presence | undefined {
    if (entity === 'process') return this.presence;
    return entity === 'gpu_process' ? this.gpuPresence(identity.uuid) : undefined;
  }

  private gpuPresence(uuid: string): Presence {
    const presence = this.gpuPresences.get(uuid) ?? new Presence();
    this.gpuPresences.set(uuid, presence);
    return presence;
  }

  private addSubject(instance: Instance, time: number): Subject {
    const presence = this.presenceOf(instance);
    const known = presence?.before(instance);
    if (known) {
      this.subjects.delete(known.instance.id);
      this.subjects.set(instance.id, known);
      known.instance = instance;
      return known;
    }
    const began = this.options.treeBegan__ns;
    // Before a command is executed its launcher waits there, which is none of the job.
    const isTrees = began !== undefined && (instance.entity === 'job' || instance.entity === 'cgroup');
    const from = isTrees ? this.relative(began) : -Infinity;
    const subject = new Subject(instance, time, this.bounds, this.options.interval__ns, from);
    this.subjects.set(instance.id, subject);
    const { interval__ns } = this.options;
    presence?.add(subject);
    if (instance.entity === 'process') this.processes.add(subject);
    if (instance.entity === 'gpu_process') this.forget(this.gpuProcesses.add(subject, interval__ns));
    return subject;
  }

  private forgetProcesses(time: number): void {
    if (this.processes.full) this.forget(this.processes.forget(time, this.options.interval__ns));
  }

  private forget(processes: readonly Subject[]): void {
    for (const process of processes) {
      this.subjects.delete(process.instance.id);
      if (process.latest >= 0) this.forgotten++;
    }
  }

  /** Has it rows that tell of the window? Of a process, rows before it do not: it has ended. */
  private concerns({ instance, first, latest }: Subject): boolean {
    const passing = instance.entity === 'process' || instance.entity === 'gpu_process';
    return first < this.bounds.stop && (!passing || latest >= 0);
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
