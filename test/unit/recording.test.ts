// A recording gives back what was written: values, statuses, instances, events.
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { openRecording, RecordingWriter } from '../../lib/recording';
import type { Batch } from '../../lib/sampling/batch';
import {
  batch,
  batchArb,
  contentOf,
  INSTANCES,
  META,
  OFFSET__NS,
  table,
} from '../fixtures/recording/batches';
import { temporaryPaths } from '../support/folder';

const newDir = temporaryPaths();

async function record(batches: readonly Batch[]): Promise<string> {
  const dir = newDir();
  const writer = await RecordingWriter.create(dir, META);
  for (const one of batches) await writer.write(one);
  await writer.close();
  expect(writer.lastError).toBeUndefined();
  return dir;
}

async function replay(dir: string): Promise<Batch[]> {
  const recording = await openRecording(dir);
  const batches: Batch[] = [];
  for await (const one of recording.batches()) batches.push(one);
  expect(recording.problems).toEqual([]);
  return batches;
}

test('replay gives what was written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(batchArb, { maxLength: 5 }), async (batches) => {
      const filled = batches.length > 0 ? batches : [batch([])];
      const replayed = contentOf(await replay(await record(filled)));
      const live = contentOf(filled);
      expect(replayed).toMatchObject({ ...(live as object), offsets: expect.anything() as unknown });
    }),
    { numRuns: 60 },
  );
});

test('manifest and events tell the rest', async () => {
  const dir = newDir();
  const writer = await RecordingWriter.create(dir, META);
  writer.mark('epoch 1');
  writer.event('window_start', { time__ns: 5n, text: 'load', data: { depth: [1, null] } });
  writer.describe({ gpu: { ...META.gpu, state: 'stalled', reason: 'slow' } });
  await writer.close({ data: { exitCode: 3 } });
  const recording = await openRecording(dir);
  expect(recording.complete).toBe(true);
  expect(recording.manifest).toMatchObject({
    format: 1,
    nvpulse: '0.1.0',
    name: 'train',
    labels: { team: 'a' },
    simulated: true,
    gpu: { state: 'stalled' },
    complete: true,
    lostRows: 0,
    clock: { utcOffset__ns: String(OFFSET__NS) },
  });
  expect(recording.manifest.catalog.gpu).toContainEqual({
    name: 'power_draw__W',
    kind: 'gauge',
    unit: 'W',
    description: expect.any(String) as string,
  });
  expect(recording.events.map(({ kind, text, data }) => [kind, text, data])).toEqual([
    ['start', '', null],
    ['mark', 'epoch 1', null],
    ['window_start', 'load', { depth: [1, null] }],
    ['stop', '', { exitCode: 3 }],
  ]);
  expect(recording.events[2]).toMatchObject({ time__ns: 5n, time: '2026-09-21T14:13:20.123456794Z' });
  expect(readdirSync(dir).sort()).toEqual(['events.ndjson', 'manifest.json']);
});

test('rows of one flush come together, tables side by side', async () => {
  const at = (time: bigint) => [{ time, instance: 2 }];
  const one = (time: bigint) => batch([table('gpu', at(time), (metric) => ({ value: metric, status: 0 }))]);
  const [replayed, ...none] = await replay(await record([one(1n), one(2n)]));
  expect(none).toEqual([]);
  expect([...(replayed?.table('gpu')?.time ?? [])]).toEqual([1n, 2n]);
  expect([...(replayed?.rows('gpu') ?? [])][0]).toMatchObject({
    index: 0,
    serial: null,
    gpu_clock__MHz: 0,
    memory_clock__MHz: 1,
  });
  // What the rows are about, and no more.
  expect([...(replayed?.instances.keys() ?? [])]).toEqual([2]);
  expect(replayed?.instances.get(2)).toEqual(INSTANCES.get(2));
});
