// A sampler at 1 kHz in a busy service, beside the bare loop that makes the same reads beside the same service.
import { setTimeout } from 'node:timers/promises';
import { loopDelayDuring, startBusyLoop } from './harness/busy';
import { adopt, simulator, stub, type NvmlEnv } from './harness/native';
import type { Benchmark, Finding } from './harness/report';
import { spreadOf } from './harness/rounds';
import { bareSampling, sampleDuring, type OwnStretch, type Stretch } from './harness/sampling';

const ROUNDS = 5;
const STRETCH__S = 4;

interface Round {
  readonly ours: OwnStretch;
  readonly bare: Stretch;
  readonly delay__ms: { readonly sampled: number; readonly idle: number };
}

async function round(env: NvmlEnv, duration__s: number): Promise<Round> {
  const pause = (): Promise<unknown> => setTimeout(duration__s * 1000);
  const idle = await loopDelayDuring(pause);
  let sampled = NaN;
  const ours = await sampleDuring({ env, interval__ms: 1 }, async () => {
    sampled = await loopDelayDuring(pause);
  });
  const bare = await bareSampling(env, 1, duration__s, 'reads');
  return { ours, bare, delay__ms: { sampled, idle } };
}

function findings(name: string, rounds: readonly Round[]): readonly Finding[] {
  const figure = (what: string, unit: string, of: (round: Round) => number) => {
    const { median, range } = spreadOf(rounds.map(of));
    return { what: `${what}, ${name}`, value: median, unit, spread: range };
  };
  const sum = (of: (round: Round) => number): number => rounds.map(of).reduce((a, b) => a + b, 0);
  return [
    {
      what: `rows lost of ${sum(({ ours }) => ours.gpuRows)}, ${name}`,
      value: sum(({ ours }) => ours.droppedRows),
      unit: '',
      limit: { atMost: 0 },
      note: `deadlines missed: ${sum(({ ours }) => ours.missed)}, by the C loop ${sum(({ bare }) => bare.missed)}`,
    },
    figure('lateness p99', 'µs', ({ ours }) => ours.lateness__us.p99),
    {
      ...figure(
        'lateness p99 ÷ C loop',
        '×',
        ({ ours, bare }) => ours.lateness__us.p99 / bare.lateness__us.p99,
      ),
      limit: { atMost: 1.3 },
    },
    figure('CPU of a core', '%', ({ ours }) => ours.cpu__pct),
    {
      ...figure('CPU ÷ C loop', '×', ({ ours, bare }) => ours.cpu__pct / bare.cpu__pct),
      limit: { atMost: 1.3 },
    },
    {
      ...figure('event-loop delay p99 added', 'ms', ({ delay__ms }) => delay__ms.sampled - delay__ms.idle),
      limit: { atMost: 1 },
    },
  ];
}

export const benchmark: Benchmark = {
  title:
    'a sampler at 1 kHz for 20 s, 8 GPUs × 15 metrics and the host, in a process whose JavaScript is busy, ' +
    'against a bare C loop that makes the same reads beside the same process',
  run: async ({ effort }) => {
    const stretch__s = Math.max(1, STRETCH__S * effort);
    const stop = startBusyLoop();
    const measure = async (env: NvmlEnv): Promise<readonly Round[]> => {
      adopt(env);
      const rounds: Round[] = [];
      for (let i = 0; i < ROUNDS; i++) rounds.push(await round(env, stretch__s));
      return rounds;
    };
    const free = await measure(stub());
    const simulated = await measure(simulator('none'));
    stop();
    return [...findings('stub', free), ...findings('simulator', simulated)];
  },
};
