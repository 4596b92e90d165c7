// One job's window while it is open, and until its summary is known: the fold that follows the readings.
import type { Instance } from '../catalog';
import { SummaryFold, type FoldInput } from '../jobs/fold';
import { NO_COMMAND, metaOf } from '../jobs/job-events';
import { summaryOf } from '../jobs/summary';
import { hostInfo } from '../jobs/summary-host';
import type { JobSummary } from '../jobs/summary-types';
import { since } from '../jobs/windows';
import type { GpuState, NativeStats } from '../native/addon';
import { sliceFrom } from './batch-slice';
import type { Job } from './job';

/** What a window takes of a session. */
export interface WindowSession {
  readonly utcOffset__ns: bigint;
  now__ns(): bigint;
  stats(): NativeStats;
  gpuStatus(): GpuState;
}

/** Readings before the window that sharpen its edge, in intervals. */
const BEFORE = 3n;

export class LiveWindow {
  private readonly fold: SummaryFold;
  private readonly before: NativeStats;
  private readonly opened__ns: bigint;
  private readonly lookBack__ns: bigint;
  private beginning = true;

  /** @param whole all that happened in the window is in the readings to come */
  constructor(
    private readonly job: Job,
    private readonly session: WindowSession,
    private readonly whole: boolean,
  ) {
    const { start__ns, interval__ns } = job;
    this.fold = new SummaryFold({
      start__ns: start__ns - session.utcOffset__ns,
      interval__ns,
      job: job.id,
    });
    this.lookBack__ns = BEFORE * BigInt(interval__ns);
    this.before = session.stats();
    this.opened__ns = session.now__ns();
  }

  /** Batches in their order, by the session's clock. */
  push(batch: FoldInput): void {
    const start__ns = this.job.start__ns - this.session.utcOffset__ns;
    // Long before the window, rows are not worth folding.
    const slice = this.beginning ? sliceFrom(batch, start__ns - this.lookBack__ns) : batch;
    this.beginning &&= this.fold.newest__ns < start__ns;
    this.fold.push(slice);
  }

  /** The window has ended; batches after its end sharpen the edge. */
  close(end__ns: bigint): void {
    this.fold.close(end__ns - this.session.utcOffset__ns);
  }

  /** @param job as it ended */
  summary(job: Job): JobSummary {
    const { session } = this;
    const { state, reason, simulated } = session.gpuStatus();
    const elapsed__s = Number(session.now__ns() - this.opened__ns) / 1e9;
    const { id, name, labels, interval__ns, gpu_scope } = job;
    const setting = { name, labels, simulated, host: hostInfo(), interval__ns };
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
