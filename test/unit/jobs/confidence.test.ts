// The confidence interval of overhead, against tables and against itself.
import { ratioOf, studentT } from '../../../lib/jobs/confidence';

// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, two-sided 95 %.
test.each([
  [1, 12.706],
  [2, 4.303],
  [4, 2.776],
  [5, 2.571],
  [6, 2.447],
  [9, 2.262],
  [29, 2.045],
  [100, 1.984],
])("Student's t for %i degrees of freedom is %f", (degrees, expected) => {
  expect(Math.abs(studentT(degrees) / expected - 1)).toBeLessThan(0.001);
});

test('equal ratios have no spread', () => {
  const { mean, low, high } = ratioOf([1.1, 1.1, 1.1]);
  for (const value of [mean, low, high]) expect(value).toBeCloseTo(1.1, 12);
});

test('a ratio and its inverse cancel, with an interval that is even on the logarithmic scale', () => {
  const { mean, low, high } = ratioOf([2, 0.5]);
  expect(mean).toBeCloseTo(1, 12);
  expect(low * high).toBeCloseTo(1, 9);
  expect(Math.log(high)).toBeCloseTo(12.7062 * Math.log(2), 4);
});
