// To which jobs an instance's rows belong, by their time. Pure.
import type { Instance } from '../../../catalog';
import type { JobSpan } from '../../../recording';

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

/** Nobody has it. */
export const NOBODYS: Belonging = { from__ns: undefined, since__ns: undefined, jobs: [], windows: [] };

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
  const edges = stays.flatMap(({ window: { id }, from__ns, until__ns }) => [
    { time__ns: from__ns, id, change: 1 },
    ...(until__ns === undefined ? [] : [{ time__ns: until__ns, id, change: -1 }]),
  ]);
  edges.sort((a, b) => (a.time__ns < b.time__ns ? -1 : a.time__ns > b.time__ns ? 1 : 0));
  const all: [Belonging, ...Belonging[]] = [NOBODYS];
  /** How many stays of each job have begun, and not ended. */
  const inside = new Map<string, number>();
  /** Jobs that came or went since the latest belonging. */
  const changed = new Set<string>();
  edges.forEach(({ time__ns, id, change }, at) => {
    const before = inside.get(id) ?? 0;
    const after = before + change;
    inside.set(id, after);
    const isChange = before === 0 || after === 0;
    if (isChange && !changed.delete(id)) changed.add(id);
    if (edges[at + 1]?.time__ns === time__ns || changed.size === 0) return;
    changed.clear();
    all.push(new LazyBelonging(time__ns, stays));
  });
  return all;
}

type Held = Pick<Belonging, 'since__ns' | 'jobs' | 'windows'>;

/** Known once it is asked for: a thousand windows that opened one after the other have half a million jobs in all. */
class LazyBelonging implements Belonging {
  private held: Held | undefined;

  constructor(
    readonly from__ns: bigint,
    private readonly stays: readonly Stay[],
  ) {}

  get jobs(): readonly string[] {
    return this.known.jobs;
  }

  get windows(): readonly JobSpan[] {
    return this.known.windows;
  }

  get since__ns(): bigint | undefined {
    return this.known.since__ns;
  }

  private get known(): Held {
    return (this.held ??= heldAt(this.from__ns, this.stays));
  }
}

function heldAt(time__ns: bigint, stays: readonly Stay[]): Held {
  const byJob = new Map<string, JobSpan>();
  /** Of each job its latest stays, as far as each begins where the one before ends. */
  const unbroken = new Map<string, Stay>();
  for (const stay of stays) {
    if (stay.from__ns > time__ns) continue;
    const { id } = stay.window;
    // Of several stays of a job the first tells its window.
    if (isIn(time__ns, stay) && !byJob.has(id)) byJob.set(id, stay.window);
    const before = unbroken.get(id);
    const goesOn = before && (before.until__ns === undefined || before.until__ns >= stay.from__ns);
    unbroken.set(id, goesOn ? { ...stay, from__ns: before.from__ns } : stay);
  }
  const begun = [...unbroken.values()].filter((stay) => isIn(time__ns, stay)).map(({ from__ns }) => from__ns);
  return { since__ns: earliest(begun), jobs: [...byJob.keys()], windows: [...byJob.values()] };
}

function isIn(time__ns: bigint, { from__ns, until__ns }: Stay): boolean {
  return from__ns <= time__ns && (until__ns === undefined || time__ns < until__ns);
}

function earliest(times: readonly bigint[]): bigint | undefined {
  let [first] = times;
  for (const time of times) if (first === undefined || time < first) first = time;
  return first;
}

function isLong({ from__ns, until__ns }: Stretch): boolean {
  return until__ns === undefined || from__ns < until__ns;
}

/** Another job has the instance while it belongs to a window. */
export function isShared(instance: Instance, window: JobSpan, spans: readonly JobSpan[]): boolean {
  const own = staysOf(instance, window);
  return spans.some(
    (other) =>
      other.id !== window.id &&
      staysOf(instance, other).some((stay) => own.some((mine) => isLong(overlapOf(stay, mine)))),
  );
}

type Stretch = Pick<Stay, 'from__ns' | 'until__ns'>;

/** Ends before it begins where they have no time in common. */
function overlapOf(one: Stretch, other: Stretch): Stretch {
  const from__ns = one.from__ns > other.from__ns ? one.from__ns : other.from__ns;
  const ends = [one, other].flatMap(({ until__ns }) => until__ns ?? []);
  return { from__ns, until__ns: earliest(ends) };
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
