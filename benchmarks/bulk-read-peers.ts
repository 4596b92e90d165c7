// nvpulse's bulk read beside the same reading by nvidia-ml-py, go-nvml and nvml-wrapper, on the stub.
import { passesFor, type Contestant } from './harness/contestant';
import { stub } from './harness/native';
import { go, NVIDIA_ML_PY, python, rust, version, type Peer } from './harness/peers';
import type { Benchmark, Finding } from './harness/report';
import { compare, interleave, scaled } from './harness/rounds';
import { bareLoop, nvpulse } from './harness/twelve';

const ROUND__MS = 10;
const ROUNDS = 300;

interface Opponent {
  readonly name: string;
  readonly peer: Peer;
  /** Its time ÷ ours, at least; undefined: shown. */
  readonly atLeast?: number;
}

async function measure(
  { name, peer, atLeast }: Opponent,
  ours: Contestant,
  rounds: number,
): Promise<readonly Finding[]> {
  if ('absent' in peer) return [{ what: name, absent: peer.absent }];
  const theirs = peer.start(stub());
  const [oursSum, theirSum] = [await ours.sum(), await theirs.sum()];
  if (Math.abs(oursSum - theirSum) > 1e-3) throw new Error(`${name} read ${theirSum}, nvpulse ${oursSum}`);
  const [oursPasses, theirPasses] = [await passesFor(ours, ROUND__MS), await passesFor(theirs, ROUND__MS)];
  const pairs = await interleave(
    rounds,
    () => theirs.time(theirPasses),
    () => ours.time(oursPasses),
  );
  theirs.close();
  const time = compare(pairs, (a) => a);
  const ratio = compare(pairs, (a, b) => a / b);
  return [
    { what: name, value: time.median, unit: 'ns', spread: time.range },
    {
      what: `${name} ÷ nvpulse`,
      value: ratio.median,
      unit: '×',
      spread: ratio.range,
      ...(atLeast === undefined ? {} : { limit: { atLeast } }),
    },
  ];
}

export const benchmark: Benchmark = {
  title: "one pass over 8 GPUs × 12 metrics on the stub, against the same by other languages' NVML libraries",
  run: async ({ effort }) => {
    const opponents: readonly Opponent[] = [
      { name: 'C loop', peer: { start: bareLoop } },
      { name: NVIDIA_ML_PY.replace('==', ' '), peer: python(), atLeast: 200 },
      { name: `go-nvml ${version('go')}`, peer: go(), atLeast: 1 },
      { name: `nvml-wrapper ${version('rust')}`, peer: rust(), atLeast: 1 },
    ];
    const ours = await nvpulse(stub());
    const findings: Finding[] = [];
    for (const opponent of opponents)
      findings.push(...(await measure(opponent, ours, scaled(ROUNDS, effort))));
    ours.close();
    return findings;
  },
};
