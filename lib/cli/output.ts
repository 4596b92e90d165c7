// Where text goes: results to stdout, everything for people beside a job to stderr.
import { writeFileSync } from 'node:fs';
import { NvpulseError } from '../index';

/** One result on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For people, on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
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

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Colour is for terminals, and not where NO_COLOR is set (https://no-color.org). */
export function colourful(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** A reader that has gone (`| head`) is no failure of ours. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Until all that was written is handed to the system; pipes take it asynchronously. */
export async function flush(): Promise<void> {
  const drained = [process.stdout, process.stderr].map(
    (stream) =>
      new Promise<void>((resolve) => (stream.destroyed ? resolve() : stream.write('', () => resolve()))),
  );
  await Promise.all(drained);
}
