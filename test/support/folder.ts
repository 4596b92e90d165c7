// Folders of a test file's own, and those of the user's that tests may rely on.
import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const users = new Set<() => Promise<void>>();

/** What ends before the folders are removed: a server makes again what is removed under it. Twice must be allowed. */
export function endBeforeRemoval(end: () => Promise<void>): void {
  users.add(end);
}

/**
 * A folder that the file's tests share, removed after them. It is there from the first test on, not before: where all
 * are skipped, jest runs no hook that would remove it.
 */
export function temporaryFolder(): string {
  const folder = join(tmpdir(), `nvpulse-test-${randomUUID()}`);
  beforeAll(() => void mkdirSync(folder, { mode: 0o700 }));
  afterAll(async () => {
    for (const end of users) await end();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Another path in such a folder, each time. */
export function temporaryPaths(): () => string {
  const folder = temporaryFolder();
  let count = 0;
  return () => join(folder, String(++count));
}

function canEnter(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The user's PATH without folders that the user can't enter: beyond such a one no command is "not found", but
 * "permission denied".
 */
export const PATH = (process.env['PATH'] ?? '').split(':').filter(canEnter).join(':');
