// One metric of one instance: from its readings to its summary, by the metric's kind.
import { describeStatus, HOLD_PERIODS, rangeOf, type Derivation, type Metric } from '../catalog';
import type { Bounds } from './fold-bounds';
import { CounterFold, type Growth } from './fold-counter';
import { Distribution } from './fold-distribution';
import { Hold } from './fold-hold';
import { RateFold } from './fold-rate';
import { Segments } from './fold-segments';
import type { AbsentSummary, CounterSummary, GaugeSummary, MetricSummary } from './summary-types';

const SECOND = 1e9;
const TIER_PERIOD = { fast: 0, medium: 100e6, slow: 1e9 } as const;

/** What the end of a window gives to a summary beside the readings. */
export interface Closing {
  /** Length of the window, in nanoseconds. */
  readonly length: number;
  /** Logical CPUs of the host. */
  readonly cores: number;
}

/** One metric of one instance: takes its readings, ends in its summary. */
export interface Series {
  push(time: number, value: number, status: number): void;
  /** It went away by this time: no reading of before holds any longer. */
  end(time: number): void;
  /** A window is no longer of the fold. */
  drop(at: number): void;
  /** For a fold of one of the windows. @param counters forks of the counters of its instance */
  fork(at: number, bounds: Bounds, counters: Forked): Series;
  summary(closing: Closing): MetricSummary;
}

type Forked = ReadonlyMap<CounterFold, CounterFold>;

/** Nanoseconds from one reading to the next, by the schedule; Infinity where readings come only when asked for. */
export function periodOf(tier: Metric['tier'], interval: number): number {
  return interval === 0 ? Infinity : Math.max(TIER_PERIOD[tier], interval);
}

/** Nanoseconds that a reading may hold without a row. */
export function holdLimit(metric: Metric, interval: number): number {
  return HOLD_PERIODS * periodOf(metric.tier, interval);
}

function absent(status: number): AbsentSummary {
  const { state, reason } = describeStatus(status);
  if (state === 'ok' || state === 'pending')
    return { state: 'transient', reason: 'too few readings for this window' };
  return { state, reason };
}

/** A counter's difference over a window of so many nanoseconds. */
export function difference(delta: number, length: number): CounterSummary {
  return { delta, rate: length > 0 ? delta / (length / SECOND) : 0 };
}

class GaugeSeries implements Series {
  constructor(
    private readonly segments: Segments,
    private readonly hold: Hold,
    private readonly from: number,
  ) {}

  push(time: number, value: number, status: number): void {
    if (time >= this.from) this.hold.push(time, value, status);
  }

  end(time: number): void {
    this.hold.end(time);
  }

  drop(at: number): void {
    this.segments.drop(at);
    this.hold.drop(at);
  }

  fork(at: number, bounds: Bounds): GaugeSeries {
    const segments = this.segments.fork(at, bounds);
    return new GaugeSeries(segments, this.hold.fork(at, bounds, segments), this.from);
  }

  summary({ length }: Closing): MetricSummary {
    const { hold, segments } = this;
    hold.finish();
    const { total } = segments.whole;
    if (total === 0) return absent(hold.missing);
    return gauge(segments.whole, hold.last, hold.samples, total / length);
  }
}

function gauge(distribution: Distribution, last: number, samples: number, coverage: number): GaugeSummary {
  const { mean, min, max } = distribution;
  const [p50, p95] = [distribution.percentile(0.5), distribution.percentile(0.95)];
  return { mean, min, max, p50, p95, last, samples, coverage };
}

class StateSeries implements Series {
  constructor(
    private readonly segments: Segments,
    private readonly hold: Hold,
  ) {}

  push(time: number, value: number, status: number): void {
    this.hold.push(time, value, status);
  }

  end(time: number): void {
    this.hold.end(time);
  }

  drop(at: number): void {
    this.segments.drop(at);
    this.hold.drop(at);
  }

  fork(at: number, bounds: Bounds): StateSeries {
    const segments = this.segments.fork(at, bounds);
    return new StateSeries(segments, this.hold.fork(at, bounds, segments));
  }

