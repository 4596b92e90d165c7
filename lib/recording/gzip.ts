// Gzip members that say how long they are: a reader steps from one to the next, each with its own checksum,
// and every gzip reader takes their sequence for one file. The length stands in the header's extra field
// (RFC 1952, 2.3.1.1), as subfield `nv`.
import { gunzip, gzip, gzipSync, type ZlibOptions } from 'node:zlib';
import { promisify } from 'node:util';

const gzipElsewhere = promisify<Buffer, ZlibOptions, Buffer>(gzip);

const HEADER__B = 20;
const PLAIN_HEADER__B = 10;
/** ID, method deflate, flag FEXTRA, no time, fastest, unknown system, extra field: `nv`, four bytes. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 0xff, 8, 0, 0x6e, 0x76, 4, 0, 0, 0, 0, 0]);

/** Handing over less than this to another thread takes more CPU than compressing it. */
const SMALL__B = 8 * 1024;
// Level 3: level 4, the first that looks for a better match, saves a ninth of the bytes for half as much CPU again.
const OPTIONS = { level: 3 };

/** Compresses on zlib's threads, a small piece at once. */
export async function compress(bytes: Buffer): Promise<Buffer> {
  return withLength(
    bytes.length <= SMALL__B ? gzipSync(bytes, OPTIONS) : await gzipElsewhere(bytes, OPTIONS),
  );
}

function withLength(plain: Buffer): Buffer {
  const member = Buffer.concat([HEADER, plain.subarray(PLAIN_HEADER__B)]);
  member.writeUInt32LE(member.length, HEADER__B - 4);
  return member;
}

/** Rejects where the member is damaged. */
export function decompress(member: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(member, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

/** How many bytes hold a member's length. */
export const MEMBER_HEADER__B = HEADER__B;

/** A member's length from its header; undefined where the bytes are no such header. */
export function memberLength(header: Buffer): number | undefined {
  if (header.length < HEADER__B || !header.subarray(0, HEADER__B - 4).equals(HEADER.subarray(0, -4)))
    return undefined;
  return header.readUInt32LE(HEADER__B - 4);
}
