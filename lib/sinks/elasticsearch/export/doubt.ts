// Whether documents may be in Elasticsearch already. Looking costs, so it is done as long as there is doubt.
import { PARCEL } from './recording-documents';

/**
 * After a restart, this many documents may have been sent since the cursor was written: two parcels on their way, two
 * whose cursor was being written, and one more.
 */
const SENT_SINCE = 5 * PARCEL.documents;

export class Doubt {
  private asked: Promise<boolean> | undefined;

  private constructor(
    /** Documents that are doubtful, whatever is found. */
    private left: number,
    private readonly ask: () => Promise<boolean>,
  ) {}

  /** Of a recording whose cursor is known: until nothing more is found, and all that may have been on its way is past. */
  static resumed(): Doubt {
    return new Doubt(SENT_SINCE, () => Promise.resolve(true));
  }

  /**
   * Of one that may have been sent before: where anything of its time is there.
   * @param ask whether there is; asked once: what is sent meanwhile is of its time, too
   */
  static replayed(ask: () => Promise<boolean>): Doubt {
    return new Doubt(Infinity, ask);
  }

  /** Whether the documents that come next are to be looked up. */
  async holds(): Promise<boolean> {
    if (this.left <= 0) return false;
    this.asked ??= this.ask();
    return this.asked;
  }

  /** So many were looked up, and so many of them found. */
  looked(documents: number, found: number): void {
    this.left = Math.max(this.left - documents, found > 0 ? 1 : 0);
  }
}
