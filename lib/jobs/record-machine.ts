// Records this machine for a time, without a command. `nvpulse record` is this with a table.
import { NvpulseError } from '../errors';
import { RecordingWriter } from '../recording/writer';
import type { MachineOptions } from '../sampling/machine';
import { refuseUnknown } from '../sampling/options';
import { NO_COMMAND } from './job-events';
import { claimRecording, lossOf, releaseRecording } from './job-recording';
import { Measurement, type MeasurementOptions, type RunningJob } from './measurement';
import type { JobSummary } from './summary-types';

export interface RecordOptions extends Omit<MeasurementOptions, 'name'>, MachineOptions {
  /** @default 'record' */
  readonly name?: string;
  /** A new or an empty folder. @default `${XDG_STATE_HOME:-~/.local/state}/nvpulse/<UTC>-<name>` */
  readonly dir?: string;
  /** The recording ends when it aborts. */
  readonly until: AbortSignal;
  /** Told of the folder when the recording has begun. */
  readonly onStart?: (dir: string) => void;
}

export interface RecordResult {
  readonly summary: JobSummary;
  readonly recording: { readonly dir: string };
  /** What went wrong meanwhile, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Records the host and its GPUs until told to end.
 * @throws ERR_OPTION for the caller's mistakes, a folder that cannot be recorded into among them · ERR_NATIVE
 */
export async function recordMachine(options: RecordOptions): Promise<RecordResult> {
  refuseUnknown(
    options,
    ['name', 'labels', 'interval', 'nvml', 'rootfs', 'hostName', 'dir', 'until', 'onStart'],
    'recordMachine',
  );
  const name = options.name ?? 'record';
  const measurement = new Measurement({ ...options, name });
  const folder = await claimRecording(options.dir === undefined ? undefined : { dir: options.dir }, name);
  if (folder.dir === null) throw new NvpulseError('ERR_IO', folder.warning ?? 'not recorded');
  let job: RunningJob | undefined;
  try {
    await measurement.begin();
    const writer = await RecordingWriter.create(folder.dir, measurement.describe());
    job = measurement.open(measurement.sampler.now(), false, writer);
    options.onStart?.(folder.dir);
    await aborted(options.until);
    const summary = await job.close(measurement.sampler.now(), NO_COMMAND);
    return { summary, recording: { dir: folder.dir }, warnings: [...job.troubles, ...lossOf(writer)] };
  } catch (error) {
    await job?.abandon();
    measurement.abandon();
    await releaseRecording(folder);
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
