// Where a job is recorded: the folder is claimed before anything starts, and written to once the job runs.
import { access, constants, rmdir } from 'node:fs/promises';
import { NvpulseError } from '../errors';
import { claimFolder, defaultRecordingDir } from '../recording/folder';
import { reasonOf } from '../reason';
import { RecordingWriter } from '../recording/writer';
import type { Measurement } from './measurement';

/** A folder of the caller's · the default one · none. */
export type RecordingOption = { readonly dir: string } | false | undefined;

/** `dir` null: not recorded; then `warning` says why, where it should have been. */
export interface ClaimedFolder {
  readonly dir: string | null;
  readonly warning?: string;
}

/**
 * Makes sure of an empty folder that can be written. A default folder that cannot be is a warning.
 * @throws ERR_OPTION naming `recording.dir`, where that cannot be recorded into
 */
export async function claimRecording(option: RecordingOption, name: string): Promise<ClaimedFolder> {
  if (option === false) return { dir: null };
  try {
    const dir = option?.dir ?? defaultRecordingDir(name);
    await claimFolder(dir);
    await access(dir, constants.W_OK);
    return { dir };
  } catch (cause) {
    const reason = reasonOf(cause);
    if (option) throw new NvpulseError('ERR_OPTION', `recording.dir: ${reason}`, { cause });
    return { dir: null, warning: `not recorded: ${reason}` };
  }
}

/** Gives up a claimed folder that nothing was written to. */
export async function releaseRecording({ dir }: ClaimedFolder): Promise<void> {
  // Only an empty folder can be removed so; one that is gone, or is in use after all, is left as it is.
  if (dir !== null) await rmdir(dir).catch(() => undefined);
}

/** `warnings`: why there is no writer. Never rejects: the job runs by now. */
export interface StartedRecording {
  readonly writer?: RecordingWriter;
  readonly warnings: readonly string[];
}

export async function startRecording(
  measurement: Measurement,
  folder: ClaimedFolder,
): Promise<StartedRecording> {
  const { dir, warning } = folder;
  if (dir === null) return { warnings: warning === undefined ? [] : [warning] };
  try {
    return { writer: await RecordingWriter.create(dir, measurement.describe()), warnings: [] };
  } catch (error) {
    return { warnings: [`not recorded: ${reasonOf(error)}`] };
  }
}

/** What a recording lacks, a sentence each. */
export function lossOf(writer: RecordingWriter | undefined): readonly string[] {
  if (!writer?.lastError) return [];
  return [`${writer.lastError.message}; ${writer.lostRows} rows are not in it`];
}
