// JavaScript that keeps its thread busy in slices of about a millisecond, as a service under load does.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const SLICE__MS = 1;
const DOCUMENT = Array.from({ length: 40 }, (_, id) => ({
  id,
  name: `study-${id}`,
  tags: ['ct', 'mr'],
  size: id * 1.5,
}));

/** Runs slices until stopped. */
export function startBusyLoop(): () => void {
  let running = true;
  const slice = (): void => {
    const end__ms = performance.now() + SLICE__MS;
    while (performance.now() < end__ms) JSON.parse(JSON.stringify(DOCUMENT));
    if (running) setImmediate(slice);
  };
  slice();
  return () => {
    running = false;
  };
}

/** Delay of the event loop while `phase` lasts, p99 in ms. */
export async function loopDelayDuring(phase: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await phase();
  delay.disable();
  return delay.percentile(99) / 1e6;
}
