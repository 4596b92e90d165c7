// The spool at its limit: what goes first, what stays, and that what no sink took is counted.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openRecording,
  readCursor,
  RecordingWriter,
  writeCursor,
  type SummaryPlace,
} from '../../../lib/recording';
import { segmentName } from '../../../lib/recording/segments';
import { startServer } from '../../../lib/server';
import { Spool } from '../../../lib/server/spool';
import type { TakenRecording } from '../../../lib/server/job-summary';
import { META } from '../../fixtures/recording/batches';
import { eventually } from '../../support/monitoring-server';

const KIB = 1024;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'nvpulse-spool-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A closed recording with segments of the table gpu, each of 100 KiB, oldest first. */
async function recording(name: string, segments: number): Promise<string> {
  const writer = await RecordingWriter.create(join(folder, name), META);
  await writer.close();
  for (let number = 1; number <= segments; number++) {
    const path = join(writer.dir, segmentName('gpu', number));
    writeFileSync(path, Buffer.alloc(100 * KIB));
    utimesSync(path, number, number);
  }
  return writer.dir;
}

function positionAt(segment: number): TakenRecording['position'] {
  return { tables: { gpu: { flush: 1, rows: 1, segment, offset: 0 } } };
}

interface Given {
  readonly limit__KiB: number;
  readonly current?: string;
  readonly taken?: readonly TakenRecording[];
}

function spoolOf({ limit__KiB, current = '', taken = [] }: Given): {
  readonly spool: Spool;
  readonly lines: string[];
} {
  const lines: string[] = [];
  const spool = new Spool({
    dir: folder,
    limit__B: limit__KiB * KIB,
    current: () => current,
    taken: (dir) => Promise.resolve(taken.find((one) => one.dir === dir)),
    log: (line) => lines.push(line),
  });
  return { spool, lines };
}

const segmentsIn = (dir: string): readonly string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.gz'))
    .sort();

const summariesIn = (dir: string): readonly number[] =>
  readdirSync(dir)
    .flatMap((name) => /^summaries-0*(\d+)/.exec(name)?.slice(1) ?? [])
    .map(Number)
    .sort();

test('below the limit nothing goes, whether taken or not', async () => {
  const dirs = [await recording('a', 2), await recording('b', 2)];
  const taken = dirs.map((dir) => ({ dir, position: positionAt(3), summaries: undefined, finished: true }));
  const { spool, lines } = spoolOf({ limit__KiB: 500, taken });
  await spool.keep();
  expect(dirs.map((dir) => segmentsIn(dir).length)).toEqual([2, 2]);
  expect(spool.size__B).toBeGreaterThan(400 * KIB);
  expect([spool.dropped__B, lines]).toEqual([0, []]);
});

test('what a sink has taken goes first, the oldest of it before the rest, and nothing is counted as lost', async () => {
  const [a, b, c] = [await recording('a', 2), await recording('b', 2), await recording('c', 2)];
  const taken = [a, b].map((dir) => ({ dir, position: positionAt(3), summaries: undefined, finished: true }));
  const { spool } = spoolOf({ limit__KiB: 560, current: c, taken });
  await spool.keep();
  expect([a, b, c].map(existsSync)).toEqual([false, true, true]);
  expect(spool.size__B).toBeLessThan(560 * KIB);
  expect(spool.dropped__B).toBe(0);
});

test('of the recording that is being written only the segments that are taken go', async () => {
  const dir = await recording('a', 5);
  const { spool } = spoolOf({
    limit__KiB: 400,
    current: dir,
    taken: [{ dir, position: positionAt(3), summaries: undefined, finished: false }],
  });
  await spool.keep();
  expect(segmentsIn(dir)).toEqual([3, 4, 5].map((number) => segmentName('gpu', number)));
  expect(spool.dropped__B).toBe(0);
  expect(await readCursor(join(dir, 'trimmed.json'))).toMatchObject({ segments: { gpu: 2 } });
});

test('what no sink has taken goes last, at the limit alone, and is counted and told', async () => {
  const [a, b] = [await recording('a', 2), await recording('b', 6)];
  const { spool, lines } = spoolOf({ limit__KiB: 500, current: b });
  await spool.keep();
  expect(existsSync(a)).toBe(false);
  // Of the one that is being written the oldest segments, never the last.
  expect(segmentsIn(b)).toEqual([3, 4, 5, 6].map((number) => segmentName('gpu', number)));
  expect(spool.dropped__B).toBeGreaterThanOrEqual(400 * KIB);
  expect(lines).toEqual([
    expect.stringMatching(/^spool: at its limit; \d+ bytes that were not exported are removed$/),
  ]);
  await spool.keep();
  expect(lines).toHaveLength(1);
});

