// A supervised command as `runJob` handles it: signals and an abort reach it, and what fails becomes an error.
import { NvpulseError } from '../errors';
import {
  spawnSupervised,
  type Ended,
  type Lost,
  type NotStarted,
  type Started,
  type SupervisedOptions,
  type Tracking,
} from './supervisor';

export interface HeldCommandOptions extends SupervisedOptions {
  /** When it aborts, the command is sent SIGTERM. */
  readonly signal?: AbortSignal;
  /** Signals to this process that are passed on to the command instead of acting here. */
  readonly forwardSignals?: readonly NodeJS.Signals[];
}

/** Use once, and `release` it in any case. @throws as `spawnSupervised` */
export class HeldCommand {
  private readonly supervised;
  private readonly forward = (signal: NodeJS.Signals): void => this.supervised.signal(signal);
  private readonly onAbort = (): void => this.supervised.signal('SIGTERM');
  private rssPeak__KiB = 0;

  constructor(private readonly options: HeldCommandOptions) {
    this.supervised = spawnSupervised({
      ...options,
      onReaped: ({ maxRss__KiB }) => (this.rssPeak__KiB = Math.max(this.rssPeak__KiB, maxRss__KiB)),
    });
    for (const signal of options.forwardSignals ?? []) process.on(signal, this.forward);
    options.signal?.addEventListener('abort', this.onAbort);
  }

  /** Of the supervisor, whose child the command is. */
  get pid(): number {
    return this.supervised.pid;
  }

  /** Resident memory at its highest so far, of the largest process that has ended. */
  get rssPeak__MiB(): number {
    return this.rssPeak__KiB / 1024;
  }

  /** When `start` takes effect at once, and how its tree is followed. Rejects with ERR_COMMAND where the command cannot be
   * held ready. */
  get ready(): Promise<Tracking> {
    return this.supervised.ready;
  }

  /** Executes the command. @throws ERR_COMMAND_NOT_FOUND, ERR_COMMAND_NOT_EXECUTABLE, ERR_COMMAND */
  async start(): Promise<Started> {
    this.supervised.go();
    const started = await this.supervised.started;
    if (started.kind !== 'started') throw this.errorOf(started);
    return started;
  }

  /** @throws ERR_COMMAND where the supervisor was lost */
  async ended(): Promise<Ended> {
    const ended = await this.supervised.ended;
    if (ended.kind !== 'ended') throw this.errorOf(ended);
    return ended;
  }

  /** A command not yet executed never is, one that runs goes on. */
  abandon(): void {
    this.supervised.abandon();
  }

  /** Signals act on this process again. */
  release(): void {
    for (const signal of this.options.forwardSignals ?? []) process.off(signal, this.forward);
    this.options.signal?.removeEventListener('abort', this.onAbort);
  }

  private errorOf(failure: NotStarted | Lost): NvpulseError {
    const program = this.options.command[0] ?? '';
    if (failure.kind === 'lost')
      return new NvpulseError('ERR_COMMAND', `'${program}' cannot be followed: ${failure.reason}`);
    const code = failure.status === 127 ? 'ERR_COMMAND_NOT_FOUND' : 'ERR_COMMAND_NOT_EXECUTABLE';
    return new NvpulseError(code, `'${program}' cannot be executed: ${failure.reason}`);
  }
}
