// Following a recording: every row once and in order, whatever the writer and the reader do meanwhile.
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { metricsOf } from '../../lib/catalog';
import { summarizeRecording } from '../../lib/jobs/recorded-summary';
import {
  openRecording,
  parsePosition,
  readCursor,
  RecordingTail,
  RecordingWriter,
  trimRecording,
  writeCursor,
  type TailPosition,
} from '../../lib/recording';
import type { Batch } from '../../lib/sampling/batch';
import { batch, batchArb, META, table } from '../fixtures/recording/batches';
import { temporaryPaths } from '../support/folder';
import { writerClock } from '../support/writer-clock';

const newDir = temporaryPaths();

/** The writer's clock: flushes, chunks and new segments are due by it. */
const clock = writerClock();
const DUE__MS = { nothing: 0, flush: 600, chunk: 31_000, segment: 3_700_000 } as const;

/** A table's rows, each as text. */
type Rows = Record<string, string[]>;

function addRows(rows: Rows, { tables }: Batch): void {
  for (const { entity, length, time, instance, ...own } of tables.map((one) => ({
    entity: one.entity,
    length: one.length,
    time: one.time,
    instance: one.instance,
    columns: metricsOf(one.entity).map(({ name }) => [one.values(name), one.status(name)] as const),
  }))) {
    for (let row = 0; row < length; row++) {
      const cells = own.columns.map(([values, status]) => `${values[row]}/${status[row]}`);
      (rows[entity] ??= []).push(`${time[row]} ${instance[row]} ${cells.join(' ')}`);
    }
  }
}

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

type Step =
  | { readonly do: 'write'; readonly batch: Batch; readonly due: keyof typeof DUE__MS }
  | { readonly do: 'flushed' | 'turn' | 'trim' }
  | { readonly do: 'read'; readonly maxRows: number }
  | { readonly do: 'reopen'; readonly back: number };

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      batch: batchArb,
      due: fc.constantFrom('nothing' as const, 'flush' as const, 'chunk' as const, 'segment' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flushed' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), maxRows: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), back: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const) }) },
);

/** A reader that can be opened again from where it was. */
class Reader {
  readonly rows: Rows = {};
  /** What had been read at each position. */
  private readonly past: { position: TailPosition; rows: Rows }[] = [{ position: { tables: {} }, rows: {} }];
  /** Of `past`, the first that is not trimmed away. */
  private oldest = 0;

  private constructor(private tail: RecordingTail) {}

  static async open(dir: string): Promise<Reader> {
    return new Reader(await RecordingTail.open(dir));
  }

  get current(): RecordingTail {
    return this.tail;
  }

  async read(maxRows: number): Promise<boolean> {
    const next = await this.tail.read(maxRows);
    if (!next) return false;
    addRows(this.rows, next.batch);
    this.past.push({ position: next.position, rows: structuredClone(this.rows) });
    return true;
  }

  async drain(): Promise<void> {
    while (await this.read(1000));
  }

  async reopen(back: number, dir = this.tail.dir): Promise<void> {
    const at = Math.max(this.oldest, this.past.length - 1 - back);
    const { position, rows } = this.past[at]!;
    this.past.length = at + 1;
    for (const entity of Object.keys(this.rows)) delete this.rows[entity];
    Object.assign(this.rows, structuredClone(rows));
    this.tail = await RecordingTail.open(dir, parsePosition(json(position)));
  }

  async trim(): Promise<void> {
    // What is trimmed is acknowledged: nobody begins before it again.
    this.oldest = this.past.length - 1;
    await trimRecording(this.tail.dir, this.past.at(-1)!.position);
  }
}

async function perform(step: Step, writer: RecordingWriter, reader: Reader, written: Rows): Promise<void> {
  if (step.do === 'write') {
    clock.pass(DUE__MS[step.due]);
    void writer.write(step.batch);
    addRows(written, step.batch);
  } else if (step.do === 'flushed') expect(await writer.flushed()).toBe(true);
  else if (step.do === 'turn') await new Promise((resolve) => setImmediate(resolve));
  else if (step.do === 'read') await reader.read(step.maxRows);
  else if (step.do === 'reopen') await reader.reopen(step.back);
  else await reader.trim();
}

