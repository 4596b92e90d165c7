// A metric's value with its unit, as people write it.
import { unitOf } from '../index';

/** Units that a name cannot spell. */
const WRITTEN: Readonly<Record<string, string>> = { pct: '%', C: '°C', MBps: 'MB/s', us: 'µs' };

/** Six significant digits, such as `38 °C` of a metric named `…__C`. */
export function shownValue(name: string, value: number): string {
  const unit = unitOf(name);
  return `${Number(value.toPrecision(6))} ${WRITTEN[unit] ?? unit}`.trimEnd();
}
