// How long to wait before the next attempt.
import { setTimeout as delay } from 'node:timers/promises';

const FIRST__MS = 250;
const LONGEST__MS = 30_000;

/**
 * Full jitter: anything up to a bound that doubles with each attempt, so that many clients of a server that comes back
 * do not come all at once (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param attempt 1 after the first failure
 */
export function backoff__ms(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST__MS, FIRST__MS * 2 ** Math.min(attempt, 20));
}

/** Waits that long. @throws what `signal` was aborted with */
export async function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  await delay(backoff__ms(attempt), undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
