// Which processes a fold keeps: a build has tens of thousands of them, and memory must not grow with their number.
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

/** Is a row so old that its process has ended? */
function hasEnded(latest: number, time: number, interval: number): boolean {
  return time - latest > Math.max(ENDED, 10 * interval);
}

/** Processes of a fold: how many there were, and the few that matter in the end. */
export class Processes {
  private readonly known = new Set<Subject>();
  private limit = PROCESSES_KNOWN;

  get full(): boolean {
    return this.known.size >= this.limit;
  }

  add(process: Subject): void {
    this.known.add(process);
  }

  /**
   * At a time, forgets all but the 20 with most CPU time of the processes that ended, and gives those forgotten. An ended
   * process gains no more CPU time, so none that the summary could list is lost.
   */
  forget(time: number, interval: number): readonly Subject[] {
    const ended = [...this.known].filter(({ latest }) => hasEnded(latest, time, interval));
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
    const ended = [...this.known].filter((one) => hasEnded(seen(one), process.first, interval));
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