test('rows come once, in order, as they were written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArb, { maxLength: 40 }), async (steps) => {
      const dir = newDir();
      const writer = await RecordingWriter.create(dir, META);
      const reader = await Reader.open(dir);
      const written: Rows = {};
      for (const step of steps) await perform(step, writer, reader, written);
      expect(await writer.flushed()).toBe(true);
      // What is in files, but for a last chunk that is being written, is handed out.
      await reader.drain();
      expect(reader.rows).toEqual(written);
      expect(reader.current.ended).toBe(false);
      await writer.close();
      await reader.drain();
      expect(reader.rows).toEqual(written);
      expect(reader.current.ended).toBe(true);
      expect(reader.current.problems).toEqual([]);
      expect(await reader.current.backlog()).toBe(0);
    }),
    { numRuns: 100 },
  );
});

/** All rows that `openRecording` finds. */
async function replayed(dir: string): Promise<Rows> {
  const recording = await openRecording(dir);
  const rows: Rows = {};
  for await (const one of recording.batches()) addRows(rows, one);
  expect(recording.problems).toEqual([]);
  return rows;
}

test('a writer that is killed: what is in files comes once, whatever was read before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArb, { maxLength: 30 }), fc.nat({ max: 4 }), async (steps, turns) => {
      const dir = newDir();
      const copy = newDir();
      const writer = await RecordingWriter.create(dir, META);
      const reader = await Reader.open(dir);
      const written: Rows = {};
      let safe: Rows = {};
      for (const step of steps) {
        await perform(step, writer, reader, written);
        if (step.do === 'flushed') safe = structuredClone(written);
      }
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      // As it would be found after a kill at this moment: nothing waits for the writes under way.
      cpSync(dir, copy, { recursive: true });
      await writer.close();
      await reader.reopen(0, copy);
      await reader.drain();
      expect(reader.current.ended).toBe(false);
      for (const [entity, rows] of Object.entries(written)) {
        const read = reader.rows[entity] ?? [];
        expect(read).toEqual(rows.slice(0, read.length));
        expect(read.length).toBeGreaterThanOrEqual(safe[entity]?.length ?? 0);
      }
      if (!existsSync(join(copy, 'trimmed.json'))) expect(reader.rows).toEqual(await replayed(copy));
    }),
    { numRuns: 60 },
  );
});

/** One row of a GPU and one of the host, whose time and values are a number. */
function numbered(number: number, rows = 1): Batch {
  const at = Array.from({ length: rows }, () => ({ time: BigInt(number), instance: 2 }));
  return batch([
    table('gpu', at, () => ({ value: number, status: 0 })),
    table('host', [{ time: BigInt(number), instance: 1 }], () => ({ value: number, status: 0 })),
  ]);
}

/** Numbers of the rows that come next. */
async function numbers(tail: RecordingTail): Promise<{ gpu: number[]; host: number[] }> {
  const read = { gpu: [] as number[], host: [] as number[] };
  for (let next = await tail.read(1000); next; next = await tail.read(1000)) {
    read.gpu.push(...(next.batch.table('gpu')?.values('gpu_clock__MHz') ?? []));
    read.host.push(...(next.batch.table('host')?.values('cpu_utilization__pct') ?? []));
  }
  return read;
}

const both = (...found: number[]) => ({ gpu: found, host: found });

async function writeDue(writer: RecordingWriter, number: number, due: keyof typeof DUE__MS): Promise<void> {
  clock.pass(DUE__MS[due]);
  void writer.write(numbered(number));
  expect(await writer.flushed()).toBe(true);
}

