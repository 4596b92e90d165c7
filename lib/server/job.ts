// A job as the server knows it: what it is about, its window, and whose GPUs are meant. Times are UTC nanoseconds.

import type { EndedBy, GpuScope, SummaryPlace } from '../recording';

/** What runs: the window ends when it is gone. */
export type JobRoot =
  | {
      readonly kind: 'pid';
      readonly pid: number;
      /** Clock ticks since boot at which it began, so that another process of that number is not taken for it. */
      readonly started: number;
    }
  | {
      readonly kind: 'cgroup';
      /** Below /sys/fs/cgroup, such as `/kubepods/pod1`. */
      readonly path: string;
    };

/** What a start asks for. */
export interface JobSpec {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Time between readings that this job wants, in nanoseconds. */
  readonly interval__ns: number;
  readonly lease__ns: number;
  readonly gpu_scope: GpuScope;
  /** UUIDs: those named; of scope `process` those seen so far; of `node` none. */
  readonly gpus: readonly string[];
  readonly root: JobRoot | null;
}

export interface Ending {
  readonly time__ns: bigint;
  readonly by: EndedBy;
  /** What the client said of the job's outcome; '' where it said nothing. */
  readonly status: string;
}

/** In a recording of the spool. */
export interface JobSummaryPlace {
  /** The recording's folder in the spool. */
  readonly recording: string;
  readonly at: SummaryPlace;
}

export interface Job extends JobSpec {
  readonly start__ns: bigint;
  /** When the lease runs out, unless it is renewed. */
  readonly deadline__ns: bigint;
  /** Another job's window overlapped this one's on one of its GPUs. */
  readonly gpu_shared: boolean;
  /** Null while the window is open. */
  readonly end: Ending | null;
  /** All that can be told of it is kept: its summary, where one could be made. */
  readonly finished: boolean;
  /** Where that stands; null where it is not there, or in a file of its own as 0.1 had it. */
  readonly summary: JobSummaryPlace | null;
}
