// The windows whose summary is still to come: the open ones, and those that wait for a reading after their end.
import { openRecording } from '../recording';
import type { FoldInput } from '../jobs/fold-subjects';
import type { Batch } from '../sampling/batch';
import { reasonOf } from '../reason';
import type { Job } from './job';
import { LiveWindow, type WindowSession } from './live-window';
import { OneClock } from './one-clock';
import { SharedFolds } from './shared-folds';

export class Windows {
  private readonly live = new Map<string, LiveWindow>();
  private readonly folds = new SharedFolds();
  /** Those that began before this server did. */
  private readonly restored = new Map<string, LiveWindow>();
  private readonly restoredFolds = new SharedFolds();
  /** Until the recordings are read, what came meanwhile. */
  private waiting: FoldInput[] | undefined = [];
  private clock: OneClock | undefined;
  private latest: Batch | undefined;

  constructor(private readonly session: WindowSession) {}

  /** A window opens now. */
  open(job: Job): void {
    this.live.set(job.id, new LiveWindow(job, this.folds, this.session, true, this.latest));
  }

  /** A window that was opened before this server started; `refold` brings what was recorded of it. */
  restore(job: Job): void {
    this.restored.set(job.id, new LiveWindow(job, this.restoredFolds, this.session, false));
  }

  push(batch: Batch): void {
    this.latest = batch;
    this.folds.push(batch);
    if (this.restored.size === 0 || !this.clock) return;
    const brought = this.clock.bring(batch, batch.utcOffset__ns);
    if (this.waiting) this.waiting.push(brought);
    else this.restoredFolds.push(brought);
  }

  /** A window has ended. */
  close(id: string, end__ns: bigint): void {
    this.windowOf(id)?.close(end__ns);
  }

  /** All readings of a window that has ended are there: it takes no more, and can be summarised. */
  seal(id: string): LiveWindow | undefined {
    const window = this.windowOf(id);
    window?.seal();
    this.live.delete(id);
    this.restored.delete(id);
    return window;
  }

  /**
   * Reads the recordings of before for the restored windows, oldest first, and then lets them follow the session.
   * @param report is told of what cannot be read
   */
  async refold(recordings: readonly string[], report: (text: string) => void): Promise<void> {
    if (this.restored.size === 0) return;
    const clock = (this.clock = new OneClock(this.session.utcOffset__ns));
    for (const dir of recordings) {
      try {
        const recording = await openRecording(dir);
        for await (const batch of recording.batches()) {
          const brought = clock.bring(batch, recording.utcOffset__ns);
          this.restoredFolds.push(brought);
        }
        for (const { segment, reason } of recording.problems) report(`${dir}: ${segment}: ${reason}`);
      } catch (error) {
        report(`${dir}: ${reasonOf(error)}`);
      }
    }
    for (const batch of this.waiting ?? []) this.restoredFolds.push(batch);
    this.waiting = undefined;
  }

  private windowOf(id: string): LiveWindow | undefined {
    return this.live.get(id) ?? this.restored.get(id);
  }
}
