// A sampler at 1 kHz whose event loop does not turn for a second: what was read meanwhile waits in the ring.
import { setTimeout } from 'node:timers/promises';
import { adopt, stub } from './harness/native';
import type { Benchmark } from './harness/report';
import { scaled } from './harness/rounds';
import { sampleDuring, type OwnStretch } from './harness/sampling';

const ROUNDS = 5;
const BLOCKED__MS = 1000;

function block(duration__ms: number): void {
  const end__ms = performance.now() + duration__ms;
  while (performance.now() < end__ms);
}

async function round(): Promise<OwnStretch> {
  return sampleDuring({ env: adopt(stub()), interval__ms: 1 }, async () => {
    await setTimeout(100);
    block(BLOCKED__MS);
    await setTimeout(100);
  });
}

export const benchmark: Benchmark = {
  title: 'the event loop blocked for 1 s under a sampler at 1 kHz, 8 GPUs and the host',
  run: async ({ effort }) => {
    const rounds: OwnStretch[] = [];
    for (let i = 0; i < scaled(ROUNDS, effort); i++) rounds.push(await round());
    const sum = (of: (stretch: OwnStretch) => number): number => rounds.map(of).reduce((a, b) => a + b, 0);
    return [
      {
        what: `rows lost of ${sum(({ gpuRows }) => gpuRows)}, ${rounds.length} times blocked`,
        value: sum(({ droppedRows }) => droppedRows),
        unit: '',
        limit: { atMost: 0 },
        note: `deadlines missed: ${sum(({ missed }) => missed)} of ${sum(({ ticks }) => ticks)}`,
      },
    ];
  },
};
