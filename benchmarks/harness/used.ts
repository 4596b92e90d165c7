// What a command used from start to end, as wait4 tells.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './native';

export interface Used {
  readonly wall__s: number;
  readonly cpu__s: number;
  /** The highest. */
  readonly rss__MiB: number;
  /** CPU seconds used so far, at each second of its life; empty where it was not asked for. */
  readonly cpu_at: readonly number[];
}

/** Runs a command in an empty folder of its own, its output thrown away. @throws where it fails */
export async function use(
  command: readonly string[],
  { env = {}, eachSecond = false }: { env?: Readonly<Record<string, string>>; eachSecond?: boolean } = {},
): Promise<Used> {
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-bench-'));
  const file = join(folder, 'used.json');
  const child = spawn(program('used'), [eachSecond ? '1' : '0', file, ...command], {
    stdio: 'ignore',
    cwd: folder,
    // Node reads a list of certificates that it is told of at its start: more CPU than all else that it does then.
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, XDG_STATE_HOME: join(folder, 'state'), ...env },
  });
  await once(child, 'exit');
  // Written by used.cc, nobody else.
  const { exit, ...used }: Used & { exit: number } = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  if (exit !== 0) throw new Error(`${command.join(' ')} ended with ${exit}`);
  return used;
}
