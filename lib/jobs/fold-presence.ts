// Which processes each reading of a list had: who goes on under another name, and who went away.
import type { Instance } from '../catalog';
import type { Subject } from './fold-subject';

/** What a process keeps when it executes another program. */
function processKey({ entity, identity }: Instance): string | undefined {
  return entity === 'process' || entity === 'gpu_process' ? `${identity.pid} ${identity.job}` : undefined;
}

/** The processes that are listed together: those of the host, or those of one GPU. */
export class Presence {
  private tick: number;
  private tickBefore: number;
  /** Those with a row in the latest tick, and in the one before. */
  private present = new Set<Subject>();
  private presentBefore = new Set<Subject>();
  /** Those of the tick before, by what they keep; made when it is asked for. */
  private byKey: Map<string | undefined, Subject> | undefined;

  /** @param began time at which nothing was listed yet, NaN where it had begun before anyone looked */
  constructor(began = NaN) {
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

  /**
   * No row comes any more: where the list was read since the latest tick, it was empty a period after that.
   * @param read when it was read last, whether or not it had anything; what it had has rows of this time or later
   */
  end(period: number, read: number): void {
    if (read <= this.tick) return;
    this.begin(Math.min(read, this.tick + period));
    this.begin(this.tick);
  }

  /** It has a row in the latest tick. */
  saw(process: Subject): void {
    this.present.add(process);
  }

  /** The process that goes on as this instance, where it has executed another program since the tick before. */
  before(instance: Instance): Subject | undefined {
    this.byKey ??= new Map([...this.presentBefore].map((one) => [processKey(one.instance), one] as const));
    const process = this.byKey.get(processKey(instance));
    return process && !this.present.has(process) ? process : undefined;
  }

  /** A process that the tick before did not see was born since: its counters were zero then. */
  add(process: Subject): void {
    if (!Number.isNaN(this.tickBefore)) process.born(this.tickBefore);
  }
}
