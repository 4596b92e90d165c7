// Other programs, which may be absent, fail or hang: what came of them is data, and nobody waits for one for ever.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** How a program ended, or in words why that cannot be told. */
export type Ending =
  | { readonly code: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly failed: string };

const SHOWN = 2000;

/** The last line with something in it: what a program says of its failure. */
export const lastLine = (text: string): string => text.trim().split('\n').pop() ?? '';

const absent = (command: string, error: NodeJS.ErrnoException): string =>
  error.code === 'ENOENT' ? `${command} is not on PATH` : `${command} does not start: ${error.message}`;

/** Runs a program to its end, or to the limit. One that the kernel holds cannot be ended: it is left behind. */
export function runToEnd(command: string, args: readonly string[], limit__ms: number): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      resolve({ failed: `${command} did not end within ${(limit__ms / 1000).toFixed(0)} s` });
    }, limit__ms);
    child.on('error', (error) => resolve({ failed: absent(command, error) }));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...output });
    });
  });
}

/** A program that answers line by line. */
export class Conversation {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly lines: AsyncIterator<string>;
  private errors = '';
  private failure: string | undefined;

  constructor(
    private readonly command: string,
    args: readonly string[],
  ) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.on('error', (error) => (this.failure = absent(command, error)));
    // It ended before it read: the missing answer tells.
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-SHOWN);
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  say(line: string): void {
    this.child.stdin.write(`${line}\n`);
  }

  /** The next line, or in words why none came in time; after that the program is ended. */
  async line(limit__ms: number): Promise<{ readonly line: string } | { readonly failed: string }> {
    const late = delay(limit__ms, undefined, { ref: false });
    const next = await Promise.race([this.lines.next(), late]);
    if (next && !next.done) return { line: next.value };
    const limit = `${this.command} did not answer within ${(limit__ms / 1000).toFixed(0)} s`;
    this.end();
    return { failed: next ? await this.endedBecause() : limit };
  }

  end(): void {
    this.child.kill('SIGKILL');
    this.child.unref();
  }

  /** Its output has ended; what it said of that may come a moment later. */
  private async endedBecause(): Promise<string> {
    await Promise.race([
      new Promise((resolve) => this.child.once('close', resolve)),
      delay(1000, undefined, { ref: false }),
    ]);
    return this.failure ?? `${this.command} ended: ${lastLine(this.errors)}`;
  }
}
