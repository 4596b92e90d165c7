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

/** No member of ours holds nearly as much: what is damaged may seem to. */
const PLAIN_MAX__B = 256 * 2 ** 20;

/** Rejects where the member is damaged. */
export function decompress(member: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(member, { maxOutputLength: PLAIN_MAX__B }, (error, bytes) =>
      error ? reject(error) : resolve(bytes),
    );
  });
}

/** How many bytes hold a member's length. */
export const MEMBER_HEADER__B = HEADER__B;

/** All of a header but the length. No compressed data has it by chance. */
const MARK = HEADER.subarray(0, -4);

/** A member's length from its header, which may be damaged; undefined where the bytes are no such header. */
export function memberLength(header: Buffer): number | undefined {
  if (header.length < HEADER__B || !header.subarray(0, MARK.length).equals(MARK)) return undefined;
  const length = header.readUInt32LE(MARK.length);
  return length < HEADER__B ? undefined : length;
}

/** Where the first member begins at `from` or later; undefined where none does. */
export function memberFrom(bytes: Buffer, from: number): number | undefined {
  const at = bytes.indexOf(MARK, from);
  return at < 0 ? undefined : at;
}
