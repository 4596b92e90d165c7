// Runs a function of a test in a process of its own: the simulator reads its environment once, and some things
// (exits, crashes, leaks) can only be seen from outside.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

type Nvpulse = typeof import('../../lib');

export interface ChildResult<T> {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the function returned; undefined where the process did not get that far. */
  readonly value: T | undefined;
  readonly stderr: string;
}

const ROOT = join(__dirname, '..', '..');
const REGISTER = join(__dirname, 'register-typescript.js');

/**
 * The function's result, as JSON (bigints as strings). It is run from its text: it sees its arguments (the library,
 * and `input`) and node's globals, nothing of the test's file.
 */
export function runInChild<I, T>(
  env: Readonly<Record<string, string>>,
  body: (nvpulse: Nvpulse, input: I) => Promise<T> | T,
  input: I,
): Promise<ChildResult<T>> {
  const script = `
    // Whoever asks is gone when a test run is broken off: then nothing is waited for any longer.
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.exit(71), 1000).unref();
    const write = (value) => require('node:fs').writeSync(3, JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) ?? 'null');
    Promise.resolve((${body.toString()})(require(${JSON.stringify(join(ROOT, 'lib'))}), ${JSON.stringify(input ?? null)})).then(write, (error) => {
      console.error(error);
      process.exit(70);
    });`;
  const child = spawn(process.execPath, ['--expose-gc', '-r', REGISTER, '-e', script], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
  });
  const gather = (stream: NodeJS.ReadableStream): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      stream.on('data', (chunk) => (text += String(chunk)));
      stream.on('end', () => resolve(text));
    });
  const [, , stderrStream, resultStream] = child.stdio;
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      void Promise.all([stderr, result]).then(([errors, json]) => {
        resolve({ code, signal, value: json === '' ? undefined : (JSON.parse(json) as T), stderr: errors });
      }, reject);
    });
    const stderr = gather(stderrStream as NodeJS.ReadableStream);
    const result = gather(resultStream as NodeJS.ReadableStream);
  });
}

/** The same, for a function that is expected to end well. */
export async function inChild<I, T>(
  env: Readonly<Record<string, string>>,
  body: (nvpulse: Nvpulse, input: I) => Promise<T> | T,
  input: I,
): Promise<T> {
  const { code, signal, value, stderr } = await runInChild(env, body, input);
  if (code !== 0 || value === undefined)
    throw new Error(`the process ended with ${signal ?? code}: ${stderr}`);
  return value;
}
