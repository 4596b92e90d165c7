// What a recording tells of windows: read from any place on, also while it is written, from files that may have gone.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  readSummaries,
  readSummary,
  RecordingWriter,
  SUMMARIES_START,
  summariesBeyond,
  tellsSummaries,
  trimSummaries,
  type SummaryPlace,
} from '../../lib/recording';
import { AppendFile } from '../../lib/recording/append-file';
import { syncFolder } from '../../lib/recording/replace-file';
import { META } from '../fixtures/recording/batches';
import { temporaryPaths } from '../support/folder';

jest.mock('../../lib/recording/replace-file', () => {
  const actual = jest.requireActual<typeof import('../../lib/recording/replace-file')>(
    '../../lib/recording/replace-file',
  );
  return { ...actual, syncFolder: jest.fn(actual.syncFolder) };
});

const newDir = temporaryPaths();
const writerOf = (): Promise<RecordingWriter> => RecordingWriter.create(newDir(), META);

/** All from a place on, as a reader that follows takes them. */
async function allFrom(dir: string, from: SummaryPlace): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for (let told = await readSummaries(dir, from); told.length > 0;) {
    values.push(...told.map(({ value }) => value));
    told = await readSummaries(dir, told.at(-1)?.next ?? from);
  }
  return values;
}

test('each stands where it was told to, and a reader finds what is new', async () => {
  const writer = await writerOf();
  const { dir } = writer;
  expect([await tellsSummaries(dir), await allFrom(dir, SUMMARIES_START)]).toEqual([false, []]);
  const places = await writer.tellSummaries([{ a: 1 }, { b: 'ü' }]);
  const [later] = await writer.tellSummaries([{ c: [] }]);
  expect(await allFrom(dir, SUMMARIES_START)).toEqual([{ a: 1 }, { b: 'ü' }, { c: [] }]);
  expect(await allFrom(dir, later!)).toEqual([{ c: [] }]);
  expect(await readSummary(dir, places[1]!)).toEqual({ b: 'ü' });
  expect(await readSummary(dir, { file: 1, offset: 7 })).toBeUndefined();
  await writer.close();
  expect(() => writer.tellSummaries([{}])).toThrow('the recording is closed');
  // Whatever reads gzip reads it.
  const plain = gunzipSync(readFileSync(join(dir, 'summaries-000001.ndjson.gz'))).toString();
  expect(plain).toBe('{"a":1}\n{"b":"ü"}\n{"c":[]}\n');
});

test('files are of bounded size, and those that are taken can go', async () => {
  const writer = await writerOf();
  const { dir } = writer;
  const values = Array.from({ length: 48 }, (_, number) => ({
    number,
    noise: randomBytes(4e5).toString('hex'),
  }));
  const places: SummaryPlace[] = [];
  for (const value of values) places.push(...(await writer.tellSummaries([value])));
  await writer.close();
  expect(places.at(-1)?.file).toBe(3);
  expect(await allFrom(dir, SUMMARIES_START)).toEqual(values);
  const second = places.find(({ file }) => file === 2)!;
  const all__B = await summariesBeyond(dir, SUMMARIES_START);
  const left__B = await summariesBeyond(dir, second);
  expect(await trimSummaries(dir, second)).toBe(all__B - left__B);
  expect(await allFrom(dir, SUMMARIES_START)).toEqual(values.slice(places.indexOf(second)));
  expect(await readSummary(dir, places[0]!)).toBeUndefined();
});

/** The bytes of the file that three of these lines fill, and where each begins. */
async function threeLines(text: string): Promise<{
  readonly dir: string;
  readonly path: string;
  readonly bytes: Buffer;
  readonly offsets: readonly [number, number, number];
}> {
  const writer = await writerOf();
  const places = await writer.tellSummaries([{ a: text }, { b: text }, { c: text }]);
  await writer.close();
  const path = join(writer.dir, 'summaries-000001.ndjson.gz');
  const [first = 0, second = 0, third = 0] = places.map(({ offset }) => offset);
  return { dir: writer.dir, path, bytes: readFileSync(path), offsets: [first, second, third] };
}

