// Runs a command and measures it: the supervisor holds its processes, the sampler reads, the summary is folded as it
// runs. `nvpulse run` is this with a table.
import { basename } from 'node:path';
import { reasonOf } from '../reason';
import { refuseUnknown } from '../sampling/options';
import { HeldCommand, type HeldCommandOptions } from './held-command';
import type { JobEnd } from './job-events';
import {
  claimRecording,
  lossOf,
  releaseRecording,
  startRecording,
  type ClaimedFolder,
  type RecordingOption,
  type StartedRecording,
} from './job-recording';
import { Measurement, type MeasurementOptions, type RunningJob } from './measurement';
import type { JobSummary } from './summary-types';
import type { Ended, Exit, LivingProcess, Tracking } from './supervisor';

type JobStdio = 'inherit' | 'ignore' | number;

export interface RunJobOptions
  extends Omit<HeldCommandOptions, 'onReaped' | 'onForwarded'>, Omit<MeasurementOptions, 'name'> {
  /** The command's stdin, stdout and stderr; a number is a file descriptor of this process. @default all inherited */
  readonly stdio?: readonly [stdin: JobStdio, stdout: JobStdio, stderr: JobStdio];
  /** @default the program's file name */
  readonly name?: string;
  /** Where to record, or `false` for nowhere. @default `${XDG_STATE_HOME:-~/.local/state}/nvpulse/<UTC>-<name>` */
  readonly recording?: RecordingOption;
  /**
   * Told how the command ended, before the summary is made: it is known even if that fails. What it throws, `runJob`
   * rejects with once the recording is closed.
   */
  readonly onExit?: (exit: Exit) => void;
}

export interface JobResult {
  readonly summary: JobSummary;
  /** Null where it was not recorded. */
  readonly recording: { readonly dir: string } | null;
  /** How the command ended: one of both. */
  readonly exit: Exit;
  /** Descendants of the command that live on, left alone. */
  readonly left: readonly LivingProcess[];
  /** What went wrong beside the job, a sentence each: a GPU was lost, it was not recorded, rows were lost. */
  readonly warnings: readonly string[];
}

const OPTIONS = [
  'command',
  'interval',
  'name',
  'labels',
  'recording',
  'cwd',
  'env',
  'stdio',
  'cgroup',
  'nvml',
  'signal',
  'forwardSignals',
  'onExit',
  'kept',
] as const satisfies readonly (keyof RunJobOptions)[];

/**
 * Runs a command, and tells what it did to the CPUs, the memory, the disks and the GPUs from its start to its end.
 * It starts within 50 ms of the set-up whatever the driver does, and is never disturbed by what fails here.
 *
 * The command inherits what this process hands to any child: user, limits, umask, priorities, affinity, process group,
 * session and terminal. Of signals, those up to 31 have their default effect and none is blocked; of descriptors it has those
 * of `stdio`. What Node has altered at its own start (ignored signals, the soft limit of open files), or left open for all
 * that it starts, stays so.
 *
 * @throws ERR_OPTION for the caller's mistakes, before anything is started · ERR_COMMAND_NOT_FOUND,
 * ERR_COMMAND_NOT_EXECUTABLE, or ERR_COMMAND where it cannot be run or followed · ERR_NATIVE without a native build
 */
export async function runJob(options: RunJobOptions): Promise<JobResult> {
  refuseUnknown(options, OPTIONS, 'runJob');
  options.signal?.throwIfAborted();
  const name = options.name ?? basename(options.command[0] ?? '');
  const measurement = new Measurement({ ...options, name });
  const folder = await claimRecording(options.recording, name);
  let command: HeldCommand | undefined;
  try {
    command = new HeldCommand(options);
    const unseen = follow(measurement, command, await command.ready);
    await measurement.begin();
    const result = await measure(measurement, folder, command, options.onExit);
    return { ...result, warnings: [...unseen, ...result.warnings] };
  } catch (error) {
    command?.abandon();
    measurement.abandon();
    await releaseRecording(folder);
    throw error;
  } finally {
    command?.release();
  }
}

/** Where the command's processes cannot be seen, what the supervisor is told of them remains; a warning says so. */
function follow({ sampler, id }: Measurement, { pid }: HeldCommand, followed: Tracking): readonly string[] {
  const cgroup = followed.tracking === 'cgroup' ? { cgroup: followed.cgroupPath } : {};
  try {
    sampler.follow({ id, pid, ...cgroup });
    return [];
  } catch (error) {
    return [`the command's processes are not sampled: ${reasonOf(error)}`];
  }
}

async function measure(
  measurement: Measurement,
  folder: ClaimedFolder,
  command: HeldCommand,
  onExit: RunJobOptions['onExit'],
): Promise<JobResult> {
  const started = await command.start();
  const opened = open(measurement, folder, started.time__ns);
  // The command has started: what fails here waits for its end.
  opened.catch(() => undefined);
  try {
    const ended = await command.ended();
    const told = Promise.resolve(exitOf(ended)).then(onExit);
    // Thrown once the job is closed.
    told.catch(() => undefined);
    const { job, recorded } = await opened;
    const summary = await job.close(ended.time__ns, endOf(ended, command.rssPeak__MiB));
    await told;
    return {
      summary,
      recording: recorded.writer ? { dir: recorded.writer.dir } : null,
      exit: exitOf(ended),
      left: ended.left,
      warnings: [...job.troubles, ...recorded.warnings, ...lossOf(recorded.writer)],
    };
  } catch (error) {
    await (await opened).job.abandon();
    throw error;
  }
}

interface OpenedJob {
  readonly job: RunningJob;
  readonly recorded: StartedRecording;
}

async function open(measurement: Measurement, folder: ClaimedFolder, start__ns: bigint): Promise<OpenedJob> {
  const recorded = await startRecording(measurement, folder);
  return { job: measurement.open(start__ns, true, recorded.writer), recorded };
}

function exitOf(ended: Ended): Exit {
  return ended.signal === null
    ? { exitCode: ended.exitCode, signal: null }
    : { exitCode: null, signal: ended.signal };
}

function endOf(ended: Ended, reaped__MiB: number): JobEnd {
  const { tracking, tree, command, left } = ended;
  const rssPeak__MiB = Math.max(command.maxRss__KiB / 1024, reaped__MiB);
  return { ...exitOf(ended), usage: { ...tree, tracking, rssPeak__MiB }, left };
}
