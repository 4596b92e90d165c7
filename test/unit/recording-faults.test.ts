// What goes wrong with recordings: folders that cannot be used, disks that fail, files that are damaged, clocks that jump.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRecordings, openRecording, RecordingWriter, defaultRecordingDir } from '../../lib/recording';
import { createBatch, type Batch } from '../../lib/sampling/batch';
import { batch, META, table } from '../fixtures/recording/batches';

let root: string;
let count = 0;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'nvpulse-faults-'))));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newDir = (): string => join(root, String(++count));

/** GPU rows that fill a chunk at once; a row's first value is its time. */
const ROWS = 6000;
function large(number: number): Batch {
  const rows = Array.from({ length: ROWS }, (_, at) => ({ time: BigInt(number * ROWS + at), instance: 2 }));
  return batch([
    table('gpu', rows, (metric, row) => ({ value: metric === 0 ? number * ROWS + row : row / 7, status: 0 })),
    table('host', [{ time: BigInt(number * ROWS), instance: 1 }], () => ({ value: number, status: 0 })),
  ]);
}

async function record(dir: string, batches: number): Promise<void> {
  const writer = await RecordingWriter.create(dir, META);
  for (let number = 0; number < batches; number++) await writer.write(large(number));
  await writer.close();
  expect(writer.lastError).toBeUndefined();
}

async function read(dir: string) {
  const recording = await openRecording(dir);
  const values = { gpu: [] as number[], host: [] as number[] };
  for await (const one of recording.batches()) {
    values.gpu.push(...(one.table('gpu')?.values('gpu_clock__MHz') ?? []));
    values.host.push(...(one.table('host')?.values('cpu_utilization__pct') ?? []));
  }
  return { recording, problems: recording.problems, ...values };
}

const numbers = (...batches: number[]): number[] =>
  batches.flatMap((number) => Array.from({ length: ROWS }, (_, at) => number * ROWS + at));

/** A chunk of the file with one bit turned over, at some share of its length. */
function damage(path: string, share: number): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length * share);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(path, bytes);
}

describe('folders', () => {
  test('one that is not empty', async () => {
    const dir = newDir();
    mkdirSync(dir);
    writeFileSync(join(dir, 'x'), '');
    await expect(RecordingWriter.create(dir, META)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: `cannot record into '${dir}': it is not empty; name a new or an empty folder`,
    });
    expect(readdirSync(dir)).toEqual(['x']);
  });

  test('one that is a file, or below one', async () => {
    const file = newDir();
    writeFileSync(file, '');
    for (const dir of [file, join(file, 'below')]) {
      await expect(RecordingWriter.create(dir, META)).rejects.toMatchObject({ code: 'ERR_OPTION' });
    }
  });

  test('one that cannot be created', async () => {
    await expect(RecordingWriter.create('/proc/nvpulse/x', META)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining("cannot record into '/proc/nvpulse/x'") as string,
    });
  });

  test('the default one is new, and safe as a file name', () => {
    const now = new Date('2026-02-14T10:15:00.123Z');
    const first = defaultRecordingDir('../my job: 1', now, root);
    expect(first).toBe(join(root, '20260214T101500Z-my_job_1'));
    mkdirSync(first);
    expect(defaultRecordingDir('../my job: 1', now, root)).toBe(`${first}-2`);
    expect(defaultRecordingDir('…', now, root)).toBe(join(root, '20260214T101500Z-recording'));
  });

  test('list: what is a recording, oldest first', async () => {
    const folder = newDir();
    mkdirSync(join(folder, 'other'), { recursive: true });
    await record(join(folder, 'b'), 1);
    const cut = await RecordingWriter.create(join(folder, 'a'), {
      ...META,
      name: 'second',
      simulated: false,
    });
    const listing = await listRecordings(folder);
    await cut.close();
    expect(listing).toEqual([
      {
        dir: join(folder, 'b'),
        name: 'train',
        start: expect.stringMatching(/Z$/) as string,
        duration__s: expect.any(Number) as number,
        complete: true,
        exit: null,
        simulated: true,
        size__B: readdirSync(join(folder, 'b'))
          .map((file) => statSync(join(folder, 'b', file)).size)
          .reduce((sum, size) => sum + size),
      },
      expect.objectContaining({ name: 'second', complete: false, duration__s: null, simulated: false }),
    ]);
    expect(await listRecordings(join(folder, 'none'))).toEqual([]);
  });
});

