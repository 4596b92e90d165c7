// nvpulse export DIR: a recording in a form that other programs read.
import { Option, type Command } from 'commander';
import { EXPORT_FORMATS, exportRecording, type ExportFormat } from '../../index';
import { note } from '../output';

interface Options {
  readonly to: ExportFormat;
  readonly output: string;
  readonly table?: string;
}

export function define(command: Command): void {
  command
    .argument('<dir>', "a recording's folder")
    .addOption(
      new Option('--to <format>', EXPORT_FORMATS.join(', ')).choices(EXPORT_FORMATS).makeOptionMandatory(),
    )
    .requiredOption(
      '-o, --output <file>',
      'a file, - for stdout, or a folder (ending with /): one file a table',
    )
    .option('--table <entity>', 'only this table, such as gpu')
    .action(exportInto);
}

async function exportInto(dir: string, { to, output, table }: Options): Promise<void> {
  const only = table === undefined ? {} : { table };
  const { files, problems } = await exportRecording(dir, { to, out: output, ...only });
  if (output !== '-') for (const { path, rows } of files) note(`${path}: ${rows} rows`);
  for (const { segment, reason } of problems) note(`nvpulse export: ${segment}: ${reason}`);
}
