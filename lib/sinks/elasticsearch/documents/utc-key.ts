// A moment in eleven characters of base64url, six bits each, the highest first: as bytes they sort as time does.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PAIRS = Array.from({ length: 4096 }, (_, at) => ALPHABET.charAt(at >> 6) + ALPHABET.charAt(at & 63));

/** @param seconds since the epoch, below 2³⁶ */
export function secondKey(seconds: number): string {
  return pair(Math.floor(seconds / 2 ** 24)) + pair(seconds >> 12) + pair(seconds);
}

/** @param nanos of the second, 0 … 999,999,999 */
export function nanosKey(nanos: number): string {
  return ALPHABET.charAt(nanos >> 24) + pair(nanos >> 12) + pair(nanos);
}

/** Of the lowest twelve bits. */
function pair(bits: number): string {
  return PAIRS[bits & 4095] ?? '';
}
