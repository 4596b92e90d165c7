// V8, set for a process that lives beside somebody's job and mostly waits. At 1 Hz over a minute its own choices cost
// more than the measuring: it compiles what runs a few hundred times a second with its best compiler, which takes as
// much CPU as the code itself, and whenever nothing happens it marks the whole heap on all its threads. So that
// compiler comes later, at 1 kHz still within the first second, and the heap is collected when it is full; that of a
// server, which lives longest and has most in it, when it has grown by a third: full, it is several times what is in use.
import { setFlagsFromString } from 'node:v8';

const WHEN_FULL = ['--no-incremental-marking'] as const;
/** Only Node 20 heeds the first of them while it runs. */
const WHEN_GROWN = ['--no-memory-reducer', '--heap-growing-percent=33'] as const;

/** By Node's major version: an option that a V8 does not have is an error on stderr. Others keep V8's own choices. */
const COMPILING: Readonly<Record<string, readonly string[]>> = {
  20: ['--interrupt-budget=2000000'],
  22: ['--invocation-count-for-turbofan=90000'],
  24: ['--invocation-count-for-maglev=12000', '--invocation-count-for-turbofan=90000'],
};

/** To be called before anything runs. @param command by its name, as it was asked for */
export function setEngine(command: string | undefined): void {
  const [major = ''] = process.versions.node.split('.');
  const compiling = COMPILING[major];
  if (!compiling) return;
  const collecting = command === 'server' ? WHEN_GROWN : WHEN_FULL;
  for (const option of [...collecting, ...compiling]) setFlagsFromString(option);
}
