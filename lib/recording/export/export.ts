// Converts a recording: to one file of one table or of all, or to a folder with one file a table.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ENTITIES, type Entity } from '../../catalog';
import { NvpulseError } from '../../errors';
import { makeFolder } from '../../make-folder';
import { openRecording, type OnRead, type Recording } from '../reader';
import { reasonOf } from '../../reason';
import type { RecordingProblem } from '../segment-reader';
import { EXPORT_FORMATS, type ExportFormat } from './formats';
import { openOutput, type Output } from './output';
import { parquetEncoder } from './parquet';
import { exportColumns, toBlock, type Block, type ExportColumn } from './table';
import { csvEncoder, ndjsonEncoder } from './text';

/** Turns rows into a format's bytes, piece by piece. */
export interface Encoder {
  start(): Buffer;
  /** One after another: a piece is whole before the next is asked for. */
  encode(block: Block): Buffer | Promise<Buffer>;
  finish(): Buffer | Promise<Buffer>;
}

export interface ExportOptions {
  readonly to: ExportFormat;
  /**
   * A file, `-` for stdout, or a folder (one that exists, or a path that ends with `/`), which gets one file a
   * table. A file with all tables has the columns of all of them, and `entity` tells rows apart.
   */
  readonly out: string;
  /** Only this table. */
  readonly table?: string;
  /** Told as it goes; a folder's files are made one after another, each from the recording's start. */
  readonly onRead?: OnRead;
}

export interface ExportResult {
  readonly files: readonly { readonly path: string; readonly rows: number }[];
  /** What of the recording could not be read. */
  readonly problems: readonly RecordingProblem[];
}

/**
 * Exports a recording; files appear when they are whole.
 * @throws ERR_RECORDING for what is no recording; ERR_OPTION for a format or table that isn't there; ERR_IO where
 * the output can't be written
 */
export async function exportRecording(dir: string, options: ExportOptions): Promise<ExportResult> {
  if (!EXPORT_FORMATS.includes(options.to)) {
    const allowed = EXPORT_FORMATS.join(', ');
    throw new NvpulseError('ERR_OPTION', `to: '${options.to}' is no format; allowed are ${allowed}`);
  }
  const recording = await openRecording(dir);
  const entities = await chooseTables(recording, options.table);
  const files: { path: string; rows: number }[] = [];
  for (const { path, tables } of await targets(options, entities)) {
    files.push({ path, rows: await exportFile(recording, tables, path, options) });
  }
  return { files, problems: recording.problems };
}

async function chooseTables(recording: Recording, table: string | undefined): Promise<readonly Entity[]> {
  const present = await recording.tables();
  if (table === undefined) return present;
  const chosen = present.filter((entity) => entity === table);
  if (chosen.length > 0) return chosen;
  throw new NvpulseError(
    'ERR_OPTION',
    `table: the recording has no '${table}'; it has ${present.join(', ') || 'no rows'}`,
  );
}

async function targets(
  { out, to }: ExportOptions,
  entities: readonly Entity[],
): Promise<{ path: string; tables: readonly Entity[] }[]> {
  if (!(await isFolder(out))) return [{ path: out, tables: entities }];
  await makeFolder(out).catch((cause: unknown) => refuse(out, cause));
  return entities.map((entity) => ({ path: join(out, `${entity}.${to}`), tables: [entity] }));
}

async function isFolder(out: string): Promise<boolean> {
  if (out.endsWith('/')) return true;
  return out !== '-' && (await stat(out).catch(() => undefined))?.isDirectory() === true;
}

async function exportFile(
  recording: Recording,
  tables: readonly Entity[],
  path: string,
  { to, onRead }: ExportOptions,
): Promise<number> {
  const columns = exportColumns(
    ENTITIES.filter((entity) => tables.includes(entity)),
    recording.manifest,
  );
  const encoder = await encoderOf(to, columns);
  let output: Output | undefined;
  try {
    output = await openOutput(path);
    let rows = 0;
    await output.write(encoder.start());
    for await (const { chunks } of recording.chunks(tables, onRead)) {
      for (const chunk of chunks) {
        await output.write(
          await encoder.encode(toBlock(chunk, columns, recording.instances, recording.utcOffset__ns)),
        );
        rows += chunk.time.length;
      }
    }
    await output.write(await encoder.finish());
    await output.commit();
    return rows;
  } catch (cause) {
    await output?.discard();
    return refuse(path, cause);
  }
}

async function encoderOf(to: ExportFormat, columns: readonly ExportColumn[]): Promise<Encoder> {
  switch (to) {
    case 'parquet':
      return await parquetEncoder(columns);
    case 'csv':
      return csvEncoder(columns);
    case 'ndjson':
      return ndjsonEncoder(columns);
  }
}

function refuse(path: string, cause: unknown): never {
  throw new NvpulseError('ERR_IO', `cannot export to '${path}': ${reasonOf(cause)}`, { cause });
}
