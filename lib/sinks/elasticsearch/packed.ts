// Documents on their way, as the bytes of a bulk request. As strings they would take five times the memory: V8 keeps
// what a string was put together from.
import type { OutgoingDocument } from './bulk';

const BLOCK__B = 256 * 1024;

/** A document's two lines of a bulk request: what is to be done, and the document. */
export interface PackedDocument {
  /** Name of the data stream. */
  readonly index: string;
  readonly id: string;
  /** Shared with its neighbours. */
  readonly block: Buffer;
  readonly from: number;
  readonly until: number;
}

export class Packer {
  private block = Buffer.alloc(0);
  private used = 0;

  /** @param document of ASCII characters alone */
  pack({ index, id, source }: OutgoingDocument): PackedDocument {
    const lines = `{"create":{"_index":"${index}","_id":"${id}"}}\n${source}\n`;
    if (this.used + lines.length > this.block.length) {
      this.block = Buffer.allocUnsafeSlow(Math.max(BLOCK__B, lines.length));
      this.used = 0;
    }
    const { block, used: from } = this;
    this.used += block.write(lines, from, 'latin1');
    return { index, id, block, from, until: this.used };
  }
}

/** The body of a request for these documents. */
export function bodyOf(documents: readonly PackedDocument[]): Buffer {
  const pieces: Buffer[] = [];
  let begun: PackedDocument | undefined;
  let last: PackedDocument | undefined;
  const end = (): void => {
    if (begun && last) pieces.push(begun.block.subarray(begun.from, last.until));
  };
  for (const document of documents) {
    if (document.block !== last?.block || document.from !== last.until) {
      end();
      begun = document;
    }
    last = document;
  }
  end();
  return Buffer.concat(pieces);
}

/** The document as JSON. */
export function sourceOf({ block, from, until }: PackedDocument): string {
  const lines = block.toString('latin1', from, until - 1);
  return lines.slice(lines.indexOf('\n') + 1);
}

export function sizeOf({ from, until }: PackedDocument): number {
  return until - from;
}
