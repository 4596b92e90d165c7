// nvpulse's bulk read beside the bare loop over the same functions.
import { passesFor } from './harness/contestant';
import { simulator, stub, type NvmlEnv } from './harness/native';
import type { Benchmark } from './harness/report';
import { compare, interleave, scaled, type Spread } from './harness/rounds';
import { bareLoop, nvpulse } from './harness/twelve';

/** Shorter than a turn on a CPU, so that most rounds are not interrupted. */
const ROUND__MS = 5;

interface Comparison {
  readonly ours__ns: Spread;
  readonly loop__ns: Spread;
  readonly more__ns: Spread;
  readonly ratio: Spread;
}

async function measure(env: NvmlEnv, rounds: number): Promise<Comparison> {
  const ours = await nvpulse(env);
  const loop = bareLoop(env);
  const passes = await passesFor(loop, ROUND__MS);
  await ours.time(passes);
  const pairs = await interleave(
    rounds,
    () => ours.time(passes),
    () => loop.time(passes),
  );
  ours.close();
  loop.close();
  return {
    ours__ns: compare(pairs, (a) => a),
    loop__ns: compare(pairs, (_, b) => b),
    more__ns: compare(pairs, (a, b) => a - b),
    ratio: compare(pairs, (a, b) => a / b),
  };
}

export const benchmark: Benchmark = {
  title: 'one pass over 8 GPUs × 12 metrics, against the bare C loop over the same functions',
  run: async ({ effort }) => {
    const free = await measure(stub(), scaled(1000, effort));
    const real = await measure(simulator('real'), scaled(200, effort));
    const figure = (what: string, { median, range }: Spread, unit: string) => ({
      what,
      value: median,
      unit,
      spread: range,
    });
    return [
      figure('nvpulse, stub', free.ours__ns, 'ns'),
      figure('C loop, stub', free.loop__ns, 'ns'),
      { ...figure('nvpulse above the C loop, stub', free.more__ns, 'ns'), limit: { atMost: 100 } },
      {
        ...figure('nvpulse ÷ C loop, real latencies', real.ratio, '×'),
        limit: { atMost: 1.02 },
        note: `of ${Math.round(real.loop__ns.median / 1000)} µs a pass`,
      },
    ];
  },
};
