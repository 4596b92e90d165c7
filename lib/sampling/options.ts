// Options of the sampling classes: unknown ones and values out of range are the caller's mistakes.
import { NvpulseError } from '../errors';
import { parseDuration } from '../time';

/** A text such as '10ms' (`us ms s m h`), or a number of seconds. */
export type Duration = string | number;

/** Intervals that a sampler can keep. */
export const INTERVAL_RANGE = { min: '1ms', max: '1h' } as const;

/** Nanoseconds of a sampling interval, 1 ms to 1 h. @throws ERR_OPTION naming `option` */
export function parseInterval(interval: Duration, option: string): number {
  return parseDuration(String(interval), option, INTERVAL_RANGE);
}

/** @throws ERR_OPTION where `options` has a key that is not `known` */
export function refuseUnknown(options: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new NvpulseError(
      'ERR_OPTION',
      `${where}: unknown option '${name}'; allowed are ${known.join(', ')}`,
    );
  }
}
