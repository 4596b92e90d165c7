// Gathers what health is judged by.
import type { Freshness } from './freshness';
import { BacklogTrend, healthOf, type Health, type HealthFacts, type SinkFacts } from './health';
import type { Monitor } from './monitor';

/** What is looked at. */
export interface Watched {
  readonly monitor: Monitor;
  readonly freshness: Freshness;
  readonly sink: (() => SinkFacts) | undefined;
  readonly spool: () => { readonly size__B: number; readonly limit__B: number; readonly dropped__B: number };
}

const LOOK__MS = 1000;
/** The backlog must have grown for so long to be one that grows. */
const TREND_LOOKS = 30;

export class Watch {
  private readonly trend = new BacklogTrend(TREND_LOOKS);
  private readonly looking: NodeJS.Timeout;

  constructor(private readonly watched: Watched) {
    this.looking = setInterval(() => this.trend.look(watched.sink?.().backlog__B ?? 0), LOOK__MS);
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

  private facts(): HealthFacts {
    const { monitor, freshness, sink, spool } = this.watched;
    const { now__ns, ...status } = monitor.status();
    const { size__B, limit__B, dropped__B } = spool();
    return {
      ...status,
      host_age__s: freshness.age__s('host', now__ns),
      gpu_age__s: freshness.age__s('gpu', now__ns),
      spool__B: size__B,
      spool_limit__B: limit__B,
      spool_dropped__B: dropped__B,
      export: sink ? sink() : null,
      backlog_grows: this.trend.grows,
    };
  }
}
