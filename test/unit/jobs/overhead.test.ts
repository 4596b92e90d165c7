// What repeated runs prove.
import { verdictOf } from '../../../lib/jobs/overhead';

test.each([
  [{ low: 1.02, high: 1.05 }, 'slower'],
  [{ low: 1.001, high: 1.003 }, 'slower'],
  [{ low: 0.995, high: 1.004 }, 'not_slower'],
  [{ low: 0.49, high: 1.54 }, 'inconclusive'],
  [{ low: 0.999, high: 1.02 }, 'inconclusive'],
])('%j: %s', (interval, verdict) => {
  expect(verdictOf(interval)).toBe(verdict);
});
