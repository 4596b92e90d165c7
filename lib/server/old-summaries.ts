// The summaries that 0.1 kept in files of their own: they are told in the recording, and then gone.
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSummary } from '../jobs/summary-types';
import { namesIn } from '../recording/files';
import { reasonOf } from '../reason';
import type { Job } from './job';

/**
 * What cannot be read stays where it is.
 * @param tell on the disk when done
 * @param report told of what cannot be read
 */
export async function takeOldSummaries(
  dir: string,
  jobs: readonly Job[],
  tell: (job: Job, summary: JobSummary) => Promise<void>,
  report: (text: string) => void,
): Promise<void> {
  const there = new Set(await namesIn(dir));
  for (const job of jobs) {
    const name = `${createHash('sha256').update(job.id).digest('hex').slice(0, 32)}.json`;
    if (!there.has(name)) continue;
    const path = join(dir, name);
    try {
      await tell(job, JSON.parse(await readFile(path, 'utf8')) as JobSummary);
      await rm(path);
    } catch (error) {
      report(`the summary of job '${job.id}' in '${path}' is not taken over: ${reasonOf(error)}`);
    }
  }
  // Others may have something there.
  if ((await namesIn(dir)).length === 0) await rm(dir, { recursive: true, force: true });
}
