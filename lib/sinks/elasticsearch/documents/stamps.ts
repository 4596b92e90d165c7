// Times of rows as text, without a BigInt a row: seconds and nanoseconds by long division of their halves.
import { addOffset } from '../../../recording/int64';
import { nanosKey, secondKey } from './utc-key';

/** Three decimal digits. */
const DIGITS = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'));
const SECOND__NS = 1_000_000_000;

/** UTC of a table's rows; one after another, by `read`. */
export class Stamps {
  private readonly halves: Uint32Array;
  private second = -1;
  private secondText = '';
  private secondKey = '';
  /** Of the row that was read last. */
  private nanos = 0;

  /** @param time monotonic nanoseconds */
  constructor(time: BigInt64Array, utcOffset__ns: bigint) {
    const utc = new BigInt64Array(time.length);
    addOffset(time, utcOffset__ns, utc);
    this.halves = new Uint32Array(utc.buffer);
  }

  read(row: number): void {
    const low = this.halves[2 * row] ?? 0;
    // Digits of 16 bits: every remainder and product is an exact double.
    const upper = (this.halves[2 * row + 1] ?? 0) * 65536 + (low >>> 16);
    const quotient = Math.floor(upper / SECOND__NS);
    const lower = (upper - quotient * SECOND__NS) * 65536 + (low & 65535);
    const rest = Math.floor(lower / SECOND__NS);
    this.nanos = lower - rest * SECOND__NS;
    const second = quotient * 65536 + rest;
    if (second !== this.second) this.turn(second);
  }

  /** ISO 8601 with nine decimals, as `formatUtc` gives. */
  get text(): string {
    const { nanos } = this;
    const micros = Math.floor(nanos / 1000);
    const millis = Math.floor(micros / 1000);
    return `${this.secondText}${DIGITS[millis]}${DIGITS[micros - 1000 * millis]}${DIGITS[nanos - 1000 * micros]}Z`;
  }

  /** The beginning of `documentId`. */
  get key(): string {
    return this.secondKey + nanosKey(this.nanos);
  }

  private turn(second: number): void {
    this.second = second;
    this.secondText = `${new Date(second * 1000).toISOString().slice(0, 19)}.`;
    this.secondKey = secondKey(second);
  }
}
