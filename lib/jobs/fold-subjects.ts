// Whatever rows are about: a subject for each instance, and which of the processes are kept in mind.
import { STATUS, type Instance } from '../catalog';
import type { Batch, Table } from '../sampling/batch';
import { startOf, type Bounds } from './fold-bounds';
import { Presence } from './fold-presence';
import { GpuProcesses, Processes } from './fold-processes';
import { foldRows, newSubject, type Subject } from './fold-subject';

/** What a fold takes of a batch. */
export type FoldInput = Pick<Batch, 'tables' | 'instances' | 'droppedRows'>;

export interface SubjectsOptions {
  readonly bounds: Bounds;
  /** Monotonic nanoseconds at which the fold's own clock is 0. */
  readonly origin__ns: bigint;
  /** The sampler's interval in nanoseconds; 0 where readings come only when asked for. */
  readonly interval__ns: number;
  /** When the job's process tree began, so that its first processes' counters were zero then. */
  readonly treeBegan__ns?: bigint;
  /** The job whose rows of job, process and gpu_process count, where several are followed. @default all of them */
  readonly job?: string;
}

/** The job that an instance belongs to; undefined where its entity belongs to none. */
export function jobOf(instance: Instance): string | undefined {
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

/** Does it come and go? Rows before a window then say nothing of it: it has ended. */
export function isPassing({ entity }: Instance): boolean {
  return entity === 'process' || entity === 'gpu_process';
}

export class Subjects {
  /** Processes that were in the window, and are no longer kept in mind. */
  forgotten = 0;
  private readonly subjects = new Map<number, Subject>();
  private readonly processes = new Processes();
  /** Of the host's processes. */
  private readonly presence: Presence;
  /** Of each GPU's, by its UUID: GPUs are read at times of their own. */
  private readonly gpuPresences = new Map<string, Presence>();
  private readonly gpuProcesses = new GpuProcesses();
  /** When each GPU's list of processes was read last, by its UUID, whether or not it had anything. */
  private readonly listsRead = new Map<string, number>();

  constructor(private readonly options: SubjectsOptions) {
    const began = options.treeBegan__ns;
    this.presence = new Presence(began === undefined ? NaN : this.relative(began));
  }

  get size(): number {
    return this.subjects.size;
  }

  get all(): readonly Subject[] {
    return [...this.subjects.values()];
  }

  /** A time on the fold's own clock. */
  relative(time__ns: bigint): number {
    return Number(time__ns - this.options.origin__ns);
  }

  fold(table: Table, instances: ReadonlyMap<number, Instance>): void {
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
        this.listsRead.set(instance.identity.uuid, time);
      times[row] = time;
      subjects.push(instance && this.subjectOf(instance, time));
    });
    foldRows(table, times, subjects, from, table.length);
  }

  /** No row comes any more. @param period nanoseconds from one reading of the lists of processes to the next */
  end(period: number): void {
    for (const [uuid, presence] of this.gpuPresences)
      presence.end(period, this.listsRead.get(uuid) ?? -Infinity);
  }

  /**
   * Goes on with what another fold, of the same clock, has of this one's window.
   * @param at the window's place among the other's starts
   * @param since what had no row since that time tells nothing of the window
   */
  goOnFrom(other: Subjects, at: number, since: number): void {
    for (const [id, subject] of other.subjects)
      if (subject.latest >= since) this.subjects.set(id, subject.fork(at, this.options.bounds));
    for (const [uuid, time] of other.listsRead) this.listsRead.set(uuid, time);
  }

  /** A window is no longer of the fold; what had no row since a time tells nothing of those that are. */
  drop(at: number, since: number): void {
    for (const [id, subject] of this.subjects) {
      if (subject.latest < since) this.subjects.delete(id);
      else subject.drop(at);
    }
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
    const { bounds, interval__ns, treeBegan__ns: began } = this.options;
    // Before a command is executed its launcher waits there, which is none of the job.
    const isTrees = began !== undefined && (instance.entity === 'job' || instance.entity === 'cgroup');
    const from = isTrees ? this.relative(began) : -Infinity;
    const subject = newSubject(instance, time, bounds, interval__ns, from);
    this.subjects.set(instance.id, subject);
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
      if (process.latest >= startOf(this.options.bounds)) this.forgotten++;
    }
  }
}
