// A measurement: one sampler, the summary that is folded from it as it runs, and the recording it goes to.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordingMeta, RecordingWriter } from '../recording';
import type { Batch } from '../sampling/batch';
import type { Duration } from '../sampling/options';
import type { MachineOptions } from '../sampling/machine';
import { Sampler } from '../sampling/sampler';
import { ClockWatch, type UtcOffset } from './clock-watch';
import { SummaryFold } from './fold';
import { readInventory } from './inventory';
import { metaOf, toJson, troublesIn, type JobEnd, type JobSetting, type JobStop } from './job-events';
import { summaryOf } from './summary';
import { hostInfo } from './summary-host';
import type { HostInfo, JobSummary } from './summary-types';

export interface MeasurementOptions {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Time between readings, 1 ms to 1 h. @default '100ms' */
  readonly interval?: Duration | undefined;
  /** Path of the NVML library. @default NVPULSE_NVML, else the system's */
  readonly nvml?: string | undefined;
}

/** What else a measurement is told, by no user. */
export interface MeasurementSetting extends MeasurementOptions, MachineOptions {
  /** Tests set the clock with it. @default the system's */
  readonly utcOffset?: UtcOffset | undefined;
}

/** A driver that does not answer at once must not hold up the start. */
const FIRST_READING__MS = 50;
/** Jobs that last so long are worth the CPU time that an inventory takes. */
const INVENTORY_AFTER__MS = 2_000;

/** A sampler made ready for one job. @throws ERR_OPTION, ERR_NATIVE as `Sampler` does */
export class Measurement {
  readonly id = randomUUID();
  readonly sampler: Sampler;
  readonly host: HostInfo;
  readonly batches: AsyncIterator<Batch>;
  private began__ns = 0n;

  constructor(private readonly options: MeasurementSetting) {
    const { interval = '100ms', nvml, rootfs, hostName } = options;
    this.sampler = new Sampler({ interval, rootfs, hostName, ...(nvml === undefined ? {} : { nvml }) });
    this.host = hostInfo(this.sampler.machine);
    this.batches = this.sampler[Symbol.asyncIterator]();
  }

  /** Starts sampling. Resolves with the first readings, or after 50 ms. */
  async begin(): Promise<void> {
    this.began__ns = this.sampler.now();
    this.sampler.start();
    await Promise.race([this.sampler.tick(), delay(FIRST_READING__MS, undefined, { ref: false })]);
  }

  /** What is known so far, as a recording wants it. */
  describe(): RecordingMeta {
    const { simulated, profile, state, reason, driver_version, nvml_version } = this.sampler.gpu();
    return {
      name: this.options.name,
      labels: this.options.labels ?? {},
      simulated,
      profile,
      host: this.host,
      gpu: { state, reason, driver_version, nvml_version },
      interval__ns: this.sampler.interval__ns,
      utcOffset__ns: this.sampler.utcOffset__ns,
    };
  }

  /**
   * The job's window starts.
   * @param tree the job is a command's process tree, which began at that time
   */
  open(start__ns: bigint, tree: boolean, recording: RecordingWriter | undefined): RunningJob {
    const { id, options } = this;
    // On which GPUs the command will run is known when it has ended.
    const setting = {
      name: options.name,
      labels: options.labels ?? {},
      gpu_scope: 'node',
      gpus: [],
    } as const;
    recording?.event('window_start', { time__ns: start__ns, data: toJson({ id, tree, ...setting }) });
    const interval__ns = this.sampler.interval__ns;
    const fold = new SummaryFold({ start__ns, interval__ns, ...(tree ? { treeBegan__ns: start__ns } : {}) });
    const scope = new JobGpus(tree);
    const clock = new ClockWatch(this.sampler.utcOffset__ns, options.utcOffset);
    return new RunningJob(this, this.batches, fold, recording, this.began__ns, scope, clock);
  }

  /** Stops sampling; there will be no summary. */
  abandon(): void {
    this.sampler.stop();
  }
}

/** Whose GPUs a job's are: where its processes are seen on some, those. */
class JobGpus {
  private readonly uuids = new Set<string>();

  /** @param tree the job is a command's process tree */
  constructor(private readonly tree: boolean) {}

  push({ instances }: Batch): void {
    if (!this.tree) return;
    // Where a job is followed, only its processes have rows.
    for (const { entity, identity } of instances.values())
      if (entity === 'gpu_process') this.uuids.add(identity.uuid);
  }

