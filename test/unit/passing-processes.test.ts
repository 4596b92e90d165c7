// A job that spawns processes all the time costs the same at its end as at its start: what is kept in mind is what
// lives, in batches, in the recording's writer, in who follows it, and in a summary.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTITIES, metricsOf, type Instance } from '../../lib/catalog';
import { SummaryFold } from '../../lib/jobs/fold';
import { Drains } from '../../lib/sampling/drains';
import type { NativeDrain } from '../../lib/native/addon';
import { openRecording, RecordingTail, RecordingWriter } from '../../lib/recording';
import { createBatch, type Batch } from '../../lib/sampling/batch';
import { OneClock } from '../../lib/server/one-clock';
import { META, OFFSET__NS } from '../fixtures/recording/batches';

const PROCESS = ENTITIES.indexOf('process');
const COLUMNS = metricsOf('process').length;
const CPU = metricsOf('process').findIndex(({ name }) => name === 'cpu_time__s');
/** A drain a second: so many processes are born, and as many end. */
const BORN = 50;
/** Readings of each process between its birth and its end. */
const READINGS = 20;
const SECOND = 1_000_000_000n;

/** What the addon hands over in a second of such a job. */
function drainOf(second: number, readings = READINGS): NativeDrain {
  const first = second * BORN + 1;
  const ids = Array.from({ length: BORN }, (_, at) => first + at);
  const rows = readings * BORN;
  const values = new Float64Array(rows * COLUMNS).fill(1);
  const time = new BigInt64Array(rows);
  const instance = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const reading = Math.floor(row / BORN);
    time[row] = BigInt(second) * SECOND + (BigInt(reading) * SECOND) / BigInt(readings);
    instance[row] = ids[row % BORN] ?? 0;
    values[CPU * rows + row] = reading / 1000;
  }
  return {
    tables: [{ entity: PROCESS, time, instance, values, status: new Uint16Array(rows * COLUMNS) }],
    instances: ids.map((id) => ({ id, entity: PROCESS, identity: { pid: id, name: 'cc1', job: 'j' } })),
    retired: ids,
    events: [],
    droppedRows: 0,
  };
}

const batchOf = (drains: Drains, second: number, readings?: number): Batch =>
  createBatch(drains.take(drainOf(second, readings)));

test('a batch brings what its rows are about, and a sampler forgets what has ended', () => {
  const drains = new Drains(OFFSET__NS);
  for (let second = 0; second < 200; second++) {
    const { instances } = batchOf(drains, second);
    expect(instances.size).toBe(BORN);
    expect(drains.instanceNum).toBe(0);
  }
});

test('what lives is known in each batch that has rows of it; what is new is told without rows too', () => {
  const drains = new Drains(OFFSET__NS);
  const first = drainOf(0);
  const { tables, retired, ...rest } = first;
  const told = createBatch(drains.take({ ...rest, tables: [], retired: [] }));
  expect([...told.instances.keys()]).toEqual(retired);
  const some = (ids: readonly number[]) => ({
    tables: tables.map((table) => ({
      ...table,
      instance: table.instance.map((_, at) => ids[at % ids.length] ?? 0),
    })),
    instances: [],
    events: [],
    retired: [],
    droppedRows: 0,
  });
  expect([...drains.take(some([3, 7])).instances.keys()].sort()).toEqual([3, 7]);
  expect([...drains.take({ ...some([3, 9]), retired: [3] }).instances.keys()].sort()).toEqual([3, 9]);
  expect(drains.instanceNum).toBe(BORN - 1);
  const event = { time__ns: 1n, kind: 'device_lost', instance: 9, text: '' } as const;
  const eventful = { ...some([7]), tables: [], events: [event] };
  expect([...drains.take(eventful).instances.keys()]).toEqual([9]);
});

test('a recording, and who follows it, keep what the latest chunks are about', async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'nvpulse-passing-')), 'recording');
  const writer = await RecordingWriter.create(dir, META);
  const tail = await RecordingTail.open(dir);
  const drains = new Drains(OFFSET__NS);
  const kept: { readonly written: number; readonly followed: number }[] = [];
  const named = new Set<number>();
  let rows = 0;
  const follow = async (): Promise<void> => {
    for (let read = await tail.read(100_000); read; read = await tail.read(100_000))
      for (const table of read.batch.tables) {
        rows += table.length;
        for (const id of new Set(table.instance)) {
          expect(read.batch.instances.get(id)?.identity).toEqual({ pid: id, name: 'cc1', job: 'j' });
          named.add(id);
        }
      }
  };
  // Some ten drains fill a chunk.
  for (let second = 0; second < 160; second++) {
    await writer.write(batchOf(drains, second));
    if (second % 10 === 9) {
      await writer.flushed();
      await follow();
      kept.push({ written: writer.instanceNum, followed: tail.instances.size });
    }
  }
  await writer.close();
  await follow();
  expect(rows).toBe(160 * BORN * READINGS);
  expect(named.size).toBe(160 * BORN);
  // Twelve chunks' worth, whatever came before.
  const most = Math.max(...kept.map(({ written, followed }) => Math.max(written, followed)));
  expect(most).toBeLessThan(12 * 12 * BORN);
  expect(kept.at(-1)?.written).toBeLessThan(12 * 12 * BORN);
  // What is replayed has all of them, each batch its own.
  const recording = await openRecording(dir);
  expect(recording.instances.size).toBe(160 * BORN);
  for await (const batch of recording.batches()) {
    expect(batch.instances.size).toBe(new Set(batch.table('process')?.instance).size);
  }
  rmSync(join(dir, '..'), { recursive: true });
});

