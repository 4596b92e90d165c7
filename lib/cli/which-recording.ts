// The recording that a person names: by its folder, or as `nvpulse list` shows it.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { findRecordings, recordingRoot } from '../index';
import { note } from './output';

export const RECORDING = ['<recording>', "a recording's folder, or its name as list shows it"] as const;

/** Its folder; of several with that name the newest, and a line says so. @throws ERR_RECORDING */
export async function recordingFolder(named: string, command: Command): Promise<string> {
  const [{ dir }, ...older] = await findRecordings(named).catch((error: unknown) => {
    if (existsSync(join(recordingRoot(), 'server')))
      note(
        `nvpulse ${command.name()}: a server tells the summary of a job of its own: ` +
          `curl http://127.0.0.1:9417/v1/jobs/${encodeURIComponent(named)}`,
      );
    throw error;
  });
  if (older.length > 0)
    note(`nvpulse ${command.name()}: the newest of ${older.length + 1} with that name: ${basename(dir)}`);
  return dir;
}
