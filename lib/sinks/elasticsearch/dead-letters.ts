// Documents that Elasticsearch will never take, kept with the reason: one line of JSON each.
import { open } from 'node:fs/promises';
import { sourceOf, type PackedDocument } from './packed';

export interface DeadLetter {
  readonly document: PackedDocument;
  readonly reason: string;
}

export class DeadLetters {
  constructor(readonly path: string) {}

  /** On disk when done. @throws the system's error */
  async add(letters: readonly DeadLetter[]): Promise<void> {
    const rejected = new Date().toISOString();
    const lines = letters.map(({ document, reason }) => {
      const { index, id } = document;
      const head = JSON.stringify({ rejected, reason, index, id });
      // The document as it was sent: where it is not JSON, that is the reason.
      return `${head.slice(0, -1)},"document":${sourceOf(document)}}\n`;
    });
    const file = await open(this.path, 'a');
    try {
      await file.appendFile(lines.join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}
