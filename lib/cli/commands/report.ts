// nvpulse report RECORDING: its summary, also of one that was cut short.
import type { Command } from 'commander';
import { openRecording, summarizeRecording } from '../../index';
import { COLOR_VARIABLE, RECORDINGS_VARIABLE, explain } from '../help';
import { note, writeJson } from '../output';
import { withProgress } from '../progress';
import { showSummary } from '../summary';
import { RECORDING, recordingFolder } from '../which-recording';

export function define(command: Command): void {
  command
    .argument(...RECORDING)
    .option('--json', 'print the summary as JSON')
    .action(report);
  explain(command, {
    examples: [
      'nvpulse report train',
      'nvpulse report ~/.local/state/nvpulse/20260214T101500Z-train',
      'nvpulse report train --json',
    ],
    environment: [RECORDINGS_VARIABLE, COLOR_VARIABLE],
  });
}

async function report(named: string, options: { readonly json?: true }, command: Command): Promise<void> {
  const recording = await openRecording(await recordingFolder(named, command));
  const { summary, problems, warnings } = await withProgress(({ read }) =>
    summarizeRecording(recording, read),
  );
  if (options.json) writeJson('-', summary);
  else showSummary(summary, 'stdout');
  for (const warning of warnings) note(`nvpulse report: ${warning}`);
  for (const { segment, reason, lostFrom } of problems) {
    note(`nvpulse report: ${segment}: ${reason}${lostFrom === undefined ? '' : ` (rows after ${lostFrom})`}`);
  }
}
