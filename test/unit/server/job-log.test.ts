// The log behind the book: what is durable when it says so, and what a torn or damaged file gives.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppendFile } from '../../../lib/recording/append-file';
import { JobLog, readJobLog } from '../../../lib/server/job-log';
import type { JobRecord } from '../../../lib/server/job-book';
import { fill, onTinyDisk } from '../../support/tiny-disk';

const folder = mkdtempSync(join(tmpdir(), 'nvpulse-job-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (id: string, labels: Readonly<Record<string, string>> = {}): JobRecord => ({
  kind: 'start',
  time__ns: 1_795_570_666_229_793_134n,
  spec: {
    id,
    name: id,
    labels,
    interval__ns: 1e8,
    lease__ns: 1e9,
    gpu_scope: 'node',
    gpus: [],
    root: null,
  },
});
const finish = (id: string): JobRecord => ({ kind: 'finish', id });

/** A log of a server that has these jobs. */
function createLog(path: string, records: readonly JobRecord[], removed: () => void = () => undefined) {
  return JobLog.create({ path, snapshot: () => records, onRemoved: removed, log: () => undefined });
}

const idsIn = async (path: string): Promise<readonly (string | false)[]> =>
  (await readJobLog(path)).records.map((record) => record.kind === 'start' && record.spec.id);

test('what was durable is read again, to the nanosecond, whatever its texts hold', async () => {
  const path = join(folder, 'whole.log');
  const log = await createLog(path, [finish('before')]);
  const odd = start('a\u2028"\\ü', { time__ns: '5', $ns: 'x' });
  log.append(odd);
  await log.durable();
  log.append({ kind: 'stop', id: 'a', ending: { time__ns: 2n ** 62n, by: 'lease', status: '' } });
  await log.durable();
  // Read while it is open: nothing depends on an orderly end.
  expect(await readJobLog(path)).toEqual({
    records: [
      finish('before'),
      odd,
      { kind: 'stop', id: 'a', ending: { time__ns: 2n ** 62n, by: 'lease', status: '' } },
    ],
    damaged: [],
  });
  await log.close();
});

test('requests that come together are all durable, in their order', async () => {
  const path = join(folder, 'many.log');
  const log = await createLog(path, []);
  const ids = Array.from({ length: 200 }, (_, i) => `job-${i}`);
  await Promise.all(
    ids.map(async (id, i) => {
      if (i % 7 === 0) await new Promise(setImmediate);
      log.append(start(id));
      await log.durable();
      expect(readFileSync(path, 'utf8')).toContain(`"${id}"`);
    }),
  );
  const { records } = await readJobLog(path);
  expect(records).toHaveLength(200);
  expect(new Set(records.map((record) => record.kind === 'start' && record.spec.id))).toEqual(new Set(ids));
  await log.close();
});

test('a log that was cut anywhere gives every whole record before the cut', async () => {
  const path = join(folder, 'cut.log');
  const log = await createLog(path, []);
  for (const id of ['a', 'b', 'c']) log.append(start(id));
  await log.close();
  const whole = readFileSync(path);
  const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 10 ? [at + 1] : []));
  for (let length = 0; length <= whole.length; length += 11) {
    const cut = join(folder, 'cut-here.log');
    writeFileSync(cut, whole.subarray(0, length));
    const { records, damaged } = await readJobLog(cut);
    expect(records).toHaveLength(ends.filter((end) => end <= length).length);
    expect(damaged).toEqual([]);
  }
});

test('a damaged line is left out, and named', async () => {
  const path = join(folder, 'damaged.log');
  const log = await createLog(path, []);
  for (const id of ['a', 'b', 'c']) log.append(start(id));
  await log.close();
  writeFileSync(path, readFileSync(path, 'utf8').replace('"id":"b"', '"id":"B"'));
  const { records, damaged } = await readJobLog(path);
  expect(records.map((record) => record.kind === 'start' && record.spec.id)).toEqual(['a', 'c']);
  expect(damaged).toEqual([2]);
});

test('what the disk refuses is said, kept, and written when it can be', async () => {
  const path = join(folder, 'gone', 'jobs.log');
  const away = join(folder, 'away');
  mkdirSync(join(folder, 'gone'));
  const log = await createLog(path, [start('a')]);
  renameSync(join(folder, 'gone'), away);
  writeFileSync(join(folder, 'gone'), 'in the way');
  log.append(start('b'));
  await expect(log.durable()).rejects.toMatchObject({ code: 'ERR_IO' });
  expect(log.failure).toMatch(/cannot be kept on the disk: file already exists/);
  expect(log.behind).toBe(true);
  rmSync(join(folder, 'gone'));
  renameSync(away, join(folder, 'gone'));
  log.append(start('c'));
  await log.durable();
  expect(log.failure).toBeUndefined();
  const { records, damaged } = await readJobLog(path);
  expect(records.map((record) => record.kind === 'start' && record.spec.id)).toEqual(['a', 'b', 'c']);
  expect(damaged).toEqual([]);
  await log.close();
});

