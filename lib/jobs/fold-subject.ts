// What is folded for one instance: a series for each of its metrics, and a GPU's energy.
import { metricsOf, STATUS, type Instance, type MetricName } from '../catalog';
import { columnsOf, type Table } from '../sampling/batch';
import type { Bounds } from './fold-bounds';
import { EnergyFold } from './fold-energy';
import {
  CounterSeries,
  difference,
  forkSeries,
  holdLimit,
  seriesOf,
  type Closing,
  type Series,
} from './fold-series';
import type { EntitySummary, MetricSummary } from './summary-types';

const ENERGY = 'energy__J' satisfies MetricName<'gpu'>;
const POWER = 'power_draw__W' satisfies MetricName<'gpu'>;
const LIMIT = 'power_limit__W' satisfies MetricName<'gpu'>;

export class Subject {
  /** Time of the latest row. */
  latest = -Infinity;

  constructor(
    /** As it is called now: a process may have executed another program. */
    public instance: Instance,
    /** Time of the first row. */
    readonly first: number,
    /** In the order of the entity's columns. */
    readonly series: readonly Series[],
    /** Of a GPU. */
    readonly energy: EnergyFold | undefined,
  ) {}

  /** It came into being at this time: its counters started from zero. */
  born(time: number): void {
    for (const series of this.series) if (series instanceof CounterSeries) series.push(time, 0, STATUS.ok);
  }

  /** It went away by this time: no reading of before holds any longer. */
  gone(time: number): void {
    for (const series of this.series) series.end(time);
  }

  /** A window is no longer of the fold. */
  drop(at: number): void {
    for (const series of this.series) series.drop(at);
    this.energy?.drop(at);
  }

  /** For a fold of one of the windows. */
  fork(at: number, bounds: Bounds): Subject {
    const { energy, first, instance, latest, series } = this;
    const fork = new Subject(instance, first, forkSeries(series, at, bounds), energy?.fork(at, bounds));
    fork.latest = latest;
    return fork;
  }

  /** CPU seconds in the window, by which processes are ranked. */
  get cpu__s(): number {
    const at = metricsOf(this.instance.entity).findIndex(({ name }) => name === 'cpu_time__s');
    const series = this.series[at];
    return series instanceof CounterSeries ? (series.fold.growth()?.delta ?? 0) : 0;
  }

  summary(closing: Closing): EntitySummary {
    const metrics = metricsOf(this.instance.entity).map(
      ({ name }, index) => [name, this.series[index]?.summary(closing)] as const,
    );
    const { entity, identity } = this.instance;
    return {
      entity,
      ...identity,
      metrics: { ...Object.fromEntries(metrics), ...this.exactEnergy(closing) },
    } as EntitySummary;
  }

  /** The energy as it is reckoned, so that the GPUs' figures add up to the summary's, whatever a counter showed. */
  private exactEnergy({ length }: Closing): { [ENERGY]?: MetricSummary } {
    const energy = this.energy?.energy();
    return energy ? { [ENERGY]: difference(energy.energy__J, length) } : {};
  }
}

/**
 * A subject that is seen for the first time.
 * @param interval of the sampler, in nanoseconds
 * @param from time from which its gauges tell of the window's job
 */
export function newSubject(
  instance: Instance,
  first: number,
  bounds: Bounds,
  interval: number,
  from: number,
): Subject {
  const metrics = metricsOf(instance.entity);
  const power = metrics.find(({ name }) => name === POWER);
  const energy =
    instance.entity === 'gpu' && power ? new EnergyFold(bounds, holdLimit(power, interval)) : undefined;
  return new Subject(instance, first, seriesOf(metrics, bounds, interval, from), energy);
}

/** Folds rows `[from, to)` of a table, column by column; `subjects` has what each row is about. */
export function foldRows(
  table: Table,
  times: Float64Array,
  subjects: readonly (Subject | undefined)[],
  from: number,
  to: number,
): void {
  const { values, status } = columnsOf(table);
  for (let start = 0, column = 0; start < values.length; start += table.length, column++)
    for (let row = from; row < to; row++)
      subjects[row]?.series[column]?.push(
        times[row] ?? NaN,
        values[start + row] ?? NaN,
        status[start + row] ?? 0,
      );
  if (table.entity === 'gpu') foldEnergy(table, times, subjects, from, to);
}

function foldEnergy(
  table: Table,
  times: Float64Array,
  subjects: readonly (Subject | undefined)[],
  from: number,
  to: number,
): void {
  const [energy, energyStatus] = [table.values(ENERGY), table.status(ENERGY)];
  const [power, powerStatus] = [table.values(POWER), table.status(POWER)];
  const [limit, limitStatus] = [table.values(LIMIT), table.status(LIMIT)];
  for (let row = from; row < to; row++)
    subjects[row]?.energy?.push(times[row] ?? NaN, {
      counter__J: energy[row] ?? NaN,
      counterStatus: energyStatus[row] ?? 0,
      power__W: power[row] ?? NaN,
      powerStatus: powerStatus[row] ?? 0,
      limit__W: limit[row] ?? NaN,
      limitStatus: limitStatus[row] ?? 0,
    });
}
