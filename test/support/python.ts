// Python for tests that check nvpulse against other people's code: finds python3, installs PyPI packages
// once below node_modules/.cache, and runs scripts with them.
//
//   describeWithPython('pyarrow opens every table', ['pyarrow==26.0.0'], (python) => {
//     test('gpu', () => expect(python.json('import json, pyarrow; print(json.dumps(pyarrow.__version__))')).toBe('26.0.0'));
//   });
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock';
import { describeWithout } from './missing';

const CACHE = join(__dirname, '..', '..', 'node_modules', '.cache', 'nvpulse-python');
/** What scripts share. */
const MODULES = join(__dirname, '..', 'python');

export interface RunOptions {
  /** `sys.argv[1:]`. */
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Python {
  /** Where the packages are, for tests that start python3 themselves: its PYTHONPATH. */
  readonly folder: string;
  /** Runs a script given as text; returns its stdout, throws with its stderr when it fails. */
  run(script: string, options?: RunOptions): string;
  /** The same, for a script that prints one JSON value. */
  json(script: string, options?: RunOptions): unknown;
}

type Outcome = { readonly python: Python } | { readonly reason: string };

/** Python with these packages (pip's notation; none: Python as it is), or the reason why it cannot be had. Installs at the first call. */
export function packages(names: readonly string[]): Outcome {
  const version = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  if (version.error || version.status !== 0) return { reason: 'python3 is not on PATH' };
  const key = createHash('sha256')
    .update([version.stdout.trim(), ...names].join('\n'))
    .digest('hex');
  const folder = join(CACHE, key.slice(0, 16));
  const installed = (): boolean => names.length === 0 || existsSync(folder);
  const failure = withLock(`${folder}.lock`, () => (installed() ? undefined : install(names, folder)));
  return failure === undefined ? { python: pythonWith(folder) } : { reason: failure };
}

/**
 * A `describe` that needs Python packages. Without them its tests are skipped with the reason printed,
 * but where `CI=true` that is a failure.
 */
export function describeWithPython(
  name: string,
  names: readonly string[],
  body: (python: Python) => void,
): void {
  const outcome = packages(names);
  if ('python' in outcome) describe(name, () => body(outcome.python));
  else describeWithout(name, `${names.join(', ')} for Python not available: ${outcome.reason}`);
}

/** Into a folder beside, then renamed: a cut installation is never taken for a whole one. */
function install(names: readonly string[], folder: string): string | undefined {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-compile',
    '--target',
    partial,
    ...names,
  ];
  const { status, stderr, error } = spawnSync('python3', pip, { encoding: 'utf8' });
  if (status !== 0)
    return `pip failed: ${error?.message ?? (stderr.trim().split('\n').pop() || `exit ${status}`)}`;
  renameSync(partial, folder);
  return undefined;
}

function pythonWith(folder: string): Python {
  const run = (script: string, { args = [], env = {} }: RunOptions = {}): string => {
    const { status, signal, stdout, stderr, error } = spawnSync('python3', ['-', ...args], {
      input: script,
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: `${folder}:${MODULES}`, ...env },
      maxBuffer: 256 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`python3: ${error?.message ?? signal ?? `exit ${status}`}\n${stderr}`);
    return stdout;
  };
  return { folder, run, json: (script, options) => JSON.parse(run(script, options)) };
}