test('a full disk: what a sink has taken goes, below the limit, too, and nothing else', async () => {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  if (status !== 0) return void process.stderr.write('skipped: this user may not mount a tmpfs\n');
  try {
    const [a, b, c] = [await recording('a', 2), await recording('b', 2), await recording('c', 4)];
    const taken = [
      { dir: a, position: positionAt(3), summaries: undefined, finished: true },
      { dir: c, position: positionAt(3), summaries: undefined, finished: false },
    ];
    const { spool, lines } = spoolOf({ limit__KiB: 10_000, current: c, taken });
    writeFileSync(join(folder, 'others'), Buffer.alloc(130 * KIB));
    await spool.keep();
    // One was enough.
    expect([a, b, c].map(existsSync)).toEqual([false, true, true]);
    expect(segmentsIn(c)).toHaveLength(4);
    writeFileSync(join(folder, 'others'), Buffer.alloc(350 * KIB));
    await spool.keep();
    expect(segmentsIn(c)).toEqual([3, 4].map((number) => segmentName('gpu', number)));
    expect(existsSync(b)).toBe(true);
    expect([spool.dropped__B, lines]).toEqual([0, []]);
  } finally {
    spawnSync('umount', ['-l', folder]);
  }
});

test('summaries that are taken go with the rows; those that are not are the last to go', async () => {
  const writer = await RecordingWriter.create(join(folder, 'a'), META);
  const places: SummaryPlace[] = [];
  for (let number = 0; number < 48; number++)
    places.push(...(await writer.tellSummaries([{ number, noise: randomBytes(4e5).toString('hex') }])));
  await writer.close();
  expect(summariesIn(writer.dir)).toEqual([1, 2, 3]);
  const summaries = places.find(({ file }) => file === 2);
  const taken = [{ dir: writer.dir, position: positionAt(1), summaries, finished: false }];
  const first = spoolOf({ limit__KiB: 15_000, current: writer.dir, taken });
  await first.spool.keep();
  expect(summariesIn(writer.dir)).toEqual([2, 3]);
  expect(first.spool.dropped__B).toBe(0);
  const second = spoolOf({ limit__KiB: 9000, current: writer.dir });
  await second.spool.keep();
  expect(summariesIn(writer.dir)).toEqual([3]);
  expect(second.spool.dropped__B).toBeGreaterThan(8 * 2 ** 20);
});

/** A folder of a server's recording that nobody has changed for an hour, with a segment of so many KiB and no manifest. */
function husk(name: string, size__KiB: number): string {
  const dir = join(folder, `20260101T00000${name}Z-server`);
  mkdirSync(dir);
  writeFileSync(join(dir, segmentName('gpu', 1)), Buffer.alloc(size__KiB * KIB));
  makeOld(dir);
  return dir;
}

function makeOld(dir: string): void {
  const then__s = Date.now() / 1000 - 3600;
  utimesSync(dir, then__s, then__s);
}

describe('a recording without a manifest, of which nothing can be delivered', () => {
  test('is counted, and told once, and in health as long as it is there', async () => {
    const dirs = [husk('1', 100), husk('2', 200)];
    const a = await recording('a', 1);
    const { spool, lines } = spoolOf({ limit__KiB: 1000, current: a });
    await spool.keep();
    await spool.keep();
    const told = dirs.map(
      (dir, at) =>
        `'${dir}' has no manifest.json: none of its ${(at + 1) * 100 * KIB} bytes can be delivered`,
    );
    expect(spool.troubles).toEqual(told);
    expect(lines).toEqual(told.map((one) => `spool: ${one}`));
    expect(spool.size__B).toBeGreaterThan(400 * KIB);
    expect([spool.dropped__B, dirs.map(existsSync)]).toEqual([0, [true, true]]);
    rmSync(dirs[0]!, { recursive: true });
    await spool.keep();
    expect(spool.troubles).toEqual(told.slice(1));
  });

  test('goes first, before what a sink has taken, as far as room is needed, and is counted', async () => {
    const a = await recording('a', 2);
    const [first, second] = [husk('1', 200), husk('2', 200)];
    const b = await recording('b', 1);
    const taken = [{ dir: a, position: positionAt(3), summaries: undefined, finished: true }];
    const { spool, lines } = spoolOf({ limit__KiB: 650, current: b, taken });
    await spool.keep();
    expect([a, first, second, b].map(existsSync)).toEqual([true, false, true, true]);
    expect(spool.dropped__B).toBe(200 * KIB);
    expect(lines.at(-1)).toBe(`spool: '${first}' is removed: ${200 * KIB} bytes that could not be delivered`);
    expect(spool.troubles).toHaveLength(1);
  });

  test('is none where it may be only beginning, or is the one that is being written', async () => {
    const young = husk('1', 100);
    utimesSync(young, new Date(), new Date());
    const current = husk('2', 100);
    const { spool, lines } = spoolOf({ limit__KiB: 1, current });
    await spool.keep();
    expect([young, current].map(existsSync)).toEqual([true, true]);
    expect([spool.troubles, lines, spool.dropped__B]).toEqual([[], [], 0]);
    expect(spool.size__B).toBe(200 * KIB);
  });

  test('goes without a word where nothing was recorded in it', async () => {
    const dir = husk('1', 1);
    rmSync(join(dir, segmentName('gpu', 1)));
    writeFileSync(join(dir, '.manifest.json.tmp'), '{');
    makeOld(dir);
    const { spool, lines } = spoolOf({ limit__KiB: 1000 });
    await spool.keep();
    expect(existsSync(dir)).toBe(false);
    expect([spool.troubles, lines, spool.size__B]).toEqual([[], [], 0]);
  });

  test('is not what somebody else put there', async () => {
    const others = ['lost+found', '20260101-backup'].map((name) => join(folder, name));
    for (const dir of others) {
      mkdirSync(dir);
      writeFileSync(join(dir, 'x'), Buffer.alloc(100 * KIB));
      makeOld(dir);
    }
    const { spool, lines } = spoolOf({ limit__KiB: 1 });
    await spool.keep();
    expect(others.map(existsSync)).toEqual([true, true]);
    expect([spool.troubles, lines, spool.size__B]).toEqual([[], [], 0]);
  });
});

