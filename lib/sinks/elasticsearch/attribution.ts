// To which jobs an instance's rows belong, by their time. Pure.
import type { Instance } from '../../catalog';
import type { JobSpan } from '../../recording';

/** From a time on, until the next one's, rows belong to these jobs. */
export interface Belonging {
  /** Monotonic nanoseconds; undefined of the first, which holds from the beginning. */
  readonly from__ns: bigint | undefined;
  /** Ids in the order of the windows. */
  readonly jobs: readonly string[];
}

/** A job, over a time. */
interface Stay {
  readonly job: string;
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
  const stays = spans.flatMap((span) => staysOf(instance, span));
  const edges = new Set(stays.flatMap(({ from__ns, until__ns }) => [from__ns, until__ns ?? from__ns]));
  const all: [Belonging, ...Belonging[]] = [{ from__ns: undefined, jobs: [] }];
  for (const from__ns of [...edges].sort((a, b) => (a < b ? -1 : 1))) {
    const inside = stays.filter((stay) => covers(stay, from__ns));
    const jobs = [...new Set(inside.map(({ job }) => job))];
    if (jobs.join('\n') !== all.at(-1)?.jobs.join('\n')) all.push({ from__ns, jobs });
  }
  return all;
}

/** The job that alone an instance belongs to; '' where none; undefined where windows decide. */
export function ownerOf({ entity, identity }: Instance): string | undefined {
  if (entity === 'job') return identity.id;
  if (entity !== 'process' && entity !== 'gpu_process') return undefined;
  // Recordings of one job did not say so.
  return 'job' in identity && typeof identity.job === 'string' ? identity.job : undefined;
}

function staysOf(instance: Instance, span: JobSpan): readonly Stay[] {
  const { id: job, start__ns, stop__ns } = span;
  const whole = [{ job, from__ns: start__ns, until__ns: stop__ns }];
  const owner = ownerOf(instance);
  if (owner !== undefined) return owner === job ? whole : [];
  if (span.gpus === 'node' || (instance.entity !== 'gpu' && instance.entity !== 'gpu_process')) return whole;
  const { uuid } = instance.identity;
  const { gpus } = span;
  return gpus.flatMap(({ from__ns, uuids }, at) => {
    const until__ns = gpus[at + 1]?.from__ns ?? stop__ns;
    return uuids.includes(uuid)
      ? [{ job, from__ns: from__ns < start__ns ? start__ns : from__ns, until__ns }]
      : [];
  });
}

function covers({ from__ns, until__ns }: Stay, time__ns: bigint): boolean {
  return from__ns <= time__ns && (until__ns === undefined || time__ns < until__ns);
}
