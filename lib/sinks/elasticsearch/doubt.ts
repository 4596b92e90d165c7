// Whether documents may be in Elasticsearch already. Looking costs, so it is done as long as there is doubt.
import { PARCEL } from './recording-documents';

/**
 * After a restart, this many documents may have been sent since the cursor was written: two parcels on their way, two
 * whose cursor was being written, and one more.
 */
const SENT_SINCE = 5 * PARCEL.documents;

export class Doubt {
  private constructor(
    /** Documents that are doubtful, whatever is found. */
    private left: number,
    /** Undefined where it is of no use to ask. */
    private readonly ask: (() => Promise<boolean>) | undefined,
    private asking: Promise<boolean> | undefined,
  ) {}

  /** Of a recording whose cursor is known: until nothing more is found, and all that may have been on its way is past. */
  static resumed(): Doubt {
    return new Doubt(SENT_SINCE, undefined, undefined);
  }

  /**
   * Of one that may have been sent before: as long as anything of its time is there.
   * @param ask whether there is; asked again when a parcel was not there
   */
  static replayed(ask: () => Promise<boolean>): Doubt {
    return new Doubt(Infinity, ask, undefined);
  }

  /** Whether the documents that come next are to be looked up. */
  async holds(): Promise<boolean> {
    if (this.left <= 0 || !this.ask) return this.left > 0;
    this.asking ??= this.ask();
    if (!(await this.asking)) this.left = 0;
    return this.left > 0;
  }

  /** So many were looked up, and so many of them found. */
  looked(documents: number, found: number): void {
    this.left = Math.max(this.left - documents, found > 0 ? 1 : 0);
    if (found === 0) this.asking = undefined;
  }
}
