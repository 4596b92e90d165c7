// nvpulse export RECORDING: as a file that other programs read, or into Elasticsearch.
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import {
  EXPORT_FORMATS,
  exportRecording,
  NvpulseError,
  openRecording,
  summarizeJobs,
  type ExportFormat,
  type JobSummary,
} from '../../index';
import { connectionOf, elasticsearchOptions, type ElasticsearchFlags } from '../elasticsearch-options';
import { ELASTICSEARCH_VARIABLES, RECORDINGS_VARIABLE, explain } from '../help';
import { checkedInterval } from '../options';
import { checkWritable, note, print } from '../output';
import { withProgress } from '../progress';
import { RECORDING, recordingFolder } from '../which-recording';

const TARGETS = [...EXPORT_FORMATS, 'elasticsearch'] as const;

/** Exit code. */
const REJECTED = 3;

interface Options extends ElasticsearchFlags {
  readonly to: ExportFormat | 'elasticsearch';
  readonly output?: string;
  readonly table?: string;
  readonly resolution?: string;
  readonly cores?: boolean;
  readonly wait: boolean;
}

export function define(command: Command): void {
  command
    .argument(...RECORDING)
    .addOption(new Option('--to <format>', TARGETS.join(', ')).choices(TARGETS).makeOptionMandatory())
    .option('-o, --output <file>', 'a file, - for stdout, or a folder (ending with /): one file a table')
    .option('--table <entity>', 'only this table, such as gpu')
    .addOption(
      new Option('--resolution <duration>', 'of documents: fold what is closer (default: 100ms)').argParser(
        checkedInterval('--resolution'),
      ),
    )
    .option('--cores', 'also documents of single CPU cores')
    .option('--no-wait', 'fail where Elasticsearch is away or overloaded, instead of waiting for it');
  for (const option of elasticsearchOptions()) command.addOption(option);
  command.action(exportInto);
  explain(command, {
    examples: [
      'nvpulse export train --to parquet -o train.parquet',
      'nvpulse export train --to csv --table gpu -o - | head',
      'nvpulse export train --to elasticsearch --url http://127.0.0.1:9200',
    ],
    exitCodes: [
      ['0', 'done'],
      ['1', 'it failed; stderr says why'],
      ['2', 'a mistake in the command line'],
      [String(REJECTED), 'done, but Elasticsearch rejected documents; stderr says where they are'],
    ],
    environment: [RECORDINGS_VARIABLE, ...ELASTICSEARCH_VARIABLES],
  });
}

async function exportInto(named: string, options: Options, command: Command): Promise<void> {
  const { to, output, table, resolution, cores, wait, ...connection } = options;
  if (to === 'elasticsearch') {
    refuse(to, { output, table });
    const choice = {
      wait,
      ...(resolution === undefined ? {} : { resolution }),
      ...(cores ? { cores } : {}),
    };
    return exportDocuments(await recordingFolder(named, command), connection, choice);
  }
  refuse(to, { resolution, cores, noWait: wait ? undefined : true, ...connection });
  if (output === undefined)
    throw new NvpulseError(
      'ERR_OPTION',
      `--output: missing; give a file, - for stdout, or a folder with a /`,
    );
  const only = table === undefined ? {} : { table };
  const dir = await recordingFolder(named, command);
  const { files, problems } = await withProgress(({ read }) =>
    exportRecording(dir, { to, out: output, ...only, onRead: read }),
  );
  if (output !== '-') for (const { path, rows } of files) note(`${path}: ${rows} rows`);
  for (const { segment, reason } of problems) note(`nvpulse export: ${segment}: ${reason}`);
}

/** @throws ERR_OPTION where one is given */
function refuse(to: string, options: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(options).find(([, value]) => value !== undefined);
  if (!given) return;
  const flag = `--${given[0].replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new NvpulseError('ERR_OPTION', `${flag}: is of no use with --to ${to}`);
}

async function exportDocuments(
  dir: string,
  flags: ElasticsearchFlags,
  choice: { readonly wait: boolean; readonly resolution?: string; readonly cores?: boolean },
): Promise<void> {
  const elasticsearch = require('../../sinks/elasticsearch') as typeof import('../../sinks/elasticsearch');
  const rejectedFile = `${resolve(dir)}.rejected.ndjson`;
  checkWritable('rejected documents', rejectedFile);
  const client = await elasticsearch.connect(connectionOf(flags));
  const { documents, duplicates, rejected, growing } = await withProgress((progress) =>
    elasticsearch.exportToElasticsearch(dir, {
      client,
      rejectedFile,
      ...choice,
      summaryOf: summaries(dir),
      onHeld: (reason) => {
        progress.end();
        note(`nvpulse export: ${reason === undefined ? 'it goes on' : `waiting: ${reason}`}`);
      },
      onSent: progress.sent,
    }),
  );
  print(`${documents} documents, ${duplicates} already there, ${rejected} rejected`);
  if (rejected > 0) {
    note(`nvpulse export: what was rejected stands in ${rejectedFile}, with the reasons`);
    process.exitCode = REJECTED;
  }
  if (growing) note(`nvpulse export: '${dir}' is being written; run this again for what comes`);
  await client.close();
}

/** Read at the first window. */
function summaries(dir: string): (_: string, job: string) => Promise<JobSummary | undefined> {
  let all: Promise<ReadonlyMap<string, JobSummary>> | undefined;
  return async (_, job) => {
    all ??= openRecording(dir).then(summarizeJobs);
    return (await all).get(job);
  };
}
