// One comparison for each metric of the catalog, each GPU and each peer: some rounds of readings, judged.
import { setTimeout as delay } from 'node:timers/promises';
import { metricsOf, type GpuDevice, type GpuReading, type Metric, type Nvml } from 'nvpulse';
import type { Deadline } from './deadline';
import { judge, type Judgement, type Own, type Verdict } from './judge';
import type { Answer, Peer, PeerReading } from './peer';

/** As it was found, which need not be idle, or under the load of the check. */
export type When = 'as found' | 'under load';

export interface Comparison {
  /** nvpulse's index of the GPU; null for a GPU that only the peer has. */
  readonly gpu: number | null;
  readonly uuid: string;
  /** '*' for the GPU itself. */
  readonly metric: string;
  readonly with: string;
  readonly when: When;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly rounds: readonly Judgement[];
}

const ROUNDS = 5;
const PAUSE__MS = 200;
/** Between two of nvpulse's readings while the peer reads. */
const READ_EACH__MS = 5;
/** For all rounds of a peer that is slow. */
const LIMIT__MS = 15_000;

interface Round {
  readonly own: readonly (readonly GpuReading[])[];
  readonly theirs: PeerReading | { readonly failed: string };
}

export async function compare(
  nvml: Nvml,
  peer: Peer,
  when: When,
  deadline: Deadline,
): Promise<readonly Comparison[]> {
  const rounds: Round[] = [];
  const end__ms = performance.now() + deadline.atMost(LIMIT__MS);
  do {
    rounds.push(await readRound(nvml, peer));
    await delay(PAUSE__MS);
  } while (rounds.length < ROUNDS && performance.now() < end__ms && !rounds.some(failed));
  const known = nvml.devices.flatMap((device) =>
    metricsOf('gpu').map((metric) => comparisonOf(device, metric, peer, when, rounds)),
  );
  return [...known, ...strangers(nvml, peer, when, rounds)];
}

const failed = ({ theirs }: Round): boolean => 'failed' in theirs;

async function readRound(nvml: Nvml, peer: Peer): Promise<Round> {
  const own = [await nvml.read()];
  let answered = false;
  const answer = peer.read().finally(() => (answered = true));
  while (!answered) {
    own.push(await nvml.read());
    await Promise.race([answer, delay(READ_EACH__MS)]);
  }
  own.push(await nvml.read());
  return { own, theirs: await answer };
}

function comparisonOf(
  { index, uuid }: GpuDevice,
  { name, kind }: Metric,
  peer: Peer,
  when: When,
  rounds: readonly Round[],
): Comparison {
  const line = { gpu: index, uuid, metric: name, with: peer.name, when };
  const lacks = peer.lacks(name);
  if (lacks !== undefined) return { ...line, verdict: 'not comparable', reason: lacks, rounds: [] };
  const judgements = rounds.map(({ own, theirs }) => {
    const readings = own.flatMap((gpus) => gpus.filter(({ device }) => device.uuid === uuid));
    return judge(
      kind,
      readings.flatMap((reading) => ownOf(reading, name)),
      answerOf(theirs, uuid, name),
    );
  });
  return { ...line, ...overall(judgements), rounds: judgements };
}

function ownOf({ values, absent }: GpuReading, metric: string): readonly Own[] {
  const value = new Map(Object.entries(values)).get(metric);
  if (value !== undefined) return [{ value }];
  const missing = new Map(Object.entries(absent)).get(metric);
  return missing ? [missing] : [];
}

function answerOf(theirs: Round['theirs'], uuid: string, metric: string): Answer {
  if ('failed' in theirs) return theirs;
  const gpu = theirs.get(uuid);
  if (!gpu) return { none: 'the GPU is not listed' };
  return gpu.get(metric) ?? { failed: 'no answer' };
}

/** One round of several may miss a spike between two readings; what is wrong is wrong in most. */
function overall(judgements: readonly Judgement[]): { readonly verdict: Verdict; readonly reason: string } {
  const compared = judgements.filter(({ verdict }) => verdict !== 'not comparable');
  const differing = compared.filter(({ verdict }) => verdict === 'differs');
  const verdict = differing.length * 2 > compared.length ? 'differs' : 'equal';
  const telling = (verdict === 'equal' ? compared : differing).at(-1);
  if (!telling) return { verdict: 'not comparable', reason: judgements.at(-1)?.reason ?? 'not read' };
  const count = `${differing.length} of ${compared.length} rounds differ`;
  const reasons = [telling.reason, differing.length > 0 ? count : ''].filter((reason) => reason !== '');
  return { verdict, reason: reasons.join('; ') };
}

/** GPUs that the peer has and nvpulse has not. */
function strangers(nvml: Nvml, peer: Peer, when: When, rounds: readonly Round[]): readonly Comparison[] {
  const own = new Set(nvml.devices.map(({ uuid }) => uuid));
  const theirs = new Set(
    rounds.flatMap((round) => ('failed' in round.theirs ? [] : [...round.theirs.keys()])),
  );
  return [...theirs]
    .filter((uuid) => !own.has(uuid))
    .map((uuid) => ({
      gpu: null,
      uuid,
      metric: '*',
      with: peer.name,
      when,
      verdict: 'differs',
      reason: 'nvpulse does not list this GPU',
      rounds: [],
    }));
}
