// Documents on their way, as the bytes of a bulk request. As strings they would take five times the memory: V8 keeps
// what a string was put together from.

const BLOCK__B = 256 * 1024;
const NOTHING = Buffer.alloc(0);

/** A part of a document that others have too, kept once for all: the jobs of a thousand windows are longer than the rest. */
export interface Insert {
  readonly bytes: Buffer;
  /** Number of the source's character before which it stands. */
  readonly at: number;
}

/** A document that is to be created. */
export interface OutgoingDocument {
  /** Name of the data stream. */
  readonly index: string;
  readonly id: string;
  /** One line of JSON, without its end, of ASCII characters alone; without what is inserted. */
  readonly source: string;
  readonly insert?: Insert;
}

/** A document's two lines of a bulk request: what is to be done, and the document. */
export interface PackedDocument {
  /** Name of the data stream. */
  readonly index: string;
  readonly id: string;
  /** Shared with its neighbours. */
  readonly block: Buffer;
  readonly from: number;
  readonly until: number;
  /** Stands before the block's byte `at`; shared with all that have it. */
  readonly insert: Buffer;
  readonly at: number;
}

export class Packer {
  private block = Buffer.alloc(0);
  private used = 0;

  /** @param document of ASCII characters alone */
  pack({ index, id, source, insert }: OutgoingDocument): PackedDocument {
    const action = `{"create":{"_index":"${index}","_id":"${id}"}}\n`;
    const lines = `${action}${source}\n`;
    if (this.used + lines.length > this.block.length) {
      this.block = Buffer.allocUnsafeSlow(Math.max(BLOCK__B, lines.length));
      this.used = 0;
    }
    const { block, used: from } = this;
    this.used += block.write(lines, from, 'latin1');
    const at = from + action.length + (insert?.at ?? 0);
    return { index, id, block, from, until: this.used, insert: insert?.bytes ?? NOTHING, at };
  }
}

/** The document as JSON. */
export function sourceOf({ block, from, until, insert, at }: PackedDocument): string {
  const before = block.toString('latin1', from, at);
  return (
    before.slice(before.indexOf('\n') + 1) +
    insert.toString('latin1') +
    block.toString('latin1', at, until - 1)
  );
}

/** Bytes of its lines. */
export function sizeOf({ from, until, insert }: PackedDocument): number {
  return until - from + insert.length;
}
