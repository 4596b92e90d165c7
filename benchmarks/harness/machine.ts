// Where and when a result was measured.
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { ROOT } from './native';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory__MiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly commit: string;
  readonly date: string;
}

/** `-dirty` where files differ from the commit. */
function commit(): string {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory__MiB: Math.round(totalmem() / 1048576),
    kernel: release(),
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}