test('what was told before a row is known with it', async () => {
  const dir = newDir();
  const writer = await RecordingWriter.create(dir, META);
  const tail = await RecordingTail.open(dir);
  const writing = (async () => {
    for (let number = 1; number <= 300; number++) {
      const data = { id: String(number) };
      writer.event('window_start', { time__ns: BigInt(number), data });
      clock.pass(number % 7 === 0 ? DUE__MS.chunk : DUE__MS.flush);
      void writer.write(numbered(number));
      if (number % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await writer.close();
  })();
  let last = 0;
  while (!tail.ended) {
    const next = await tail.read(5);
    for (const { time } of next?.batch.tables ?? []) last = Math.max(last, Number(time.at(-1)));
    expect(tail.spans.length).toBeGreaterThanOrEqual(last);
  }
  await writing;
  expect(last).toBe(300);
});

test('events of any number of flushes are read', async () => {
  const writer = await RecordingWriter.create(newDir(), META);
  await writer.close();
  const lines = Array.from({ length: 200_000 }, (_, flush) =>
    JSON.stringify({ time__ns: String(flush), kind: 'mark', flush, instance: null, text: '', data: null }),
  );
  writeFileSync(join(writer.dir, 'events.ndjson'), `${lines.join('\n')}\n`);
  const tail = await RecordingTail.open(writer.dir);
  expect(await tail.read(1)).toBeUndefined();
  expect(tail.ended).toBe(true);
});

test('windows and intervals come with the rows', async () => {
  const dir = newDir();
  const writer = await RecordingWriter.create(dir, META);
  const tail = await RecordingTail.open(dir);
  expect([tail.spans, tail.intervals]).toEqual([[], [expect.objectContaining({ interval__ns: 1e8 })]]);
  const data = { id: 'a', tree: false, name: 'n', labels: {}, gpu_scope: 'node', gpus: [] };
  writer.event('window_start', { time__ns: 5n, data });
  writer.event('interval', { time__ns: 6n, data: { interval__ns: 1e6 } });
  await writeDue(writer, 7, 'flush');
  expect(await numbers(tail)).toEqual(both(7));
  const { spans } = tail;
  expect(spans).toMatchObject([{ id: 'a', start__ns: 5n }]);
  expect(tail.intervals.slice(1)).toEqual([{ from__ns: 6n, interval__ns: 1e6 }]);
  await writeDue(writer, 8, 'flush');
  expect(await numbers(tail)).toEqual(both(8));
  expect(tail.spans).toBe(spans);
  writer.event('window_stop', { time__ns: 8n, data: { id: 'a' } });
  await writer.close();
  expect(await numbers(tail)).toEqual(both());
  expect(tail.spans).toMatchObject([{ id: 'a', stop__ns: 8n }]);
});

describe('disks and damage', () => {
  test('a look that failed is made again, though nothing has changed since', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    const tail = await RecordingTail.open(dir);
    await writeDue(writer, 1, 'chunk');
    await writer.close();
    const path = join(dir, 'manifest.json');
    const manifest = readFileSync(path);
    writeFileSync(path, '');
    // What changed so lately would be looked at again in any case.
    utimesSync(dir, 1, 1);
    await expect(numbers(tail)).rejects.toThrow('its manifest.json is not JSON');
    writeFileSync(path, manifest);
    expect(await numbers(tail)).toEqual(both(1));
    expect(tail.ended).toBe(true);
  });

  test('a journal that could not be written stays the beginning of the chunk', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    const tail = await RecordingTail.open(dir);
    symlinkSync('/dev/full', join(dir, 'journal.bin'));
    clock.pass(DUE__MS.flush);
    void writer.write(numbered(1));
    expect(await writer.flushed()).toBe(false);
    expect(await numbers(tail)).toEqual(both());
    rmSync(join(dir, 'journal.bin'));
    await writeDue(writer, 2, 'flush');
    expect(await numbers(tail)).toEqual(both(1, 2));
    await writeDue(writer, 3, 'chunk');
    expect(await numbers(tail)).toEqual(both(3));
    await writer.close();
    expect(await replayed(dir)).toMatchObject({ gpu: { length: 3 }, host: { length: 3 } });
  });

  test('a journal that is damaged at its end: the rest comes with the chunk', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    const tail = await RecordingTail.open(dir);
    for (const number of [1, 2]) await writeDue(writer, number, 'flush');
    const path = join(dir, 'journal.bin');
    const journal = readFileSync(path);
    journal[journal.length - 5] = (journal[journal.length - 5] ?? 0) ^ 1;
    writeFileSync(path, journal);
    expect(await numbers(tail)).toEqual(both(1));
    expect(await numbers(tail)).toEqual(both());
    await writeDue(writer, 3, 'chunk');
    expect(await numbers(tail)).toEqual(both(2, 3));
    await writer.close();
  });

  test('an entry and a chunk that are half written are waited for', async () => {
    const dir = newDir();
    const copy = newDir();
    const writer = await RecordingWriter.create(dir, META);
    await writeDue(writer, 1, 'chunk');
    await writeDue(writer, 2, 'chunk');
    await writeDue(writer, 3, 'flush');
    cpSync(dir, copy, { recursive: true });
    const halves = ['journal.bin', 'gpu-000001.arrows.gz', 'host-000001.arrows.gz'].map((file) =>
      join(copy, file),
    );
    const whole = halves.map((path) => readFileSync(path));
    for (const path of halves) truncateSync(path, statSync(path).size - 3);
    const tail = await RecordingTail.open(copy);
    expect(await numbers(tail)).toEqual(both(1));
    halves.forEach((path, at) => writeFileSync(path, whole[at] ?? ''));
    expect(await numbers(tail)).toEqual(both(2, 3));
    expect(tail.problems).toEqual([]);
    await writer.close();
  });

  test('a damaged chunk, and a segment that is gone, cost what was in them', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    const sizes: number[] = [];
    for (const number of [1, 2, 3]) {
      await writeDue(writer, number, 'chunk');
      sizes.push(statSync(join(dir, 'gpu-000001.arrows.gz')).size);
    }
    for (const number of [4, 5]) await writeDue(writer, number, 'segment');
    await writer.close();
    const path = join(dir, 'gpu-000001.arrows.gz');
    const bytes = readFileSync(path);
    const at = sizes[1]! - 12;
    bytes[at] = bytes[at]! ^ 4;
    writeFileSync(path, bytes);
    rmSync(join(dir, 'host-000002.arrows.gz'));
    const tail = await RecordingTail.open(dir);
    expect(await numbers(tail)).toEqual({ gpu: [1, 3, 4, 5], host: [1, 2, 3, 5] });
    expect(tail.ended).toBe(true);
    expect(tail.problems).toEqual([
      { segment: 'gpu-000001.arrows.gz', reason: expect.stringMatching(/^damaged: /) as string },
      { segment: 'host-000003.arrows.gz', reason: 'one before it is missing' },
    ]);
  });

  test('what is no recording is refused', async () => {
    await expect(RecordingTail.open(newDir())).rejects.toMatchObject({ code: 'ERR_RECORDING' });
  });
});

