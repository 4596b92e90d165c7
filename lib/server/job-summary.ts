// Where a job's summary stands, and whether it has been sent.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isBefore, parseSummaryPlace, readSummary } from '../recording';
import type { JobSummary } from '../jobs/summary-types';
import type { Job, JobSummaryPlace } from './job';

/** How far a sink has taken a recording. */
export interface TakenRecording {
  readonly dir: string;
  readonly position: unknown;
  /** Of its summaries. */
  readonly summaries: unknown;
  readonly finished: boolean;
}

/** Undefined where the recording had to make room. */
export async function summaryIn(
  spool: string,
  { recording, at }: JobSummaryPlace,
): Promise<JobSummary | undefined> {
  const told = await readSummary(join(spool, recording), at);
  return typeof told === 'object' && told !== null && 'summary' in told
    ? (told.summary as JobSummary)
    : undefined;
}

/** Whether a job's summary is beyond what is still to be sent: it was, or there is none, or it had to make room. */
export function isTakenBy(spool: string, taken: readonly TakenRecording[]): (job: Job) => boolean {
  const byDir = new Map(taken.map((one) => [one.dir, one]));
  return ({ summary }) => {
    if (!summary) return true;
    const dir = join(spool, summary.recording);
    const sink = byDir.get(dir);
    if (!sink) return !existsSync(dir);
    const reached = parseSummaryPlace(sink.summaries);
    return sink.finished || (reached !== undefined && isBefore(summary.at, reached));
  };
}
