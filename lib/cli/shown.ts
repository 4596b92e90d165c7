// A metric's value with its unit, as people write it.
import { unitOf } from '../index';
import { digits, traffic } from './summary-units';

/** Units that a name cannot spell. */
const WRITTEN: Readonly<Record<string, string>> = { C: '°C', MBps: 'MB/s', us: 'µs' };

/** Such as `38 °C` of a metric named `…__C`: shares to three digits, counts exactly, other figures to six digits. */
export function shownValue(name: string, value: number): string {
  const unit = unitOf(name);
  if (unit === 'B') return traffic(value);
  if (unit === 'pct') return `${digits(value)} %`;
  const shown = Number.isInteger(value) ? value : Number(value.toPrecision(6));
  return `${shown} ${WRITTEN[unit] ?? unit}`.trimEnd();
}
