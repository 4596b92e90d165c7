// Shows a summary to the person at the terminal.
import type { JobSummary } from '../index';
import { colourful } from './output';
import { formatSummary } from './summary-table';

/** On stderr, so that the command's own output stays as it is. */
export function showSummary(summary: JobSummary, stream: NodeJS.WriteStream = process.stderr): void {
  // A terminal that nobody gave a size says 0.
  const width = stream.isTTY && stream.columns > 0 ? { width: stream.columns } : {};
  stream.write(formatSummary(summary, { color: colourful(stream), ...width }));
}
