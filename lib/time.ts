// Times as people write them: durations with units, and UTC stamps with nine decimals.
import { NvpulseError } from './errors';

/** The longest that a timer takes: beyond it, it would run at once. */
export const TIMER_MAX__MS = 2 ** 31 - 1;

const UNIT__NS: Readonly<Record<string, number>> = { us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/**
 * Nanoseconds of a duration: a number and a unit `us ms s m h`; a bare number is seconds.
 * @param option named in the error, such as `--interval`
 * @throws ERR_OPTION where the text is no duration, or is outside `min__ns` … `max__ns`
 */
export function parseDuration(text: string, option: string, range?: { min: string; max: string }): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)?$/.exec(text.trim());
  const allowed = 'a number and a unit (us ms s m h); a bare number is seconds';
  if (!match)
    throw new NvpulseError(
      'ERR_OPTION',
      `${option}: '${text}' is not a duration; allowed is ${allowed}, such as 10ms`,
    );
  const value = Math.round(Number(match[1]) * (UNIT__NS[match[2] ?? 's'] ?? 1e9));
  if (range && (value < parseDuration(range.min, option) || value > parseDuration(range.max, option))) {
    throw new NvpulseError(
      'ERR_OPTION',
      `${option}: '${text}' is out of range; allowed is ${range.min} to ${range.max}`,
    );
  }
  return value;
}

/** ISO 8601 UTC with nine decimals, of nanoseconds since the epoch. */
export function formatUtc(utc__ns: bigint): string {
  const second = utc__ns / 1_000_000_000n;
  const nanos = (utc__ns % 1_000_000_000n).toString().padStart(9, '0');
  return `${new Date(Number(second) * 1000).toISOString().slice(0, 19)}.${nanos}Z`;
}
