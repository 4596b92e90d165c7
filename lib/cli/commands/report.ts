// nvpulse report DIR: the summary of a recording, also of one that was cut short.
import type { Command } from 'commander';
import { openRecording, summarizeRecording } from '../../index';
import { note, writeJson } from '../output';
import { showSummary } from '../summary';

export function define(command: Command): void {
  command
    .argument('<dir>', "a recording's folder")
    .option('--json', 'print the summary as JSON')
    .action(report);
}

async function report(dir: string, options: { readonly json?: true }): Promise<void> {
  const { summary, problems, warnings } = await summarizeRecording(await openRecording(dir));
  if (options.json) writeJson('-', summary);
  else showSummary(summary, 'stdout');
  for (const warning of warnings) note(`nvpulse report: ${warning}`);
  for (const { segment, reason, lostFrom } of problems) {
    note(`nvpulse report: ${segment}: ${reason}${lostFrom === undefined ? '' : ` (rows after ${lostFrom})`}`);
  }
}
