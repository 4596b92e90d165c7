// A part of a recording that someone removes while it is written: the writer says so at its next look, and what it
// still has is read back.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openRecording, readSummaries, RecordingWriter, SUMMARIES_START } from '../../lib/recording';
import { RecordingTail } from '../../lib/recording/tail';
import type { Batch } from '../../lib/sampling/batch';
import { batch, META, table } from '../fixtures/recording/batches';
import { temporaryPaths } from '../support/folder';

const newDir = temporaryPaths();
const newWriter = (): Promise<RecordingWriter> => RecordingWriter.create(newDir(), META);

/** Rows of a GPU, each with its number as its time and value: many fill a chunk at once. */
function rows(from: number, to: number): Batch {
  const times = Array.from({ length: to - from }, (_, at) => ({ time: BigInt(from + at), instance: 2 }));
  return batch([
    table('gpu', times, (metric, row) => ({ value: metric === 0 ? from + row : row / 7, status: 0 })),
  ]);
}
const FULL = 6000;

async function rowsIn(dir: string): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const one of (await openRecording(dir)).batches())
    found.push(...(one.table('gpu')?.values('gpu_clock__MHz') ?? []));
  return found;
}

const upTo = (to: number, from = 0): readonly number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

/** With a segment, a journal, events and a summary. */
async function writing(): Promise<RecordingWriter> {
  const writer = await newWriter();
  void writer.write(rows(0, FULL));
  void writer.write(rows(FULL, FULL + 5));
  await writer.tellSummaries([{ told: 1 }]);
  expect(await writer.flushed()).toBe(true);
  expect(readdirSync(writer.dir).sort()).toEqual([
    'events.ndjson',
    'gpu-000001.arrows.gz',
    'journal.bin',
    'manifest.json',
    'summaries-000001.ndjson.gz',
  ]);
  return writer;
}

test.each([
  ['manifest.json', upTo(FULL + 5)],
  ['events.ndjson', upTo(FULL + 5)],
  ['journal.bin', upTo(FULL + 5)],
  ['summaries-000001.ndjson.gz', upTo(FULL + 5)],
  ['gpu-000001.arrows.gz', upTo(FULL + 5, FULL)],
])('%s: told at the next look, and from then on', async (part, kept) => {
  const writer = await writing();
  rmSync(join(writer.dir, part));
  expect(await writer.flushed()).toBe(false);
  expect(writer.isRemoved).toBe(true);
  expect(writer.lastError?.message).toBe(
    `recording into '${writer.dir}' failed: '${join(writer.dir, part)}' was removed`,
  );
  await writer.flushed();
  expect(writer.isRemoved).toBe(true);
  await writer.close({ complete: false });
  expect(await rowsIn(writer.dir)).toEqual(kept);
  expect(writer.lostRows).toBe(0);
});

test('rows that come when their segment is gone go into the next, and it is told', async () => {
  const writer = await writing();
  rmSync(join(writer.dir, 'gpu-000001.arrows.gz'));
  await writer.write(rows(FULL + 5, 2 * FULL));
  await writer.close();
  expect([writer.isRemoved, writer.lostRows]).toEqual([true, 0]);
  expect(await rowsIn(writer.dir)).toEqual(upTo(2 * FULL, FULL));
});

test('who follows a recording whose journal is removed gets each row once', async () => {
  const writer = await writing();
  const tail = await RecordingTail.open(writer.dir);
  const seen: number[] = [];
  const follow = async (): Promise<void> => {
    for (let read = await tail.read(1e6); read; read = await tail.read(1e6))
      seen.push(...(read.batch.table('gpu')?.values('gpu_clock__MHz') ?? []));
  };
  await follow();
  rmSync(join(writer.dir, 'journal.bin'));
  for (let at = FULL + 5; at < FULL + 25; at += 5) {
    void writer.write(rows(at, at + 5));
    await writer.flushed();
    await follow();
  }
  await writer.close();
  await follow();
  expect(seen).toEqual(upTo(FULL + 25));
});

test('summaries that are told after a file of them was removed have places that none had before', async () => {
  const writer = await writing();
  rmSync(join(writer.dir, 'summaries-000001.ndjson.gz'));
  await expect(writer.tellSummaries([{ told: 2 }])).rejects.toThrow('was removed');
  expect(writer.isRemoved).toBe(true);
  const [place] = await writer.tellSummaries([{ told: 2 }]);
  expect(place).toEqual({ file: 2, offset: 0 });
  const told = await readSummaries(writer.dir, { file: 1, offset: 40 });
  expect(told.map(({ value }) => value)).toEqual([{ told: 2 }]);
  expect(await readSummaries(writer.dir, SUMMARIES_START)).toEqual(told);
  await writer.close();
});
