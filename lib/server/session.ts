// A sampling session: one sampler, and the recording in the spool that everything it reads goes to. Times are UTC
// nanoseconds by the session's own offset, which a jump of the system's clock doesn't change.
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { Instance, NotedMetric } from '../catalog';
import { NvpulseError } from '../errors';
import { ClockWatch, type UtcOffset } from '../jobs/clock-watch';
import { Measurement } from '../jobs/measurement';
import type { EndedWindow } from '../jobs/ended-window';
import type { HostInfo } from '../jobs/summary-types';
import type { GpuState, NativeStats } from '../native/addon';
import {
  defaultRecordingDir,
  RecordingWriter,
  type EventKind,
  type Json,
  type RecordingMeta,
} from '../recording';
import { FOLDER_MODE, makePrivateFolder, PRIVATE } from '../recording/private';
import { reasonOf } from '../reason';
import type { Batch } from '../sampling/batch';
import type { MachineOptions } from '../sampling/machine';
import type { Sampler } from '../sampling/sampler';
import type { JobRoot, JobSummaryPlace } from './job';

export interface SessionOptions {
  /** Folder of recordings. */
  readonly spool: string;
  readonly interval__ns: number;
  /** Path of the NVML library. */
  readonly nvml: string | undefined;
  readonly machine: MachineOptions;
  /** Tests set the clock with it. */
  readonly utcOffset: UtcOffset | undefined;
}

/** Told of each batch; says whether it is to be recorded. */
export type BatchConsumer = (batch: Batch) => boolean;

/** Readings that requests ask for are at least so far apart: they share them. */
const READING_PAUSE__MS = 100;
/** Attaching to cold GPUs takes seconds. */
const DRIVER__MS = 10_000;
/** A failure to write counts for so long after it was last seen. */
const FAILURE__MS = 60_000;

const text = (interval__ns: number): string => `${interval__ns / 1e6}ms`;

export class Session {
  readonly utcOffset__ns: bigint;
  /** When it began, UTC. */
  readonly start__ns: bigint;
  private readonly sampler: Sampler;
  private consuming: Promise<void> = Promise.resolve();
  private readonly devices = new Map<string, Extract<Instance, { entity: 'gpu' }>['identity']>();
  /** Jobs that were seen alive: a cgroup may be made before its first process. */
  private readonly lived = new Set<string>();
  private gpuState: GpuState['state'] = 'waiting';
  /** The latest reading that a request asked for, also where it failed; and one that has not begun. */
  private reading: Promise<void> = Promise.resolve();
  private nextReading: Promise<void> | undefined;
  private read__ms = -Infinity;
  private readonly clock: ClockWatch;
  private error: NvpulseError | undefined;
  private failed__ms = -Infinity;
  /** Of recordings that were removed. */
  private lostBefore = 0;
  private stopped = false;

  private constructor(
    private readonly options: SessionOptions,
    private readonly measurement: Measurement,
    private writer: RecordingWriter,
  ) {
    this.sampler = measurement.sampler;
    this.utcOffset__ns = this.sampler.utcOffset__ns;
    this.clock = new ClockWatch(this.utcOffset__ns, options.utcOffset);
    this.start__ns = this.now__ns();
  }

  /** @throws ERR_IO where the spool cannot be written · ERR_NATIVE */
  static async start(options: SessionOptions): Promise<Session> {
    const { spool, nvml, machine, interval__ns } = options;
    const measurement = new Measurement({
      name: 'server',
      interval: text(interval__ns),
      nvml,
      ...machine,
    });
    try {
      await measurement.begin();
      await driverAnswers(measurement.sampler);
      const writer = await recordIn(spool, measurement.describe());
      return new Session(options, measurement, writer);
    } catch (error) {
      measurement.abandon();
      throw error;
    }
  }

  /** Lets the readings flow: to the consumer, and into the recording. To be called once. */
  follow(consumer: BatchConsumer): void {
    this.consuming = this.consume(consumer);
  }

  /** Someone removed the recording, or a part of it. */
  get isRemoved(): boolean {
    return this.writer.isRemoved;
  }

  /**
   * Goes on in another recording, in the place of one that was removed.
   * @param tell tells it what it is to know, before it takes a row
   * @throws ERR_IO where the spool cannot be written
   */
  async reopen(tell: () => void): Promise<void> {
    const before = this.writer;
    const meta = { ...this.measurement.describe(), interval__ns: this.interval__ns };
    this.writer = await recordIn(this.options.spool, meta, before.dir);
    tell();
    const lost = this.lostBefore;
    this.lostBefore = lost + before.lostRows;
    await before.close({ complete: false });
    this.lostBefore = lost + before.lostRows;
  }

  /** Folder of the recording. */
  get dir(): string {
    return this.writer.dir;
  }

  get interval__ns(): number {
    return this.sampler.interval__ns;
  }

  /** The GPUs that have been seen, by index. */
  get gpus(): readonly { readonly index: number; readonly uuid: string }[] {
    return [...this.devices.values()].sort((one, other) => one.index - other.index);
  }

  /** The system's clock has jumped since the session began: its times are no longer the system's. */
  get outOfStep(): boolean {
    return this.clock.outOfStep;
  }

  /** Rows that could not be recorded. */
  get lostRows(): number {
    return this.lostBefore + this.writer.lostRows;
  }

  /** Why the recording cannot be written, where that failed within the last minute. */
  get failure(): string | undefined {
    const { lastError } = this.writer;
    if (lastError !== this.error) {
      this.error = lastError;
      this.failed__ms = performance.now();
    }
    return performance.now() - this.failed__ms < FAILURE__MS ? lastError?.message : undefined;
  }

