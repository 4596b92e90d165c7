// Exports that are text: CSV (RFC 4180, with a header) and NDJSON (a missing value is an absent field).
import { formatUtc } from '../../time';
import type { Block, Cell, ExportColumn } from './table';
import type { Encoder } from './export';

export function csvEncoder(columns: readonly ExportColumn[]): Encoder {
  const header = `${columns.map(({ name }) => name).join(',')}\r\n`;
  const line = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;
  return {
    start: () => Buffer.from(header),
    encode: (block) => Buffer.from(mapRows(block, line)),
    finish: () => Buffer.alloc(0),
  };
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'bigint') return formatUtc(cell);
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function ndjsonEncoder(columns: readonly ExportColumn[]): Encoder {
  const line = (cells: readonly Cell[]): string => {
    const fields = columns.flatMap(({ name }, at) => {
      const cell = cells[at] ?? null;
      return cell === null ? [] : [[name, typeof cell === 'bigint' ? formatUtc(cell) : cell] as const];
    });
    return `${JSON.stringify(Object.fromEntries(fields))}\n`;
  };
  return {
    start: () => Buffer.alloc(0),
    encode: (block) => Buffer.from(mapRows(block, line)),
    finish: () => Buffer.alloc(0),
  };
}

function mapRows({ rows, cells }: Block, line: (cells: readonly Cell[]) => string): string {
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) lines.push(line(cells.map((column) => column[row] ?? null)));
  return lines.join('');
}
