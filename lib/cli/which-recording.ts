// The recording that a person names: by its folder, or as `nvpulse list` shows it.
import { basename } from 'node:path';
import type { Command } from 'commander';
import { findRecordings } from '../index';
import { note } from './output';

export const RECORDING = ['<recording>', "a recording's folder, or its name as list shows it"] as const;

/** Its folder; of several with that name the newest, and a line says so. @throws ERR_RECORDING */
export async function recordingFolder(named: string, command: Command): Promise<string> {
  const [{ dir }, ...older] = await findRecordings(named);
  if (older.length > 0)
    note(`nvpulse ${command.name()}: the newest of ${older.length + 1} with that name: ${basename(dir)}`);
  return dir;
}
