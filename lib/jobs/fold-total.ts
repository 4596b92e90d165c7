// The energy of all GPUs together.
import type { Subject } from './fold-subject';
import type { EnergySummary } from './summary-types';

/** Adds the GPUs up, each by its counter or by its integrated power. */
export function energyOf(subjects: readonly Subject[]): EnergySummary {
  const parts = subjects.flatMap(({ energy }) => energy?.energy() ?? []);
  const [first] = parts;
  if (!first) return { gpu__J: null, method: 'none', uncertainty__J: null };
  return {
    gpu__J: parts.reduce((sum, { energy__J }) => sum + energy__J, 0),
    method: parts.every(({ method }) => method === first.method) ? first.method : 'mixed',
    uncertainty__J: parts.reduce((sum, { uncertainty__J }) => sum + uncertainty__J, 0),
  };
}
