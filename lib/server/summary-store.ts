// The summaries of finished jobs, a file each.
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSummary } from '../jobs/summary-types';

export class SummaryStore {
  /** @param dir is created with the first summary */
  constructor(private readonly dir: string) {}

  /** Once it is on the disk. Rejects with the system's error. */
  async put(id: string, summary: JobSummary): Promise<void> {
    await mkdir(this.dir, { recursive: true });
    const path = this.pathOf(id);
    const file = await open(`${path}.tmp`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(summary));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
  }

  /** Undefined where there is none, or none that can be read. */
  async get(id: string): Promise<JobSummary | undefined> {
    try {
      return JSON.parse(await readFile(this.pathOf(id), 'utf8')) as JobSummary;
    } catch {
      // Nothing was written, or it was spoilt.
      return undefined;
    }
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  /** Ids may hold what file names may not. */
  private pathOf(id: string): string {
    return join(this.dir, `${createHash('sha256').update(id).digest('hex').slice(0, 32)}.json`);
  }
}
