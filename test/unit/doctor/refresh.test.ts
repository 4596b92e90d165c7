// The refresh period that doctor tells, from made-up readings: never the poll rate for a resolution.
import { RefreshWatch } from '../../../lib/doctor/refresh';

const MS = 1e6;

/** Reads `value(t)` each `each__ms` over `length__ms`. */
function watched(each__ms: number, length__ms: number, value: (time__ms: number) => number): RefreshWatch {
  const watch = new RefreshWatch();
  for (let time__ms = 0; time__ms <= length__ms; time__ms += each__ms)
    watch.push(time__ms * MS, value(time__ms));
  return watch;
}

test('a value that the driver refreshes each 100 ms', () => {
  const watch = watched(1, 3000, (time) => Math.floor(time / 100));
  expect(watch.refresh).toEqual({ state: 'observed', period__ms: 100, changes: 30 });
});

test('a value that stays the same at some refreshes has its shortest usual time', () => {
  // Of three refreshes 20 ms apart, two bring a new value.
  const watch = watched(1, 3000, (time) => Math.floor((Math.floor(time / 20) * 2) / 3));
  expect(watch.refresh).toMatchObject({ state: 'observed', period__ms: 20 });
});

test('one late reading does not shorten the period', () => {
  const watch = new RefreshWatch();
  // Each change is seen at once but one, which is seen 70 ms late.
  for (let step = 0; step <= 30; step++) watch.push((step * 100 + (step === 15 ? 70 : 0)) * MS, step);
  expect(watch.refresh).toEqual({ state: 'at_most', period__ms: 100 });
  for (let step = 31; step <= 4000; step++) watch.push((3000 + step) * MS, 30 + Math.floor(step / 100));
  expect(watch.refresh).toMatchObject({ state: 'observed', period__ms: expect.closeTo(100, 0) as number });
});

test('a value that is new at every reading refreshes at least as fast', () => {
  expect(watched(1, 100, (time) => time).refresh).toEqual({ state: 'at_most', period__ms: 1 });
  expect(watched(1000, 3000, (time) => time).refresh).toEqual({ state: 'at_most', period__ms: 1000 });
});

test('a value that never changes, or once, has no period', () => {
  expect(watched(1, 3000, () => 7).refresh).toEqual({ state: 'constant', watched__ms: 3000 });
  expect(watched(1, 3000, (time) => Number(time > 900)).refresh).toEqual({
    state: 'constant',
    watched__ms: 3000,
  });
});

test('one reading tells nothing', () => {
  expect(watched(1, 0, () => 7).refresh).toBeUndefined();
});
