// Programs in Go and Rust with other people's libraries, from their registries. Built in a folder of their own, so that
// no lock file comes into the sources; each makes a program called `read`.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock';

/** A program that can be started, or the reason why there is none. */
export type Built = { readonly program: string } | { readonly reason: string };

/** @param source a folder with go.mod */
export function buildGo(source: string, folder: string): Built {
  const command = found(['go', '/usr/local/go/bin/go'], 'version');
  if (command === undefined) return { reason: 'Go is not installed' };
  return build(source, folder, command, ['build', '-mod=mod', '-o', 'read', '.'], 'read');
}

/** @param source a folder with Cargo.toml */
export function buildRust(source: string, folder: string): Built {
  const command = found(['cargo'], '--version');
  if (command === undefined) return { reason: 'Rust is not installed' };
  return build(source, folder, command, ['build', '--quiet', '--release'], 'target/release/read');
}

/** The first of the commands that runs. */
function found(commands: readonly string[], versionFlag: string): string | undefined {
  return commands.find((command) => spawnSync(command, [versionFlag]).status === 0);
}

/** What is built already is not built again. */
function build(
  source: string,
  folder: string,
  command: string,
  args: readonly string[],
  program: string,
): Built {
  return withLock(`${folder}.lock`, () => {
    cpSync(source, folder, { recursive: true, preserveTimestamps: true });
    try {
      execFileSync(command, args, { cwd: folder, stdio: 'pipe' });
    } catch (error) {
      const stderr =
        error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
      return { reason: `its build failed: ${stderr.split('\n').pop() ?? ''}` };
    }
    return { program: join(folder, program) };
  });
}