test('a recording of a newer version is counted, and goes when what is taken is gone', async () => {
  const newer = husk('1', 300);
  writeFileSync(join(newer, 'manifest.json'), JSON.stringify({ format: 99, clock: {}, catalog: {} }));
  const [a, b, c] = [await recording('a', 2), await recording('b', 2), await recording('c', 1)];
  const taken = [{ dir: a, position: positionAt(3), summaries: undefined, finished: true }];
  const first = spoolOf({ limit__KiB: 750, current: c, taken });
  await first.spool.keep();
  expect([newer, a, b, c].map(existsSync)).toEqual([true, false, true, true]);
  const second = spoolOf({ limit__KiB: 500, current: c, taken });
  await second.spool.keep();
  expect([newer, b, c].map(existsSync)).toEqual([false, true, true]);
  expect(second.spool.dropped__B).toBeGreaterThanOrEqual(300 * KIB);
  expect(second.spool.troubles).toEqual([]);
});

test('a folder that is gone is an empty one', async () => {
  rmSync(folder, { recursive: true });
  const { spool, lines } = spoolOf({ limit__KiB: 1 });
  await spool.keep();
  expect([spool.size__B, lines]).toEqual([0, []]);
});

test('what one round has removed stops no other round, nor does a recording that cannot be removed', async () => {
  const [a, b, c, d] = [
    await recording('a', 2),
    await recording('b', 2),
    await recording('c', 2),
    await recording('d', 2),
  ];
  const taken = [a, b].map((dir) => ({ dir, position: positionAt(3), summaries: undefined, finished: true }));
  const { spool, lines } = spoolOf({ limit__KiB: 150, current: d, taken });
  await spool.keep();
  expect([a, b, c, d].map(existsSync)).toEqual([false, false, false, true]);
  expect(segmentsIn(d)).toHaveLength(1);
  expect(lines).toEqual([expect.stringMatching(/^spool: at its limit; \d+ bytes/)]);
});

test('health tells of what has no manifest', async () => {
  const state = join(folder, 'state');
  const { dir } = await openRecording(await recording('state/spool/20260101T000001Z-server', 1));
  rmSync(join(dir, 'manifest.json'));
  makeOld(dir);
  const server = await startServer({
    ...{ listen: '127.0.0.1:0', state, nvml: '/nonexistent' },
    log: () => undefined,
  });
  const reason = await eventually(async () => {
    const { reasons } = (await (await fetch(`${server.url}/health`)).json()) as {
      readonly reasons: readonly string[];
    };
    return reasons.find((one) => one.includes('has no manifest.json'));
  });
  await server.close();
  expect(reason).toMatch(`'${dir}' has no manifest.json: none of its `);
});

test('a server that starts at its limit knows by the cursors what is acknowledged', async () => {
  const state = join(folder, 'state');
  const { manifest, dir } = await openRecording(await recording('state/spool/a', 200));
  mkdirSync(join(state, 'export'));
  const checkpoint = { position: positionAt(201), events: 1, summaries: { file: 1, offset: 0 } };
  await writeCursor(join(state, 'export', `${manifest.id}.cursor.json`), { checkpoint, finished: true });
  const lines: string[] = [];
  const server = await startServer({
    ...{ listen: '127.0.0.1:0', state, nvml: '/nonexistent', spoolLimit: '16MiB' },
    elasticsearch: { url: 'http://127.0.0.1:9' },
    log: (line) => lines.push(line),
  });
  await eventually(() => !existsSync(dir) || undefined);
  const health = (await (await fetch(`${server.url}/health`)).json()) as {
    readonly spool_dropped__B: number;
  };
  await server.close();
  expect(health.spool_dropped__B).toBe(0);
  expect(lines.join()).not.toMatch(/not exported/);
});
