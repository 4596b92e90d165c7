// Sums of 64-bit columns by their halves: a BigInt a row would cost more than all else that is done with the row.

/** `to[i] = from[i] + offset`, modulo 2⁶⁴. Little-endian, as all platforms of nvpulse are. */
export function addOffset(from: BigInt64Array, offset: bigint, to: BigInt64Array): void {
  const low = Number(BigInt.asUintN(32, offset));
  const high = Number(BigInt.asUintN(32, offset >> 32n));
  const source = new Uint32Array(from.buffer, from.byteOffset, 2 * from.length);
  const target = new Uint32Array(to.buffer, to.byteOffset, 2 * to.length);
  for (let at = 0; at < source.length; at += 2) {
    const sum = (source[at] ?? 0) + low;
    target[at] = sum;
    target[at + 1] = (source[at + 1] ?? 0) + high + (sum > 0xffffffff ? 1 : 0);
  }
}
