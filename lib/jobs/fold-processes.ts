// Which processes a fold keeps: a build has tens of thousands of them, and memory must not grow with their number.
import type { Instance } from '../catalog';
import type { Subject } from './fold-subject';

/** Processes that a summary lists. */
export const PROCESSES_LISTED = 20;
/** Processes that a fold knows before it first forgets the least of those that ended. */
const PROCESSES_KNOWN = 512;
/** Of processes on GPUs that ended, those that it then keeps. */
const GPU_PROCESSES_KEPT = 256;
/** A process without a row for so long has ended, in nanoseconds; at least ten intervals. */
const ENDED = 10e9;

/** Most CPU time first; of equals, the one that was seen first. */
function byCpu(a: Subject, b: Subject): number {
  return b.cpu__s - a.cpu__s || a.instance.id - b.instance.id;
}

/** What a process keeps when it executes another program. */
function processKey({ entity, identity }: Instance): string | undefined {
  return entity === 'process' ? `${identity.pid} ${identity.job}` : undefined;
}

/** Processes of a fold: when each of them was born, how many there were, and the few that matter in the end. */
export class Processes {
  private readonly known = new Set<Subject>();
  private limit = PROCESSES_KNOWN;
  private tick: number;
  private tickBefore: number;
  /** Those with a row in the latest tick, and in the one before. */
  private present = new Set<Subject>();
  private presentBefore = new Set<Subject>();
  /** Those of the tick before, by what they keep; made when it is asked for. */
  private byKey: Map<string | undefined, Subject> | undefined;

  /** @param began time at which the tree began, NaN where it had begun before anyone looked */
  constructor(began: number) {
    this.tick = began;
    this.tickBefore = began;
  }

  /** Is a row of this time the first of another tick? */
  isNewTick(time: number): boolean {
    return time !== this.tick;
  }

  /** Another tick begins: those that the latest had no row of, though the one before had, went away. */
  begin(time: number): void {
    for (const process of this.presentBefore) if (!this.present.has(process)) process.gone(this.tick);
    this.presentBefore = this.present;
    this.present = new Set();
    this.byKey = undefined;
    this.tickBefore = this.tick;
    this.tick = time;
  }

  /** It has a row in the latest tick. */
  saw(process: Subject): void {
    this.present.add(process);
  }

  get full(): boolean {
    return this.known.size >= this.limit;
  }

  /** The process that goes on as this instance, where it has executed another program since the tick before. */
  before(instance: Instance): Subject | undefined {
    this.byKey ??= new Map([...this.presentBefore].map((one) => [processKey(one.instance), one] as const));
    const process = this.byKey.get(processKey(instance));
    return process && !this.present.has(process) ? process : undefined;
  }

  /** A process that the tick before did not see was born since: its counters were zero then. */
  add(process: Subject): void {
    this.known.add(process);
    if (!Number.isNaN(this.tickBefore)) process.born(this.tickBefore);
  }

  /**
   * Forgets all but the 20 with most CPU time of the processes that ended, and gives those forgotten. An ended
   * process gains no more CPU time, so none that the summary could list is lost.
   */
  forget(interval: number): readonly Subject[] {
    const ended = [...this.known].filter(({ latest }) => this.tick - latest > Math.max(ENDED, 10 * interval));
    const forgotten = ended.sort(byCpu).slice(PROCESSES_LISTED);
    for (const process of forgotten) this.known.delete(process);
    this.limit = Math.max(PROCESSES_KNOWN, 2 * this.known.size);
    return forgotten;
  }
}

/** Processes on GPUs: those that run, and the latest of those that ended. */
export class GpuProcesses {
  private readonly known = new Set<Subject>();
  private limit = PROCESSES_KNOWN;

  /** Takes one that is seen for the first time, and gives those that are forgotten for it. */
  add(process: Subject, interval: number): readonly Subject[] {
    this.known.add(process);
    if (this.known.size < this.limit) return [];
    const seen = (one: Subject): number => Math.max(one.first, one.latest);
    const ended = [...this.known].filter((one) => process.first - seen(one) > Math.max(ENDED, 10 * interval));
    const forgotten = ended
      .sort((a, b) => seen(b) - seen(a) || a.instance.id - b.instance.id)
      .slice(GPU_PROCESSES_KEPT);
    for (const one of forgotten) this.known.delete(one);
    this.limit = Math.max(PROCESSES_KNOWN, 2 * this.known.size);
    return forgotten;
  }
}

/** The processes that a summary lists, in its order. */
export function listed(processes: readonly Subject[]): readonly Subject[] {
  return [...processes].sort(byCpu).slice(0, PROCESSES_LISTED);
}
