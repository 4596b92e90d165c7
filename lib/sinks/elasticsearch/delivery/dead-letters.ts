// Documents that Elasticsearch will never take, kept with the reason: one line of JSON each.
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../../make-folder';
import { AppendFile } from '../../../recording/append-file';
import { isMissing, readFrom, sizeOf } from '../../../recording/files';
import { FOLDER_MODE } from '../../../recording/private';
import { asciiJson } from '../documents/ascii-json';
import { sourceOf, type PackedDocument } from '../documents/packed';

export interface DeadLetter {
  readonly document: PackedDocument;
  readonly reason: string;
}

export class DeadLetters {
  /** Each addition begins where the one before ended: several requests are under way at once. */
  private lane: Promise<void> = Promise.resolve();

  constructor(readonly path: string) {}

  /** On disk when done. @throws the system's error: then none was added */
  add(letters: readonly DeadLetter[]): Promise<void> {
    const added = this.lane.then(() => this.append(letters));
    this.lane = added.catch(() => undefined);
    return added;
  }

  private async append(letters: readonly DeadLetter[]): Promise<void> {
    const rejected = new Date().toISOString();
    const lines = letters.map(({ document, reason }) => {
      const { index, id } = document;
      const head = JSON.stringify({ rejected, reason, index, id });
      // The document as it was sent: where it is not JSON, that is the reason.
      return `${head.slice(0, -1)},"document":${sourceOf(document)}}\n`;
    });
    await makeFolder(dirname(this.path), FOLDER_MODE);
    const size__B = sizeOf(this.path);
    const isCut = size__B > 0 && (await readFrom(this.path, size__B - 1, 1)).toString() !== '\n';
    // Whoever has taken the file away has what stood in it: each time it is opened anew.
    const file = new AppendFile(this.path, size__B);
    try {
      await file.appendDurably(Buffer.from(`${isCut ? '\n' : ''}${lines.join('')}`));
    } finally {
      await file.close();
    }
  }

  /**
   * How many of a job's documents are among them.
   * @param id of one that is the job's, whatever it says
   * @throws the system's error
   */
  async countOf(job: string, id?: string): Promise<number> {
    const file = await this.openForReading();
    if (!file) return 0;
    const name = asciiJson(job);
    const ids = new Set<string>();
    for await (const line of file.readLines()) {
      if (!line.includes(name) && !(id !== undefined && line.includes(id))) continue;
      const letter = parsed(line);
      if (letter.id === id || letter.document?.job?.includes(job)) ids.add(letter.id);
    }
    return ids.size;
  }

  /** Undefined where there is none yet. */
  private async openForReading(): Promise<FileHandle | undefined> {
    try {
      return await open(this.path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

interface Line {
  readonly id: string;
  readonly document?: { readonly job?: readonly string[] } | null;
}

/** A line that a crash cut tells nothing; its document is rejected once more. */
function parsed(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return { id: '' };
  }
}
