// Dead letters: each a line of its own, whatever crashed or filled the disk before it.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppendFile } from '../../../lib/recording/append-file';
import { DeadLetters, type DeadLetter } from '../../../lib/sinks/elasticsearch/delivery/dead-letters';
import { Packer } from '../../../lib/sinks/elasticsearch/documents/packed';
import { temporaryPaths } from '../../support/folder';
import { fill, onTinyDisk } from '../../support/tiny-disk';

const newFolder = temporaryPaths();

afterEach(() => jest.restoreAllMocks());

function letter(id: string, text = ''): DeadLetter {
  const source = JSON.stringify({ job: ['j'], text });
  return { document: new Packer().pack({ index: 'gpumetrics', id, source }), reason: 'strict' };
}

/** Ids of the lines that are whole; undefined for one that is not. */
function idsIn(path: string): readonly (string | undefined)[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => {
    try {
      return (JSON.parse(line) as { readonly id: string }).id;
    } catch {
      return undefined;
    }
  });
}

test('what a crash cut keeps its line to itself', async () => {
  const letters = new DeadLetters(join(newFolder(), 'rejected.ndjson'));
  await letters.add([letter('a'), letter('b')]);
  const whole = readFileSync(letters.path);
  writeFileSync(letters.path, whole.subarray(0, -20));
  await letters.add([letter('b')]);
  await letters.add([letter('c')]);
  expect(idsIn(letters.path)).toEqual(['a', undefined, 'b', 'c']);
  expect(await letters.countOf('j')).toBe(3);
});

test('a full disk: none of those that come together stands there, and later all do, once', () => {
  const disk = newFolder();
  return onTinyDisk(disk, 1, async () => {
    const letters = new DeadLetters(join(disk, 'rejected.ndjson'));
    await letters.add([letter('a')]);
    fill(disk);
    const large = [letter('b'), letter('c', 'x'.repeat(1e5))];
    await expect(letters.add(large)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(idsIn(letters.path)).toEqual(['a']);
    rmSync(join(disk, 'fill'));
    await letters.add(large);
    expect(idsIn(letters.path)).toEqual(['a', 'b', 'c']);
  });
});

test('what the disk did not sync is not there, and stands once when it is added again', async () => {
  const letters = new DeadLetters(join(newFolder(), 'rejected.ndjson'));
  jest.spyOn(AppendFile.prototype, 'sync').mockRejectedValueOnce(new Error('no sync'));
  await expect(letters.add([letter('a')])).rejects.toThrow('no sync');
  await letters.add([letter('a')]);
  expect(idsIn(letters.path)).toEqual(['a']);
});

test('of two requests at once, the one that is not synced takes nothing of the other away', async () => {
  const letters = new DeadLetters(join(newFolder(), 'rejected.ndjson'));
  const { sync } = AppendFile.prototype;
  let synced = 0;
  jest.spyOn(AppendFile.prototype, 'sync').mockImplementation(function (this: AppendFile) {
    return ++synced === 2 ? Promise.reject(new Error('no sync')) : sync.call(this);
  });
  const added = await Promise.allSettled(['a', 'b'].map((id) => letters.add([letter(id)])));
  expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await letters.add([letter('b')]);
  expect(idsIn(letters.path)).toEqual(['a', 'b']);
});

test('whoever takes the file away, or its folder, gets another one', async () => {
  const dir = newFolder();
  const letters = new DeadLetters(join(dir, 'rejected.ndjson'));
  await letters.add([letter('a')]);
  rmSync(letters.path);
  await letters.add([letter('b')]);
  expect(idsIn(letters.path)).toEqual(['b']);
  rmSync(dir, { recursive: true });
  expect([await letters.countOf('j'), existsSync(dir)]).toEqual([0, false]);
  await letters.add([letter('c')]);
  expect(idsIn(letters.path)).toEqual(['c']);
});
