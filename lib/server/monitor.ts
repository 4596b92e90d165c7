// The monitor: jobs come and go, the node is sampled as finely as they ask, and each window ends in its summary.
// It knows nothing of HTTP.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { Instance, NotedMetric } from '../catalog';
import { NvpulseError } from '../errors';
import type { JobSummary } from '../jobs/summary-types';
import type { GpuState } from '../native/addon';
import { type EndedBy } from '../recording';
import type { Batch } from '../sampling/batch';
import type { MachineOptions } from '../sampling/machine';
import { reasonOf } from '../reason';
import { TIMER_MAX__MS } from '../time';
import type { JobView, StartRequest } from './api';
import type { Job, JobSpec, JobSummaryPlace } from './job';
import { JobBook } from './job-book';
import { JobLog, readJobLog } from './job-log';
import { isTakenBy, summaryIn, type TakenRecording } from './job-summary';
import { viewOf } from './job-view';
import { JobRecordings } from './job-recordings';
import { leaseOf, specOf } from './job-request';
import { takeOldSummaries } from './old-summaries';
import { recordingsSince, stopsToldIn } from './past-recordings';
import type { LiveWindow } from './live-window';
import { isSame } from './root';
import { Session } from './session';
import { SummaryQueue } from './summary-queue';
import { UsedIds } from './used-ids';
import { Windows } from './windows';

export interface MonitorOptions {
  /** Folder of jobs, summaries and recordings; the caller holds its lock. */
  readonly state: string;
  /** Of jobs that ask for none, in nanoseconds. */
  readonly interval__ns: number;
  /** Between readings while no window is open; null for none. */
  readonly background__ns: number | null;
  /** Path of the NVML library. */
  readonly nvml?: string | undefined;
  readonly machine: MachineOptions;
  /** CLOCK_REALTIME − CLOCK_MONOTONIC, in nanoseconds. @default the system's */
  readonly utcOffset?: (() => bigint) | undefined;
  /** How far the sink has taken the recordings; absent where there is none. */
  readonly taken?: (() => readonly TakenRecording[]) | undefined;
  /** Takes the state folder again where it was removed; throws where another server has it by now. */
  readonly hold?: (() => void) | undefined;
  /** Told of what people should know, a line each. */
  readonly log: (line: string) => void;
  /** Told of each batch. */
  readonly onBatch?: (batch: Batch) => void;
}

/** Windows that may be open at once: each costs memory, some 0.1 MB and what its job's processes take. */
const OPEN_MAX = 1000;
/** The longest interval there is stands for none. */
const NEVER__NS = 3600e9;
const HOUSEKEEPING__MS = 1000;
/** A request is answered after so long at the latest, whatever the disk does: clients wait for five seconds. */
const ANSWER__MS = 4000;
/** What was removed under the server is told for so long. */
const REMOVED__MS = 60_000;
const LAST_SUMMARIES__MS = 2000;
/** A recording that is older makes way for another when no window is open, so that none grows for ever. */
const RECORDING_AGE__NS = 86_400_000_000_000n;

/** How a monitor is doing. */
export interface MonitorStatus {
  readonly now__ns: bigint;
  /** Readings are wanted. */
  readonly sampling: boolean;
  readonly interval__ms: number;
  readonly gpu: GpuState;
  readonly open_jobs: number;
  /** Why the disk does not take what it should; null where it does. */
  readonly disk: string | null;
  /** What someone removed under the server within the last minute, and is there again; null where nothing was. */
  readonly removed: string | null;
  readonly lost_rows: number;
  /** Readings that were not believed, since the start. */
  readonly implausible_readings: number;
}

/** A named moment of a job. */
interface Mark {
  readonly id: string;
  readonly name: string;
  /** UTC. */
  readonly time__ns: bigint;
}

