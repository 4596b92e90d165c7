// The ids of jobs that are no longer remembered: an id names one window, for good. A digest of 16 bytes each, in a file
// that only grows, and in memory.
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { NvpulseError } from '../errors';
import { AppendFile, RemovedError } from '../recording/append-file';
import { FILE_MODE, READING_AND_ADDING } from '../recording/private';
import { replaceFile } from '../recording/replace-file';
import { reasonOf } from '../reason';

const DIGEST__B = 16;
/** A digest as 32-bit words. */
const WORDS = 4;
/** Of memory, and of what is read of the file at once. */
const CHUNK__B = 2 ** 20;
const CHUNK_WORDS = CHUNK__B / 4;
const SLOTS = 1024;
/** Beyond this share of its slots the index becomes twice as large. */
const FULL = 0.75;

/**
 * Digests in the order in which they came, and an index of four bytes a slot over them. Views are made of nothing: a
 * million of them would cost more than the digests.
 */
class Digests {
  private readonly chunks: Uint32Array[] = [];
  private count = 0;
  /** Number of a digest, from 1; 0 where the slot is free. */
  private index = new Uint32Array(SLOTS);

  get size(): number {
    return this.count;
  }

  /** @param from where the digest begins in the words */
  has(words: Uint32Array, from = 0): boolean {
    return this.index[this.slotOf(words, from)] !== 0;
  }

  add(words: Uint32Array, from = 0): void {
    const slot = this.slotOf(words, from);
    if (this.index[slot] !== 0) return;
    const at = (this.count * WORDS) % CHUNK_WORDS;
    if (at === 0) this.chunks.push(new Uint32Array(CHUNK_WORDS));
    const chunk = this.chunkOf(this.count);
    for (let word = 0; word < WORDS; word++) chunk[at + word] = words[from + word] ?? 0;
    this.index[slot] = ++this.count;
    if (this.count > FULL * this.index.length) this.grow();
  }

  /** Where a digest is, or would be. */
  private slotOf(words: Uint32Array, from: number): number {
    const mask = this.index.length - 1;
    for (let slot = (words[from] ?? 0) & mask; ; slot = (slot + 1) & mask) {
      const number = this.index[slot] ?? 0;
      if (number === 0 || this.isAt(number - 1, words, from)) return slot;
    }
  }

  private isAt(position: number, words: Uint32Array, from: number): boolean {
    const chunk = this.chunkOf(position);
    const at = (position * WORDS) % CHUNK_WORDS;
    for (let word = 0; word < WORDS; word++) if (chunk[at + word] !== words[from + word]) return false;
    return true;
  }

  private chunkOf(position: number): Uint32Array {
    const chunk = this.chunks[Math.floor((position * WORDS) / CHUNK_WORDS)];
    if (!chunk) throw new Error(`there is no digest ${position}`);
    return chunk;
  }

  /** All of them, as they stand in the file. */
  *pieces(): Generator<Uint8Array> {
    let left = this.count * WORDS;
    for (const chunk of this.chunks) {
      yield bytesOf(chunk.subarray(0, Math.min(left, CHUNK_WORDS)));
      left -= CHUNK_WORDS;
    }
  }

  private grow(): void {
    this.index = new Uint32Array(2 * this.index.length);
    for (let position = 0; position < this.count; position++) {
      const slot = this.slotOf(this.chunkOf(position), (position * WORDS) % CHUNK_WORDS);
      this.index[slot] = position + 1;
    }
  }
}

/** Little-endian, as are all machines that nvpulse is built for. */
function digestOf(id: string): Uint32Array {
  const digest = createHash('sha256').update(id).digest().subarray(0, DIGEST__B);
  return new Uint32Array(Uint8Array.from(digest).buffer);
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export class UsedIds {
  private constructor(
    private readonly digests: Digests,
    private file: AppendFile,
  ) {}

  /** @throws ERR_IO where the file is there and cannot be read */
  static async open(path: string): Promise<UsedIds> {
    const digests = new Digests();
    let size__B: number;
    try {
      // One that was cut by a crash is written over.
      const file = await open(path, READING_AND_ADDING, FILE_MODE);
      try {
        size__B = await read(file, digests);
        await file.truncate(size__B);
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw new NvpulseError('ERR_IO', `the used ids in '${path}' cannot be read: ${reasonOf(cause)}`, {
        cause,
      });
    }
    const used = new AppendFile(path, size__B);
    await used.open();
    return new UsedIds(digests, used);
  }

  get path(): string {
    return this.file.path;
  }

  get size(): number {
    return this.digests.size;
  }

  has(id: string): boolean {
    return this.digests.has(digestOf(id));
  }

  /** On the disk when done. Calls must not overlap. Rejects with the system's error: then none was added. */
  async add(ids: readonly string[]): Promise<void> {
    const added = ids.map(digestOf).filter((digest) => !this.digests.has(digest));
    if (added.length === 0) return;
    await this.file.appendDurably(Buffer.concat(added.map(bytesOf)));
    for (const digest of added) this.digests.add(digest);
  }

  /** Writes the file again where it was removed; whether it had to. Rejects with the system's error. */
  async keep(): Promise<boolean> {
    try {
      await this.file.check();
      return false;
    } catch (error) {
      if (!(error instanceof RemovedError)) throw error;
    }
    const { path } = this.file;
    await replaceFile(path, this.digests.pieces());
    await this.file.close();
    this.file = new AppendFile(path, this.digests.size * DIGEST__B);
    await this.file.open();
    return true;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** @returns bytes of whole digests */
async function read(file: FileHandle, digests: Digests): Promise<number> {
  const words = new Uint32Array(CHUNK_WORDS);
  for (let size__B = 0; ;) {
    const { bytesRead } = await file.read(bytesOf(words), 0, CHUNK__B, size__B);
    const whole = Math.floor(bytesRead / DIGEST__B);
    if (whole === 0) return size__B;
    for (let digest = 0; digest < whole; digest++) digests.add(words, WORDS * digest);
    size__B += whole * DIGEST__B;
  }
}
