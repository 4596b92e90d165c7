// Gathers what health is judged by.
import type { Freshness } from './freshness';
import type { ExporterStats } from '../sinks/elasticsearch';
import { BacklogTrend, healthOf, type Health, type HealthFacts } from './health';
import type { Monitor } from './monitor';
import type { Spool } from './spool';

/** What is looked at. */
export interface Watched {
  readonly monitor: Monitor;
  readonly freshness: Freshness;
  readonly spool: Spool;
  /** Undefined: the server only spools. */
  readonly exporter: { stats(): ExporterStats } | undefined;
}

const LOOK__MS = 1000;
/** The backlog must have grown for so long to be one that grows. */
const TREND_LOOKS = 30;

export class Watch {
  private readonly trend = new BacklogTrend(TREND_LOOKS);
  private readonly looking: NodeJS.Timeout;

  constructor(private readonly watched: Watched) {
    this.looking = setInterval(() => this.look(), LOOK__MS);
  }

  health(): Health {
    return healthOf(this.facts());
  }

  /** Why jobs cannot be started and stopped; null where they can. */
  ready(): string | null {
    const { disk } = this.watched.monitor.status();
    return disk;
  }

  close(): void {
    clearInterval(this.looking);
  }

  private look(): void {
    const { monitor, exporter } = this.watched;
    if (!exporter) return;
    const { backlog__B, lag__s, documents, retries, rejected } = exporter.stats();
    this.trend.look(backlog__B);
    monitor.note('export_backlog__B', backlog__B);
    monitor.note('export_lag__s', lag__s);
    monitor.note('export_documents', documents);
    monitor.note('export_retries', retries);
    monitor.note('export_rejected', rejected);
  }

  private facts(): HealthFacts {
    const { monitor, freshness, spool, exporter } = this.watched;
    const { now__ns, ...status } = monitor.status();
    return {
      ...status,
      host_age__s: freshness.age__s('host', now__ns),
      gpu_age__s: freshness.age__s('gpu', now__ns),
      gpu_troubles: freshness.troubles,
      spool__B: spool.size__B,
      spool_limit__B: spool.limit__B,
      spool_dropped__B: spool.dropped__B,
      spool_troubles: spool.troubles,
      export: exporter ? exporter.stats() : null,
      backlog_grows: this.trend.grows,
    };
  }
}