export class Monitor {
  private windows: Windows;
  /** By job: once its summary is kept. */
  private readonly finishing = new Map<string, Promise<void>>();
  /** Summaries are made one after another, so that many at once don't hold up a request. */
  private lane: Promise<unknown> = Promise.resolve();
  private readonly recordings = new JobRecordings();
  private readonly summaries = new SummaryQueue((windows) => this.session.tellSummaries(windows));
  private forgetting: Promise<void> | undefined;
  /** Why used ids could not be kept at the last try. */
  private unkept: string | undefined;
  private refolding: Promise<void> = Promise.resolve();
  private readonly housekeeping: NodeJS.Timeout;
  private lease: NodeJS.Timeout | undefined;
  /** Those that are not yet durable. */
  private readonly marks = new Set<Mark>();
  private rolling = false;
  private reopening: Promise<void> | undefined;
  private keeping: Promise<void> | undefined;
  /** Why the state folder is not this server's any more. */
  private foreign: string | undefined;
  /** That the disk does not answer. */
  private late: string | undefined;
  /** What of the disk was told last. */
  private told: string | null = null;
  private removed: string | undefined;
  private removed__ms = -Infinity;
  private closed = false;

  private constructor(
    private readonly options: MonitorOptions,
    private readonly book: JobBook,
    private readonly log: JobLog,
    private readonly used: UsedIds,
    private session: Session,
  ) {
    this.recordings.goOn(session.dir);
    this.windows = new Windows(session);
    this.housekeeping = setInterval(() => this.keepHouse(), HOUSEKEEPING__MS);
  }

  /**
   * Goes on with the jobs that the state folder has, or begins with none.
   * @throws ERR_IO where the state folder cannot be read or written · ERR_NATIVE
   */
  static async open(options: MonitorOptions): Promise<Monitor> {
    const path = join(options.state, 'jobs.log');
    const { records, damaged } = await readJobLog(path);
    if (damaged.length > 0) options.log(`${path}: lines ${damaged.join(', ')} are damaged and left out`);
    const used = await UsedIds.open(join(options.state, 'used-ids'));
    const past = new JobBook(() => undefined);
    for (const record of records) past.apply(record);
    past.forget(past.all.flatMap(({ id }) => (used.has(id) ? [id] : [])));
    const book: JobBook = new JobBook((record) => log.append(record));
    for (const record of past.snapshot()) book.apply(record);
    const log = await JobLog.create({
      path,
      snapshot: () => book.snapshot(),
      onRemoved: () => monitor.noteRemoved(`'${path}' was removed, and is written again`),
      log: options.log,
    });
    const before = await recordingsSince(spoolOf(options), startOfOldest(book));
    const session = await startSession(options, intervalFor(book, options));
    const monitor: Monitor = new Monitor(options, book, log, used, session);
    await monitor.resume(before);
    return monitor;
  }

  /** Folder of the recordings. */
  get spool(): string {
    return spoolOf(this.options);
  }

  /** Folder of the recording that is being written. */
  get recording(): string {
    return this.session.dir;
  }

  /** Jobs as they are; `open` only those whose window is open, `name` only those of that name. */
  list(only: { readonly open?: boolean; readonly name?: string | undefined } = {}): readonly JobView[] {
    const jobs = only.open ? this.book.open : this.book.all;
    return jobs.filter(({ name }) => only.name === undefined || name === only.name).map(viewOf);
  }

  /** @throws ERR_JOB_UNKNOWN */
  show(id: string): JobView {
    return viewOf(this.known(id));
  }

  /**
   * Opens a job's window; it is durable when this resolves. A job that is open already stays as it was started.
   * @throws ERR_OPTION for what the request says wrongly · ERR_STATE where the id's window is over · ERR_IO where it
   * cannot be made durable: the window is open, and sending the start again makes it so · ERR_SERVER: not now
   */
  async start(request: StartRequest): Promise<{ readonly created: boolean; readonly job: JobView }> {
    // What cannot be kept is not begun.
    if (this.status().disk !== null && !this.book.get(request.id ?? '')) await this.durable();
    const known = request.id === undefined ? undefined : this.book.get(request.id);
    if (request.id !== undefined && (known?.end || this.used.has(request.id))) throw isUsed(request.id);
    const job = known ?? this.begin(this.spec(request));
    await this.durable();
    return { created: known === undefined, job: viewOf(job) };
  }

  /**
   * Ends a job's window now; it is durable when this resolves. One that has ended stays as it is.
   * @throws ERR_JOB_UNKNOWN · ERR_IO where it cannot be made durable
   */
  async stop(id: string, status = ''): Promise<JobView> {
    this.end(this.known(id).id, 'stop', status);
    const job = this.known(id);
    await this.durable();
    return viewOf(job);
  }