describe('disks', () => {
  test('a full one costs the chunk, which is counted; then a new segment is tried', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    symlinkSync('/dev/full', join(dir, 'gpu-000001.arrows.gz'));
    await writer.write(large(0));
    await writer.write(large(1));
    await writer.close();
    expect(writer.lostRows).toBe(ROWS);
    expect(writer.lastError).toMatchObject({
      code: 'ERR_IO',
      message: `recording into '${dir}' failed: no space left on device`,
    });
    const { gpu, host, problems, recording } = await read(dir);
    expect(gpu).toEqual(numbers(1));
    expect(host).toEqual([0, 1]);
    expect(problems).toEqual([]);
    expect(recording.manifest.lostRows).toBe(ROWS);
    expect(recording.events.find(({ kind }) => kind === 'rows_lost')).toMatchObject({ data: ROWS });
  });

  test('a folder that is removed loses the rest, quietly', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    await writer.write(large(0));
    await writer.write(large(1));
    rmSync(dir, { recursive: true });
    writer.mark('gone');
    await writer.write(large(2));
    await writer.close();
    expect(writer.lostRows).toBeGreaterThanOrEqual(ROWS + 1);
    expect(writer.lastError).toMatchObject({ code: 'ERR_IO' });
  });

  test('one that fails for long costs events, but no instance that rows are about', async () => {
    const dir = newDir();
    const path = join(dir, 'events.ndjson');
    const writer = await RecordingWriter.create(dir, META);
    const rowOf = (id: number, time: bigint): Batch =>
      createBatch({
        tables: [table('process', [{ time, instance: id }], () => ({ value: 1, status: 0 }))],
        instances: new Map([[id, { id, entity: 'process', identity: { pid: id, name: 'p', job: 'j' } }]]),
        events: [],
        utcOffset__ns: META.utcOffset__ns,
        droppedRows: 0,
      });
    await writer.flushed();
    rmSync(path);
    symlinkSync('/dev/full', path);
    // A chunk's end notices that the file is gone.
    await writer.write(large(0));
    await writer.flushed();
    for (let number = 0; number <= 10_000; number++) writer.mark('lost');
    await writer.flushed();
    await writer.write(rowOf(70, 1n));
    await writer.write(rowOf(71, 2n));
    await writer.flushed();
    rmSync(path);
    await writer.write(rowOf(71, 3n));
    await writer.close();
    const { instances, events } = await openRecording(dir);
    expect(events.filter(({ kind }) => kind === 'mark').length).toBeLessThanOrEqual(10_000);
    expect([70, 71].map((id) => instances.get(id)?.identity)).toEqual([
      { pid: 70, name: 'p', job: 'j' },
      { pid: 71, name: 'p', job: 'j' },
    ]);
  });

  test('rows beyond the backlog are dropped and counted', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    const one = large(0);
    for (let number = 0; number < 200; number++) void writer.write(one);
    const dropped = writer.lostRows;
    await writer.close();
    expect(dropped).toBeGreaterThan(0);
    expect((await read(dir)).gpu).toHaveLength(200 * ROWS + 200 - dropped - (200 - dropped / (ROWS + 1)));
  });

  test('a closed recording takes no more', async () => {
    const writer = await RecordingWriter.create(newDir(), META);
    await Promise.all([writer.close(), writer.close()]);
    expect(() => writer.write(large(0))).toThrow('RecordingWriter.write: the recording is closed');
    expect(() => writer.mark('x')).toThrow(expect.objectContaining({ code: 'ERR_STATE' }) as Error);
  });
});

