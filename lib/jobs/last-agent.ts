// What a recording tells of the sampler where no event does.
import type { NativeStats } from '../native/addon';
import type { Recording } from '../recording';
import type { Batch } from '../sampling/batch';
import type { JobStop } from './job-events';

/** The last row that tells of the sampler itself. */
export class LastAgent {
  private row: Partial<Record<'ticks' | 'late_ticks' | 'rows_dropped' | 'implausible_readings', number>> = {};

  push(batch: Batch): void {
    for (const row of batch.rows('agent')) this.row = row;
  }

  /** What the sampler did until its last row; what its threads took is not known. */
  get stats(): NativeStats {
    const { ticks = 0, late_ticks = 0, rows_dropped = 0, implausible_readings = 0 } = this.row;
    return {
      ticks,
      late_ticks,
      rows_dropped,
      implausible_readings,
      sampler_cpu_time__s: NaN,
      lateness__us: { p50: NaN, p99: NaN, max: NaN },
      calls: [],
    };
  }
}

/** Stands in for what a cut recording, or one of several jobs, does not tell. */
export function cutStop({ manifest }: Recording, agent: LastAgent, elapsed__s: number): JobStop {
  const { state, reason } = manifest.gpu;
  return {
    exitCode: null,
    signal: null,
    usage: null,
    left: [],
    gpu: { state, reason },
    sampler: { elapsed__s, stats: agent.stats },
  };
}