  /**
   * The lease counts from now on; durable when this resolves.
   * @throws ERR_JOB_UNKNOWN · ERR_STATE where the window is over · ERR_OPTION · ERR_IO
   */
  async renew(id: string, lease?: string): Promise<JobView> {
    const lease__ns = lease === undefined ? undefined : leaseOf(lease);
    const renewed = this.book.renew(this.known(id).id, lease__ns, this.session.now__ns());
    if (renewed?.outcome !== 'renewed') throw hasEnded(id);
    this.watchLeases();
    await this.durable();
    return this.show(id);
  }

  /** A named moment of a job. @throws ERR_JOB_UNKNOWN · ERR_STATE where the window is over */
  async mark(id: string, name: string): Promise<bigint> {
    if (this.known(id).end) throw hasEnded(id);
    const mark = { id, name, time__ns: this.session.now__ns() };
    this.marks.add(mark);
    this.tellMark(mark);
    try {
      await this.durable();
    } finally {
      this.marks.delete(mark);
    }
    return mark.time__ns;
  }

  private tellMark({ id, name, time__ns }: Mark): void {
    this.session.event('mark', time__ns, { id }, name);
  }

  /** A finished job's summary; undefined while its window is open, and shortly after. */
  async summaryOf(id: string): Promise<JobSummary | undefined> {
    const summary = this.book.get(id)?.summary;
    return summary ? summaryIn(this.spool, summary) : undefined;
  }

  /** Once the summary of a job that has ended is kept, and all of its window is in files; gives the window's end. */
  async finished(id: string): Promise<bigint> {
    await this.finishing.get(id);
    await this.session.flushed();
    return this.known(id).end?.time__ns ?? this.session.now__ns();
  }

  /** Whether the recording in a folder may tell of a job. */
  mayTell(id: string, dir: string): boolean {
    return this.recordings.mayTell(id, this.summaryPlaceOf(id), dir);
  }

  /** Where a job's summary stands; null where it has none, or is not remembered. */
  summaryPlaceOf(id: string): JobSummaryPlace | null {
    return this.book.get(id)?.summary ?? null;
  }

  /** Tells a metric of the agent: rows have it from now on. */
  note(metric: NotedMetric, value: number): void {
    this.session.note(metric, value);
  }

  /** How it is doing. */
  status(): MonitorStatus {
    const { session, options } = this;
    return {
      now__ns: session.now__ns(),
      sampling: options.background__ns !== null || this.book.open.length > 0,
      interval__ms: session.interval__ns / 1e6,
      gpu: session.gpuStatus(),
      open_jobs: this.book.open.length,
      disk: this.foreign ?? this.late ?? this.log.failure ?? session.failure ?? this.unkept ?? null,
      removed: performance.now() - this.removed__ms < REMOVED__MS ? (this.removed ?? null) : null,
      lost_rows: session.lostRows,
      implausible_readings: session.stats().implausible_readings,
    };
  }

  /** Open windows stay open in the state folder: the next server goes on with them. Twice is allowed. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.housekeeping);
    clearTimeout(this.lease);
    // Summaries that are still to be made of earlier recordings are the next server's.
    await Promise.race([
      Promise.all(this.finishing.values()),
      delay(LAST_SUMMARIES__MS, undefined, { ref: false }),
    ]);
    await this.forgetting;
    // A recording that takes the place of a removed one is closed too. Who asked for it is told why there is none.
    await this.reopening?.catch(() => undefined);
    await this.session.stop();
    await this.log.close();
    await this.used.close();
  }

  /** Declares what the new recording must know, and goes on with the windows. */
  private async resume(before: readonly string[]): Promise<void> {
    const unfinished = this.book.all.filter(({ finished }) => !finished);
    const told = await stopsToldIn(before, unfinished);
    for (const job of unfinished) {
      this.windows.restore(job);
      if (job.end && told.has(job.id)) continue;
      this.declare(job);
      if (job.end) this.declareEnd(job);
    }
    this.session.follow((batch) => this.take(batch));
    this.refolding = this.windows.refold(before, this.options.log);
    for (const job of unfinished) {
      if (job.end) this.finishLater(job);
      else this.trackAgain(job);
    }
    this.takeOldSummaries().catch((error: unknown) => this.options.log(`old summaries: ${reasonOf(error)}`));
    this.retime();
  }

