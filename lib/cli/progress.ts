// One line on a terminal's stderr that says how far a command is. Elsewhere nothing: logs have no use for it.
import { seconds } from './summary-units';

/** What is done sooner needs no progress. */
const FIRST_AFTER__MS = 500;
const EACH__MS = 100;
const CLEAR_LINE = '\r\u001b[K';

interface Terminal {
  readonly isTTY: boolean;
  write(text: string): unknown;
}

export class Progress {
  private shown__ms = performance.now() + FIRST_AFTER__MS - EACH__MS;
  private isShown = false;

  constructor(private readonly stream: Terminal = process.stderr) {}

  /** Replaces the line, at most ten times a second. */
  show(text: string): void {
    const now__ms = performance.now();
    if (!this.stream.isTTY || now__ms - this.shown__ms < EACH__MS) return;
    this.shown__ms = now__ms;
    this.isShown = true;
    this.stream.write(`${CLEAR_LINE}${text}`);
  }

  /** Of a recording that is read. */
  readonly read = (read__s: number, of__s: number | null): void => this.showPart('reading', read__s, of__s);

  /** Of a recording that is sent. */
  readonly sent = (sent__s: number, of__s: number | null): void => this.showPart('sending', sent__s, of__s);

  private showPart(what: string, done__s: number, of__s: number | null): void {
    this.show(`${what}: ${seconds(done__s)}${of__s === null ? '' : ` of ${seconds(of__s)}`}`);
  }

  /** The line is gone. */
  end(): void {
    if (this.isShown) this.stream.write(CLEAR_LINE);
    this.isShown = false;
  }
}

/** Shows how far `work` is, until it is done or has failed. */
export async function withProgress<T>(work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = new Progress();
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}
