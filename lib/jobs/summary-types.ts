// A job's summary: what `run`, `report` and the library give alike, as JSON. summary.schema.json says the same.
import type { AbsentState, Entity, Identities, MetricName } from '../catalog';
import type { CallStats, GpuState } from '../native/addon';

/** A level, weighted by the time that each reading held inside the window. */
export interface GaugeSummary {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** By time: what the gauge did not exceed for half of it. Within 0.5 % beyond 256 distinct values. */
  readonly p50: number;
  readonly p95: number;
  /** The last reading before the window's end. */
  readonly last: number;
  /** Readings inside the window; 0 where one from before held through it. */
  readonly samples: number;
  /** Share of the window, 0 to 1, for which the value is known. */
  readonly coverage: number;
}

/** A running total: its difference over the exact window. */
export interface CounterSummary {
  readonly delta: number;
  /** `delta` a second of the window. */
  readonly rate: number;
}

export interface StateSummary {
  readonly last: number;
  /** Share of the covered time by value; adds up to 1. */
  readonly share: Readonly<Record<string, number>>;
}

/** No value in the window, and why. */
export interface AbsentSummary {
  readonly state: AbsentState;
  readonly reason: string;
}

export type MetricSummary = GaugeSummary | CounterSummary | StateSummary | AbsentSummary;

/** One thing that was measured: its identity's fields, and a summary of each of its metrics. */
export type EntitySummary = {
  [E in Entity]: { readonly entity: E } & Readonly<Identities[E]> & {
      readonly metrics: { readonly [M in MetricName<E>]?: MetricSummary };
    };
}[Entity];

export interface EnergySummary {
  /** Of all GPUs; null where none tells its energy. */
  readonly gpu__J: number | null;
  /** `mixed`: some GPUs by their counter, some by integrated power. */
  readonly method: 'counter' | 'integrated_power' | 'mixed' | 'none';
  /** A bound: how far off `gpu__J` is at most, added over GPUs; without the sensors' own accuracy. */
  readonly uncertainty__J: number | null;
}

export interface HostInfo {
  readonly name: string;
  readonly os: string;
  readonly kernel: string;
  readonly cpu_model: string;
  readonly core_num: number;
  readonly memory_total__MiB: number;
}

export interface SamplerSummary {
  readonly interval__ms: number;
  readonly ticks: number;
  readonly lateTicks: number;
  readonly droppedRows: number;
  /** Null where a recording was cut before it was told; so is `cpu__pct`. */
  readonly lateness__us: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  /** CPU time of the sampling threads, of one CPU. */
  readonly cpu__pct: number | null;
  readonly calls: Readonly<Record<string, Omit<CallStats, 'name'>>>;
}

export interface JobSummary {
  /** Version that made the summary. */
  readonly nvpulse: string;
  /** GPU figures are the simulator's. */
  readonly simulated: boolean;
  /** False where the recording was cut or the sampler stopped before the job did. */
  readonly complete: boolean;
  readonly job: {
    readonly id: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    /** ISO 8601 UTC with nine decimals. */
    readonly start: string;
    readonly end: string;
    readonly duration__s: number;
    /** Null for a window, and for a command that a signal ended. */
    readonly exitCode: number | null;
    readonly signal: string | null;
  };
  readonly host: HostInfo;
  /** Why there are GPU metrics, or none. */
  readonly gpu: Pick<GpuState, 'state' | 'reason'>;
  /** In the order of the catalog's entities, then by identity; processes by CPU time, the most first. */
  readonly entities: readonly EntitySummary[];
  /**
   * Processes that `entities` leaves out: beyond the 20 with most CPU time, and on GPUs, where there were more than 512,
   * those that ended first.
   */
  readonly processes_left_out: number;
  readonly energy: EnergySummary;
  /** What sampling did and cost: over a command, or a window (lateness and calls then since the sampler's start). */
  readonly sampler: SamplerSummary;
}
