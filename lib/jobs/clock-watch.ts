// Notices when somebody sets the system's clock while something is being measured.
import { addon } from '../native/addon';

/** CLOCK_REALTIME − CLOCK_MONOTONIC now, in nanoseconds. */
export type UtcOffset = () => bigint;

const systemUtcOffset: UtcOffset = () => addon().utcOffset();

/** A step of the system's clock; slewing moves both clocks alike. */
const JUMP__NS = 100_000_000n;

/** What the event `clock_jump` tells. */
export interface ClockJump {
  readonly text: string;
  readonly data: { readonly by__ns: number };
}

export class ClockWatch {
  private jumped__ns = 0n;

  /**
   * @param began__ns the offset that times are told by
   * @param utcOffset tests set the clock with it
   */
  constructor(
    private readonly began__ns: bigint,
    private readonly utcOffset: UtcOffset = systemUtcOffset,
  ) {}

  /** The clock is another than when this began: the times told by that offset are no longer the system's. */
  get outOfStep(): boolean {
    return this.jumped__ns !== 0n;
  }

  /** A jump since the last look. */
  look(): ClockJump | undefined {
    const by__ns = this.utcOffset() - this.began__ns - this.jumped__ns;
    if (by__ns < JUMP__NS && by__ns > -JUMP__NS) return undefined;
    this.jumped__ns += by__ns;
    const text = `the system's clock jumped by ${(Number(by__ns) / 1e9).toFixed(3)} s`;
    return { text, data: { by__ns: Number(by__ns) } };
  }
}