test('a record that the disk did not sync is refused, and stands once when it is kept', async () => {
  const path = join(folder, 'unsynced.log');
  const log = await createLog(path, [start('a')]);
  jest.spyOn(AppendFile.prototype, 'sync').mockRejectedValueOnce(new Error('no sync'));
  log.append(start('b'));
  await expect(log.durable()).rejects.toMatchObject({ code: 'ERR_IO' });
  expect([log.failure, log.behind]).toEqual(['it cannot be kept on the disk: no sync', true]);
  expect(await idsIn(path)).toEqual(['a']);
  log.append(start('c'));
  await log.durable();
  expect([log.failure, log.behind]).toEqual([undefined, false]);
  expect(await idsIn(path)).toEqual(['a', 'b', 'c']);
  await log.close();
});

test('a full disk: nothing of what it refused stands there, and later all does', () => {
  const disk = join(folder, 'disk');
  return onTinyDisk(disk, 1, async () => {
    const path = join(disk, 'jobs.log');
    const log = await createLog(path, [start('a')]);
    fill(disk);
    const labels = { text: 'x'.repeat(1e5) };
    log.append(start('b', labels));
    await expect(log.durable()).rejects.toThrow('no space left on device');
    expect(await readJobLog(path)).toEqual({ records: [start('a')], damaged: [] });
    rmSync(join(disk, 'fill'));
    await log.durable();
    expect(await readJobLog(path)).toEqual({ records: [start('a'), start('b', labels)], damaged: [] });
    await log.close();
  });
});

test('a log that cannot be written anew goes on as it is, and says so', async () => {
  const path = join(folder, 'uncompacted.log');
  const lines: string[] = [];
  const log = await JobLog.create({
    path,
    snapshot: () => [start('a')],
    onRemoved: () => undefined,
    log: (line) => lines.push(line),
  });
  // In the way of the file that is to take its place.
  mkdirSync(join(folder, '.uncompacted.log.tmp'));
  const renew = (round: number): JobRecord => ({
    kind: 'renew',
    id: 'a',
    lease__ns: 1e9,
    deadline__ns: BigInt(round),
  });
  for (let round = 0; lines.length === 0 && round < 100; round++) {
    for (let more = 0; more < 500; more++) log.append(renew(round));
    await log.durable();
  }
  expect(statSync(path).size).toBeGreaterThan(2 ** 20);
  log.append(start('late'));
  await log.durable();
  expect((await idsIn(path)).filter(Boolean)).toEqual(['a', 'late']);
  // It is not tried at each record.
  expect(lines).toEqual([expect.stringMatching(/^jobs.log: not compacted: /)]);
  rmSync(join(folder, '.uncompacted.log.tmp'), { recursive: true });
  await log.close();
});

test('a log that is removed is written again of what the server knows, at the next look', async () => {
  const path = join(folder, 'removed', 'jobs.log');
  let removed = 0;
  const known = [start('a')];
  const log = await createLog(path, known, () => removed++);
  const add = (id: string): void => {
    known.push(start(id));
    log.append(start(id));
  };
  add('b');
  await log.durable();
  rmSync(join(folder, 'removed'), { recursive: true });
  await log.durable();
  expect(await idsIn(path)).toEqual(['a', 'b']);
  // Also where another file is put in its place, and a record comes with it.
  rmSync(path);
  writeFileSync(path, 'x'.repeat(100_000));
  add('c');
  await log.durable();
  expect(await idsIn(path)).toEqual(['a', 'b', 'c']);
  add('d');
  await log.durable();
  expect(await idsIn(path)).toEqual(['a', 'b', 'c', 'd']);
  expect(removed).toBe(2);
  await log.close();
});

test('a log that grows is written anew while it is in use', async () => {
  const path = join(folder, 'compacted.log');
  const log = await createLog(path, [start('a'), start('b')]);
  let largest__B = 0;
  let written__B = 0;
  for (let round = 0; round < 100; round++) {
    for (let renewal = 0; renewal < 200; renewal++)
      log.append({ kind: 'renew', id: 'a', lease__ns: 1e9, deadline__ns: BigInt(round * 200 + renewal) });
    await log.durable();
    const { size } = statSync(path);
    largest__B = Math.max(largest__B, size);
    written__B += 200 * 90;
  }
  expect(written__B).toBeGreaterThan(1.5 * 2 ** 20);
  expect(largest__B).toBeLessThan(1.2 * 2 ** 20);
  await log.close();
  expect((await idsIn(path)).slice(0, 2)).toEqual(['a', 'b']);
});

test('no log is an empty one; a folder in its place is an error', async () => {
  expect(await readJobLog(join(folder, 'none.log'))).toEqual({ records: [], damaged: [] });
  await expect(readJobLog(folder)).rejects.toMatchObject({ code: 'ERR_IO' });
});
