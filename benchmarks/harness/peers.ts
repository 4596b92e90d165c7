// The same reading by others' libraries, as a program each: built in build-bench, so that no lock file comes here.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NVIDIA_ML_PY } from '../../test/support/nvidia-ml-py';
import { packages } from '../../test/support/python';
import { contestant, type Contestant } from './contestant';
import { BUILD, ROOT, type NvmlEnv } from './native';

/** A program that can be started, or the reason why there is none. */
export type Peer = { readonly start: (env: NvmlEnv) => Contestant } | { readonly absent: string };

const source = (language: string): string => join(ROOT, 'benchmarks', 'peers', language);

/** The first of the commands that runs. */
function found(commands: readonly string[], versionFlag: string): string | undefined {
  return commands.find((command) => spawnSync(command, [versionFlag]).status === 0);
}

function build(language: string, command: string, args: readonly string[], program: string): Peer {
  const folder = join(BUILD, language);
  cpSync(source(language), folder, { recursive: true });
  try {
    execFileSync(command, args, { cwd: folder, stdio: 'pipe' });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    return { absent: `its build failed: ${stderr.split('\n').pop() ?? ''}` };
  }
  return { start: (env) => contestant(join(folder, program), [], env) };
}

export function python(): Peer {
  const outcome = packages([NVIDIA_ML_PY]);
  if ('reason' in outcome) return { absent: outcome.reason };
  const script = join(source('python'), 'read.py');
  return {
    start: (env) => contestant('python3', [script], { ...env, PYTHONPATH: outcome.python.folder }),
  };
}

export function go(): Peer {
  const command = found(['go', '/usr/local/go/bin/go'], 'version');
  if (command === undefined) return { absent: 'Go is not installed' };
  return build('go', command, ['build', '-mod=mod', '-o', 'read', '.'], 'read');
}

export function rust(): Peer {
  const command = found(['cargo'], '--version');
  if (command === undefined) return { absent: 'Rust is not installed' };
  return build('rust', command, ['build', '--quiet', '--release'], 'target/release/nvpulse-bench');
}

/** The release of a peer, as its manifest here names it. */
export function version(language: 'go' | 'rust'): string {
  const manifest = readFileSync(join(source(language), language === 'go' ? 'go.mod' : 'Cargo.toml'), 'utf8');
  return /(?:go-nvml v|nvml-wrapper = "=)([\d.-]+)/.exec(manifest)?.[1] ?? 'unknown';
}

export { NVIDIA_ML_PY };