  private takeOldSummaries(): Promise<void> {
    const untold = this.book.all.filter(({ finished, summary }) => finished && !summary);
    const take = async (job: Job, summary: JobSummary): Promise<void> => {
      this.book.finish(job.id, await this.tell(job, summary));
      await this.log.durable();
    };
    return takeOldSummaries(join(this.options.state, 'summaries'), untold, take, this.options.log);
  }

  private spec(request: StartRequest): JobSpec {
    if (this.book.open.length >= OPEN_MAX)
      throw new NvpulseError('ERR_SERVER', `${OPEN_MAX} jobs are open, which is the most; stop some`);
    const { session, options } = this;
    return specOf(request, {
      gpus: session.gpus,
      gpu: session.gpuStatus(),
      interval__ns: options.interval__ns,
    });
  }

  private begin(spec: JobSpec): Job {
    if (spec.root) this.session.track(spec.id, spec.root);
    const { job } = this.book.start(spec, this.session.now__ns());
    this.recordings.begin(job.id);
    this.declare(job);
    this.windows.open(job);
    this.retime();
    this.session.read().catch((error: unknown) => this.options.log(`no reading: ${reasonOf(error)}`));
    return job;
  }

  private known(id: string): Job {
    const job = this.book.get(id);
    if (job) return job;
    throw new NvpulseError(
      'ERR_JOB_UNKNOWN',
      this.used.has(id)
        ? `job '${id}' has ended, and is no longer remembered here`
        : `there is no job '${id}' here`,
    );
  }

  /** Once all that was told so far is on the disk, and in a recording. @throws ERR_IO where it is not, or not in time */
  private async durable(): Promise<void> {
    this.holdState();
    const late = new AbortController();
    const limit = delay(ANSWER__MS, true, { ref: false, signal: late.signal }).catch(() => false);
    const kept = Promise.all([this.log.durable(), this.recorded()]).finally(() => late.abort());
    kept.catch(() => undefined);
    if (await Promise.race([limit, kept.then(() => false)])) {
      this.late = `the disk has not answered for ${ANSWER__MS / 1000} s`;
      kept.finally(() => (this.late = undefined)).catch(() => undefined);
      throw new NvpulseError('ERR_IO', `${this.late}; send it again`);
    }
    await kept;
  }

  /** @throws ERR_IO where the state folder is another server's by now, or cannot be made again */
  private holdState(): void {
    try {
      this.options.hold?.();
      this.foreign = undefined;
    } catch (cause) {
      this.foreign = `the state folder was removed, and cannot be taken again: ${reasonOf(cause)}`;
      throw new NvpulseError('ERR_IO', this.foreign, { cause });
    }
  }

  /** Once all events and rows so far are in files that are there. @throws ERR_IO */
  private async recorded(): Promise<void> {
    if (await this.isRecorded()) return;
    if (this.session.isRemoved) {
      await this.reopen();
      if (await this.isRecorded()) return;
    }
    throw new NvpulseError('ERR_IO', this.session.failure ?? 'the recording cannot be written');
  }

  /** Also where it was seen before this flush that something is gone. */
  private async isRecorded(): Promise<boolean> {
    const flushed = await this.session.flushed();
    return flushed && !this.session.isRemoved;
  }

  /** Another recording in the place of one that was removed. */
  private reopen(): Promise<void> {
    this.reopening ??= this.recordAgain().finally(() => (this.reopening = undefined));
    return this.reopening;
  }

  private async recordAgain(): Promise<void> {
    const { dir } = this.session;
    if (this.closed) return;
    await this.session.reopen(() => {
      for (const job of this.book.all.filter(({ finished }) => !finished)) {
        this.declare(job);
        if (job.end) this.declareEnd(job);
      }
      for (const mark of this.marks) this.tellMark(mark);
    });
    this.recordings.goOn(this.session.dir);
    this.noteRemoved(`the recording '${dir}' was removed, and goes on in '${this.session.dir}'`);
  }

  /** Something of the state folder was removed under the server, and is there again: told for a minute. */
  noteRemoved(text: string): void {
    this.removed = text;
    this.removed__ms = performance.now();
    this.options.log(text);
  }

  /** Of a job that an earlier server followed. */
  private trackAgain({ id, root }: Job): void {
    if (!root) return;
    try {
      if (isSame(root)) return this.session.track(id, root);
    } catch (error) {
      if (!(error instanceof NvpulseError)) throw error;
    }
    this.end(id, 'gone');
  }

