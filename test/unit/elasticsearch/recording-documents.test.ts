// A recording as parcels of documents: what happened before the rows, and nothing kept of what is over.
import {
  appendFileSync,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openRecording, RecordingTail, RecordingWriter } from '../../../lib/recording';
import type { SamplerEvent } from '../../../lib/sampling/batch';
import { sizeOf, sourceOf } from '../../../lib/sinks/elasticsearch/documents/packed';
import {
  BEGINNING,
  PARCEL,
  parseCheckpoint,
  RecordingDocuments,
  settingOf,
  type Checkpoint,
  type Parcel,
} from '../../../lib/sinks/elasticsearch/export/recording-documents';
import { batch, INSTANCES, META, OFFSET__NS, table } from '../../fixtures/recording/batches';
import { temporaryPaths } from '../../support/folder';
import { writerClock } from '../../support/writer-clock';
import { SECOND } from '../../support/readings';

const newDir = temporaryPaths();

/** The writer's clock: chunks are due by it. */
const clock = writerClock();

const BEGIN__NS = process.hrtime.bigint() + BigInt(SECOND);
const at = (time__s: number): bigint => BEGIN__NS + BigInt(Math.round(time__s * SECOND));
const SETTING = settingOf({}, false);

const data = (id: string) => ({ id, tree: false, name: id, labels: {}, gpu_scope: 'node', gpus: [] });
const hostRow = (time__s: number) =>
  batch([table('host', [{ time: at(time__s), instance: 1 }], () => ({ value: 1, status: 0 }))]);

/** A job a second, half a second each and with a row, beside one that lasts; and the interval changes with each. */
async function recordJobs(jobs: number): Promise<string> {
  const writer = await RecordingWriter.create(newDir(), { ...META, utcOffset__ns: OFFSET__NS });
  writer.event('window_start', { time__ns: at(0), data: data('long') });
  for (let job = 0; job < jobs; job++) {
    writer.event('window_start', { time__ns: at(job), data: data(`job-${job}`) });
    writer.event('interval', { time__ns: at(job), data: { interval__ns: job % 2 === 0 ? 1e8 : 2e8 } });
    // A chunk is due every thirty seconds.
    clock.pass(1000);
    void writer.write(hostRow(job + 0.25));
    writer.event('window_stop', { time__ns: at(job + 0.5), data: { ...data(`job-${job}`) } });
  }
  await writer.close();
  return writer.dir;
}

interface Drained {
  readonly parcels: readonly Parcel[];
  readonly windowNum: number;
}

async function drain(dir: string, from: Checkpoint = BEGINNING): Promise<Drained> {
  const documents = await RecordingDocuments.open(dir, SETTING, from);
  const parcels: Parcel[] = [];
  let windowNum = 0;
  for (let parcel = await documents.next(); parcel; parcel = await documents.next()) {
    parcels.push(parcel);
    windowNum = Math.max(windowNum, documents.windowNum);
  }
  expect(documents.ended).toBe(true);
  return { parcels, windowNum };
}

/** The last parcel, too. */
async function allOf(documents: RecordingDocuments): Promise<readonly Parcel[]> {
  const parcels: Parcel[] = [];
  for (let parcel = await documents.next(); parcel; parcel = await documents.next()) parcels.push(parcel);
  return [...parcels, await documents.end()];
}

const sourcesIn = (parcels: readonly Parcel[]) =>
  parcels.flatMap(({ documents }) =>
    documents.map((document) => JSON.parse(sourceOf(document)) as Record<string, unknown>),
  );

/** Jobs that each row of the host has. */
const jobsOf = (parcels: readonly Parcel[]) =>
  sourcesIn(parcels)
    .filter(({ entity }) => entity === 'host')
    .map(({ job }) => job);

const JOBS = 6000;

