// Shows a summary to the person at the terminal.
import { isatty } from 'node:tty';
import type { JobSummary } from '../index';
import { colourful, put } from './output';
import { formatSummary } from './summary-table';

/** On stderr, so that the command's own output stays as it is. */
export function showSummary(summary: JobSummary, to: 'stdout' | 'stderr' = 'stderr'): void {
  const terminal = isatty(to === 'stdout' ? 1 : 2) ? process[to] : undefined;
  // A terminal that nobody gave a size says 0.
  const width = terminal && terminal.columns > 0 ? { width: terminal.columns } : {};
  put(to, formatSummary(summary, { color: terminal !== undefined && colourful(terminal), ...width }));
}