test('an instance that was silent for long is told again, and one that is told anew is known where it has rows', async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'nvpulse-passing-')), 'recording');
  const writer = await RecordingWriter.create(dir, META);
  const drains = new Drains(OFFSET__NS);
  const silent: Instance = {
    id: 1_000_000,
    entity: 'process',
    identity: { pid: 4, name: 'sleeper', job: 'j' },
  };
  const ofSilent = (second: number): Batch => {
    const { tables, ...rest } = drainOf(second);
    const one = tables.map((table) => ({
      entity: 'process' as const,
      time: table.time.slice(0, 1),
      instance: Uint32Array.of(silent.id),
      values: new Float64Array(COLUMNS).fill(2),
      status: new Uint16Array(COLUMNS),
    }));
    return createBatch({
      ...rest,
      events: [],
      tables: one,
      instances: new Map([[silent.id, silent]]),
      utcOffset__ns: OFFSET__NS,
    });
  };
  await writer.write(ofSilent(0));
  for (let second = 1; second < 120; second++) await writer.write(batchOf(drains, second));
  await writer.write(ofSilent(120));
  await writer.close();
  const tail = await RecordingTail.open(dir);
  const seen: (string | undefined)[] = [];
  for (let read = await tail.read(5_000); read; read = await tail.read(5_000))
    for (const row of read.batch.rows('process')) if (row.pid === 4) seen.push(row.name);
  expect(seen).toEqual(['sleeper', 'sleeper']);
  rmSync(join(dir, '..'), { recursive: true });
});

test('windows of an earlier server forget processes that ended', () => {
  const clock = new OneClock(OFFSET__NS);
  const drains = new Drains(OFFSET__NS);
  for (let second = 0; second < 2600; second++) clock.bring(batchOf(drains, second, 1), OFFSET__NS);
  // Ten minutes of them, and as many again until they are looked at; all were 130 000.
  expect(clock.size).toBeLessThan(70_000);
});

test('a summary keeps the processes that matter, on CPUs and on GPUs', () => {
  const gpuProcess = ENTITIES.indexOf('gpu_process');
  const columns = metricsOf('gpu_process').length;
  const drains = new Drains(OFFSET__NS);
  const fold = new SummaryFold({ start__ns: 0n, interval__ns: 1e9, treeBegan__ns: 0n });
  const SECONDS = 400;
  let most = 0;
  for (let second = 0; second < SECONDS; second++) {
    const { tables, instances, retired, ...rest } = drainOf(second, 1);
    const gpu = (id: number): number => id + 1_000_000;
    fold.push(
      createBatch(
        drains.take({
          ...rest,
          tables: tables.flatMap((table) => [
            table,
            {
              entity: gpuProcess,
              time: table.time,
              instance: table.instance.map(gpu),
              values: new Float64Array(BORN * columns).fill(second),
              status: new Uint16Array(BORN * columns),
            },
          ]),
          instances: instances.flatMap((one) => [
            one,
            {
              id: gpu(one.id),
              entity: gpuProcess,
              identity: { index: 0, uuid: 'GPU-0', pid: one.id, name: 'cc1', job: 'j' },
            },
          ]),
          retired: retired.flatMap((id) => [id, gpu(id)]),
        }),
      ),
    );
    most = Math.max(most, fold.instanceNum);
  }
  // What ten seconds and twice the least bring, whatever came before.
  expect(most).toBeLessThan(8 * 512);
  fold.close(BigInt(SECONDS) * SECOND);
  const { entities, processes_left_out } = fold.result(2);
  const on = entities.filter(({ entity }) => entity === 'gpu_process').length;
  const listed = entities.filter(({ entity }) => entity === 'process').length;
  expect(listed).toBe(20);
  expect(processes_left_out).toBe(2 * SECONDS * BORN - on - listed);
  // The latest are all there.
  const latest = entities.flatMap((one) => (one.entity === 'gpu_process' ? [one.pid] : []));
  for (let pid = SECONDS * BORN - 256; pid <= SECONDS * BORN; pid++) expect(latest).toContain(pid);
});

test('a process that executes another program is one process, called as it is now', () => {
  const fold = new SummaryFold({
    start__ns: 0n,
    stop__ns: 10n * SECOND,
    interval__ns: 1e9,
    treeBegan__ns: 0n,
  });
  const reading = (second: number, id: number, name: string, cpu: number) => {
    const values = new Float64Array(COLUMNS).fill(1);
    values[CPU] = cpu;
    const instance = { id, entity: 'process', identity: { pid: 77, name, job: 'j' } } as const;
    fold.push(
      createBatch({
        tables: [
          {
            entity: 'process',
            time: BigInt64Array.of(BigInt(second) * SECOND),
            instance: Uint32Array.of(id),
            values,
            status: new Uint16Array(COLUMNS),
          },
        ],
        instances: new Map([[id, instance]]),
        events: [],
        utcOffset__ns: OFFSET__NS,
        droppedRows: 0,
      }),
    );
  };
  [0.5, 2, 4].forEach((cpu, at) => reading(at + 1, 1, 'bash', cpu));
  [6, 8, 9].forEach((cpu, at) => reading(at + 4, 2, 'python3', cpu));
  const { entities, processes_left_out } = fold.result(2);
  expect(entities).toMatchObject([
    { entity: 'process', pid: 77, name: 'python3', metrics: { cpu_time__s: { delta: 9 } } },
  ]);
  expect(processes_left_out).toBe(0);
});
