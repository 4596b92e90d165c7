// Shows a summary to the person at the terminal.
import type { JobSummary } from '../index';
import { colourful } from './output';
import { formatSummary } from './summary-table';

/** On stderr, so that the command's own output stays as it is. */
export function showSummary(summary: JobSummary, stream: NodeJS.WriteStream = process.stderr): void {
  const width = stream.isTTY ? { width: stream.columns } : {};
  stream.write(formatSummary(summary, { color: colourful(stream), ...width }));
}
