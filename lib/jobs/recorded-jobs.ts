// Summaries of the jobs that a recording tells of: a server's has many, whose windows overlap.
import { spansOf, type JobSpan, type Recording } from '../recording';
import type { Instance } from '../catalog';
import { newestOf, type Batch } from '../sampling/batch';
import { SummaryFold } from './fold';
import { metaOf, parseStart, parseStop, type JobStop } from './job-events';
import { cutStop, LastAgent } from './last-agent';
import { summaryOf } from './summary';
import type { JobSummary } from './summary-types';

/** Rows so long after a window's end are the last that may tell of it: a drain takes a second. */
const AFTER__NS = 2_000_000_000n;

/** One job's window as its rows are read. */
class RecordedJob {
  private readonly fold: SummaryFold;
  private readonly stop: JobStop | undefined;

  constructor(
    private readonly recording: Recording,
    private readonly span: JobSpan,
    private readonly isAlone: boolean,
  ) {
    const { id, start__ns, stop__ns } = span;
    const { events, manifest } = recording;
    const told = events.find(({ kind, time__ns, data }) => {
      return kind === 'window_start' && time__ns === start__ns && parseStart(data)?.id === id;
    });
    const tree = told !== undefined && parseStart(told.data)?.tree === true;
    const stopped = events.find(({ kind, time__ns }) => kind === 'window_stop' && time__ns === stop__ns);
    this.stop = stopped && parseStop(stopped.data);
    this.fold = new SummaryFold({
      start__ns,
      interval__ns: manifest.interval__ns,
      ...(stop__ns === undefined ? {} : { stop__ns }),
      ...(tree ? { treeBegan__ns: start__ns } : {}),
      // Rows of recordings of one job may not say whose they are.
      ...(isAlone ? {} : { job: id }),
    });
  }

  get id(): string {
    return this.span.id;
  }

  get isOver(): boolean {
    const { stop__ns } = this.span;
    return stop__ns !== undefined && this.fold.newest__ns > stop__ns + AFTER__NS;
  }

  push(batch: Batch): void {
    this.fold.push(batch);
  }

  summary(agent: LastAgent): JobSummary {
    const { fold, recording, span } = this;
    const { id, name, labels, start__ns, stop__ns } = span;
    const { manifest, utcOffset__ns } = recording;
    const after__ns = fold.newest__ns + 1n;
    const end__ns = stop__ns ?? fold.close(after__ns > start__ns ? after__ns : start__ns);
    // A window that a server tells again began in an earlier recording.
    const isWhole = this.isAlone || start__ns >= BigInt(manifest.clock.start__ns);
    const complete = stop__ns !== undefined && isWhole && !recording.isTrimmed;
    const stop = this.stop ?? cutStop(recording, agent, Number(end__ns - start__ns) / 1e9);
    const meta = metaOf({ ...manifest, name, labels }, { id, utcOffset__ns, complete }, stop);
    return summaryOf(fold, meta, (instance) => isOwn(instance, span));
  }
}

/** Other GPUs than the job's are not told. */
function isOwn({ entity, identity }: Instance, { gpus }: JobSpan): boolean {
  if (gpus === 'node' || (entity !== 'gpu' && entity !== 'mig')) return true;
  return gpus.some(({ uuids }) => uuids.includes(identity.uuid));
}

/**
 * The summary of each job of a recording, by the job's id; of one with several windows, that of the last. Reads the
 * recording once. A window without an end reaches to the last row, and is not complete.
 */
export async function summarizeJobs(recording: Recording): Promise<ReadonlyMap<string, JobSummary>> {
  const spans = spansOf(recording.events).filter(
    ({ start__ns, stop__ns }) => stop__ns === undefined || stop__ns >= start__ns,
  );
  const waiting = [...spans].sort((a, b) => (a.start__ns < b.start__ns ? -1 : 1));
  const summaries = new Map<string, JobSummary>();
  const agent = new LastAgent();
  let open: RecordedJob[] = [];
  let before: Batch | undefined;
  for await (const batch of recording.batches()) {
    for (let span = waiting[0]; span && span.start__ns <= newestOf(batch); span = waiting[0]) {
      waiting.shift();
      const job = new RecordedJob(recording, span, spans.length === 1);
      // The last readings before a window sharpen its edge.
      if (before) job.push(before);
      open.push(job);
    }
    for (const job of open) job.push(batch);
    agent.push(batch);
    for (const job of open) if (job.isOver) summaries.set(job.id, job.summary(agent));
    open = open.filter((job) => !job.isOver);
    before = batch;
  }
  const unread = waiting.map((span) => new RecordedJob(recording, span, spans.length === 1));
  for (const job of [...open, ...unread]) summaries.set(job.id, job.summary(agent));
  return summaries;
}
