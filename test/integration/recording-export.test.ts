// Exports of a recording: Parquet as pyarrow reads it, CSV and NDJSON as text.
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { metricsOf, STATUS } from '../../lib/catalog';
import { exportRecording, RecordingWriter } from '../../lib/recording';
import { batch, META, OFFSET__NS, table } from '../fixtures/recording/batches';
import { describeWithPython } from '../support/python';

const FAN = metricsOf('gpu').findIndex(({ name }) => name === 'fan_speed__pct');
const CLOCK = metricsOf('gpu').findIndex(({ name }) => name === 'gpu_clock__MHz');

let root: string;
let dir: string;
/** GPU 0 has no fan, and the clock is not due in every second row. */
const gpuCell = (metric: number, row: number) => ({
  value: metric * 1000 + row / 3,
  status: metric === FAN ? STATUS.unsupported : metric === CLOCK && row % 2 === 1 ? STATUS.notDue : 0,
});
const ROWS = 40_000;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'nvpulse-export-'));
  dir = join(root, 'recording');
  const writer = await RecordingWriter.create(dir, META);
  const rows = (count: number, start: bigint, instance: number) =>
    Array.from({ length: count }, (_, at) => ({ time: start + BigInt(at), instance }));
  await writer.write(batch([table('gpu', rows(ROWS, 1n, 2), gpuCell)]));
  const process = table('process', rows(1, 5n, 5), (metric) => ({ value: metric / 2, status: 0 }));
  await writer.write(batch([table('gpu', rows(2, 90_000n, 3), gpuCell), process]));
  await writer.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const lines = (text: string, end: string): string[] => text.split(end).slice(0, -1);

test('a pipe is written to, and nothing takes its place', async () => {
  const out = join(root, 'pipe');
  execFileSync('mkfifo', [out]);
  const reader = spawn('wc', ['-l', out]);
  const counted = text(reader.stdout);
  await exportRecording(dir, { to: 'ndjson', out, table: 'gpu' });
  expect((await counted).trim()).toBe(`${ROWS + 2} ${out}`);
  expect(statSync(out).isFIFO()).toBe(true);
});

test('a link is followed', async () => {
  const [out, link] = [join(root, 'linked.csv'), join(root, 'link.csv')];
  writeFileSync(out, '');
  symlinkSync(out, link);
  await exportRecording(dir, { to: 'csv', out: link, table: 'process' });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(out, 'utf8')).toMatch(/^entity,/);
});

test('CSV of one table: header, quoted cells, empty where there is no value', async () => {
  const out = join(root, 'gpu.csv');
  const { files } = await exportRecording(dir, { to: 'csv', out, table: 'gpu' });
  expect(files).toEqual([{ path: out, rows: ROWS + 2 }]);
  const [header, first, second] = lines(readFileSync(out, 'utf8'), '\r\n').map((line) => line.split(','));
  const row = (cells: string[] | undefined) =>
    Object.fromEntries((header ?? []).map((name, at) => [name, cells?.[at]]));
  expect(header?.slice(0, 6)).toEqual(['entity', 'time', 'index', 'uuid', 'name', 'gpu_clock__MHz']);
  expect(row(first)).toMatchObject({
    time: '2026-09-21T14:13:20.123456790Z',
    index: '0',
    gpu_clock__MHz: '0',
    fan_speed__pct: '',
    absent: 'fan_speed__pct=unsupported',
  });
  expect(row(second)).toMatchObject({ gpu_clock__MHz: '', memory_clock__MHz: String(1000 + 1 / 3) });
  await exportRecording(dir, { to: 'csv', out, table: 'process' });
  expect(readFileSync(out, 'utf8')).toContain(
    'process,2026-09-21T14:13:20.123456794Z,77,"pythön ""3""",j,0,0.5',
  );
});

test('NDJSON of all tables: entity tells rows apart, a missing value is an absent field', async () => {
  const out = join(root, 'all.ndjson');
  await exportRecording(dir, { to: 'ndjson', out });
  const rows = lines(readFileSync(out, 'utf8'), '\n').map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  expect(rows).toHaveLength(ROWS + 3);
  expect(rows[1]).toEqual({
    entity: 'gpu',
    time: '2026-09-21T14:13:20.123456791Z',
    index: 0,
    uuid: 'GPU-0000-0',
    name: 'NVIDIA H200',
    absent: 'fan_speed__pct=unsupported',
    ...Object.fromEntries(
      metricsOf('gpu').flatMap(({ name }, metric) =>
        gpuCell(metric, 1).status === 0 ? [[name, gpuCell(metric, 1).value]] : [],
      ),
    ),
  });
  expect(rows.find(({ entity }) => entity === 'process')).toMatchObject({ pid: 77, cpu_time__s: 0 });
});

