// Which metrics of a row have no value, and why: most rows repeat the same answer, so each distinct one is
// kept once, and rows point to it.
import { formatStatus } from './columns';

/** A metric column in which some status is not 0. */
export interface GapColumn {
  readonly name: string;
  readonly status: Uint16Array;
}

export interface StatusVectors {
  /** Per row: position in `texts`, or −1 for a row without gaps. */
  readonly index: Int32Array;
  readonly texts: readonly string[];
}

export function statusVectors(rows: number, gaps: readonly GapColumn[]): StatusVectors {
  const index = new Int32Array(rows).fill(-1);
  const texts: string[] = [];
  /** A row of each distinct vector, by hash; where two hashes collide the second takes the next free one. */
  const seen = new Map<number, { row: number; position: number }>();
  for (let row = 0; row < rows; row++) {
    if (row > 0 && sameRow(gaps, row, row - 1)) {
      index[row] = index[row - 1] ?? -1;
      continue;
    }
    let key = hash(gaps, row);
    let entry = seen.get(key);
    while (entry && !sameRow(gaps, row, entry.row)) entry = seen.get(++key);
    if (!entry) {
      const text = textOf(gaps, row);
      entry = { row, position: text === '' ? -1 : texts.push(text) - 1 };
      seen.set(key, entry);
    }
    index[row] = entry.position;
  }
  return { index, texts };
}

function sameRow(gaps: readonly GapColumn[], row: number, other: number): boolean {
  for (let at = 0; at < gaps.length; at++) {
    const status = gaps[at]?.status;
    if (status && status[row] !== status[other]) return false;
  }
  return true;
}

function hash(gaps: readonly GapColumn[], row: number): number {
  let value = 17;
  for (const { status } of gaps) value = (Math.imul(value, 31) + (status[row] ?? 0)) | 0;
  return value;
}

function textOf(gaps: readonly GapColumn[], row: number): string {
  return formatStatus(
    gaps.flatMap(({ name, status }) => (status[row] ? [[name, status[row]] as const] : [])),
  );
}
