// What goes over HTTP: requests and answers, as the client and the server both see them.
import type { JobSummary } from '../jobs/summary-types';
import type { EndedBy, GpuScope } from '../recording';

export interface StartRequest {
  /** 1 to 256 characters, no control characters, neither `.` nor `..`. A start that is sent again under its id starts nothing new. */
  readonly id?: string;
  /** @default the id */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Indices or UUIDs of the job's GPUs; an empty list: it has none. @default those its processes are seen on, else all */
  readonly gpus?: readonly (number | string)[];
  /** The job's first process, where the server runs. */
  readonly pid?: number;
  /** The job's cgroup v2 folder, below /sys/fs/cgroup. */
  readonly cgroup?: string;
  /** The job ends by itself after this time, unless it is renewed, such as `24h`. */
  readonly lease?: string;
  /** Time between readings, 1ms to 1h, such as `100ms`. */
  readonly interval?: string;
}

export interface StopRequest {
  /** What became of the job, such as `Succeeded`. */
  readonly status?: string;
}

export interface RenewRequest {
  /** @default the lease so far */
  readonly lease?: string;
}

export interface MarkRequest {
  readonly name: string;
}

export interface JobView {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'open' | 'ended';
  /** ISO 8601 UTC with nine decimals, as are all times. */
  readonly start: string;
  readonly end: string | null;
  readonly ended_by: EndedBy | null;
  readonly status: string | null;
  readonly lease__s: number;
  /** When the lease runs out. */
  readonly deadline: string;
  readonly interval__ms: number;
  readonly gpu_scope: GpuScope;
  /** Of scope `node` none are listed: all are meant. */
  readonly gpu_uuid: readonly string[];
  /** Another job's window overlapped on one of its GPUs: their energy is in both summaries. */
  readonly gpu_shared: boolean;
  readonly pid: number | null;
  readonly cgroup: string | null;
}

export interface JobDetail extends JobView {
  /** Null while the window is open, shortly after, and where its recording had to make room. */
  readonly summary: JobSummary | null;
}

export interface JobList {
  /** Oldest first; of those that ended the latest 1000, and those whose summary waits for Elasticsearch. */
  readonly jobs: readonly JobView[];
}

/**
 * - `open`: the window is open; there will be more.
 * - `pending`: the last readings are being taken.
 * - `spooled`: they are safely on the server's disk, and go to Elasticsearch when that can be.
 * - `acknowledged`: Elasticsearch has them all.
 * - `rejected`: Elasticsearch has them, but for some that it will never take.
 */
export type DocumentsState = 'open' | 'pending' | 'spooled' | 'acknowledged' | 'rejected';

export interface JobDocuments {
  readonly id: string;
  readonly documents: DocumentsState;
  /** How many are, where some are. */
  readonly rejected?: number;
  /** What holds them up, where something does. */
  readonly reason?: string;
}

/** RFC 9457, as application/problem+json. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}