  /** @returns whether it belongs into the recording */
  private take(batch: Batch): boolean {
    // Rows after a deadline are written after the event that says so.
    this.expire();
    for (const instance of batch.instances.values()) this.noteProcess(instance, batch);
    this.windows.push(batch);
    this.options.onBatch?.(batch);
    return this.options.background__ns !== null || this.isBusy();
  }

  /** A process of a job is seen on a GPU. */
  private noteProcess(instance: Instance, batch: Batch): void {
    if (instance.entity !== 'gpu_process') return;
    const job = this.book.sawGpu(instance.identity.job, instance.identity.uuid);
    if (!job) return;
    const table = batch.table('gpu_process');
    const row = table?.instance.indexOf(instance.id) ?? -1;
    const time__ns = table?.time[row];
    const seen__ns = time__ns === undefined ? this.session.now__ns() : time__ns + batch.utcOffset__ns;
    this.session.event('window_gpus', seen__ns, { id: job.id, gpus: job.gpus });
  }

  /** Tells the recording of a window that opens, or opened before the recording began. */
  private declare(job: Job): void {
    const { id, name, labels, gpu_scope, gpus, start__ns } = job;
    const named = gpu_scope === 'named' ? gpus : [];
    this.session.event('window_start', start__ns, {
      id,
      tree: false,
      name,
      labels,
      gpu_scope,
      gpus: named,
    });
    if (gpu_scope === 'process' && gpus.length > 0)
      this.session.event('window_gpus', start__ns, { id, gpus });
  }

  private declareEnd({ id, gpu_scope, gpus, end }: Job): void {
    if (!end) return;
    const { time__ns, by, status } = end;
    this.session.event('window_stop', time__ns, { id, gpu_scope, gpus, ended_by: by, status });
    if (by === 'lease')
      this.session.event('lease_expired', time__ns, { id }, `the lease of job ${id} ran out`);
  }

  private end(id: string, by: EndedBy, status = ''): void {
    const stopped = this.book.stop(id, { time__ns: this.session.now__ns(), by, status });
    if (stopped?.outcome === 'stopped') this.ended(stopped.job);
  }

  /** A window is over as of now, or as of its deadline. */
  private ended(job: Job): void {
    if (!job.end) return;
    this.declareEnd(job);
    this.windows.close(job.id, job.end.time__ns);
    this.finishLater(job);
    this.retime();
  }

  private expire(): void {
    for (const job of this.book.expire(this.session.now__ns())) {
      this.options.log(`job '${job.id}': its lease ran out`);
      this.ended(job);
    }
  }

  private finishLater({ id }: Job): void {
    const finished = this.readings(id)
      .then(() => {
        this.session.untrack(id);
        return this.finish(id, this.windows.seal(id));
      })
      .catch((error: unknown) => this.failed(id, error))
      .finally(() => this.finishing.delete(id));
    this.finishing.set(id, finished);
  }

  /** Once all that a window's summary is made of was read, or could not be. */
  private async readings(id: string): Promise<void> {
    for (const reading of await Promise.allSettled([this.session.read(), this.refolding]))
      if (reading.status === 'rejected') this.options.log(`job '${id}': ${reasonOf(reading.reason)}`);
  }

  private async finish(id: string, window: LiveWindow | undefined): Promise<void> {
    const summarised = this.lane.then(async () => {
      // Requests that wait come first.
      await turn();
      return window?.summary(this.known(id));
    });
    this.lane = summarised.catch(() => undefined);
    const summary = await summarised;
    this.book.finish(id, summary ? await this.tell(this.known(id), summary) : null);
    await this.log.durable();
  }

  /** Once it stands in the recording. */
  private tell(job: Job, summary: JobSummary): Promise<JobSummaryPlace> {
    const { gpu_scope, gpus, gpu_shared, end } = job;
    const { by: ended_by = 'stop', status = '' } = end ?? {};
    return this.summaries.put({ summary, gpu_scope, gpus, gpu_shared, ended_by, status });
  }

  private failed(id: string, error: unknown): void {
    this.options.log(`job '${id}': its summary is not kept: ${reasonOf(error)}`);
  }