describe.each([
  ['short ones', 'x'],
  ['ones that are longer than what is read at once', randomBytes(6e5).toString('hex')],
])('lines that are damaged, %s', (_, text) => {
  /** The keys of what is told from the start. */
  const told = async (dir: string): Promise<readonly (string | undefined)[]> =>
    (await allFrom(dir, SUMMARIES_START)).map((value) => Object.keys(value ?? {})[0]);

  test.each([
    ['its data', 24, undefined],
    ['the mark of its header', 1, undefined],
    ['its length, which is too large', 19, 'b'],
    ['its length, which is too small', 16, 'b'],
  ])('in %s: those around it are read, and it is told', async (_what, byte, found) => {
    const { dir, path, bytes, offsets } = await threeLines(text);
    const at = offsets[1] + byte;
    bytes[at] = byte === 16 ? 0 : (bytes[at] ?? 0) ^ 0xc4;
    writeFileSync(path, bytes);
    expect(await told(dir)).toStrictEqual(['a', found, 'c']);
    const third = await readSummary(dir, { file: 1, offset: offsets[2] });
    expect(Object.keys(third ?? {})).toEqual(['c']);
  });

  test('in the last one: what is told after is read', async () => {
    const { dir, path, bytes, offsets } = await threeLines(text);
    const mend = bytes[offsets[2] + 1] ?? 0;
    bytes[offsets[2] + 1] = 0;
    writeFileSync(path, bytes);
    expect(await told(dir)).toStrictEqual(['a', 'b', undefined]);
    // Also where it says that it has no length.
    bytes[offsets[2] + 1] = mend;
    bytes.fill(0, offsets[2] + 16, offsets[2] + 26);
    writeFileSync(path, bytes);
    expect(await told(dir)).toStrictEqual(['a', 'b', undefined]);
    expect(await readSummaries(dir, { file: 1, offset: bytes.length })).toEqual([]);
  });

  test('one that is half written is waited for, and passed where another file begins', async () => {
    const { dir, path, bytes, offsets } = await threeLines(text);
    for (const length of [offsets[2] + 7, offsets[2] + 30, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(await told(dir)).toStrictEqual(['a', 'b']);
    }
    const other = await threeLines(text);
    writeFileSync(join(dir, 'summaries-000002.ndjson.gz'), other.bytes);
    expect(await told(dir)).toStrictEqual(['a', 'b', 'a', 'b', 'c']);
    writeFileSync(path, bytes);
    expect(await told(dir)).toStrictEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });
});

test('a length that is damaged is not believed: a place is read no further than its file', async () => {
  const { dir, path, bytes } = await threeLines('x');
  bytes.writeUInt32LE(0xfffffff0, 16);
  writeFileSync(path, bytes);
  const before__B = process.memoryUsage().arrayBuffers;
  expect(await readSummary(dir, SUMMARIES_START)).toBeUndefined();
  expect((await readSummaries(dir, SUMMARIES_START))[0]?.value).toEqual({ a: 'x' });
  expect(process.memoryUsage().arrayBuffers - before__B).toBeLessThan(64 * 2 ** 20);
});

describe('a disk that fails', () => {
  test('what it did not keep is not told, and stands once when it is told again, in a place of its own', async () => {
    const writer = await writerOf();
    const places = [...(await writer.tellSummaries([{ a: 1 }]))];
    jest.spyOn(AppendFile.prototype, 'sync').mockRejectedValueOnce(new Error('no sync'));
    await expect(writer.tellSummaries([{ b: 2 }])).rejects.toThrow('no sync');
    expect(await allFrom(writer.dir, SUMMARIES_START)).toEqual([{ a: 1 }]);
    places.push(...(await writer.tellSummaries([{ b: 2 }])));
    expect(await allFrom(writer.dir, SUMMARIES_START)).toEqual([{ a: 1 }, { b: 2 }]);
    expect(await Promise.all(places.map((place) => readSummary(writer.dir, place)))).toEqual([
      { a: 1 },
      { b: 2 },
    ]);
    // Who read the one that was taken back had come to a place where nothing else may stand.
    expect(places[1]).toEqual({ file: 2, offset: 0 });
    await writer.close();
  });

  test('a file counts when its folder has its name on the disk', async () => {
    const writer = await writerOf();
    const synced = jest.mocked(syncFolder);
    // The manifest's, and that of the folder above.
    synced.mockResolvedValueOnce().mockResolvedValueOnce().mockRejectedValueOnce(new Error('no name'));
    await expect(writer.tellSummaries([{ a: 1 }])).rejects.toThrow('no name');
    synced.mockClear();
    expect(await writer.tellSummaries([{ a: 1 }])).toEqual([{ file: 2, offset: 0 }]);
    expect(synced.mock.calls).toEqual([[writer.dir]]);
    expect(await allFrom(writer.dir, SUMMARIES_START)).toEqual([{ a: 1 }]);
    await writer.close();
  });
});
