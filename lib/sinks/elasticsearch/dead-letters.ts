// Documents that Elasticsearch will never take, kept with the reason: one line of JSON each.
import { open, type FileHandle } from 'node:fs/promises';
import { ADDING, FILE_MODE } from '../../recording/private';
import { asciiJson } from './instance-fold';
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
    const file = await open(this.path, ADDING, FILE_MODE);
    try {
      await file.appendFile(lines.join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** How many of a job's documents are among them. @throws the system's error */
  async countOf(job: string): Promise<number> {
    const file = await this.openForReading();
    if (!file) return 0;
    const name = asciiJson(job);
    const ids = new Set<string>();
    for await (const line of file.readLines()) {
      if (!line.includes(name)) continue;
      const { id, document } = parsed(line);
      if (document?.job?.includes(job)) ids.add(id);
    }
    return ids.size;
  }

  /** Undefined where there is none yet. */
  private async openForReading(): Promise<FileHandle | undefined> {
    try {
      return await open(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

interface Line {
  readonly id: string;
  readonly document?: { readonly job?: readonly string[] };
}

/** A line that a crash cut tells nothing; its document is rejected once more. */
function parsed(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return { id: '' };
  }
}
