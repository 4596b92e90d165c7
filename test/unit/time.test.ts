// Durations and stamps as people write and read them.
import fc from 'fast-check';
import { formatUtc, NvpulseError, parseDuration } from '../../lib';

test.each([
  ['10ms', 10_000_000],
  ['250us', 250_000],
  ['1s', 1_000_000_000],
  ['2', 2_000_000_000],
  ['0.5', 500_000_000],
  ['1.5m', 90_000_000_000],
  ['1h', 3_600_000_000_000],
])('%s', (text, ns) => {
  expect(parseDuration(text, '--for')).toBe(ns);
});

test.each(['', '5x', '-1s', '1 2', 'ms', '1e3', 'Infinity', '1s2'])('%p is no duration', (text) => {
  expect(() => parseDuration(text, '--for')).toThrow(NvpulseError);
  expect(() => parseDuration(text, '--for')).toThrow(`--for: '${text}' is not a duration`);
});

test('out of range names what is allowed', () => {
  expect(() => parseDuration('2h', '-i', { min: '1ms', max: '1h' })).toThrow(
    "-i: '2h' is out of range; allowed is 1ms to 1h",
  );
});

test('a stamp has nine decimals and is the time it was given', () => {
  expect(formatUtc(1_767_225_600_000_000_007n)).toBe('2026-01-01T00:00:00.000000007Z');
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }), (time__ns) => {
      const text = formatUtc(time__ns);
      expect(BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1_000_000n + BigInt(text.slice(20, 29))).toBe(
        time__ns,
      );
    }),
  );
});