describe('a recording of many jobs', () => {
  let dir: string;
  beforeAll(async () => {
    clock.hold();
    dir = await recordJobs(JOBS);
  });
  const expected = Array.from({ length: JOBS }, (_, job) => ['long', `job-${job}`]);

  test('windows that are over are not kept; each row has its jobs', async () => {
    const { parcels, windowNum } = await drain(dir);
    expect(jobsOf(parcels)).toEqual(expected);
    // Those of a minute and a flush, and of a piece of the file that was read ahead: of rows, and of what happened.
    expect(windowNum).toBeLessThan(2000);
  });

  test('the same from a cursor on', async () => {
    const { parcels } = await drain(dir);
    const middle = Math.floor(parcels.length / 2);
    const from = parseCheckpoint(JSON.parse(JSON.stringify(parcels[middle]?.checkpoint)));
    if (!from) throw new Error('no checkpoint');
    const rest = await drain(dir, from);
    expect(jobsOf([...parcels.slice(0, middle + 1), ...rest.parcels])).toEqual(expected);
    expect(rest.windowNum).toBeLessThan(2000);
  });

  test('windows are not kept where no rows are left to come', async () => {
    const { parcels } = await drain(dir);
    const documents = await RecordingDocuments.open(dir, SETTING, parcels.at(-1)?.checkpoint ?? BEGINNING);
    expect(await documents.next()).toBeUndefined();
    expect(documents.windowNum).toBeLessThan(500);
  });

  test('what happened comes before the rows', async () => {
    const { parcels } = await drain(dir);
    const entities = sourcesIn(parcels).map(({ entity }) => entity);
    const firstRow = entities.indexOf('host');
    expect(entities.slice(0, firstRow).filter((entity) => entity === 'start')).toHaveLength(JOBS + 1);
    expect(entities.slice(firstRow)).toEqual(Array.from({ length: JOBS }, () => 'host'));
  });
});

describe('a command, whose GPUs are told at its end', () => {
  const gpuRows = (time__s: number, events: readonly SamplerEvent[] = []) =>
    batch(
      [
        table(
          'gpu',
          [2, 3].map((instance) => ({ time: at(time__s), instance })),
          () => ({ value: 1, status: 0 }),
        ),
      ],
      events,
    );
  /** A row of each of two GPUs a second, and as many marks that the end is some pieces of the file away. */
  const record = (writer: RecordingWriter, from__s: number, to__s: number): void => {
    for (let time__s = from__s; time__s < to__s; time__s++) {
      for (let mark = 0; mark < 50; mark++)
        writer.event('mark', { time__ns: at(time__s), text: 'x'.repeat(99) });
      clock.pass(1000);
      const events = [2, 3].map((instance) => ({
        time__ns: at(time__s),
        kind: 'device_lost' as const,
        instance,
        text: '',
      }));
      void writer.write(gpuRows(time__s, events));
    }
  };
  const begin = async (): Promise<RecordingWriter> => {
    const writer = await RecordingWriter.create(newDir(), META);
    writer.event('window_start', { time__ns: at(0), data: { ...data('run'), tree: true } });
    return writer;
  };
  const end = (writer: RecordingWriter, time__s: number): Promise<void> => {
    const gpus = [INSTANCES.get(2)].flatMap((one) => (one?.entity === 'gpu' ? one.identity.uuid : []));
    const told = { ...data('run'), gpu_scope: 'process', gpus };
    writer.event('window_stop', { time__ns: at(time__s), data: told });
    return writer.close();
  };
  const jobsBy = (parcels: readonly Parcel[], of: string, field: string) =>
    [0, 1].map((gpu) => [
      ...new Set(
        sourcesIn(parcels)
          .filter((source) => source['entity'] === of && source[field] === gpu)
          .map(({ job }) => JSON.stringify(job)),
      ),
    ]);

  test('others’ rows are not its own, from the first on, nor is what happened to them', async () => {
    const writer = await begin();
    record(writer, 1, 200);
    await end(writer, 200);
    const { parcels } = await drain(writer.dir);
    expect(jobsBy(parcels, 'gpu', 'index')).toEqual([['["run"]'], [undefined]]);
    expect(sourcesIn(parcels).filter(({ entity }) => entity === 'gpu')).toHaveLength(2 * 199);
    const lost = sourcesIn(parcels).filter((source) => source['gpu_index'] !== undefined);
    expect(lost.filter(({ job }) => job !== undefined)).toHaveLength(199);
    expect(lost).toHaveLength(2 * 199);
  });

  test('followed while it ran: what is read after its end is its own', async () => {
    const writer = await begin();
    record(writer, 1, 3);
    await writer.flushed();
    const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
    while (await documents.next());
    record(writer, 3, 200);
    await end(writer, 200);
    const parcels: Parcel[] = [];
    for (let parcel = await documents.next(); parcel; parcel = await documents.next()) parcels.push(parcel);
    parcels.push(await documents.end());
    expect(jobsBy(parcels, 'gpu', 'index')).toEqual([['["run"]'], [undefined]]);
  });
});

