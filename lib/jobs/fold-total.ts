// The energy of all GPUs together.
import type { Subject } from './fold-subject';
import type { EnergySummary } from './summary-types';

/** Adds the GPUs up, each by its counter where it tells of the window, else by its integrated power. */
export function energyOf(subjects: readonly Subject[]): EnergySummary {
  const energies = subjects.flatMap(({ energy }) => (energy ? [energy] : []));
  const counters = energies.flatMap((energy) => energy.byCounter() ?? []);
  const integrals = energies.flatMap((energy) => (energy.byCounter() ? [] : (energy.byPower() ?? [])));
  const parts = [...counters, ...integrals];
  if (parts.length === 0) return { gpu__J: null, method: 'none', uncertainty__J: null };
  const methods = [counters.length > 0 && 'counter', integrals.length > 0 && 'integrated_power'] as const;
  return {
    gpu__J: parts.reduce((sum, { energy__J }) => sum + energy__J, 0),
    method: methods[0] && methods[1] ? 'mixed' : methods[0] || methods[1] || 'none',
    uncertainty__J: parts.reduce((sum, { uncertainty__J }) => sum + uncertainty__J, 0),
  };
}