describe('trimming', () => {
  /** A recording of several jobs is summarised as a whole, from its start to its end. */
  function openWindows(writer: RecordingWriter): void {
    for (const id of ['a', 'b']) writer.event('window_start', { data: { id, tree: false } });
  }

  test('removes whole segments that were acknowledged; what is left still opens, and says so', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    const tail = await RecordingTail.open(dir);
    openWindows(writer);
    await writeDue(writer, 1, 'chunk');
    const { position: early } = (await tail.read(1000))!;
    for (const number of [2, 3, 4]) await writeDue(writer, number, 'segment');
    expect(await trimRecording(dir, early)).toEqual({ segments: 0, bytes: 0 });
    expect(await numbers(tail)).toEqual(both(2, 3, 4));
    const before = await tail.backlog(early);
    const trimmed = await trimRecording(dir, json(tail.position));
    expect(trimmed.segments).toBe(6);
    expect(trimmed.bytes).toBeGreaterThan(0);
    expect(await tail.backlog(early)).toBeLessThan(before);
    expect(await trimRecording(dir, tail.position)).toEqual({ segments: 0, bytes: 0 });
    await writeDue(writer, 5, 'segment');
    expect(await numbers(tail)).toEqual(both(5));
    await writer.close();

    const recording = await openRecording(dir);
    expect(recording.isTrimmed).toBe(true);
    const fresh = await RecordingTail.open(dir);
    expect([await numbers(fresh), fresh.problems]).toEqual([both(4, 5), []]);
    expect(await numbers(await RecordingTail.open(dir, early))).toEqual(both(4, 5));
    const { summary, problems } = await summarizeRecording(recording);
    expect([problems, summary.complete]).toEqual([[], false]);
    // One that is missing though nobody trimmed it is a problem still.
    rmSync(join(dir, 'gpu-000004.arrows.gz'));
    const late = await openRecording(dir);
    await summarizeRecording(late);
    expect(late.problems).toEqual([{ segment: 'gpu-000005.arrows.gz', reason: 'one before it is missing' }]);
  });

  test('a recording that was not trimmed is not', async () => {
    const dir = newDir();
    const writer = await RecordingWriter.create(dir, META);
    openWindows(writer);
    await writeDue(writer, 1, 'chunk');
    await writer.close();
    const recording = await openRecording(dir);
    expect(recording.isTrimmed).toBe(false);
    expect((await summarizeRecording(recording)).summary.complete).toBe(true);
  });
});

