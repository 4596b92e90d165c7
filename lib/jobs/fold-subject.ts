// What is folded for one instance: a series for each of its metrics, and a GPU's energy.
import { metricsOf, STATUS, type Instance, type MetricName } from '../catalog';
import { columnsOf, type Table } from '../sampling/batch';
import { EnergyFold } from './fold-energy';
import type { Bounds } from './fold-hold';
import { CounterSeries, difference, holdLimit, seriesOf, type Closing, type Series } from './fold-series';
import type { EntitySummary, MetricSummary } from './summary-types';

const ENERGY = 'energy__J' satisfies MetricName<'gpu'>;
const POWER = 'power_draw__W' satisfies MetricName<'gpu'>;
const LIMIT = 'power_limit__W' satisfies MetricName<'gpu'>;

export class Subject {
  /** In the order of the entity's columns. */
  readonly series: readonly Series[];
  readonly energy: EnergyFold | undefined;
  /** Time of the latest row. */
  latest = -Infinity;

  constructor(
    /** As it is called now: a process may have executed another program. */
    public instance: Instance,
    /** Time of the first row. */
    readonly first: number,
    bounds: Bounds,
    interval: number,
    /** Time from which its gauges tell of the window's job. */
    from = -Infinity,
  ) {
    const metrics = metricsOf(instance.entity);
    this.series = seriesOf(metrics, bounds, interval, from);
    const power = metrics.find(({ name }) => name === POWER);
    if (instance.entity === 'gpu' && power) this.energy = new EnergyFold(bounds, holdLimit(power, interval));
  }

  /** It came into being at this time: its counters started from zero. */
  born(time: number): void {
    for (const series of this.series) if (series instanceof CounterSeries) series.push(time, 0, STATUS.ok);
  }

  /** It went away by this time: no reading of before holds any longer. */
  gone(time: number): void {
    for (const series of this.series) series.end(time);
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
