// A program that reads all GPUs on demand: it takes a number of passes on a line of stdin, and answers with the
// nanoseconds of one; of none, with the sum of the first GPU's values. Every language's loop speaks this.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Contestant {
  /** Nanoseconds of one pass, over so many. */
  time(passes: number): Promise<number>;
  /** Sum of the first GPU's values: what is measured must be the same reading. */
  sum(): Promise<number>;
  close(): void;
}

/** Starts it; rejects on the first `time` where it cannot run. */
export function contestant(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Contestant {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${command} ended with ${signal ?? code}`)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (passes: number): Promise<number> => {
    child.stdin.write(`${passes}\n`);
    const line = await Promise.race([lines.next(), failed]);
    return Number(line.value);
  };
  return {
    time: ask,
    sum: () => ask(0),
    close: () => end(child),
  };
}

function end(child: ChildProcess): void {
  child.removeAllListeners('exit');
  child.kill();
}

/** Passes that take about `duration__ms`. */
export async function passesFor(subject: Contestant, duration__ms: number): Promise<number> {
  let passes = 1;
  for (;;) {
    const elapsed__ms = ((await subject.time(passes)) * passes) / 1e6;
    if (elapsed__ms > duration__ms / 4) return Math.max(1, Math.round((passes * duration__ms) / elapsed__ms));
    passes *= 4;
  }
}