test('the backlog is what a position does not have, and shrinks to nothing', async () => {
  const dir = newDir();
  const writer = await RecordingWriter.create(dir, META);
  const tail = await RecordingTail.open(dir);
  const start = tail.position;
  await writeDue(writer, 1, 'flush');
  await numbers(tail);
  const journal = statSync(join(dir, 'journal.bin')).size;
  expect([await tail.backlog(start), await tail.backlog()]).toEqual([journal, 0]);
  const { position } = tail;
  await writeDue(writer, 2, 'chunk');
  await numbers(tail);
  expect(await tail.backlog(position)).toBeGreaterThan(0);
  expect(await tail.backlog()).toBe(0);
  await writer.close();
  await numbers(tail);
  const sizes = readdirSync(dir).filter((file) => file.endsWith('.gz'));
  const total = sizes.reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
  expect([await tail.backlog(start), await tail.backlog()]).toEqual([total, 0]);
});

describe('cursors', () => {
  test('come back as they were written, through a folder that is made', async () => {
    const path = join(newDir(), 'deep', 'cursor.json');
    expect(await readCursor(path)).toBeUndefined();
    const position = { tables: { gpu: { flush: 3, rows: 7, segment: 2, offset: 999 } } };
    await writeCursor(path, position);
    expect(parsePosition(await readCursor(path))).toEqual(position);
    await writeCursor(path, { tables: {} });
    expect(parsePosition(await readCursor(path))).toEqual({ tables: {} });
    expect(readdirSync(join(path, '..'))).toEqual(['cursor.json']);
  });

  test('that are damaged are none; one that cannot be read or written is an error', async () => {
    const dir = newDir();
    const path = join(dir, 'cursor.json');
    await writeCursor(path, 1);
    writeFileSync(path, '{"tables":');
    expect(await readCursor(path)).toBeUndefined();
    for (const value of [
      undefined,
      null,
      1,
      [],
      { tables: 1 },
      { tables: { gpu: 1 } },
      { tables: { gpu: { flush: -1 } } },
    ])
      expect(parsePosition(value)).toBeUndefined();
    await expect(readCursor(dir)).rejects.toMatchObject({ code: 'ERR_IO' });
    await expect(writeCursor(join(path, 'below'), 1)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining(join(path, 'below')) as string,
    });
  });
});
