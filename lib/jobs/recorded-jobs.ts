// Summaries of the jobs that a recording tells of: a server's has many, whose windows overlap.
import { spansOf, type JobSpan, type Recording } from '../recording';
import type { Instance } from '../catalog';
import { newestOf, type Batch } from '../sampling/batch';
import { SummaryFold } from './fold';
import { SharedFold, type SharedWindow } from './fold-shared';
import { metaOf, parseStart, parseStop, type JobStop } from './job-events';
import { cutStop, LastAgent } from './last-agent';
import { summaryOf } from './summary';
import type { JobSummary } from './summary-types';

/** Rows so near to a window may tell of it: a drain takes a second. */
const MARGIN__NS = 2_000_000_000n;

/** One job's window, as the recording's events tell it. */
class RecordedJob {
  private readonly stop: JobStop | undefined;
  readonly tree: boolean;

  constructor(
    private readonly recording: Recording,
    readonly span: JobSpan,
    private readonly isAlone: boolean,
  ) {
    const { id, start__ns, stop__ns } = span;
    const { events } = recording;
    const told = events.find(({ kind, time__ns, data }) => {
      return kind === 'window_start' && time__ns === start__ns && parseStart(data)?.id === id;
    });
    this.tree = told !== undefined && parseStart(told.data)?.tree === true;
    const stopped = events.find(({ kind, time__ns }) => kind === 'window_stop' && time__ns === stop__ns);
    this.stop = stopped && parseStop(stopped.data);
  }

  /** The window's end: of one whose end is not told, the last row. */
  end(fold: SummaryFold | SharedWindow, newest__ns: bigint): bigint {
    const { start__ns, stop__ns } = this.span;
    const after__ns = newest__ns + 1n;
    return stop__ns ?? fold.close(after__ns > start__ns ? after__ns : start__ns);
  }

  /** @param fold of its window, which has ended */
  summary(fold: SummaryFold | SharedWindow, end__ns: bigint, agent: LastAgent): JobSummary {
    const { recording, span } = this;
    const { id, name, labels, start__ns, stop__ns } = span;
    const { manifest, utcOffset__ns } = recording;
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
  const [only, ...others] = spans;
  if (!only) return new Map();
  return others.length > 0 ? summarizeSpans(recording, spans) : summarizeOnly(recording, only);
}

/** All rows are of the one job, and may not say whose they are. */
async function summarizeOnly(recording: Recording, span: JobSpan): Promise<ReadonlyMap<string, JobSummary>> {
  const { start__ns, stop__ns } = span;
  const job = new RecordedJob(recording, span, true);
  const fold = new SummaryFold({
    start__ns,
    interval__ns: recording.manifest.interval__ns,
    ...(stop__ns === undefined ? {} : { stop__ns }),
    ...(job.tree ? { treeBegan__ns: start__ns } : {}),
  });
  const agent = new LastAgent();
  for await (const batch of recording.batches()) {
    fold.push(batch);
    agent.push(batch);
  }
  const end__ns = job.end(fold, fold.newest__ns);
  return new Map([[span.id, job.summary(fold, end__ns, agent)]]);
}

async function summarizeSpans(
  recording: Recording,
  spans: readonly JobSpan[],
): Promise<ReadonlyMap<string, JobSummary>> {
  const { interval__ns } = recording.manifest;
  const fold = new SharedFold({ interval__ns, margin__ns: MARGIN__NS });
  const waiting = [...spans].sort((a, b) => (a.start__ns < b.start__ns ? -1 : 1));
  const summaries = new Map<string, JobSummary>();
  const open = new Map<RecordedJob, SharedWindow>();
  const agent = new LastAgent();
  let newest__ns = 0n;
  let before: Batch | undefined;
  const begin = (span: JobSpan): void => {
    const { id, start__ns, stop__ns } = span;
    const options = { job: id, start__ns, ...(stop__ns === undefined ? {} : { stop__ns }) };
    open.set(new RecordedJob(recording, span, false), fold.open(options, before));
  };
  const end = (job: RecordedJob, window: SharedWindow): void => {
    const end__ns = job.end(window, newest__ns);
    window.seal();
    summaries.set(job.span.id, job.summary(window, end__ns, agent));
    open.delete(job);
  };
  for await (const batch of recording.batches()) {
    const latest__ns = newestOf(batch);
    if (latest__ns > newest__ns) newest__ns = latest__ns;
    for (let span = waiting[0]; span && span.start__ns <= newest__ns; span = waiting[0]) {
      waiting.shift();
      begin(span);
    }
    fold.push(batch);
    agent.push(batch);
    for (const [job, window] of open) {
      const { stop__ns } = job.span;
      if (stop__ns !== undefined && newest__ns > stop__ns + MARGIN__NS) end(job, window);
    }
    before = batch;
  }
  for (const span of waiting) begin(span);
  for (const [job, window] of open) end(job, window);
  return summaries;
}