test('a parcel stays small where a document names a thousand jobs', async () => {
  const writer = await RecordingWriter.create(newDir(), META);
  for (let job = 0; job < 1000; job++)
    writer.event('window_start', { time__ns: at(0), text: '', data: data(`${job} ${'x'.repeat(30)}`) });
  for (let row = 1; row <= 600; row++) await writer.write(hostRow(row));
  await writer.close();
  const { parcels } = await drain(writer.dir);
  const sizes__B = parcels.map(({ documents }) =>
    documents.reduce((sum, document) => sum + sizeOf(document), 0),
  );
  expect(jobsOf(parcels)).toHaveLength(600);
  expect(Math.max(...sizes__B) / PARCEL.size__B).toBeLessThan(2);
});

test('a damaged line of what happened is told once, and holds up no other', async () => {
  const writer = await RecordingWriter.create(newDir(), META);
  for (const mark of ['a', 'b', 'c']) writer.mark(mark);
  await writer.flushed();
  const path = join(writer.dir, 'events.ndjson');
  // Its length stays.
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(/^.*"b".*$/m, (line) => '#'.repeat(line.length)),
  );
  const line =
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((text) => text.startsWith('#')) + 1;
  const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
  const first = (await documents.next())!;
  expect(sourcesIn([first]).map(({ text }) => text)).toEqual(['a', 'c']);
  expect(first.letters).toMatchObject([
    { reason: `line ${line} of the recording's events.ndjson is damaged: it is not JSON` },
  ]);
  writer.mark('d');
  await writer.flushed();
  appendFileSync(path, '?\n');
  const again = await RecordingDocuments.open(writer.dir, SETTING, first.checkpoint);
  const rest = (await again.next())!;
  expect(sourcesIn([rest]).map(({ text }) => text)).toEqual(['d']);
  expect(rest.letters).toMatchObject([{ reason: expect.stringContaining('damaged') as string }]);
  expect(await again.next()).toBeUndefined();
  expect(await again.backlog(rest.checkpoint)).toBe(0);
  const tail = await RecordingTail.open(writer.dir);
  await tail.read(1);
  expect(tail.problems).toEqual((await openRecording(writer.dir)).problems);
  expect(tail.problems).toHaveLength(2);
  await writer.close();
});

