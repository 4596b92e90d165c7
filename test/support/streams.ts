// Streams of readings for properties: in order of time, of several things, some values absent.
import fc from 'fast-check';
import type { Instance, MetricName } from '../../lib/catalog';
import type { Reading } from './readings';

/** What is read, and three of its metrics at most. */
export type Subject = readonly [Instance, readonly MetricName[]];

/** A reading every 1 to 400 ms, of one of the subjects. */
export function streamOf(
  subjects: readonly Subject[],
  value: fc.Arbitrary<number | { readonly status: number }>,
  maxLength: number,
): fc.Arbitrary<readonly Reading[]> {
  const reading = fc.tuple(
    fc.constantFrom(...subjects),
    fc.integer({ min: 1, max: 400 }),
    fc.array(value, { minLength: 3, maxLength: 3 }),
  );
  return fc.array(reading, { minLength: 1, maxLength, size: 'max' }).map((drawn): readonly Reading[] => {
    let time__ns = 0;
    return drawn.map(([[instance, names], step__ms, values]) => {
      time__ns += step__ms * 1e6;
      return {
        instance,
        time__ns,
        values: Object.fromEntries(names.map((name, index) => [name, values[index] ?? 0])),
      };
    });
  });
}
