// V8, set for a process that lives beside somebody's job and mostly waits. At 1 Hz over a minute its own choices cost
// more than the measuring: it compiles what runs a few hundred times a second with its best compiler, which takes as
// much CPU as the code itself, and whenever nothing happens it marks the whole heap on all its threads. So that
// compiler comes later, at 1 kHz still within the first second, and the heap is collected when it is full.
import { setFlagsFromString } from 'node:v8';

/** By Node's major version: an option that a V8 does not have is an error on stderr. Others keep V8's own choices. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  20: ['--no-incremental-marking', '--interrupt-budget=2000000'],
  22: ['--no-incremental-marking', '--invocation-count-for-turbofan=90000'],
  24: [
    '--no-incremental-marking',
    '--invocation-count-for-maglev=12000',
    '--invocation-count-for-turbofan=90000',
  ],
};

/** To be called before anything runs. */
export function setEngine(): void {
  const [major = ''] = process.versions.node.split('.');
  for (const option of OPTIONS[major] ?? []) setFlagsFromString(option);
}
