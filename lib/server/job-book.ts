// The book of jobs: a pure state machine. A command looks at the book, says what it makes of it, and where that changes
// something writes a record; the records alone, applied in their order, give the book again after a restart.
import type { Ending, Job, JobSpec, JobSummaryPlace } from './job';

/** What the log keeps. Applying one twice is applying it once. */
export type JobRecord =
  | { readonly kind: 'start'; readonly spec: JobSpec; readonly time__ns: bigint }
  | {
      readonly kind: 'renew';
      readonly id: string;
      readonly lease__ns: number;
      readonly deadline__ns: bigint;
    }
  | { readonly kind: 'gpu'; readonly id: string; readonly uuid: string }
  | { readonly kind: 'stop'; readonly id: string; readonly ending: Ending }
  | { readonly kind: 'finish'; readonly id: string; readonly summary?: JobSummaryPlace | null }
  /** All of a job at once, where the log was compacted; before 0.2 without its summary's place. */
  | { readonly kind: 'job'; readonly job: Omit<Job, 'summary'> & Partial<Pick<Job, 'summary'>> };

export interface Outcome<Kind extends string> {
  readonly outcome: Kind;
  readonly job: Job;
}

/** The latest ended jobs are remembered. */
const REMEMBERED = 1000;
/** So many ended jobs at most that wait for a sink: what is to be sent stands in the recordings, not here. */
const WAITING = 10_000;

export class JobBook {
  private readonly jobs = new Map<string, Job>();
  private readonly opened = new Set<string>();
  private readonly ended = new Set<string>();

  /** @param append is given each record once the book has changed */
  constructor(private readonly append: (record: JobRecord) => void) {}

  /** Jobs whose window is open, oldest first. */
  get open(): readonly Job[] {
    return [...this.opened].flatMap((id) => this.jobs.get(id) ?? []);
  }

  /** All that are remembered, oldest first. */
  get all(): readonly Job[] {
    return [...this.jobs.values()];
  }

  get(id: string): Job | undefined {
    return this.jobs.get(id);
  }

  /** The earliest end of a lease; undefined where no window is open. */
  get nextDeadline__ns(): bigint | undefined {
    return this.open
      .map(({ deadline__ns }) => deadline__ns)
      .reduce<bigint | undefined>(
        (least, time) => (least === undefined || time < least ? time : least),
        undefined,
      );
  }

  /** `open`: that job runs already, as it was started first. `ended`: its window is over; an id names one window. */
  start(spec: JobSpec, now__ns: bigint): Outcome<'started' | 'open' | 'ended'> {
    const known = this.jobs.get(spec.id);
    if (known) return { outcome: known.end ? 'ended' : 'open', job: known };
    return { outcome: 'started', job: this.write(spec.id, { kind: 'start', spec, time__ns: now__ns }) };
  }

  /** `ended`: it had ended before, as it says. Undefined for an unknown job. */
  stop(id: string, ending: Ending): Outcome<'stopped' | 'ended'> | undefined {
    const known = this.jobs.get(id);
    if (!known) return undefined;
    if (known.end) return { outcome: 'ended', job: known };
    const time__ns = ending.time__ns > known.start__ns ? ending.time__ns : known.start__ns;
    return {
      outcome: 'stopped',
      job: this.write(id, { kind: 'stop', id, ending: { ...ending, time__ns } }),
    };
  }

  /** The lease counts from now on. Undefined for an unknown job. */
  renew(
    id: string,
    lease__ns: number | undefined,
    now__ns: bigint,
  ): Outcome<'renewed' | 'ended'> | undefined {
    const known = this.jobs.get(id);
    if (!known) return undefined;
    if (known.end) return { outcome: 'ended', job: known };
    const lease = lease__ns ?? known.lease__ns;
    const deadline__ns = now__ns + BigInt(lease);
    return {
      outcome: 'renewed',
      job: this.write(id, { kind: 'renew', id, lease__ns: lease, deadline__ns }),
    };
  }

  /** A process of the job was seen on a GPU; undefined where that is no news, or not how the job gets its GPUs. */
  sawGpu(id: string, uuid: string): Job | undefined {
    const job = this.jobs.get(id);
    if (!job || job.end || job.gpu_scope !== 'process' || job.gpus.includes(uuid)) return undefined;
    return this.write(id, { kind: 'gpu', id, uuid });
  }

