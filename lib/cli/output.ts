// Where text goes: results to stdout, everything for people beside a job to stderr.
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { NvpulseError } from '../index';
import { reasonOf } from '../reason';

let shared = false;

/** A job has our streams too. Node's own would make a pipe non-blocking, for the job as well. */
export function shareStreams(): void {
  shared = true;
}

/** One result on stdout. */
export function print(text: string): void {
  put('stdout', `${text}\n`);
}

/** For people, on stderr. */
export function note(text: string): void {
  put('stderr', `${text}\n`);
}

export function put(to: 'stdout' | 'stderr', text: string): void {
  if (!shared) return void process[to].write(text);
  try {
    writeAll(to === 'stdout' ? 1 : 2, Buffer.from(text));
  } catch (error) {
    if (to === 'stdout') lose(error);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      // Someone else made it non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** Why stdout takes no more. */
let lost: string | undefined;

/** A reader that has gone (`| head`) is no failure of ours. A result that is lost otherwise is one. */
function lose(error: unknown): void {
  lost = codeOf(error);
  if (lost === 'EPIPE') return;
  note(`nvpulse: stdout cannot be written: ${reasonOf(error)}`);
  process.exitCode ??= 1;
}

/**
 * Makes sure that a file can be written, before the work whose result goes there. Nothing is changed.
 * @throws ERR_OPTION naming the option
 */
export function checkWritable(option: string, path: string): void {
  try {
    tryToOpen(path);
  } catch (cause) {
    throw new NvpulseError('ERR_OPTION', `${option}: '${path}' cannot be written: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function tryToOpen(path: string): void {
  const known = statSync(path, { throwIfNoEntry: false });
  // A pipe would notice that it was opened and closed.
  if (known && !known.isFile() && !known.isDirectory()) return accessSync(path, constants.W_OK);
  closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT));
  if (!known) rmSync(realpathSync(path));
}

/** `--json`: `-` is stdout. @throws ERR_OPTION */
export function checkJsonFile(target: string | undefined): void {
  if (target !== undefined && target !== '-') checkWritable('--json', target);
}

/** Indented JSON into a file, or on stdout for `-`. @throws ERR_IO naming `--json` */
export function writeJson(target: string, value: unknown): void {
  const text = JSON.stringify(value, null, 2);
  if (target === '-') return print(text);
  try {
    writeFileSync(target, `${text}\n`);
  } catch (cause) {
    throw new NvpulseError('ERR_IO', `--json: '${target}' cannot be written: ${reasonOf(cause)}`, { cause });
  }
}

/** Colour is for terminals, and not where NO_COLOR is set (https://no-color.org). */
export function colourful(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** To be called before anything is written. */
export function watchStreams(): void {
  if (shared) return;
  process.stdout.once('error', lose);
  // What fails again, and what fails on stderr, has nowhere left to be said.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Whether a command failed for nothing but that, of which all is said: who writes much stops when it goes nowhere. */
export function isOutputLost(failure: unknown): boolean {
  return lost !== undefined && failure instanceof Error && codeOf(failure.cause) === lost;
}

/** Until all that was written is handed to the system, or is known to be lost; pipes take it asynchronously. */
export async function flush(): Promise<void> {
  if (shared) return;
  const drained = [process.stdout, process.stderr].map(
    (stream) =>
      new Promise<void>((resolve) => (stream.destroyed ? resolve() : stream.write('', () => resolve()))),
  );
  await Promise.all(drained);
  // A stream tells its error in the next tick.
  await new Promise(setImmediate);
}
