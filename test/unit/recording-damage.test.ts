// A member of a segment that is damaged: it alone is lost, and told with its extent, whoever reads the recording.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRecording, RecordingTail, RecordingWriter, type RecordingProblem } from '../../lib/recording';
import type { Batch } from '../../lib/sampling/batch';
import { batch, META, table } from '../fixtures/recording/batches';
import { temporaryPaths } from '../support/folder';
import { writerClock } from '../support/writer-clock';

const newDir = temporaryPaths();

/** The writer's clock: a chunk is due every thirty seconds. */
const clock = writerClock();

const SEGMENT = 'gpu-000001.arrows.gz';
/** Each of two rows of a GPU, and one of the host. */
const CHUNKS = [0, 1, 2, 3] as const;
const rowsOf = (chunk: number): number[] => [10 * chunk, 10 * chunk + 1];
const valuesOf = (chunks: readonly number[]): number[] => chunks.flatMap(rowsOf);

async function writeChunk(writer: RecordingWriter, chunk: number): Promise<void> {
  const rows = rowsOf(chunk);
  const times = rows.map((row) => ({ time: BigInt(row), instance: 2 }));
  clock.pass(31_000);
  await writer.write(
    batch([
      table('gpu', times, (metric, row) => ({ value: metric === 0 ? (rows[row] ?? 0) : row / 7, status: 0 })),
      table('host', [{ time: BigInt(10 * chunk), instance: 1 }], () => ({ value: chunk, status: 0 })),
    ]),
  );
  expect(await writer.flushed()).toBe(true);
}

/** A closed recording of four chunks, and the bytes of the GPUs' segment. */
async function recorded(): Promise<{ dir: string; path: string; bytes: Buffer; offsets: readonly number[] }> {
  const writer = await RecordingWriter.create(newDir(), META);
  for (const chunk of CHUNKS) await writeChunk(writer, chunk);
  await writer.close();
  const path = join(writer.dir, SEGMENT);
  const bytes = readFileSync(path);
  // Of the schema, the chunks, the end of the stream, and the file's end.
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 16)) offsets.push(at);
  expect(offsets).toHaveLength(CHUNKS.length + 2);
  return { dir: writer.dir, path, bytes, offsets: [...offsets, bytes.length] };
}

interface Read {
  readonly gpu: readonly number[];
  readonly host: readonly number[];
  readonly problems: readonly RecordingProblem[];
}

function rowsIn(batches: readonly Batch[]): Pick<Read, 'gpu' | 'host'> {
  return {
    gpu: batches.flatMap((one) => [...(one.table('gpu')?.values('gpu_clock__MHz') ?? [])]),
    host: batches.flatMap((one) => [...(one.table('host')?.values('cpu_utilization__pct') ?? [])]),
  };
}

async function replay(dir: string): Promise<Read> {
  const recording = await openRecording(dir);
  const batches: Batch[] = [];
  for await (const one of recording.batches()) batches.push(one);
  return { ...rowsIn(batches), problems: recording.problems };
}

async function follow(tail: RecordingTail): Promise<Read> {
  const batches: Batch[] = [];
  for (let read = await tail.read(1e6); read; read = await tail.read(1e6)) batches.push(read.batch);
  return { ...rowsIn(batches), problems: tail.problems };
}

const READERS = {
  'by who replays it': replay,
  'by who follows it': async (dir: string): Promise<Read> => {
    const tail = await RecordingTail.open(dir);
    const read = await follow(tail);
    expect([tail.ended, await tail.backlog()]).toEqual([true, 0]);
    return read;
  },
};

/** What is turned over in a member. */
const MARK = { byte: 1, value: 0 };
const DATA = { byte: 40, value: undefined };
const SHORT = { byte: 16, value: 21 };
const LONG = { byte: 19, value: 0x40 };
/** By 256 bytes. */
const WRONG = { byte: 17, value: undefined };

function damage(
  bytes: Buffer,
  at: number,
  { byte, value }: { byte: number; value: number | undefined },
): void {
  bytes[at + byte] = value ?? (bytes[at + byte] ?? 0) ^ 1;
  // All four bytes of the length.
  if (byte === SHORT.byte) bytes.fill(0, at + byte + 1, at + byte + 4);
}

