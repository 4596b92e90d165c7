// docs/RECORDING.md: what it says to type opens a recording in pyarrow, pandas, Polars and DuckDB.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricsOf } from '../../lib/catalog';
import { RecordingWriter } from '../../lib/recording';
import { EVENTS } from '../../lib/recording/events';
import { batch, META, table } from '../fixtures/recording/batches';
import { describeWithPython } from '../support/python';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'RECORDING.md'), 'utf8');
const PACKAGES = ['pyarrow==26.0.0', 'pandas==3.1.1', 'polars==2.1.0', 'duckdb==2.0.1'];

describeWithPython('docs/RECORDING.md', PACKAGES, (python) => {
  let dir: string;
  beforeAll(() => (dir = mkdtempSync(join(tmpdir(), 'nvpulse-docs-'))));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('its Python code, block after block, on a recording of several chunks', async () => {
    const [power, energy] = ['power_draw__W', 'energy__J'].map((wanted) =>
      metricsOf('gpu').findIndex(({ name }) => name === wanted),
    );
    // A chunk has one GPU only, so that their dictionaries differ.
    const chunk = (instance: number) => {
      const rows = Array.from({ length: 6000 }, (_, at) => ({
        time: BigInt(instance * 6000 + at),
        instance,
      }));
      return table('gpu', rows, (metric, row) => ({
        value: metric === power ? 100 * instance + (row % 2) : metric === energy ? row : 0,
        status: 0,
      }));
    };
    const writer = await RecordingWriter.create(dir, META);
    await writer.write(batch([chunk(2)]));
    await writer.write(batch([chunk(3)]));
    await writer.close();
    const blocks = [...PAGE.matchAll(/```python\n(.*?)```/gs)].map(([, code]) => code ?? '');
    expect(blocks).toHaveLength(4);
    const [arrow, pandas, polars, duckdb] = python
      .run(blocks.join('print("---")\n'), { env: { RECORDING: dir } })
      .split('---\n');
    expect(arrow).toMatch(/^12000 Power drawn/);
    expect(pandas).toMatch(/^0 +200\.5\n1 +300\.5$/m);
    expect(polars).toMatch(/^│ 0 +┆ 201\.0 +│\n│ 1 +┆ 301\.0 +│$/m);
    expect(duckdb).toMatch(/^│ +0 │ +5999\.0 │\n│ +1 │ +5999\.0 │$/m);
  });
});

test('every kind of event that there is has its line', () => {
  const kinds = [
    ...readFileSync(join(__dirname, '../../lib/recording/events.ts'), 'utf8').matchAll(/^ {2}\| '(\w+)'/gm),
  ];
  expect(kinds.length).toBeGreaterThan(10);
  for (const [, kind] of kinds) expect(PAGE).toContain(`\`${kind}\``);
  for (const kind of ['device_lost', 'device_recovered', 'device_stalled', 'counter_reset', 'gpu_state'])
    expect(PAGE).toContain(`\`${kind}\``);
  expect(PAGE).toContain(EVENTS);
});
