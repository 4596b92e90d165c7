// The command line as a user has it: bin/nvpulse.js in a process of its own, with a state folder of the test's own.
// PATH has to lead to the Node that runs the tests, as `npm test` has it.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PATH } from './folder';

const BIN = join(__dirname, '..', '..', 'bin', 'nvpulse.js');

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ending>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** All of stdin. @default empty */
  readonly input?: string;
}

/** Recordings go to `<folder>/nvpulse`. */
export { temporaryFolder as stateFolder } from './folder';

/** The recordings below a state folder, oldest first. */
export function recordingsIn(state: string): readonly string[] {
  return readdirSync(join(state, 'nvpulse'))
    .sort()
    .map((name) => join(state, 'nvpulse', name));
}

/** Runs nvpulse, with recordings below `state`. */
export function nvpulseIn(state: string): {
  readonly start: (args: readonly string[], options?: StartOptions) => Running;
  readonly run: (args: readonly string[], options?: StartOptions) => Promise<Ending>;
} {
  const start = (args: readonly string[], { env = {}, cwd, input = '' }: StartOptions = {}): Running => {
    const own = {
      ...process.env,
      PATH,
      XDG_STATE_HOME: state,
      NVPULSE_NVML: undefined,
      NO_COLOR: '1',
      ...env,
    };
    const child = spawn(BIN, args, {
      env: own,
      ...(cwd === undefined ? {} : { cwd }),
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const ended = new Promise<Ending>((resolve) =>
      child.on('close', (code, signal) => resolve({ code, signal, ...output })),
    );
    return { child, ended };
  };
  return { start, run: (args, options) => start(args, options).ended };
}
