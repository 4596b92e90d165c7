// Summaries on their way into the recording: those that come together share a write, and what the disk refuses waits
// for the next attempt.
import type { EndedWindow } from '../jobs/ended-window';
import type { JobSummaryPlace } from './job';

/** On the disk when done; where each stands. Rejects where none of them was written. */
export type TellSummaries = (windows: readonly EndedWindow[]) => Promise<readonly JobSummaryPlace[]>;

interface Waiting {
  readonly window: EndedWindow;
  readonly resolve: (place: JobSummaryPlace) => void;
}

/** Written at once: some megabytes. */
const TOGETHER = 64;

export class SummaryQueue {
  private waiting: readonly Waiting[] = [];
  private writing = false;

  constructor(private readonly tell: TellSummaries) {}

  /** Once it is on the disk, however long that takes. */
  put(window: EndedWindow): Promise<JobSummaryPlace> {
    return new Promise((resolve) => {
      this.waiting = [...this.waiting, { window, resolve }];
      void this.write();
    });
  }

  /** Tries what waits. */
  async write(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    while (this.waiting.length > 0 && (await this.commit()));
    this.writing = false;
  }

  private async commit(): Promise<boolean> {
    const together = this.waiting.slice(0, TOGETHER);
    try {
      const places = await this.tell(together.map(({ window }) => window));
      this.waiting = this.waiting.slice(together.length);
      together.forEach(({ resolve }, at) => {
        const place = places[at];
        if (place) resolve(place);
      });
      return true;
    } catch {
      // Why is the recording's to tell, as of all that it cannot write.
      return false;
    }
  }
}