  /** The machine. */
  get host(): HostInfo {
    return this.measurement.host;
  }

  now__ns(): bigint {
    return this.sampler.now() + this.utcOffset__ns;
  }

  gpuStatus(): GpuState {
    return this.sampler.gpu();
  }

  stats(): NativeStats {
    return this.sampler.stats();
  }

  event(kind: EventKind, time__ns: bigint, data: Json, text = ''): void {
    if (!this.stopped) this.writer.event(kind, { time__ns: time__ns - this.utcOffset__ns, data, text });
  }

  /** Measures what a job runs as, from now on. @throws ERR_OPTION where it is not there, or cannot be followed */
  track(id: string, root: JobRoot): void {
    if (root.kind === 'cgroup') return this.sampler.follow({ id, pid: 0, cgroup: root.path });
    this.sampler.follow({ id, pid: root.pid, own: true });
    this.lived.add(id);
  }

  untrack(id: string): void {
    this.sampler.unfollow(id);
    this.lived.delete(id);
  }

  /** Ids of the jobs that ran, and are gone. To be asked once a second. */
  gone(): readonly string[] {
    const states = this.sampler.following();
    for (const { id, alive } of states) if (alive) this.lived.add(id);
    return states.flatMap(({ id, alive }) => (!alive && this.lived.has(id) ? [id] : []));
  }

  setInterval(interval__ns: number): void {
    if (interval__ns === this.interval__ns) return;
    this.event('interval', this.now__ns(), { interval__ns });
    this.sampler.setInterval(text(interval__ns));
  }

  /**
   * Once every metric was read after the call, as far as the driver answers. Calls that come together share it.
   * Rejects where that reading failed; the next is another.
   */
  read(): Promise<void> {
    if (!this.nextReading) {
      this.nextReading = this.readAfter(this.reading);
      this.reading = this.nextReading.catch(() => undefined);
    }
    return this.nextReading;
  }

  /** Tells a metric of the agent. */
  note(metric: NotedMetric, value: number): void {
    this.sampler.note(metric, value);
  }

  /** Once all events and rows so far are in files; false where some could not be written. */
  flushed(): Promise<boolean> {
    return this.writer.flushed();
  }

  /** Tells the recording what became of windows, on the disk when done. @throws ERR_IO, ERR_STATE: then none is told */
  async tellSummaries(windows: readonly EndedWindow[]): Promise<readonly JobSummaryPlace[]> {
    const { writer } = this;
    const places = await writer.tellSummaries(windows);
    return places.map((at) => ({ recording: basename(writer.dir), at }));
  }

  /** Looks at the system's clock; a jump is an event. */
  watchClock(): void {
    const jump = this.clock.look();
    if (jump) this.event('clock_jump', this.now__ns(), jump.data, jump.text);
  }

  /** Stops sampling, and closes the recording. Twice is allowed. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.sampler.stop();
    await this.consuming;
    this.stopped = true;
    await this.writer.close();
  }

  private async readAfter(before: Promise<void>): Promise<void> {
    await before;
    const pause__ms = this.read__ms + READING_PAUSE__MS - performance.now();
    // Whoever asks during the pause shares the reading after it.
    if (pause__ms > 0) await delay(pause__ms);
    this.nextReading = undefined;
    if (this.stopped) return;
    this.read__ms = performance.now();
    await this.sampler.tick();
    // What it brought is consumed within this turn of the event loop.
    await turn();
  }

  private async consume(consumer: BatchConsumer): Promise<void> {
    const { batches } = this.measurement;
    for (let next = await batches.next(); !next.done; next = await batches.next())
      this.take(next.value, consumer);
  }

  private take(batch: Batch, consumer: BatchConsumer): void {
    for (const { entity, identity } of batch.instances.values())
      if (entity === 'gpu') this.devices.set(identity.uuid, identity);
    if (!consumer(batch)) return;
    // First: who follows the recording takes the rows for what it says then.
    this.describe();
    // Waiting for a slow disk would stop the live windows; what it cannot take is dropped there, and counted.
    void this.writer.write(batch);
    this.sampler.note('bytes_written__B', this.writer.bytesWritten);
  }

  /** Tells the recording what the driver has answered since. */
  private describe(): void {
    const { state } = this.sampler.gpu();
    if (state === this.gpuState) return;
    this.gpuState = state;
    const { simulated, profile, gpu } = this.measurement.describe();
    this.writer.describe({ simulated, profile, gpu });
  }
}

/**
 * A recording in a folder of its own, which is nobody else's.
 * @param removed folder of another, which may still be written to
 * @throws ERR_IO: then there is none
 */
async function recordIn(spool: string, meta: RecordingMeta, removed?: string): Promise<RecordingWriter> {
  let dir: string | undefined;
  try {
    await makePrivateFolder(spool);
    const free = defaultRecordingDir(
      'server',
      new Date(),
      spool,
      (one) => one === removed || existsSync(one),
    );
    await mkdir(free, FOLDER_MODE);
    dir = free;
    return await RecordingWriter.create(dir, meta, PRIVATE);
  } catch (cause) {
    if (dir !== undefined) await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    throw new NvpulseError('ERR_IO', `cannot record into '${spool}': ${reasonOf(cause)}`, { cause });
  }
}

/** Until the GPUs are known, so that the first job can name its own; a driver that hangs is not waited for. */
async function driverAnswers(sampler: Sampler): Promise<void> {
  const end__ms = performance.now() + DRIVER__MS;
  while (sampler.gpu().state === 'waiting' && performance.now() < end__ms) await sampler.tick();
}