test('a folder gets one file a table', async () => {
  const out = join(root, 'tables/');
  const { files } = await exportRecording(dir, { to: 'csv', out });
  expect(files.map(({ path, rows }) => [path, rows])).toEqual([
    [join(out, 'process.csv'), 1],
    [join(out, 'gpu.csv'), ROWS + 2],
  ]);
  expect(readdirSync(out).sort()).toEqual(['gpu.csv', 'process.csv']);
});

test('an export that fails leaves what was there', async () => {
  const target = join(root, 'kept');
  mkdirSync(target);
  mkdirSync(join(target, 'gpu.csv'));
  writeFileSync(join(target, 'process.csv'), 'old');
  await expect(exportRecording(dir, { to: 'csv', out: target })).rejects.toMatchObject({
    code: 'ERR_IO',
    message: expect.stringContaining(join(target, 'gpu.csv')) as string,
  });
  expect(readdirSync(target).sort()).toEqual(['gpu.csv', 'process.csv']);
  await expect(
    exportRecording(dir, { to: 'csv', out: join(root, 'no', 'such', 'f.csv') }),
  ).rejects.toMatchObject({
    code: 'ERR_IO',
  });
  expect(existsSync(join(root, 'no'))).toBe(false);
});

test('a row group that could not be written fails the export', async () => {
  const { ParquetWriter } = await import('hyparquet-writer');
  const write = jest
    .spyOn(ParquetWriter.prototype, 'write')
    .mockRejectedValueOnce(new Error('no room for a row group'));
  const out = join(root, 'gpu.parquet');
  await expect(exportRecording(dir, { to: 'parquet', out, table: 'gpu' })).rejects.toMatchObject({
    code: 'ERR_IO',
    message: `cannot export to '${out}': no room for a row group`,
  });
  expect(existsSync(out)).toBe(false);
  write.mockRestore();
});

test('a table that is not there is named, with those that are', async () => {
  const wrong = exportRecording(dir, { to: 'csv', out: join(root, 'x.csv'), table: 'disc' });
  await expect(wrong).rejects.toThrow("table: the recording has no 'disc'; it has process, gpu");
});

describeWithPython('pyarrow', ['pyarrow==26.0.0'], (python) => {
  const READ = `
import json, sys, pyarrow as pa, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
table = file.read()
table.validate(full=True)
print(json.dumps({
    'groups': file.num_row_groups,
    'types': {f.name: str(f.type) for f in table.schema},
    'columns': {n: [str(v) for v in table[n].cast(pa.int64()).to_pylist()] if n == 'time' else table[n].to_pylist() for n in table.column_names},
}))`;

  test('reads Parquet with every value and nanosecond', async () => {
    const out = join(root, 'all.parquet');
    await exportRecording(dir, { to: 'parquet', out });
    const read = python.json(READ, { args: [out] }) as {
      groups: number;
      types: Record<string, string>;
      columns: Record<string, unknown[]>;
    };
    const gpuRows = [...Array(ROWS).keys(), 0, 1];
    expect(read.groups).toBeGreaterThan(1);
    expect(read.types).toMatchObject({
      entity: 'string',
      time: 'timestamp[ns, tz=UTC]',
      index: 'int32',
      pid: 'int32',
      power_draw__W: 'double',
      absent: 'string',
    });
    const isGpu = (read.columns['entity'] ?? []).map((entity) => entity === 'gpu');
    const gpu = (name: string) => (read.columns[name] ?? []).filter((_, at) => isGpu[at]);
    metricsOf('gpu').forEach(({ name }, metric) => {
      const cells = gpuRows.map((row) => gpuCell(metric, row));
      expect(gpu(name)).toEqual(cells.map(({ value, status }) => (status === 0 ? value : null)));
    });
    expect(gpu('time').slice(0, 2)).toEqual([String(OFFSET__NS + 1n), String(OFFSET__NS + 2n)]);
    expect(gpu('index').slice(-3)).toEqual([0, 1, 1]);
    expect(read.columns['pid']?.filter((pid) => pid !== null)).toEqual([77]);
  });
});
