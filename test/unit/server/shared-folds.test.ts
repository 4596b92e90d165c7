// What windows share, whatever intervals their jobs ask for.
import type { Instance } from '../../../lib/catalog';
import { SharedFolds } from '../../../lib/server/shared-folds';
import { batchOf, gpu, HOST, SECOND } from '../../support/readings';

/** Counts how often it is asked what a row is about. */
class CountedInstances extends Map<number, Instance> {
  asked = 0;

  override get(id: number): Instance | undefined {
    this.asked++;
    return super.get(id);
  }
}

/** How often a reading of the machine is folded while windows of these intervals are open. */
function foldings(intervals__ms: readonly number[]): number {
  const folds = new SharedFolds();
  intervals__ms.forEach((interval__ms, index) =>
    folds.open(interval__ms * 1e6, { start__ns: BigInt(index), job: `${index}` }),
  );
  const batch = batchOf([
    { instance: HOST, time__ns: SECOND, values: { load_1min: 1 } },
    { instance: gpu(0), time__ns: SECOND, values: { power_draw__W: 100 } },
  ]);
  const instances = new CountedInstances(batch.instances);
  folds.push({ ...batch, instances });
  return instances.asked / 2;
}

test('what the machine did is folded a few times, however many intervals there are', () => {
  expect(foldings([100])).toBe(1);
  expect(foldings(Array.from({ length: 1000 }, () => 100))).toBe(1);
  expect(foldings(Array.from({ length: 1000 }, (_, index) => 100 + index))).toBeLessThanOrEqual(5);
  // All that a server takes, 1 ms to 1 h.
  expect(
    foldings(Array.from({ length: 1000 }, (_, index) => 3_600_000 ** (index / 999))),
  ).toBeLessThanOrEqual(21);
});
