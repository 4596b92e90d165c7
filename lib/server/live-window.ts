// One job's window while it is open, and until its summary is known: the fold that follows the readings.
import type { Instance } from '../catalog';
import { SummaryFold, type FoldInput } from '../jobs/fold';
import { NO_COMMAND, metaOf } from '../jobs/job-events';
import { summaryOf } from '../jobs/summary';
import type { HostInfo, JobSummary } from '../jobs/summary-types';
import { since } from '../jobs/windows';
import type { GpuState, NativeStats } from '../native/addon';
import { sliceBefore, sliceFrom, sliceLast } from './batch-slice';
import type { Job } from './job';

/** What a window takes of a session. */
export interface WindowSession {
  readonly utcOffset__ns: bigint;
  readonly host: HostInfo;
  now__ns(): bigint;
  stats(): NativeStats;
  gpuStatus(): GpuState;
}

/** Readings beside the window that sharpen its edges, in intervals. */
const MARGIN = 3n;

export class LiveWindow {
  private readonly fold: SummaryFold;
  private readonly before: NativeStats;
  private readonly opened__ns: bigint;
  private readonly start__ns: bigint;
  /** Readings this near to the window are folded too. */
  private readonly margin__ns: bigint;
  /** Once it has ended. */
  private after__ns: bigint | undefined;
  private beginning = true;

  /** @param whole all that happened in the window is in the readings to come */
  constructor(
    job: Job,
    private readonly session: WindowSession,
    private readonly whole: boolean,
  ) {
    const { interval__ns } = job;
    this.start__ns = job.start__ns - session.utcOffset__ns;
    this.fold = new SummaryFold({
      start__ns: this.start__ns,
      interval__ns,
      job: job.id,
    });
    this.margin__ns = MARGIN * BigInt(interval__ns);
    this.before = session.stats();
    this.opened__ns = session.now__ns();
  }

  /** Batches in their order, by the session's clock. */
  push(batch: FoldInput): void {
    const slice = this.beginning ? sliceFrom(batch, this.start__ns - this.margin__ns) : batch;
    this.beginning &&= this.fold.newest__ns < this.start__ns;
    const { after__ns } = this;
    if (after__ns === undefined) return this.fold.push(slice);
    // Long after the window only the reading that was asked for counts: it is the last, and has every metric.
    this.fold.push(sliceBefore(slice, after__ns));
    this.fold.push(sliceLast(slice, this.margin__ns, after__ns));
  }

  /** The window has ended; batches after its end sharpen the edge. */
  close(end__ns: bigint): void {
    this.after__ns = this.fold.close(end__ns - this.session.utcOffset__ns) + this.margin__ns;
  }

  /** @param job as it ended */
  summary(job: Job): JobSummary {
    const { session } = this;
    const { state, reason, simulated } = session.gpuStatus();
    const elapsed__s = Number(session.now__ns() - this.opened__ns) / 1e9;
    const { id, name, labels, interval__ns, gpu_scope } = job;
    const setting = { name, labels, simulated, host: session.host, interval__ns };
    const sampler = { elapsed__s, stats: since(this.before, session.stats()) };
    const meta = metaOf(
      setting,
      { id, utcOffset__ns: session.utcOffset__ns, complete: this.whole },
      { ...NO_COMMAND, gpu: { state, reason }, sampler },
    );
    const own = new Set(job.gpus);
    return summaryOf(this.fold, meta, (instance) => gpu_scope === 'node' || isOwn(instance, own));
  }
}

/** Other GPUs than the job's are not told. */
function isOwn({ entity, identity }: Instance, gpus: ReadonlySet<string>): boolean {
  return entity === 'gpu' || entity === 'mig' ? gpus.has(identity.uuid) : true;
}
