// One job's window while it is open, and until its summary is known.
import type { Instance } from '../catalog';
import type { SharedWindow } from '../jobs/fold-shared';
import type { FoldInput } from '../jobs/fold-subjects';
import { NO_COMMAND, metaOf } from '../jobs/job-events';
import { summaryOf } from '../jobs/summary';
import type { HostInfo, JobSummary } from '../jobs/summary-types';
import { since } from '../jobs/windows';
import type { GpuState, NativeStats } from '../native/addon';
import type { Job } from './job';
import type { SharedFolds } from './shared-folds';

/** What a window takes of a session. */
export interface WindowSession {
  readonly utcOffset__ns: bigint;
  readonly host: HostInfo;
  now__ns(): bigint;
  stats(): NativeStats;
  gpuStatus(): GpuState;
}

export class LiveWindow {
  private readonly window: SharedWindow;
  private readonly before: NativeStats;
  private readonly opened__ns: bigint;

  /**
   * @param folds by the session's clock
   * @param whole all that happened in the window is in the readings to come
   * @param latest the batch before, if there was one
   */
  constructor(
    job: Job,
    folds: SharedFolds,
    private readonly session: WindowSession,
    private readonly whole: boolean,
    latest?: FoldInput,
  ) {
    const { utcOffset__ns } = session;
    const { id, interval__ns, start__ns, end } = job;
    this.window = folds.open(
      interval__ns,
      {
        job: id,
        start__ns: start__ns - utcOffset__ns,
        ...(end ? { stop__ns: end.time__ns - utcOffset__ns } : {}),
      },
      latest,
    );
    // Of the calls only what the end has is told.
    this.before = { ...session.stats(), calls: [] };
    this.opened__ns = session.now__ns();
  }

  /** The window has ended; batches after its end sharpen the edge. */
  close(end__ns: bigint): void {
    this.window.close(end__ns - this.session.utcOffset__ns);
  }

  /** It takes no more batches. */
  seal(): void {
    this.window.seal();
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
    return summaryOf(this.window, meta, (instance) => gpu_scope === 'node' || isOwn(instance, own));
  }
}

/** Other GPUs than the job's are not told. */
function isOwn({ entity, identity }: Instance, gpus: ReadonlySet<string>): boolean {
  return entity === 'gpu' || entity === 'mig' ? gpus.has(identity.uuid) : true;
}
