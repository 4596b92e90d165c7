// A short load on the GPU, and `nvpulse run` around it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Deadline } from './deadline';
import { Conversation, lastLine, runToEnd, type Ending } from './programs';

/** What `nvpulse run` said of a command. */
export interface MeasuredRun {
  readonly load: string;
  /** Why it was no load on a GPU. */
  readonly without?: string;
  readonly exit: number | null;
  /** What it showed at the terminal. */
  readonly shown: string;
  /** The summary as `--json` wrote it; null where it did not. */
  readonly summary: unknown;
}

const SCRIPT = join(__dirname, 'load.py');
const RUN__S = 8;
const IDLE__MS = 3_000;
/** Loading PyTorch from a cold disk takes most of it. */
const LIMIT__MS = 60_000;
/** load.py's word for "not here". */
const CANNOT = 3;

export async function measureRun(deadline: Deadline): Promise<MeasuredRun> {
  const loaded = await nvpulseRun(['python3', SCRIPT, String(RUN__S)], deadline);
  if ('failed' in loaded) return { load: 'PyTorch', exit: null, shown: loaded.failed, summary: null };
  if (loaded.code === 0) return { load: lastLine(loaded.stdout), ...measured(loaded) };
  const without =
    loaded.code === CANNOT
      ? lastLine(loaded.stdout)
      : `python3 ended with ${loaded.code}: ${lastLine(loaded.stderr)}`;
  const idle = await nvpulseRun([process.execPath, '-e', `setTimeout(() => {}, ${IDLE__MS})`], deadline);
  const load = 'an idle sleep';
  if ('failed' in idle) return { load, without, exit: null, shown: idle.failed, summary: null };
  return { load, without, ...measured(idle) };
}

type Run = Ending & { readonly summary?: unknown };
type Finished = Exclude<Run, { readonly failed: string }>;

const measured = ({ code, stderr, summary }: Finished): Pick<MeasuredRun, 'exit' | 'shown' | 'summary'> => ({
  exit: code,
  shown: stderr.trimEnd(),
  summary: summary ?? null,
});

async function nvpulseRun(command: readonly string[], deadline: Deadline): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-check-'));
  try {
    const json = join(folder, 'summary.json');
    const nvpulse = join(dirname(require.resolve('nvpulse/package.json')), 'bin/nvpulse.js');
    const options = ['-i', '10ms', '--no-recording', '--json', json];
    const args = [nvpulse, 'run', ...options, '--', ...command];
    const ending = await runToEnd(process.execPath, args, deadline.atMost(LIMIT__MS));
    return 'failed' in ending ? ending : { ...ending, summary: readJson(json) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Undefined where nvpulse ended before it wrote. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A load that goes on until it is ended, or for a minute. */
export async function startLoad(
  deadline: Deadline,
): Promise<{ readonly load: string; end(): void } | { readonly failed: string }> {
  const python = new Conversation('python3', [SCRIPT, '60']);
  const first = await python.line(deadline.atMost(LIMIT__MS));
  return 'failed' in first ? first : { load: first.line, end: () => python.end() };
}
