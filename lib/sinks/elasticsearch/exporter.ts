// Recordings into Elasticsearch, behind durable cursors: nothing lost, nothing twice.
import { join } from 'node:path';
import type { Acknowledged, ExporterOptions, ExporterStats } from './exporter-types';

export class Exporter {
  constructor(private readonly options: ExporterOptions) {}

  /** Begins to export, and to follow what is being recorded. @throws ERR_IO where the state's folder can't be written */
  async start(): Promise<void> {}

  /** Ends after what is on its way; the rest is sent at the next start. Twice is allowed. */
  async stop(): Promise<void> {}

  stats(): ExporterStats {
    return {
      state: 'idle',
      reason: '',
      backlog__B: 0,
      lag__s: 0,
      documents: 0,
      duplicates: 0,
      retries: 0,
      rejected: 0,
      deadLetterFile: join(this.options.state, 'rejected.ndjson'),
    };
  }

  /** How far each recording is acknowledged, for who trims them. */
  acknowledged(): readonly Acknowledged<unknown>[] {
    return [];
  }

  /**
   * Once everything up to a time that stands in files when this is called is acknowledged. Does not end by itself
   * while Elasticsearch is away: race it against a time.
   * @param utc__ns nanoseconds since the epoch
   */
  async reached(_utc__ns: bigint): Promise<void> {}
}
