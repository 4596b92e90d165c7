// What an exporter is given, and what it tells of itself.
import type { Client } from '@elastic/elasticsearch';
import type { SummaryPlace, TailPosition } from '../../../recording';
import type { JobSummary } from '../../../jobs/summary-types';
import type { Duration } from '../../../sampling/options';

/**
 * - `ok`: what is recorded is being acknowledged.
 * - `idle`: nothing was left to send at the last look, at most two seconds ago.
 * - `retrying`: Elasticsearch is unreachable, overloaded, or broke off; the same is sent again until it answers.
 * - `denied`: it knows who asks and does not let them write; `reason` says what to grant.
 * - `not_set_up`: it has no data streams of ours.
 * - `refused`: it, or whatever answers in its place, takes nothing of ours; `reason` says why.
 *
 * In every state the exporter keeps trying, and what is recorded stays where it is.
 */
export type ExporterState = 'ok' | 'idle' | 'retrying' | 'denied' | 'not_set_up' | 'refused';

export interface ExporterStats {
  readonly state: ExporterState;
  /** One line; empty where the state is `ok` or `idle`. */
  readonly reason: string;
  /** Bytes of recordings on disk that are not acknowledged. */
  readonly backlog__B: number;
  /** Age of the oldest row that is not acknowledged; 0 where there is none. */
  readonly lag__s: number;
  /** Documents that Elasticsearch created since this exporter started. */
  readonly documents: number;
  /** Documents that were there already. */
  readonly duplicates: number;
  /** Requests that were sent again, whole or in part. */
  readonly retries: number;
  /** Documents that Elasticsearch would not take; each stands in the file, with the reason. */
  readonly rejected: number;
  readonly deadLetterFile: string;
}

/** How far one recording is acknowledged. */
export interface Acknowledged {
  /** The recording's folder. */
  readonly dir: string;
  /** The recording's id. */
  readonly recording: string;
  /** Everything before it is in Elasticsearch, or among the dead letters. */
  readonly position: TailPosition;
  /** The summaries before it, too. */
  readonly summaries: SummaryPlace;
  /** All of the recording is acknowledged, and nothing will be added to it. */
  readonly finished: boolean;
}

/** What becomes a document, beside the rows themselves. */
export interface DocumentChoice {
  /** Samples that are closer together are folded. @default '100ms' */
  readonly resolution?: Duration;
  /** Also documents of single CPU cores. @default false */
  readonly cores?: boolean;
  /**
   * The summary of a window that has ended, by the recording's folder and the job's id, of recordings that don't tell
   * it themselves, as a server's do; where it gives none, the window has no document in `jobmetrics`.
   */
  readonly summaryOf?: (dir: string, job: string) => Promise<JobSummary | undefined>;
}

export interface ExporterOptions extends DocumentChoice {
  /** Of `connect`. It is the caller's: the exporter does not close it. */
  readonly client: Client;
  /** A recording, or a folder of recordings: those are drained oldest first, and the newest is followed. */
  readonly source: string;
  /** Folder of cursors and dead letters; created where it is missing. */
  readonly state: string;
  /** Told when the state or its reason changes. */
  readonly onChange?: (stats: ExporterStats) => void;
  /** Told when someone has removed the state's folder, and it was made again. */
  readonly onRemoved?: (state: string) => void;
}
