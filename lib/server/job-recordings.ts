// Which recordings of the spool tell of a job.
import { basename } from 'node:path';
import type { JobSummaryPlace } from './job';

/** All recordings of earlier servers, of which it is not known what jobs they tell of: the place of what is not found. */
const EARLIER = -1;

export class JobRecordings {
  /** Names of this server's recordings, oldest first. */
  private readonly names: string[] = [];
  /** By job that began here: the number of the recording in which it did. */
  private readonly first = new Map<string, number>();

  /** What happens from now on is told in the recording in this folder. */
  goOn(dir: string): void {
    this.names.push(basename(dir));
  }

  begin(id: string): void {
    this.first.set(id, this.names.length - 1);
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) this.first.delete(id);
  }

  /** Whether a recording may tell of a job: from its start to its summary, which is told last; null where it has none. */
  mayTell(id: string, summary: JobSummaryPlace | null, dir: string): boolean {
    const number = this.numberOf(basename(dir));
    const last = summary ? this.numberOf(summary.recording) : Infinity;
    return number >= (this.first.get(id) ?? EARLIER) && number <= last;
  }

  private numberOf(name: string): number {
    return this.names.indexOf(name);
  }
}
