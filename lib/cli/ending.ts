// What ends nvpulse itself. A signal that was ignored when it was started ends nothing: SIGHUP under nohup, SIGINT of
// what a script runs in the background. Node takes all of them for the default; bin/nvpulse.js tells which they were.
import { constants } from 'node:os';

const ENDING = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
/** A hexadecimal mask with one bit per signal, the lowest for signal 1, as SigIgn in /proc/PID/status. */
const IGNORED = 'NVPULSE_IGNORED_SIGNALS';

const taken = new Set<NodeJS.Signals>();

/** To be called before anything runs. Nothing that is started from here on is told of it. */
export function keepIgnored(): void {
  const text = process.env[IGNORED] ?? '';
  delete process.env[IGNORED];
  const bits = /^[0-9a-f]+$/i.test(text) ? BigInt(`0x${text}`) : 0n;
  for (const signal of ENDING) {
    if (((bits >> BigInt(constants.signals[signal] - 1)) & 1n) === 0n) continue;
    taken.add(signal);
    process.on(signal, () => undefined);
  }
}

/** Aborts once a person at a terminal, a shell or a service manager tells nvpulse to end. */
export function untilToldToEnd(): AbortSignal {
  const ended = new AbortController();
  for (const signal of ENDING) if (!taken.has(signal)) process.once(signal, () => ended.abort());
  return ended.signal;
}