describe.each(Object.entries(READERS))('%s', (_, read) => {
  const MEMBERS = [
    'the schema',
    'the first chunk',
    'the second chunk',
    'the third chunk',
    'the last chunk',
    'the end',
  ];

  test.each(MEMBERS.map((name, member) => ({ name, member })))(
    'of $name the header, or the data: nothing else is lost',
    async ({ name, member }) => {
      const { dir, path, bytes, offsets } = await recorded();
      const extent = `bytes ${offsets[member]} to ${offsets[member + 1]}`;
      for (const what of name === 'the end' ? [MARK] : [MARK, DATA]) {
        const damaged = Buffer.from(bytes);
        damage(damaged, offsets[member] ?? 0, what);
        writeFileSync(path, damaged);
        const { gpu, host, problems } = await read(dir);
        expect(gpu).toEqual(valuesOf(CHUNKS.filter((chunk) => chunk !== member - 1)));
        expect(host).toEqual(CHUNKS);
        expect(problems).toMatchObject([
          { segment: SEGMENT, reason: expect.stringMatching(`^damaged: ${extent}: .`) as string },
        ]);
      }
    },
  );

  test.each(MEMBERS.map((name, member) => ({ name, member })))(
    'of $name the length alone: nothing is lost',
    async ({ member }) => {
      const { dir, path, bytes, offsets } = await recorded();
      for (const what of [SHORT, LONG, WRONG]) {
        const damaged = Buffer.from(bytes);
        damage(damaged, offsets[member] ?? 0, what);
        writeFileSync(path, damaged);
        expect(await read(dir)).toEqual({ gpu: valuesOf(CHUNKS), host: CHUNKS, problems: [] });
      }
    },
  );

  test('of two that follow each other', async () => {
    const { dir, path, bytes, offsets } = await recorded();
    for (const member of [2, 3]) damage(bytes, offsets[member] ?? 0, MARK);
    writeFileSync(path, bytes);
    const { gpu, problems } = await read(dir);
    expect(gpu).toEqual(valuesOf([0, 3]));
    expect(problems).toMatchObject([{ reason: `damaged: bytes ${offsets[2]} to ${offsets[4]}: no chunk` }]);
  });

  test('all that follows, where nothing is left', async () => {
    const { dir, path, bytes, offsets } = await recorded();
    bytes.fill(7, (offsets[2] ?? 0) + 5);
    writeFileSync(path, bytes);
    const { gpu, host, problems } = await read(dir);
    expect([gpu, host]).toEqual([valuesOf([0]), CHUNKS]);
    expect(problems).toMatchObject([{ reason: `damaged: bytes ${offsets[2]} to ${bytes.length}: no chunk` }]);
  });

  test('a schema that another version wrote: what needs it is told', async () => {
    const { dir, path, bytes, offsets } = await recorded();
    damage(bytes, 0, MARK);
    writeFileSync(path, bytes);
    const manifest = join(dir, 'manifest.json');
    const told = JSON.parse(readFileSync(manifest, 'utf8')) as object;
    writeFileSync(manifest, JSON.stringify({ ...told, nvpulse: '0.0.1' }));
    const { gpu, host, problems } = await read(dir);
    expect([gpu, host]).toEqual([[], CHUNKS]);
    expect(problems.map(({ reason }) => reason)).toEqual([
      `damaged: bytes 0 to ${offsets[1]}: no chunk`,
      'without its beginning, which another version wrote, the rest cannot be read',
    ]);
  });
});

test('a chunk that is damaged while its segment grows is passed, and told, once another is there', async () => {
  const writer = await RecordingWriter.create(newDir(), META);
  const path = join(writer.dir, SEGMENT);
  await writeChunk(writer, 0);
  const at = readFileSync(path).length;
  await writeChunk(writer, 1);
  const end = readFileSync(path).length;
  const bytes = readFileSync(path);
  damage(bytes, at, MARK);
  writeFileSync(path, bytes);
  const tail = await RecordingTail.open(writer.dir);
  expect(await follow(tail)).toEqual({ gpu: valuesOf([0]), host: [0, 1], problems: [] });
  expect(await tail.backlog()).toBe(end - at);
  await writeChunk(writer, 2);
  const { gpu, host, problems } = await follow(tail);
  expect([gpu, host]).toEqual([valuesOf([2]), [2]]);
  expect(problems).toEqual([{ segment: SEGMENT, reason: `damaged: bytes ${at} to ${end}: no chunk` }]);
  await writer.close();
  expect((await follow(tail)).problems).toEqual(problems);
  expect(tail.ended).toBe(true);
});
