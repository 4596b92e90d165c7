// What the catalog's names are to people and to Grafana: titles and units.
import { unitOf } from '../catalog';

/** Grafana's unit ids. `B` counts in powers of ten, as its rates do; MiB stays binary. */
const UNIT_IDS: Readonly<Record<string, string>> = {
  '': 'short',
  pct: 'percent',
  MHz: 'rotmhz',
  C: 'celsius',
  W: 'watt',
  J: 'joule',
  MiB: 'mbytes',
  MBps: 'MBs',
  B: 'decbytes',
  s: 's',
  us: 'µs',
};

const SPELLINGS: Readonly<Record<string, string>> = {
  gpu: 'GPU',
  cpu: 'CPU',
  cpus: 'CPUs',
  io: 'I/O',
  sm: 'SM',
  rss: 'resident',
  pss: 'with shared pages divided',
  num: 'count',
  perf: 'performance',
  '1min': 'of 1 min',
};

/** A field's name without what says how it was folded: `power_draw__W` of `power_draw__W_max`. */
const unfolded = (name: string): string => name.replace(/_(min|max|last)$/, '');

/** Grafana's id for the unit at the end of a metric's name. */
export function unitIdOf(name: string): string {
  return UNIT_IDS[unitOf(unfolded(name))] ?? 'none';
}

/** `gpu_utilization__pct` is “GPU utilization”. */
export function titleOf(name: string): string {
  const words = unfolded(name)
    .replace(/__[A-Za-z]+$/, '')
    .split('_')
    .map((word) => SPELLINGS[word] ?? word)
    .join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
