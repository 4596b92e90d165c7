// Following a recording: every row once and in order, whatever the writer and the reader do meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { metricsOf } from '../../lib/catalog';
import {
  parsePosition,
  RecordingTail,
  RecordingWriter,
  trimRecording,
  type TailPosition,
} from '../../lib/recording';
import type { Batch } from '../../lib/sampling/batch';
import { batchArb, META } from '../fixtures/recording/batches';

let root: string;
let count = 0;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'nvpulse-tail-'))));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newDir = (): string => join(root, String(++count));

/** The writer's clock: flushes, chunks and new segments are due by it. */
let clock__ms = 1e6;
beforeEach(() => jest.spyOn(performance, 'now').mockImplementation(() => clock__ms));
afterEach(() => jest.restoreAllMocks());
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
    clock__ms += DUE__MS[step.due];
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
    { numRuns: 150 },
  );
});
