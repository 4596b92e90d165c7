// Whether all is well: a verdict on what is seen, with its reasons. Pure. Values that no longer come, and a backlog
// that grows, are never fine.
import type { GpuState } from '../native/addon';
import type { ExporterStats } from '../sinks/elasticsearch';

export interface HealthFacts {
  /** Readings are wanted: a window is open, or there is a background. */
  readonly sampling: boolean;
  readonly interval__ms: number;
  /** Age of the newest row of the host, and of the GPUs; null where there was none. */
  readonly host_age__s: number | null;
  readonly gpu_age__s: number | null;
  readonly gpu: Pick<GpuState, 'state' | 'reason'>;
  /** What happened to each GPU that is lost or hangs, a sentence each. */
  readonly gpu_troubles: readonly string[];
  readonly open_jobs: number;
  /** Why rows or jobs could not be kept; null where they could. */
  readonly disk: string | null;
  /** What someone removed under the server within the last minute, and is there again; null where nothing was. */
  readonly removed: string | null;
  readonly lost_rows: number;
  /** Readings that were not believed, since the start: no fault of ours, so they change no verdict. */
  readonly implausible_readings: number;
  readonly spool__B: number;
  readonly spool_limit__B: number;
  /** Recorded and never exported: it had to go at the spool's limit. */
  readonly spool_dropped__B: number;
  /** What in the spool cannot be delivered, a sentence each. */
  readonly spool_troubles: readonly string[];
  /** Null where the server exports nothing, and only spools. */
  readonly export: ExporterStats | null;
  /** The backlog was larger at each look than at the one before, for half a minute. */
  readonly backlog_grows: boolean;
}

export interface Health extends HealthFacts {
  readonly status: 'ok' | 'degraded';
  /** Why it is not ok, a sentence each. */
  readonly reasons: readonly string[];
}

/** Readings are drained each second at the latest, and may miss a few intervals. */
const STALE = { intervals: 3, least__s: 5 } as const;
/** Acknowledging takes a few seconds when all is well. */
const LAG_MAX__S = 60;

export function healthOf(facts: HealthFacts): Health {
  const reasons = [...staleness(facts), ...storage(facts), ...delivery(facts)];
  return { status: reasons.length === 0 ? 'ok' : 'degraded', reasons, ...facts };
}

function staleness(facts: HealthFacts): readonly string[] {
  if (!facts.sampling) return [];
  const limit__s = STALE.least__s + (STALE.intervals * facts.interval__ms) / 1000;
  const isStale = (age__s: number | null): boolean => age__s === null || age__s > limit__s;
  const { host_age__s, gpu_age__s, gpu, gpu_troubles } = facts;
  const gpuWanted = gpu.state === 'ok' || gpu.state === 'stalled';
  return [
    ...(isStale(host_age__s) ? [`readings of the host are stale: ${ageText(host_age__s)}`] : []),
    ...(gpuWanted && isStale(gpu_age__s) ? [`readings of the GPUs are stale: ${ageText(gpu_age__s)}`] : []),
    ...gpu_troubles,
    ...((gpuWanted || gpu.state === 'failed') && gpu.reason !== '' ? [`GPUs: ${gpu.reason}`] : []),
  ];
}

function ageText(age__s: number | null): string {
  return age__s === null ? 'there was none' : `the newest is ${age__s.toFixed(1)} s old`;
}

function storage({
  disk,
  removed,
  lost_rows,
  spool_dropped__B,
  spool_troubles,
}: HealthFacts): readonly string[] {
  return [
    ...(disk === null ? [] : [disk]),
    ...(removed === null ? [] : [removed]),
    ...(lost_rows > 0 ? [`${lost_rows} rows could not be recorded`] : []),
    ...(spool_dropped__B > 0
      ? [`${spool_dropped__B} bytes that were not exported had to go at the spool's limit`]
      : []),
    ...spool_troubles,
  ];
}

function delivery({ export: sink, backlog_grows }: HealthFacts): readonly string[] {
  if (!sink) return [];
  const { state, reason, lag__s, backlog__B, rejected } = sink;
  return [
    ...(state === 'ok' || state === 'idle' ? [] : [`export is ${state}: ${reason}`]),
    ...(lag__s > LAG_MAX__S ? [`the oldest row that is not acknowledged is ${lag__s.toFixed(0)} s old`] : []),
    ...(backlog_grows ? [`the backlog grows: ${backlog__B} bytes`] : []),
    ...(rejected > 0 ? [`Elasticsearch would not take ${rejected} documents; see the dead letters`] : []),
  ];
}

/** Looks at the backlog, and says whether it grows. */
export class BacklogTrend {
  private readonly looks: number[] = [];

  /** @param span how many looks it must have grown over */
  constructor(private readonly span: number) {}

  look(backlog__B: number): void {
    this.looks.push(backlog__B);
    if (this.looks.length > this.span) this.looks.shift();
  }

  /**
   * It never shrank, and is larger than at the oldest look: what is acknowledged in time goes up and down.
   */
  get grows(): boolean {
    const [first = 0] = this.looks;
    const last = this.looks.at(-1) ?? 0;
    const shrank = this.looks.some((backlog, index) => backlog < (this.looks[index - 1] ?? 0));
    return this.looks.length >= this.span && last > first && !shrank;
  }
}
