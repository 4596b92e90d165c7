// The summaries that 0.1 kept in files of their own: they are told in the recording, and then gone.
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSummary } from '../jobs/summary-types';
import type { Job } from './job';

/** @param tell on the disk when done */
export async function takeOldSummaries(
  dir: string,
  jobs: readonly Job[],
  tell: (job: Job, summary: JobSummary) => Promise<void>,
): Promise<void> {
  for (const job of jobs) {
    const path = join(dir, `${createHash('sha256').update(job.id).digest('hex').slice(0, 32)}.json`);
    const summary = await readSummary(path);
    if (summary) await tell(job, summary);
    await rm(path, { force: true });
  }
  await rm(dir, { recursive: true, force: true });
}

/** Undefined where there is none, or none that can be read. */
async function readSummary(path: string): Promise<JobSummary | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as JobSummary;
  } catch {
    return undefined;
  }
}
