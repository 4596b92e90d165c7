// A forward-only FlatBuffers encoder: just what the messages of an Arrow stream need.
// https://flatbuffers.dev/internals/ ; every offset here points forward, so parents are written first.

/** Writes something at the current position and returns where it starts. */
export type Child = (out: FlatBuffer) => number;
/** One field of a table: a scalar of `size` bytes, or a child that is written after the table. */
export type Field = { readonly size: 1 | 2 | 4 | 8; readonly value: number } | Child | null;

export const int8 = (value: number): Field => ({ size: 1, value });
export const int16 = (value: number): Field => ({ size: 2, value });
export const int32 = (value: number): Field => ({ size: 4, value });
/** Of a safe integer ≥ 0. */
export const int64 = (value: number): Field => ({ size: 8, value });
export const bool = (value: boolean): Field => int8(value ? 1 : 0);

export const table =
  (...fields: readonly Field[]): Child =>
  (out) =>
    out.table(fields);
export const text =
  (value: string): Child =>
  (out) =>
    out.text(value);
export const list =
  (children: readonly Child[]): Child =>
  (out) =>
    out.list(children);
/** A list of structs that consist of two int64. */
export const pairs =
  (values: readonly number[]): Child =>
  (out) =>
    out.pairs(values);

/** A copy of the bytes of a buffer whose root is `root`, padded to a multiple of eight. */
export function encode(root: Child): Buffer {
  scratch.clear();
  scratch.root(root);
  return scratch.bytes();
}

export class FlatBuffer {
  private memory = new Uint8Array(4096);
  private view = new DataView(this.memory.buffer);
  private length = 0;

  clear(): void {
    this.length = 0;
  }

  bytes(): Buffer {
    this.align(8);
    return Buffer.from(this.memory.subarray(0, this.length));
  }

  root(child: Child): void {
    const at = this.reserve(4, 4);
    this.point(at, child(this));
  }

  /** The vtable, then the table, then its children. */
  table(fields: readonly Field[]): number {
    const vtable = this.reserve(4 + 2 * fields.length, 2);
    const start = this.reserve(4, 8);
    this.view.setInt32(start, start - vtable, true);
    const children: { at: number; child: Child }[] = [];
    fields.forEach((field, index) => {
      if (field === null) return;
      const at = typeof field === 'function' ? this.reserve(4, 4) : this.scalar(field.size, field.value);
      if (typeof field === 'function') children.push({ at, child: field });
      this.view.setUint16(vtable + 4 + 2 * index, at - start, true);
    });
    this.view.setUint16(vtable, 4 + 2 * fields.length, true);
    this.view.setUint16(vtable + 2, this.length - start, true);
    for (const { at, child } of children) this.point(at, child(this));
    return start;
  }

  text(value: string): number {
    const bytes = Buffer.from(value);
    const at = this.reserve(4 + bytes.length + 1, 4);
    this.view.setUint32(at, bytes.length, true);
    this.memory.set(bytes, at + 4);
    return at;
  }

  list(children: readonly Child[]): number {
    const at = this.reserve(4 + 4 * children.length, 4);
    this.view.setUint32(at, children.length, true);
    children.forEach((child, index) => this.point(at + 4 + 4 * index, child(this)));
    return at;
  }

  pairs(values: readonly number[]): number {
    this.align(8);
    const at = this.reserve(8 + 8 * values.length, 4) + 4;
    this.view.setUint32(at, values.length / 2, true);
    values.forEach((value, index) => this.setInt64(at + 4 + 8 * index, value));
    return at;
  }

  private scalar(size: 1 | 2 | 4 | 8, value: number): number {
    const at = this.reserve(size, size);
    if (size === 8) this.setInt64(at, value);
    else if (size === 4) this.view.setInt32(at, value, true);
    else if (size === 2) this.view.setInt16(at, value, true);
    else this.view.setInt8(at, value);
    return at;
  }

  private setInt64(at: number, value: number): void {
    this.view.setUint32(at, value % 2 ** 32, true);
    this.view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  private point(at: number, target: number): void {
    this.view.setUint32(at, target - at, true);
  }

  private align(alignment: number): void {
    this.reserve((alignment - (this.length % alignment)) % alignment, 1);
  }

  /** Room of `size` zero bytes at a multiple of `alignment`. */
  private reserve(size: number, alignment: number): number {
    const at = Math.ceil(this.length / alignment) * alignment;
    if (at + size > this.memory.length) this.grow(2 * (at + size));
    this.memory.fill(0, this.length, at + size);
    this.length = at + size;
    return at;
  }

  private grow(size: number): void {
    const larger = new Uint8Array(size);
    larger.set(this.memory);
    this.memory = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** Messages are made one after another: one buffer serves them all. */
const scratch = new FlatBuffer();