describe('damage', () => {
  test('in a chunk costs that chunk', async () => {
    const dir = newDir();
    await record(dir, 5);
    damage(join(dir, 'gpu-000001.arrows.gz'), 0.5);
    const { gpu, host, problems } = await read(dir);
    expect(gpu).toEqual(numbers(0, 1, 3, 4));
    expect(host).toEqual([0, 1, 2, 3, 4]);
    expect(problems).toEqual([
      {
        segment: 'gpu-000001.arrows.gz',
        reason: expect.stringMatching(/^damaged: /) as string,
        lostFrom: '2026-09-21T14:13:20.123468788Z',
      },
    ]);
  });

  test('in a segment between others costs that segment', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    const one = large(0);
    // A segment holds 64 MiB.
    for (let number = 0; number < 170; number++) await writer.write(one);
    await writer.close();
    const segments = readdirSync(dir).filter((file) => file.startsWith('gpu-'));
    expect(segments).toEqual([1, 2, 3].map((number) => `gpu-00000${number}.arrows.gz`));
    const whole = (await read(dir)).gpu.length;
    writeFileSync(join(dir, 'gpu-000002.arrows.gz'), 'not a segment at all, for sure');
    const { gpu, problems } = await read(dir);
    expect(whole).toBe(170 * ROWS);
    expect(gpu.length).toBeGreaterThan(whole / 3);
    expect(problems).toEqual([
      { segment: 'gpu-000002.arrows.gz', reason: 'damaged: bytes 0 to 30: no chunk' },
    ]);
    rmSync(join(dir, 'gpu-000002.arrows.gz'));
    expect((await read(dir)).problems).toEqual([
      { segment: 'gpu-000003.arrows.gz', reason: 'one before it is missing' },
    ]);
  });

  test('a cut segment gives every whole chunk', async () => {
    const dir = newDir();
    await record(dir, 3);
    const path = join(dir, 'gpu-000001.arrows.gz');
    truncateSync(path, Math.floor(statSync(path).size * 0.9));
    const { gpu, problems } = await read(dir);
    expect(gpu).toEqual(numbers(0, 1));
    expect(problems).toEqual([expect.objectContaining({ reason: 'it ends early' })]);
  });

  test('in the events', async () => {
    const dir = newDir();
    await record(dir, 1);
    const path = join(dir, 'events.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('{"kind":"instance"', '{kind'));
    const { problems, gpu } = await read(dir);
    expect(gpu).toEqual(numbers(0));
    expect(problems).toEqual([{ segment: 'events.ndjson', reason: 'line 2 is not JSON' }]);
  });
});

describe('what cannot be read is told, and not taken for what is not there', () => {
  test.each(['events.ndjson', 'journal.bin'])('%s', async (name) => {
    const dir = newDir();
    await record(dir, 1);
    rmSync(join(dir, name), { force: true });
    mkdirSync(join(dir, name));
    const { problems, gpu } = await read(dir);
    expect(problems).toEqual([
      { segment: name, reason: 'it cannot be read: illegal operation on a directory' },
    ]);
    expect(gpu).toEqual(numbers(0));
  });

  test('a manifest', async () => {
    const dir = newDir();
    mkdirSync(join(dir, 'manifest.json'), { recursive: true });
    await expect(openRecording(dir)).rejects.toThrow(
      `'${dir}' is not a recording: its manifest.json cannot be read: illegal operation on a directory`,
    );
  });

  test('a folder of recordings', async () => {
    const path = newDir();
    writeFileSync(path, '');
    await expect(listRecordings(path)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: `the recordings in '${path}' cannot be read: not a directory`,
    });
  });
});

describe('what is no recording', () => {
  const reject = async (dir: string, message: string) =>
    expect(openRecording(dir)).rejects.toMatchObject({ code: 'ERR_RECORDING', message });

  test('is refused', async () => {
    const dir = newDir();
    await reject(dir, `'${dir}' is not a recording: it has no manifest.json`);
    mkdirSync(dir);
    writeFileSync(join(dir, 'manifest.json'), '{');
    await reject(dir, `'${dir}' is not a recording: its manifest.json is not JSON`);
    writeFileSync(join(dir, 'manifest.json'), '[]');
    await reject(dir, `'${dir}' is not a recording: its manifest.json has no format`);
  });

  test('nor is one of a newer version', async () => {
    const dir = newDir();
    await record(dir, 1);
    const path = join(dir, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...manifest, format: 2, nvpulse: '3.1.0' }));
    await reject(
      dir,
      `'${dir}' is of format 2, written by nvpulse 3.1.0; this is nvpulse 0.1.0, which reads up to format 1: update nvpulse`,
    );
  });
});

test('a jump of the clock neither reorders nor collides', async () => {
  jest.useFakeTimers({
    now: Date.parse('2026-01-01T12:00:00Z'),
    doNotFake: [
      'hrtime',
      'performance',
      'setTimeout',
      'clearTimeout',
      'setImmediate',
      'nextTick',
      'queueMicrotask',
    ],
  });
  try {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    writer.mark('before');
    jest.setSystemTime(Date.parse('2020-01-01T00:00:00Z'));
    writer.mark('after');
    await writer.close();
    const { events, manifest } = await openRecording(dir);
    const times = [manifest.start, ...events.slice(1).map(({ time }) => time)];
    expect(times).toEqual([...new Set(times)].sort());
    expect(manifest.end).toBe(times.at(-1));
  } finally {
    jest.useRealTimers();
  }
});
