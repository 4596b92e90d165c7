// Steps from one gzip member of a file to the next, also over one that is damaged, and over what is half written.
import { reasonOf } from '../reason';
import { decompress, MEMBER_HEADER__B, memberFrom, memberLength } from './gzip';

export type Member =
  /** `end`: where what comes after it begins. */
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly end: number }
  /** `end` is absent where nothing tells it but the file's end, which may still move. */
  | { readonly kind: 'damaged'; readonly reason: string; readonly end: number | undefined }
  /** The file ends here, or before the member does. */
  | { readonly kind: 'cut'; readonly isPart: boolean };

/** Bytes of a file from an offset on; fewer where it ends. */
export type ReadBytes = (at: number, length: number) => Promise<Buffer>;

const ALL__B = Number.MAX_SAFE_INTEGER;

/** The member that begins at a place. Its length is its own word for it, and where that is damaged where the next begins. */
export async function memberAt(read: ReadBytes, at: number): Promise<Member> {
  const header = await read(at, MEMBER_HEADER__B);
  if (header.length < MEMBER_HEADER__B) return { kind: 'cut', isPart: header.length > 0 };
  const told__B = memberLength(header);
  const told = told__B === undefined ? undefined : await read(at, told__B);
  const isThere = told?.length === told__B;
  const first = told && isThere ? await inflated(told) : { reason: 'no chunk' };
  if ('bytes' in first) return { kind: 'whole', bytes: first.bytes, end: at + (told__B ?? 0) };
  const rest = await read(at, ALL__B);
  const next = memberFrom(rest, 1);
  const length = next ?? rest.length;
  const second = length === told__B ? first : await inflated(rest.subarray(0, length));
  if ('bytes' in second) return { kind: 'whole', bytes: second.bytes, end: at + length };
  if (next === undefined && told && !isThere) return { kind: 'cut', isPart: true };
  const end = next ?? (isThere ? told__B : undefined);
  return { kind: 'damaged', reason: first.reason, end: end === undefined ? undefined : at + end };
}

async function inflated(member: Buffer): Promise<{ readonly bytes: Buffer } | { readonly reason: string }> {
  return decompress(member).then(
    (bytes) => ({ bytes }),
    (error: unknown) => ({ reason: reasonOf(error) }),
  );
}

/** What is said of a member that is damaged. */
export function damagedFrom(at: number, end: number, reason: string): string {
  return `damaged: bytes ${at} to ${end}: ${reason}`;
}