describe('a chunk that is damaged', () => {
  const HOSTS = 'host-000001.arrows.gz';
  /** Chunks of a row each, of which one is damaged in its data. */
  async function damaged(chunk: number): Promise<{ readonly dir: string; readonly lost: string }> {
    const writer = await RecordingWriter.create(newDir(), META);
    const ends: number[] = [];
    for (const row of [1, 2, 3]) {
      clock.pass(31_000);
      await writer.write(hostRow(row));
      await writer.flushed();
      ends.push(readFileSync(join(writer.dir, HOSTS)).length);
    }
    await writer.close();
    const path = join(writer.dir, HOSTS);
    const bytes = readFileSync(path);
    const [from, until] = [ends[chunk - 2] ?? 0, ends[chunk - 1] ?? 0];
    bytes[until - 12] = (bytes[until - 12] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    return { dir: writer.dir, lost: `bytes ${from} to ${until}` };
  }

  test.each([2, 3])('number %d of three: it is told once, and holds up no other', async (chunk) => {
    const { dir, lost } = await damaged(chunk);
    const parcels = await allOf(await RecordingDocuments.open(dir, SETTING, BEGINNING));
    expect(jobsOf(parcels)).toHaveLength(2);
    const letters = parcels.flatMap((parcel) => parcel.letters);
    expect(letters).toMatchObject([
      {
        reason: expect.stringMatching(`^the recording's ${HOSTS}: damaged: ${lost}: .`) as string,
        document: { index: 'cpumetrics' },
      },
    ]);
    expect(letters.map(({ document }) => sourceOf(document))).toEqual(['null']);
    const again = await drain(dir, parcels.at(-1)?.checkpoint);
    expect(again.parcels).toEqual([]);
    // By whom it is told anew, it is told as the same.
    const [other] = (await drain(dir)).parcels.flatMap((parcel) => parcel.letters);
    expect(other?.document.id).toBe(letters[0]?.document.id);
  });

  test.each([
    ['whose header is broken', (chunk: Buffer) => chunk.fill(7, 0, 4), 1],
    ['that is zeros', (chunk: Buffer) => chunk.fill(0), 1],
    ['that is only cut', (chunk: Buffer) => chunk.subarray(0, chunk.length - 5), 0],
  ] as const)(
    'the last one of a recording that nobody closed, %s: %#',
    async (_, damage: (chunk: Buffer) => Buffer, count: number) => {
      const writer = await RecordingWriter.create(newDir(), META);
      let before = 0;
      for (const row of [1, 2, 3]) {
        clock.pass(31_000);
        before = existsSync(join(writer.dir, HOSTS)) ? statSync(join(writer.dir, HOSTS)).size : 0;
        await writer.write(hostRow(row));
        await writer.flushed();
      }
      const dir = newDir();
      cpSync(writer.dir, dir, { recursive: true });
      await writer.close();
      const path = join(dir, HOSTS);
      const bytes = readFileSync(path);
      writeFileSync(path, Buffer.concat([bytes.subarray(0, before), damage(bytes.subarray(before))]));
      const parcels = await allOf(await RecordingDocuments.open(dir, SETTING, BEGINNING));
      expect(jobsOf(parcels)).toHaveLength(2);
      const reasons = parcels.flatMap(({ letters }) => letters).map(({ reason }) => reason);
      const told = `the recording's ${HOSTS}: damaged: bytes ${before} to ${bytes.length}: no chunk`;
      expect(reasons).toEqual(Array(count).fill(told));
    },
  );

  test.each([
    [false, 0],
    [true, 1],
  ])('of cores, documents of which are wanted (%s): %d are told', async (cores, count) => {
    const writer = await RecordingWriter.create(newDir(), META);
    await writer.write(hostRow(1));
    await writer.close();
    writeFileSync(join(writer.dir, 'core-000001.arrows.gz'), 'no segment of cores, but bytes');
    const parcels = await allOf(await RecordingDocuments.open(writer.dir, { ...SETTING, cores }, BEGINNING));
    expect(parcels.flatMap(({ letters }) => letters)).toHaveLength(count);
  });

  test('the beginning of a segment: who goes on behind it does not tell it again', async () => {
    const { dir } = await damaged(2);
    const path = join(dir, HOSTS);
    const bytes = readFileSync(path);
    bytes[1] = 0;
    writeFileSync(path, bytes);
    const documents = await RecordingDocuments.open(dir, SETTING, BEGINNING);
    const parcel = (await documents.next())!;
    expect(parcel.letters).toHaveLength(2);
    const again = await drain(dir, parcel.checkpoint);
    expect(again.parcels).toEqual([]);
  });
});

describe('events.ndjson that is another while its recording goes on', () => {
  const ROW__S = 5;
  async function told(interfere: (path: string, drained: () => Promise<void>) => Promise<void>) {
    const writer = await RecordingWriter.create(newDir(), META);
    writer.event('window_start', { time__ns: at(0), data: data('run') });
    for (let mark = 0; mark < 100; mark++) writer.event('mark', { time__ns: at(1), text: `${mark}` });
    await writer.flushed();
    const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
    const parcels: Parcel[] = [];
    const drained = async (): Promise<void> => {
      for (let parcel = await documents.next(); parcel; parcel = await documents.next()) parcels.push(parcel);
    };
    await drained();
    await interfere(join(writer.dir, 'events.ndjson'), drained);
    await writer.flushed();
    for (const mark of ['a', 'b']) {
      writer.event('mark', { time__ns: at(2), text: mark });
      await writer.flushed();
      await drained();
    }
    await writer.write(hostRow(ROW__S));
    writer.event('window_stop', { time__ns: at(9), data: data('run') });
    await writer.close();
    await drained();
    expect(documents.ended).toBe(true);
    return parcels;
  }

  test.each([
    ['removed', (path: string) => Promise.resolve(rmSync(path))],
    [
      'removed, and looked for at once',
      async (path: string, drained: () => Promise<void>) => {
        rmSync(path);
        await drained();
      },
    ],
    ['emptied', (path: string) => Promise.resolve(truncateSync(path))],
    [
      'the same, of which a piece is cut off again that is then written once more',
      async (path: string, drained: () => Promise<void>) => {
        const text = readFileSync(path, 'utf8');
        appendFileSync(path, `${text.trimEnd().split('\n').at(-1)?.replace('"99"', '"a"')}\n`);
        await drained();
        truncateSync(path, text.length);
        await drained();
      },
    ],
  ])('%s: what comes is told, and rows keep their window', async (_, interfere) => {
    const parcels = await told(interfere);
    const events = sourcesIn(parcels).filter(({ entity }) => entity === 'event');
    const marks = Array.from({ length: 100 }, (_, mark) => `${mark}`);
    expect(events.map(({ text }) => text)).toEqual([...marks, 'a', 'b', 'run ended']);
    expect(jobsOf(parcels)).toEqual([['run']]);
  });
});

describe('a cursor whose events.ndjson was replaced by another', () => {
  const textsOf = (parcels: readonly Parcel[]) => sourcesIn(parcels).flatMap(({ text }) => text ?? []);
  const isRetold = (parcels: readonly Parcel[]) => parcels.map(({ sent }) => sent === 'likely');
  const tell = async (writer: RecordingWriter, marks: readonly string[]): Promise<void> => {
    for (const mark of marks) writer.mark(mark);
    await writer.flushed();
  };
  /** All that is told from a cursor on, by who has read nothing else. */
  const tellFrom = async (dir: string, { checkpoint }: Parcel): Promise<readonly Parcel[]> => {
    const from = parseCheckpoint(JSON.parse(JSON.stringify(checkpoint)));
    const documents = await RecordingDocuments.open(dir, SETTING, from!);
    const parcels: Parcel[] = [];
    for (let parcel = await documents.next(); parcel; parcel = await documents.next()) parcels.push(parcel);
    expect(await documents.backlog(parcels.at(-1)?.checkpoint ?? checkpoint)).toBe(0);
    return parcels;
  };
  /** With a row, whose instance is told again in each file. */
  const begun = async (): Promise<{ writer: RecordingWriter; path: string; last: Parcel }> => {
    const writer = await RecordingWriter.create(newDir(), META);
    await writer.write(hostRow(1));
    await tell(writer, ['a', 'b', 'c']);
    const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
    return { writer, path: join(writer.dir, 'events.ndjson'), last: (await documents.next())! };
  };

  test('the other is told from its beginning, and looked up', async () => {
    const { writer, path, last } = await begun();
    expect(textsOf([last])).toEqual(['a', 'b', 'c']);
    rmSync(path);
    expect(await writer.flushed()).toBe(false);
    await tell(writer, ['d', 'e', 'f', 'g', 'h', 'i']);
    const rest = await tellFrom(writer.dir, last);
    expect([textsOf(rest), isRetold(rest)]).toEqual([['d', 'e', 'f', 'g', 'h', 'i'], [true]]);
    // Which is acknowledged from then on.
    await tell(writer, ['j']);
    const more = await tellFrom(writer.dir, rest.at(-1)!);
    expect([textsOf(more), isRetold(more)]).toEqual([['j'], [false]]);
    await writer.close();
  });

  test('no two that a writer begins are taken for one', async () => {
    const { writer, path, last } = await begun();
    let before = last;
    for (const marks of [
      ['d', 'e'],
      ['f', 'g', 'h'],
      ['i', 'j', 'k'],
    ]) {
      rmSync(path);
      await writer.flushed();
      await tell(writer, marks);
      const told = await tellFrom(writer.dir, before);
      expect([textsOf(told), isRetold(told)]).toEqual([marks, [true]]);
      before = told.at(-1)!;
    }
    await writer.close();
    const events = (await openRecording(writer.dir)).events.map(({ kind, text }) => [kind, text]);
    expect(events[0]).toEqual(['events_lost', `'${path}' was removed`]);
  });

  test('one that is left until it is acknowledged', async () => {
    const { writer, path } = await begun();
    const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
    const first = (await documents.next())!;
    rmSync(path);
    await writer.flushed();
    await tell(writer, ['d']);
    const other__B = readFileSync(path).length;
    const second = (await documents.tell())!;
    expect(await documents.backlog(first.checkpoint)).toBe(other__B);
    expect(await documents.backlog(second.checkpoint)).toBe(0);
    await writer.close();
  });

  test('a cursor that does not say of which it is', async () => {
    const { writer, last } = await begun();
    const { file: _, ...old } = last.checkpoint;
    const told = await tellFrom(writer.dir, { ...last, checkpoint: old as Checkpoint });
    expect([textsOf(told), isRetold(told)]).toEqual([['a', 'b', 'c'], [true]]);
    await writer.close();
  });
});

test('what happened is left until it is acknowledged, also where it was read', async () => {
  const writer = await RecordingWriter.create(newDir(), META);
  const tell = async (id: string): Promise<number> => {
    writer.event('window_start', { time__ns: at(1), data: data(id) });
    await writer.flushed();
    return readFileSync(join(writer.dir, 'events.ndjson')).length;
  };
  const first__B = await tell('first');
  const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
  const first = await documents.tell();
  expect(await documents.backlog(BEGINNING)).toBe(first__B);
  const both__B = await tell('second');
  expect(await documents.backlog(BEGINNING)).toBe(both__B);
  const second = await documents.tell();
  expect(await documents.backlog(BEGINNING)).toBe(both__B);
  expect(await documents.backlog(first!.checkpoint)).toBe(both__B - first__B);
  expect(await documents.backlog(second!.checkpoint)).toBe(0);
  await writer.close();
});

test('what is told at the last, after the rows were read, is not left out', async () => {
  const writer = await RecordingWriter.create(newDir(), META);
  await writer.write(hostRow(1));
  await writer.flushed();
  const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
  expect(sourcesIn([(await documents.next())!]).map(({ entity }) => entity)).toEqual(['host']);
  // Told and closed between the look at what happened and the look for rows.
  const { tell } = documents;
  jest.spyOn(documents, 'tell').mockImplementationOnce(async () => {
    const told = await tell.call(documents);
    writer.mark('last');
    await writer.close();
    return told;
  });
  const last = await documents.next();
  expect(documents.ended).toBe(true);
  expect(sourcesIn([last!])).toMatchObject([{ event: 'mark', text: 'last' }]);
});

test('a summary that is not understood is told, and holds up no other', async () => {
  const writer = await RecordingWriter.create(newDir(), META);
  const summary = { job: { id: 'x', start: 'never' } };
  await writer.tellSummaries([{ of: 'the future' }, { summary }, { noise: 'damaged' }]);
  await writer.close();
  const path = join(writer.dir, 'summaries-000001.ndjson.gz');
  const bytes = readFileSync(path);
  // Before the checksum of the last one.
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 255;
  writeFileSync(path, bytes);
  const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
  const parcels: Parcel[] = [];
  for (let parcel = await documents.next(); parcel; parcel = await documents.next()) parcels.push(parcel);
  const letters = parcels.flatMap((parcel) => parcel.letters);
  expect(letters.map(({ document, reason }) => [JSON.parse(sourceOf(document)), reason])).toEqual([
    [{ of: 'the future' }, expect.stringMatching(/is not understood: it tells of no window$/)],
    [{ summary }, expect.stringMatching(/is not understood: ./)],
    [null, expect.stringMatching(/is not understood: it is damaged$/)],
  ]);
  expect(new Set(letters.map(({ document }) => document.id)).size).toBe(3);
  const { checkpoint = BEGINNING } = parcels.at(-1) ?? {};
  expect(await documents.backlog(checkpoint)).toBe(0);
  appendFileSync(path, 'x');
  expect(await documents.backlog(checkpoint)).toBe(1);
});

test('what the recording says of the GPUs holds from then on, also while it is followed', async () => {
  const writer = await RecordingWriter.create(newDir(), { ...META, simulated: false });
  await writer.write(hostRow(1));
  await writer.flushed();
  const documents = await RecordingDocuments.open(writer.dir, SETTING, BEGINNING);
  const marks = async () => {
    const parcels: Parcel[] = [];
    for (let parcel = await documents.next(); parcel; parcel = await documents.next()) parcels.push(parcel);
    return sourcesIn(parcels).map(({ entity, simulated = false }) => [entity, simulated]);
  };
  expect(await marks()).toEqual([['host', false]]);
  writer.describe({ simulated: true, profile: 'h200x1' });
  await writer.write(hostRow(2));
  writer.mark('then');
  await writer.flushed();
  expect(await marks()).toEqual([
    ['event', true],
    ['host', true],
  ]);
  await writer.close();
});