  /** Samples as finely as the open jobs ask, and wakes when the next lease runs out. */
  private retime(): void {
    this.session.setInterval(intervalFor(this.book, this.options));
    this.watchLeases();
  }

  private watchLeases(): void {
    clearTimeout(this.lease);
    const next__ns = this.book.nextDeadline__ns;
    if (next__ns === undefined || this.closed) return;
    const wait__ms = Math.ceil(Number(next__ns - this.session.now__ns()) / 1e6);
    this.lease = setTimeout(
      () => {
        this.expire();
        this.watchLeases();
      },
      Math.min(Math.max(wait__ms, 0), TIMER_MAX__MS),
    );
  }

  private keepHouse(): void {
    for (const id of this.session.gone()) this.end(id, 'gone');
    this.session.watchClock();
    this.session.note('open_jobs', this.book.open.length);
    // What the disk refused before is tried again, and what was removed is seen; status tells it.
    this.keeping ??= this.durable()
      .catch(() => undefined)
      .finally(() => (this.keeping = undefined));
    this.tellDisk();
    void this.summaries.write();
    this.forgetPast();
    if (this.isDueToRoll()) void this.roll();
  }

  /** Ended jobs make way for others once nothing more is to be told of them; their ids stay used. */
  private forgetPast(): void {
    const { taken } = this.options;
    const isTaken = taken ? isTakenBy(this.spool, taken()) : () => true;
    // A disk that hangs is asked once, and what it keeps is forgotten at the next look.
    this.forgetting ??= this.forget(this.book.past(isTaken)).finally(() => (this.forgetting = undefined));
  }

  private async forget(past: readonly string[]): Promise<void> {
    try {
      if (await this.used.keep()) this.noteRemoved(`'${this.used.path}' was removed, and is written again`);
      await this.used.add(past);
      this.book.forget(past);
      this.recordings.forget(past);
      this.unkept = undefined;
    } catch (error) {
      this.unkept = `used ids cannot be kept: ${reasonOf(error)}`;
    }
  }

  /** What the disk does goes to the log, once. */
  private tellDisk(): void {
    const { disk } = this.status();
    if (disk === this.told) return;
    this.told = disk;
    this.options.log(disk === null ? 'the disk takes what it should again' : disk);
  }

  /** Nothing hangs on the recording, and it is old, or its times are no longer the system's. */
  private isDueToRoll(): boolean {
    const { session } = this;
    const old = session.now__ns() - session.start__ns > RECORDING_AGE__NS;
    return !this.isBusy() && !this.rolling && (old || session.outOfStep);
  }

  private isBusy(): boolean {
    return this.book.open.length > 0 || this.finishing.size > 0;
  }

  /** Another session, with another recording and the system's present time. */
  private async roll(): Promise<void> {
    this.rolling = true;
    try {
      const next = await startSession(this.options, intervalFor(this.book, this.options));
      const before = this.session;
      if (this.isBusy() || this.closed) return await next.stop();
      this.session = next;
      this.recordings.goOn(next.dir);
      this.windows = new Windows(next);
      next.follow((batch) => this.take(batch));
      await before.stop();
    } catch (error) {
      this.options.log(`no new recording: ${reasonOf(error)}`);
    } finally {
      this.rolling = false;
    }
  }
}

function spoolOf({ state }: MonitorOptions): string {
  return join(state, 'spool');
}

function startSession(options: MonitorOptions, interval__ns: number): Promise<Session> {
  const { nvml, machine, utcOffset } = options;
  return Session.start({ spool: spoolOf(options), interval__ns, nvml, machine, utcOffset });
}

/** The finest interval that an open job asks for, else the background's. */
function intervalFor(book: JobBook, { background__ns }: MonitorOptions): number {
  const asked = book.open.map(({ interval__ns }) => interval__ns);
  return asked.length > 0 ? Math.min(...asked) : (background__ns ?? NEVER__NS);
}

/** When the oldest window began whose summary is still to come. */
function startOfOldest(book: JobBook): bigint | undefined {
  return book.all.find(({ finished }) => !finished)?.start__ns;
}

function isUsed(id: string): NvpulseError {
  return new NvpulseError('ERR_STATE', `job '${id}' has ended; an id names one window: start another id`);
}

function hasEnded(id: string): NvpulseError {
  return new NvpulseError('ERR_STATE', `job '${id}' has ended`);
}
