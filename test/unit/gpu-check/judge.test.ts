// What counts as equal between nvpulse and another program that reads the same GPU at nearly the same time.
import { judge, type Own } from '../../../scripts/gpu-check/on-gpu/judge';

const read = (...values: number[]): readonly Own[] => values.map((value) => ({ value }));
const exactly = (value: number): { value: number; resolution: number } => ({ value, resolution: 0 });
const UNSUPPORTED = { state: 'unsupported', reason: 'not supported by this device' } as const;

test('a value that stood still has to be met exactly', () => {
  expect(judge('gauge', read(700, 700, 700), exactly(700))).toEqual({
    verdict: 'equal',
    reason: '',
    own: { min: 700, max: 700, readings: 3 },
    theirs: 700,
    tolerance: 0,
  });
  expect(judge('gauge', read(700, 700, 700), exactly(701))).toMatchObject({
    verdict: 'differs',
    reason: 'theirs is 1 away from what nvpulse read; 0 is allowed',
  });
  expect(judge('state', read(2, 2), exactly(3)).verdict).toBe('differs');
});

test('a value that the driver holds between refreshes is one of those read', () => {
  const held = read(387.6, 387.6, 400.1, 400.1, 412.3);
  expect(judge('gauge', held, exactly(400.1)).verdict).toBe('equal');
  expect(judge('gauge', held, exactly(401.1)).verdict).toBe('differs');
  expect(judge('state', read(8, 0), exactly(4)).verdict).toBe('differs');
});

test('a value that is new at every reading may lie a step beyond them', () => {
  const moving = read(10, 14, 20);
  expect(judge('gauge', moving, exactly(17))).toMatchObject({ verdict: 'equal', tolerance: 6 });
  expect(judge('gauge', moving, exactly(26)).verdict).toBe('equal');
  expect(judge('gauge', moving, exactly(27)).verdict).toBe('differs');
});

test('a counter lies between the readings around it', () => {
  expect(judge('counter', read(100, 100, 160), exactly(130)).verdict).toBe('equal');
  expect(judge('counter', read(100, 130, 160), exactly(161)).verdict).toBe('differs');
  expect(judge('counter', read(100, 130, 160), exactly(99)).verdict).toBe('differs');
});

test('digits that the other cuts are no difference, those that it shows are', () => {
  expect(judge('gauge', read(123.456), { value: 123.46, resolution: 0.01 }).verdict).toBe('equal');
  expect(judge('gauge', read(123.456), { value: 123.45, resolution: 0.01 }).verdict).toBe('equal');
  expect(judge('gauge', read(123.456), { value: 123.47, resolution: 0.01 }).verdict).toBe('differs');
  expect(judge('gauge', read(57), { value: 58, resolution: 1 }).verdict).toBe('differs');
  expect(judge('gauge', read(123.45), { value: 123.46, resolution: 0.01 }).verdict).toBe('differs');
  // 0.1 + 0.2 and 0.3 are one decimal fraction.
  expect(judge('gauge', read(0.1 + 0.2), { value: 0.3, resolution: 0.1 }).verdict).toBe('equal');
});

test('a value that only one of them has is a difference, unless it was not to be had for a moment', () => {
  expect(judge('gauge', [UNSUPPORTED], { none: '[N/A]' }).verdict).toBe('equal');
  expect(judge('gauge', [UNSUPPORTED], exactly(5))).toMatchObject({ verdict: 'differs', theirs: 5 });
  expect(judge('gauge', read(5), { none: '[N/A]' })).toMatchObject({ verdict: 'differs', own: { min: 5 } });
  expect(judge('gauge', [{ state: 'stalled', reason: 'it hangs' }], exactly(5)).verdict).toBe(
    'not comparable',
  );
  expect(judge('gauge', [], exactly(5)).verdict).toBe('not comparable');
  expect(judge('gauge', read(5), { failed: 'python3 is not on PATH' })).toEqual({
    verdict: 'not comparable',
    reason: 'python3 is not on PATH',
  });
});
