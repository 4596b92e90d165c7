// pyarrow, which no one here wrote, opens every table of a recording and finds the values.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricsOf, STATUS } from '../../lib/catalog';
import { RecordingWriter } from '../../lib/recording';
import { batch, META, OFFSET__NS, table } from '../fixtures/recording/batches';
import { describeWithPython } from '../support/python';

const READ_TABLES = `
import glob, json, os, sys, pyarrow as pa
result = {}
for path in sorted(glob.glob(os.path.join(sys.argv[1], '*.arrows.gz'))):
    with pa.input_stream(path, compression='gzip') as file:
        table = pa.ipc.open_stream(file).read_all()
    table.validate(full=True)
    columns = {name: table[name].cast(pa.int64()) if name == 'time' else table[name] for name in table.column_names}
    result[os.path.basename(path)] = {
        'types': {name: str(table.schema.field(name).type) for name in table.column_names},
        'units': {f.name: f.metadata[b'unit'].decode() for f in table.schema if f.metadata and b'unit' in f.metadata},
        'columns': {name: [str(v) if name == 'time' else v for v in column.to_pylist()] for name, column in columns.items()},
        'nulls': {name: column.null_count for name, column in columns.items()},
    }
print(json.dumps(result))
`;

interface Read {
  readonly types: Record<string, string>;
  readonly units: Record<string, string>;
  readonly columns: Record<string, unknown[]>;
  readonly nulls: Record<string, number>;
}

describeWithPython('pyarrow', ['pyarrow==26.0.0'], (python) => {
  let dir: string;
  beforeAll(() => (dir = mkdtempSync(join(tmpdir(), 'nvpulse-pyarrow-'))));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('opens every table, values equal', async () => {
    const writer = await RecordingWriter.create(dir, META);
    const cell = (metric: number, row: number) => ({
      value: metric + row / 7,
      status: metric === 3 && row % 2 === 1 ? 15 : metric === 4 ? STATUS.notDue : 0,
    });
    const gpuRows = (start: bigint) =>
      Array.from({ length: 20 }, (_, at) => ({ time: start + BigInt(at), instance: 2 + (at % 2) }));
    // Two chunks with different dictionaries: the second is large enough to follow at once.
    const many = Array.from({ length: 3000 }, (_, at) => ({ time: 100n + BigInt(at), instance: 3 }));
    await writer.write(
      batch([table('gpu', gpuRows(10n), cell), table('disk', [{ time: 1n, instance: 4 }], cell)]),
    );
    await writer.write(batch([table('gpu', many, cell), table('agent', [{ time: 2n, instance: 6 }], cell)]));
    await writer.write(
      batch([table('gpu', many, cell), table('process', [{ time: 2n, instance: 5 }], cell)]),
    );
    await writer.close();
    const tables = python.json(READ_TABLES, { args: [dir] }) as Record<string, Read>;
    expect(Object.keys(tables)).toEqual([
      'agent-000001.arrows.gz',
      'disk-000001.arrows.gz',
      'gpu-000001.arrows.gz',
      'process-000001.arrows.gz',
    ]);
    const gpu = tables['gpu-000001.arrows.gz'] as Read;
    expect(gpu.types).toMatchObject({
      time: 'timestamp[ns, tz=UTC]',
      index: 'int32',
      uuid: 'dictionary<values=string, indices=int32, ordered=0>',
      power_draw__W: 'double',
      instance: 'uint32',
    });
    expect(gpu.units).toMatchObject({ power_draw__W: 'W', perf_state: '' });
    expect(gpu.columns['time']?.slice(0, 2)).toEqual([String(OFFSET__NS + 10n), String(OFFSET__NS + 11n)]);
    expect(gpu.columns['index']?.slice(0, 21)).toEqual([...Array.from({ length: 20 }, (_, at) => at % 2), 1]);
    expect(gpu.columns['uuid']?.slice(0, 2)).toEqual(['GPU-0000-0', 'GPU-0000-1']);
    metricsOf('gpu').forEach(({ name }, metric) => {
      const rows = [...gpuRows(0n).keys(), ...many.keys(), ...many.keys()];
      const expected = rows.map((row) => (cell(metric, row).status === 0 ? cell(metric, row).value : null));
      expect(gpu.columns[name]).toEqual(expected);
      expect(gpu.nulls[name]).toBe(expected.filter((value) => value === null).length);
    });
    const [third, fourth] = [metricsOf('gpu')[3]?.name, metricsOf('gpu')[4]?.name];
    expect(gpu.columns['status']?.slice(0, 2)).toEqual([`${fourth}:60000`, `${third}:15 ${fourth}:60000`]);
    expect(tables['process-000001.arrows.gz']?.columns['name']).toEqual(['pythön "3"']);
  });
});
