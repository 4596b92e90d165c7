// Where the documents of jobs are: on their way, on the disk, or acknowledged.
import { setTimeout as delay } from 'node:timers/promises';
import type { ExporterStats } from '../sinks/elasticsearch';
import type { DocumentsState, JobDocuments } from './api';
import type { JobSummaryPlace } from './job';
import type { Monitor } from './monitor';

/** What takes the recordings; the Elasticsearch exporter is one. */
export interface Sink {
  /** Once everything up to a time, of what is in files of the recordings it concerns now, is acknowledged. */
  reached(utc__ns: bigint, concerns: (dir: string) => boolean): Promise<void>;
  /** What holds it up. */
  stats(): Pick<ExporterStats, 'state' | 'reason'>;
  /** How many of a job's documents it would never take. */
  rejectedOf(job: string, summary: JobSummaryPlace | null): Promise<number>;
}

/**
 * Waits at most `wait__ms` until the documents of a job's window are acknowledged.
 * @throws ERR_JOB_UNKNOWN
 */
export async function documentsOf(
  monitor: Monitor,
  sink: Sink | undefined,
  id: string,
  wait__ms: number,
): Promise<JobDocuments> {
  if (monitor.show(id).state === 'open') return { id, documents: 'open' };
  const now: { documents: DocumentsState } = { documents: 'pending' };
  const settled = (async () => {
    const end__ns = await monitor.finished(id);
    const recordings = (dir: string): boolean => monitor.mayTell(id, dir);
    now.documents = 'spooled';
    if (!sink) return;
    await sink.reached(end__ns, recordings);
    now.documents = 'acknowledged';
  })();
  // Where nothing is left to wait for, that takes a turn of the event loop.
  await Promise.race([settled, delay(Math.max(wait__ms, 1), undefined, { ref: false })]);
  const { documents } = now;
  if (!sink) return { id, documents };
  if (documents === 'acknowledged') {
    const rejected = await sink.rejectedOf(id, monitor.summaryPlaceOf(id));
    return rejected === 0 ? { id, documents } : { id, documents: 'rejected', rejected };
  }
  const { state, reason } = sink.stats();
  return reason === '' ? { id, documents } : { id, documents, reason: `export is ${state}: ${reason}` };
}