  get scope(): { readonly gpu_scope: 'process' | 'node'; readonly gpus: readonly string[] } {
    return { gpu_scope: this.uuids.size > 0 ? 'process' : 'node', gpus: [...this.uuids].sort() };
  }
}

/** A job whose window is open. */
export class RunningJob {
  private readonly following: Promise<void>;
  private readonly inventory: NodeJS.Timeout | undefined;
  private closed = false;
  private gpuState = 'waiting';
  private readonly seen = new Set<string>();

  constructor(
    private readonly measurement: Measurement,
    private readonly batches: AsyncIterator<Batch>,
    private readonly fold: SummaryFold,
    private readonly recording: RecordingWriter | undefined,
    private readonly began__ns: bigint,
    private readonly gpus: JobGpus,
    private readonly clock: ClockWatch,
  ) {
    this.following = this.follow();
    // Who closes the job learns of a failure; until then it must not end the process.
    this.following.catch(() => undefined);
    if (recording)
      this.inventory = setTimeout(() => void this.takeInventory(recording), INVENTORY_AFTER__MS).unref();
  }

  /** What happened to GPUs meanwhile, a sentence each. */
  get troubles(): readonly string[] {
    return [...this.seen];
  }

  /** The job's window ends: a last reading, the recording is closed, and the summary. */
  async close(stop__ns: bigint, end: JobEnd): Promise<JobSummary> {
    const { sampler } = this.measurement;
    this.closed = true;
    clearTimeout(this.inventory);
    const closed__ns = this.fold.close(stop__ns);
    await sampler.tick();
    const { state, reason } = sampler.gpu();
    const elapsed__s = Number(sampler.now() - this.began__ns) / 1e9;
    const stop: JobStop = { ...end, gpu: { state, reason }, sampler: { elapsed__s, stats: sampler.stats() } };
    sampler.stop();
    await this.following;
    this.describe();
    const { id } = this.measurement;
    this.watchClock();
    const ended = toJson({ id, ...this.gpus.scope, ...stop });
    this.recording?.event('window_stop', { time__ns: closed__ns, data: ended });
    const { exitCode, signal } = end;
    const exit = exitCode === null && signal === null ? null : { exitCode, signal };
    const duration__s = Number(closed__ns - this.fold.start__ns) / 1e9;
    await this.recording?.close({ exit, duration__s });
    const setting: JobSetting = this.measurement.describe();
    return summaryOf(
      this.fold,
      metaOf(setting, { id, utcOffset__ns: sampler.utcOffset__ns, complete: true }, stop),
    );
  }

  /** Stops sampling, and closes the recording as one that is not complete; there will be no summary. */
  async abandon(): Promise<void> {
    this.closed = true;
    clearTimeout(this.inventory);
    this.measurement.abandon();
    // Whatever failed is known to who abandons.
    await this.following.catch(() => undefined);
    await this.recording?.close({ complete: false });
  }

  private async follow(): Promise<void> {
    for (let next = await this.batches.next(); !next.done; next = await this.batches.next()) {
      this.fold.push(next.value);
      this.gpus.push(next.value);
      for (const text of troublesIn(next.value.events)) this.seen.add(text);
      this.watchClock();
      await this.record(next.value);
    }
  }

  private async record(batch: Batch): Promise<void> {
    const { recording } = this;
    if (!recording) return;
    // First: who follows the recording takes the rows for what it says then.
    if (batch.events.some(({ kind }) => kind === 'gpu_state')) this.describe();
    await recording.write(batch);
    this.measurement.sampler.note('bytes_written__B', recording.bytesWritten);
  }

  private watchClock(): void {
    const jump = this.clock.look();
    if (jump) this.recording?.event('clock_jump', jump);
  }

  private async takeInventory(recording: RecordingWriter): Promise<void> {
    // Where it cannot be had the recording goes without, as it does when the job ends first.
    const inventory = await readInventory(this.measurement.sampler.machine.rootfs).catch(() => undefined);
    if (inventory && !this.closed) recording.describe({ inventory });
  }

  /** Tells the recording what the driver has answered since. */
  private describe(): void {
    const meta = this.measurement.describe();
    if (meta.gpu.state === this.gpuState) return;
    this.gpuState = meta.gpu.state;
    const { simulated, profile, gpu } = meta;
    this.recording?.describe({ simulated, profile, gpu });
  }
}
