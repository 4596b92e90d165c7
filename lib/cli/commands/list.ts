// nvpulse list: the recordings in the default place.
import type { Command } from 'commander';
import { listRecordings, recordingRoot } from '../../index';
import { note, print, writeJson } from '../output';
import { memory } from '../summary-units';
import { columns } from '../table';

export function define(command: Command): void {
  command.option('--json', 'print as JSON').action(list);
}

async function list(options: { readonly json?: true }): Promise<void> {
  const recordings = await listRecordings();
  if (options.json) return writeJson('-', recordings);
  if (recordings.length === 0) return note(`no recordings in ${recordingRoot()}`);
  const rows = recordings.map(({ dir, start, duration__s, size__B, complete, simulated, name }) => [
    `${start.slice(0, 19)}Z`,
    duration__s === null ? '' : `${duration__s.toFixed(1)} s`,
    memory(size__B / 1048576),
    [...(complete ? [] : ['not complete']), ...(simulated ? ['simulated'] : [])].join(', '),
    name,
    dir,
  ]);
  print(columns([['START', 'DURATION', 'SIZE', '', 'NAME', 'FOLDER'], ...rows]));
}