  /** Ends the windows whose lease has run out, each at its deadline. */
  expire(now__ns: bigint): readonly Job[] {
    return this.open
      .filter(({ deadline__ns }) => deadline__ns <= now__ns)
      .flatMap(({ id, deadline__ns }) => {
        const ending: Ending = { time__ns: deadline__ns, by: 'lease', status: '' };
        return this.stop(id, ending)?.job ?? [];
      });
  }

  /** All that can be told of the job is kept; its summary, where there is one, at that place. */
  finish(id: string, summary: JobSummaryPlace | null): void {
    const job = this.jobs.get(id);
    if (job && (!job.finished || (summary && !job.summary))) this.write(id, { kind: 'finish', id, summary });
  }

  /**
   * Ended jobs that need not be remembered any longer: finished ones before the latest, oldest first.
   * @param isTaken whether a sink has the job's summary, or there is no sink
   */
  past(isTaken: (job: Job) => boolean): readonly string[] {
    const before = [...this.ended].slice(0, Math.max(0, this.ended.size - REMEMBERED));
    return before.filter((id, at) => {
      const job = this.jobs.get(id);
      return job?.finished && (this.ended.size - at > WAITING || isTaken(job));
    });
  }

  /** Whoever has to know that an id was used knows by now. */
  forget(ids: readonly string[]): void {
    for (const id of ids) if (this.ended.delete(id)) this.jobs.delete(id);
  }

  /** The book as few records. */
  snapshot(): readonly JobRecord[] {
    return this.all.map((job) => ({ kind: 'job', job }));
  }

  /** Takes a record of the log. */
  apply(record: JobRecord): void {
    switch (record.kind) {
      case 'start':
        return this.begin(record.spec, record.time__ns);
      case 'renew':
        return this.change(record.id, { lease__ns: record.lease__ns, deadline__ns: record.deadline__ns });
      case 'gpu':
        return this.addGpu(record.id, record.uuid);
      case 'stop':
        return this.end(record.id, record.ending);
      case 'finish':
        return this.change(record.id, { finished: true, summary: record.summary ?? null });
      case 'job':
        return this.put({ summary: null, ...record.job });
    }
  }

  private write(id: string, record: JobRecord): Job {
    this.apply(record);
    this.append(record);
    const job = this.jobs.get(id);
    if (!job) throw new Error(`a record of ${id} was not applied`);
    return job;
  }

  private begin(spec: JobSpec, start__ns: bigint): void {
    if (this.jobs.has(spec.id)) return;
    const deadline__ns = start__ns + BigInt(spec.lease__ns);
    this.put({
      ...spec,
      start__ns,
      deadline__ns,
      gpu_shared: false,
      end: null,
      finished: false,
      summary: null,
    });
    this.share(spec.id);
  }

  private addGpu(id: string, uuid: string): void {
    const gpus = this.jobs.get(id)?.gpus ?? [];
    if (gpus.includes(uuid)) return;
    this.change(id, { gpus: [...gpus, uuid] });
    this.share(id);
  }

  private end(id: string, end: Ending): void {
    if (this.jobs.get(id)?.end !== null) return;
    this.change(id, { end });
    this.opened.delete(id);
    this.ended.add(id);
  }

  private put(job: Job): void {
    this.jobs.set(job.id, job);
    (job.end ? this.ended : this.opened).add(job.id);
  }

  private change(id: string, changes: Partial<Job>): void {
    const job = this.jobs.get(id);
    if (job) this.jobs.set(id, { ...job, ...changes });
  }

  /** Both jobs of a pair that meet on a GPU are marked, for good. */
  private share(id: string): void {
    const job = this.jobs.get(id);
    if (!job) return;
    for (const other of this.open) {
      if (other.id === id || !meet(job, other)) continue;
      this.change(id, { gpu_shared: true });
      this.change(other.id, { gpu_shared: true });
    }
  }
}

function meet(one: Job, other: Job): boolean {
  if (one.gpu_scope === 'node') return other.gpu_scope === 'node' || other.gpus.length > 0;
  if (other.gpu_scope === 'node') return one.gpus.length > 0;
  return one.gpus.some((uuid) => other.gpus.includes(uuid));
}
