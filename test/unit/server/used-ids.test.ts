// The ids that were used: they stay used over restarts, crashes in the middle of a write, and in little memory.
import { createHash, randomBytes } from 'node:crypto';
import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppendFile } from '../../../lib/recording/append-file';
import { UsedIds } from '../../../lib/server/used-ids';
import { inChild } from '../../support/child';
import { temporaryFolder } from '../../support/folder';

const folder = temporaryFolder();
let count = 0;
const newPath = (): string => join(folder, `used-${++count}`);
const ids = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) => `job-${from + at}`);

test('they are known at once, and to whoever opens the file; adding one again adds nothing', async () => {
  const path = newPath();
  const used = await UsedIds.open(path);
  expect(used.has('job-0')).toBe(false);
  await used.add(ids(0, 300));
  await used.add(['job-7', 'ïd with \n anything', 'job-7']);
  await used.close();
  expect(statSync(path).size).toBe(301 * 16);
  const again = await UsedIds.open(path);
  expect(again.size).toBe(301);
  expect([...ids(0, 300), 'ïd with \n anything'].filter((id) => !again.has(id))).toEqual([]);
  expect(ids(300, 9000).filter((id) => again.has(id))).toEqual([]);
  await again.close();
});

test('a file that was cut in the middle of one gives the others, and takes more', async () => {
  const path = newPath();
  const used = await UsedIds.open(path);
  await used.add(ids(0, 3));
  await used.close();
  truncateSync(path, 2 * 16 + 5);
  const cut = await UsedIds.open(path);
  expect(ids(0, 3).map((id) => cut.has(id))).toEqual([true, true, false]);
  await cut.add(['late']);
  await cut.close();
  const again = await UsedIds.open(path);
  expect(['job-0', 'job-1', 'late'].map((id) => again.has(id))).toEqual([true, true, true]);
  await again.close();
});

test('what the disk did not sync is not used, and stands once when it is added again', async () => {
  const path = newPath();
  const used = await UsedIds.open(path);
  await used.add(ids(0, 2));
  jest.spyOn(AppendFile.prototype, 'sync').mockRejectedValueOnce(new Error('no sync'));
  await expect(used.add(ids(2, 4))).rejects.toThrow('no sync');
  expect([used.size, used.has('job-2'), statSync(path).size]).toEqual([2, false, 2 * 16]);
  await used.add(ids(2, 4));
  expect([used.size, used.has('job-2'), statSync(path).size]).toEqual([4, true, 4 * 16]);
  await used.close();
});

test('a file that is removed, or in whose place another is, is written again', async () => {
  const path = newPath();
  const used = await UsedIds.open(path);
  expect(await used.keep()).toBe(false);
  await used.add(ids(0, 3));
  expect(await used.keep()).toBe(false);
  rmSync(path);
  // Nothing goes into a file that would have this alone, before and after it is known.
  await expect(used.add(['late'])).rejects.toThrow('was removed');
  await expect(used.add(['late'])).rejects.toThrow('was removed');
  expect(await used.keep()).toBe(true);
  await used.add(['late']);
  rmSync(path);
  writeFileSync(path, Buffer.alloc(16 * 100));
  expect(await used.keep()).toBe(true);
  expect(await used.keep()).toBe(false);
  await used.close();
  const again = await UsedIds.open(path);
  expect([again.size, ...[...ids(0, 3), 'late'].map((id) => again.has(id))]).toEqual([
    4,
    true,
    true,
    true,
    true,
  ]);
  await again.close();
});

test('more than one block of memory holds them', async () => {
  const path = newPath();
  const used = await UsedIds.open(path);
  // A block has 65,536.
  for (const from of [0, 60_000, 120_000]) await used.add(ids(from, from + 60_000));
  rmSync(path);
  expect(await used.keep()).toBe(true);
  await used.close();
  const again = await UsedIds.open(path);
  expect(again.size).toBe(180_000);
  expect(ids(0, 180_000).every((id) => again.has(id))).toBe(true);
  await again.close();
});

test('a million of them cost 32 MiB at most', async () => {
  const path = newPath();
  const digestOf = (id: string): Buffer => createHash('sha256').update(id).digest().subarray(0, 16);
  writeFileSync(path, Buffer.concat([digestOf('first'), randomBytes(16 * 999_998), digestOf('last')]));
  const { before__B, after__B, size, known } = await inChild(
    {},
    async (_, file: string) => {
      const { UsedIds: Used } =
        require('./lib/server/used-ids') as typeof import('../../../lib/server/used-ids');
      // What the allocator keeps beside it differs from Node to Node, and from run to run.
      const held__B = (): number => {
        for (let i = 0; i < 5; i++) global.gc?.();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      // What the code itself takes is not what a million cost.
      await (await Used.open(`${file}-none`)).close();
      const before = held__B();
      const used = await Used.open(file);
      const after = held__B();
      return {
        before__B: before,
        after__B: after,
        size: used.size,
        known: [used.has('first'), used.has('last'), used.has('other')],
      };
    },
    path,
  );
  expect({ size, known }).toEqual({ size: 1_000_000, known: [true, true, false] });
  process.stderr.write(`a million used ids: ${((after__B - before__B) / 2 ** 20).toFixed(1)} MiB\n`);
  expect(after__B - before__B).toBeLessThan(32 * 2 ** 20);
});