  summary(): MetricSummary {
    this.hold.finish();
    const { total, weighted } = this.segments.whole;
    if (total === 0) return absent(this.hold.missing);
    const share = weighted.map(([value, weight]) => [String(value), weight / total] as const);
    return { last: this.hold.last, share: Object.fromEntries(share) };
  }
}

export class CounterSeries implements Series {
  constructor(readonly fold: CounterFold) {}

  push(time: number, value: number, status: number): void {
    this.fold.push(time, value, status);
  }

  /** What it counted stays counted. */
  end(): void {}

  drop(at: number): void {
    this.fold.drop(at);
  }

  fork(_at: number, _bounds: Bounds, counters: Forked): CounterSeries {
    return new CounterSeries(counters.get(this.fold) ?? this.fold);
  }

  summary({ length }: Closing): MetricSummary {
    const growth = this.fold.growth();
    if (!growth) return absent(this.fold.missing);
    return difference(growth.delta, length);
  }
}

/** Mean by the counter's exact difference; the rest by the samples, widened to hold the mean. */
class DerivedSeries implements Series {
  constructor(
    private readonly samples: RateFold,
    private readonly derive: Derivation,
    /** No mean can be more. */
    private readonly max: number,
    private readonly counter: CounterFold,
  ) {}

  push(time: number, value: number, status: number): void {
    this.samples.push(time, value, status);
  }

  end(): void {
    this.samples.end();
  }

  drop(at: number): void {
    this.samples.drop(at);
  }

  fork(at: number, bounds: Bounds, counters: Forked): DerivedSeries {
    const { samples, derive, max, counter } = this;
    return new DerivedSeries(samples.fork(at, bounds), derive, max, counters.get(counter) ?? counter);
  }

  summary(closing: Closing): MetricSummary {
    const growth = this.counter.growth();
    const { distribution, last, samples, missing } = this.samples;
    if (!growth) return absent(missing === 0 ? this.counter.missing : missing);
    const mean = this.meanOf(growth, closing.cores);
    const coverage = growth.span / closing.length;
    if (distribution.total === 0)
      return {
        mean,
        min: mean,
        max: mean,
        p50: mean,
        p95: mean,
        last: mean,
        samples: this.counter.readings,
        coverage,
      };
    const sampled = gauge(distribution, Number.isNaN(last) ? mean : last, samples, coverage);
    return { ...sampled, mean, min: Math.min(sampled.min, mean), max: Math.max(sampled.max, mean) };
  }

  private meanOf({ delta, span }: Growth, cores: number): number {
    const { scale, perCore } = this.derive;
    const rate = (delta / (span / SECOND)) * scale;
    return Math.min(perCore ? rate / cores : rate, this.max);
  }
}

/**
 * A series for each metric of an entity, in the order of its columns.
 * @param from time from which gauges tell of the window's job
 */
export function seriesOf(
  metrics: readonly Metric[],
  bounds: Bounds,
  interval: number,
  from: number,
): readonly Series[] {
  const counters = new Map(
    metrics
      .filter(({ kind }) => kind === 'counter')
      .map((metric) => [
        metric.name,
        new CounterSeries(new CounterFold(bounds, holdLimit(metric, interval))),
      ]),
  );
  return metrics.map((metric) => {
    const limit = holdLimit(metric, interval);
    const derive = 'derive' in metric.source ? metric.source.derive : undefined;
    const counter = counters.get(derive?.from ?? metric.name);
    if (counter && derive)
      return new DerivedSeries(
        new RateFold(bounds, limit),
        derive,
        rangeOf(metric)?.max ?? Infinity,
        counter.fold,
      );
    if (counter) return counter;
    // States are few, and each is told.
    const segments = new Segments(
      bounds,
      () => new Distribution(metric.kind === 'state' ? Infinity : undefined),
    );
    const hold = new Hold(bounds, limit, segments);
    return metric.kind === 'state' ? new StateSeries(segments, hold) : new GaugeSeries(segments, hold, from);
  });
}

/** The series of one instance, for a fold of one of the windows. */
export function forkSeries(series: readonly Series[], at: number, bounds: Bounds): readonly Series[] {
  const counters = new Map(
    series.flatMap((one) =>
      one instanceof CounterSeries ? [[one.fold, one.fold.fork(at, bounds)] as const] : [],
    ),
  );
  return series.map((one) => one.fork(at, bounds, counters));
}
