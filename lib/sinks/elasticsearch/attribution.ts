// To which jobs an instance's rows belong, by their time. Pure.
import type { Instance } from '../../catalog';
import type { JobSpan } from '../../recording';

/** From a time on, until the next one's, rows belong to these jobs. */
export interface Belonging {
  /** Monotonic nanoseconds; undefined of the first, which holds from the beginning. */
  readonly from__ns: bigint | undefined;
  /** Since when, without a break, the first of these jobs has had the instance; undefined where there is none. */
  readonly since__ns: bigint | undefined;
  /** Ids in the order of the windows. */
  readonly jobs: readonly string[];
  /** One for each of the ids; none where an instance has its job without a window. */
  readonly windows: readonly JobSpan[];
}

/** A window has an instance, over a time. */
interface Stay {
  readonly window: JobSpan;
  readonly from__ns: bigint;
  readonly until__ns: bigint | undefined;
}

/**
 * Of a GPU: the windows that have it. Of a process or a job: its own windows alone. Of all else: every window.
 * Never empty, in order of time, neighbours differ.
 */
export function belongingsOf(
  instance: Instance,
  spans: readonly JobSpan[],
): readonly [Belonging, ...Belonging[]] {
  const stays = spans.flatMap((span) => staysOf(instance, span)).filter(isLong);
  const edges = stays.flatMap(({ from__ns, until__ns }, stay) => [
    { time__ns: from__ns, stay, begins: true },
    ...(until__ns === undefined ? [] : [{ time__ns: until__ns, stay, begins: false }]),
  ]);
  edges.sort((a, b) => (a.time__ns < b.time__ns ? -1 : a.time__ns > b.time__ns ? 1 : 0));
  const all: [Belonging, ...Belonging[]] = [
    { from__ns: undefined, since__ns: undefined, jobs: [], windows: [] },
  ];
  /** Since when each job has had it. */
  let since = new Map<string, bigint>();
  /** Positions of stays that have begun, and those that have ended. */
  const inside = new Set<number>();
  edges.forEach(({ time__ns, stay, begins }, at) => {
    if (begins) inside.add(stay);
    else inside.delete(stay);
    if (edges[at + 1]?.time__ns === time__ns) return;
    // Of several stays of a job the first tells its window.
    const byJob = new Map<string, JobSpan>();
    for (const own of [...inside].sort((a, b) => a - b)) {
      const window = stays[own]?.window;
      if (window && !byJob.has(window.id)) byJob.set(window.id, window);
    }
    const jobs = [...byJob.keys()];
    since = new Map(jobs.map((job) => [job, since.get(job) ?? time__ns]));
    if (isSame(jobs, all.at(-1)?.jobs)) return;
    all.push({ from__ns: time__ns, since__ns: earliest(since.values()), jobs, windows: [...byJob.values()] });
  });
  return all;
}

function earliest(times: Iterable<bigint>): bigint | undefined {
  let first: bigint | undefined;
  for (const time of times) if (first === undefined || time < first) first = time;
  return first;
}

function isLong({ from__ns, until__ns }: Stay): boolean {
  return until__ns === undefined || from__ns < until__ns;
}

function isSame(jobs: readonly string[], others: readonly string[] = []): boolean {
  return jobs.length === others.length && jobs.every((job, at) => job === others[at]);
}

/** The job that alone an instance belongs to; '' where none; undefined where windows decide. */
export function ownerOf({ entity, identity }: Instance): string | undefined {
  if (entity === 'job') return identity.id;
  if (entity !== 'process' && entity !== 'gpu_process') return undefined;
  // Recordings of one job did not say so.
  return 'job' in identity && typeof identity.job === 'string' ? identity.job : undefined;
}

/**
 * Instances of one kin belong to the same windows at any time: what it takes to know them is known for all. The windows of
 * a thousand jobs cost megabytes.
 */
export function kinOf(instance: Instance, spans: readonly JobSpan[]): string {
  const { entity, identity } = instance;
  const owner = ownerOf(instance);
  if (owner !== undefined) return `job ${owner}`;
  const isGpu = entity === 'gpu' || entity === 'gpu_process';
  return isGpu && spans.some(({ gpus }) => gpus !== 'node') ? `gpu ${identity.uuid}` : 'node';
}

function staysOf(instance: Instance, span: JobSpan): readonly Stay[] {
  const { id, start__ns, stop__ns } = span;
  const whole = [{ window: span, from__ns: start__ns, until__ns: stop__ns }];
  const owner = ownerOf(instance);
  if (owner !== undefined) return owner === id ? whole : [];
  if (span.gpus === 'node' || (instance.entity !== 'gpu' && instance.entity !== 'gpu_process')) return whole;
  const { uuid } = instance.identity;
  const { gpus } = span;
  return gpus.flatMap(({ from__ns, uuids }, at) => {
    if (!uuids.includes(uuid)) return [];
    const next__ns = gpus[at + 1]?.from__ns;
    const isStopFirst = next__ns === undefined || (stop__ns !== undefined && stop__ns < next__ns);
    const until__ns = isStopFirst ? stop__ns : next__ns;
    return [{ window: span, from__ns: from__ns < start__ns ? start__ns : from__ns, until__ns }];
  });
}
