// nvpulse list: the recordings in the default place.
import { Option, type Command } from 'commander';
import { listRecordings, recordingRoot, type RecordedExit, type RecordingListing } from '../../index';
import { RECORDINGS_VARIABLE, explain } from '../help';
import { note, print, writeJson } from '../output';
import { memory, seconds } from '../summary-units';
import { columns } from '../table';

/** What recordings are sorted by; those that have none of it come first. */
const ORDERS = {
  start: ({ start }: RecordingListing) => Date.parse(start),
  duration: ({ duration__s }: RecordingListing) => duration__s ?? -1,
  size: ({ size__B }: RecordingListing) => size__B,
  name: ({ name }: RecordingListing) => name,
} as const;
type Order = keyof typeof ORDERS;

interface Options {
  readonly sort: Order;
  readonly reverse?: true;
  readonly name?: string;
  readonly failed?: true;
  readonly json?: true;
  readonly names?: true;
}

export function define(command: Command): void {
  command
    .addOption(
      new Option('--sort <order>', 'what to sort by, ascending')
        .choices(Object.keys(ORDERS))
        .default('start'),
    )
    .option('--reverse', 'sort in descending order')
    .option('--name <text>', 'only those whose name contains this')
    .option('--failed', 'only those whose command failed, or that were cut short')
    .addOption(new Option('--json', 'print as JSON').conflicts('names'))
    .option('--names', 'print only the names, each once')
    .action(list);
  explain(command, {
    examples: [
      'nvpulse list',
      'nvpulse list --sort duration --reverse',
      'nvpulse list --name train --failed',
    ],
    environment: [RECORDINGS_VARIABLE],
  });
}

async function list({ sort, reverse, name, failed, json, names }: Options): Promise<void> {
  const all = await listRecordings();
  const chosen = all
    .filter((recording) => name === undefined || recording.name.includes(name))
    .filter((recording) => !failed || hasFailed(recording))
    .sort(ascending(ORDERS[sort]));
  if (reverse) chosen.reverse();
  if (json) return writeJson('-', chosen);
  if (chosen.length === 0)
    return note(all.length === 0 ? `no recordings in ${recordingRoot()}` : 'no such recording');
  if (names) return print([...new Set(chosen.map(({ name }) => name))].join('\n'));
  const rows = chosen.map(({ dir, start, duration__s, size__B, exit, complete, simulated, name }) => [
    `${start.slice(0, 19)}Z`,
    duration__s === null ? '' : seconds(duration__s),
    memory(size__B / 1048576),
    shownExit(exit),
    [...(complete ? [] : ['not complete']), ...(simulated ? ['simulated'] : [])].join(', '),
    name,
    dir,
  ]);
  print(columns([['START', 'DURATION', 'SIZE', 'EXIT', '', 'NAME', 'FOLDER'], ...rows]));
}

/** It was cut, or its command did not end with 0. */
function hasFailed({ complete, exit }: RecordingListing): boolean {
  return !complete || (exit !== null && exit.exitCode !== 0);
}

function shownExit(exit: RecordedExit | null): string {
  return exit === null ? '' : String(exit.exitCode ?? exit.signal);
}

function ascending(of: (recording: RecordingListing) => number | string) {
  return (one: RecordingListing, other: RecordingListing): number =>
    of(one) < of(other) ? -1 : of(one) > of(other) ? 1 : 0;
}
