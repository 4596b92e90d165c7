// Exports to Parquet: row groups of some ten thousand rows, times in nanoseconds.
import { gzipSync } from 'node:zlib';
import type { SchemaElement } from 'hyparquet-writer' with { 'resolution-mode': 'import' };
import type { Encoder } from './export';
import type { Block, Cell, ExportColumn } from './table';

const ROW_GROUP = 16_384;

const ELEMENTS: Readonly<Record<ExportColumn['type'], Omit<SchemaElement, 'name'>>> = {
  time: {
    type: 'INT64',
    repetition_type: 'REQUIRED',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' },
  },
  int32: { type: 'INT32', repetition_type: 'OPTIONAL' },
  string: { type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL', converted_type: 'UTF8' },
  float64: { type: 'DOUBLE', repetition_type: 'OPTIONAL' },
};

export async function parquetEncoder(columns: readonly ExportColumn[]): Promise<Encoder> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const parquet = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, type }) => ({ name, ...ELEMENTS[type] })),
    ],
    codec: 'GZIP',
    compressors: { GZIP: (page) => gzipSync(page, { level: 1 }) },
    createdBy: 'nvpulse',
  });
  const taken = (): Buffer => {
    const piece = Buffer.from(bytes.getBytes().slice());
    bytes.index = 0;
    return piece;
  };
  let waiting: Block[] = [];
  const writeGroup = async (): Promise<Buffer> => {
    const rows = waiting.reduce((sum, block) => sum + block.rows, 0);
    const columnData = columns.map(({ name }, at) => ({ name, data: gather(waiting, at) }));
    waiting = [];
    if (rows > 0) await parquet.write({ columnData, rowGroupSize: rows });
    return taken();
  };
  return {
    start: taken,
    encode: async (block) => {
      waiting.push(block);
      const rows = waiting.reduce((sum, one) => sum + one.rows, 0);
      return rows >= ROW_GROUP ? await writeGroup() : Buffer.alloc(0);
    },
    finish: async () => {
      const last = await writeGroup();
      await parquet.finish();
      return Buffer.concat([last, taken()]);
    },
  };
}

function gather(blocks: readonly Block[], column: number): Cell[] {
  return blocks.flatMap(({ cells }) => cells[column] ?? []);
}
