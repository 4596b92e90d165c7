// Folders are made though others make the same, and no one hangs where none can be made.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder, makeFolderSync } from '../../lib/make-folder';

const root = mkdtempSync(join(tmpdir(), 'nvpulse-folders-'));
afterAll(() => rmSync(root, { recursive: true }));

test('many at once below one that is missing: all are there, and each that was missing says so', async () => {
  const own = Array.from({ length: 16 }, (_, at) => join(root, 'many', 'levels', `${at}`));
  expect(await Promise.all(own.map((dir) => makeFolder(dir)))).toEqual(own.map(() => true));
  expect(own.filter((dir) => !existsSync(dir))).toEqual([]);
});

test('many at once that are the same: it is there, and one has made it', async () => {
  const same = join(root, 'same', 'level');
  const made = await Promise.all(Array.from({ length: 16 }, () => makeFolder(same)));
  expect(made.filter(Boolean)).toHaveLength(1);
});

test.each([
  ['below a file', join(root, 'file', 'x'), 'ENOTDIR'],
  ['in the place of a file', join(root, 'file'), 'EEXIST'],
  ['below /proc', '/proc/no/such', 'ENOENT'],
])('%s there is none', async (_, dir, code) => {
  writeFileSync(join(root, 'file'), '');
  await expect(makeFolder(dir)).rejects.toMatchObject({ code });
  expect(() => makeFolderSync(dir)).toThrow(expect.objectContaining({ code }) as Error);
});

test('at once: whether it was missing', () => {
  const dir = join(root, 'at', 'once');
  expect([makeFolderSync(dir), makeFolderSync(dir)]).toEqual([true, false]);
});
