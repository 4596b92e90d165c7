// The windows whose summary is still to come: the open ones, and those that wait for a reading after their end.
import { openRecording } from '../recording';
import type { FoldInput } from '../jobs/fold';
import type { Batch } from '../sampling/batch';
import { reasonOf } from '../reason';
import { OneClock } from './batch-slice';
import type { Job } from './job';
import { LiveWindow, type WindowSession } from './live-window';

/** The readings of a window that began before this server did. */
interface Restored {
  readonly window: LiveWindow;
  /** Until the recordings are read, what came meanwhile. */
  waiting: FoldInput[] | undefined;
}

export class Windows {
  private readonly live = new Map<string, LiveWindow>();
  private readonly restored = new Map<string, Restored>();
  private clock: OneClock | undefined;
  private latest: Batch | undefined;

  constructor(private readonly session: WindowSession) {}

  /** A window opens now. */
  open(job: Job): void {
    const window = new LiveWindow(job, this.session, true);
    if (this.latest) window.push(this.latest);
    this.live.set(job.id, window);
  }

  /** A window that was opened before this server started; `refold` brings what was recorded of it. */
  restore(job: Job): void {
    const window = new LiveWindow(job, this.session, false);
    if (job.end) window.close(job.end.time__ns);
    this.restored.set(job.id, { window, waiting: [] });
  }

  push(batch: Batch): void {
    this.latest = batch;
    for (const window of this.live.values()) window.push(batch);
    if (this.restored.size === 0 || !this.clock) return;
    const brought = this.clock.bring(batch, batch.utcOffset__ns);
    for (const { window, waiting } of this.restored.values())
      if (waiting) waiting.push(brought);
      else window.push(brought);
  }

  /** A window has ended. */
  close(id: string, end__ns: bigint): void {
    this.windowOf(id)?.close(end__ns);
  }

  /** All readings of a window that has ended are there: it takes no more, and can be summarised. */
  seal(id: string): LiveWindow | undefined {
    const window = this.windowOf(id);
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
          for (const { window } of this.restored.values()) window.push(brought);
        }
        for (const { segment, reason } of recording.problems) report(`${dir}: ${segment}: ${reason}`);
      } catch (error) {
        report(`${dir}: ${reasonOf(error)}`);
      }
    }
    for (const one of this.restored.values()) {
      for (const batch of one.waiting ?? []) one.window.push(batch);
      one.waiting = undefined;
    }
  }

  private windowOf(id: string): LiveWindow | undefined {
    return this.live.get(id) ?? this.restored.get(id)?.window;
  }
}
