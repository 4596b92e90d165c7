// nvpulse pipeline: puts monitoring into pipelines of Clara and Argo, and takes it out.
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { NvpulseError } from '../../index';
import { HOST_PLACEHOLDER, addMonitoring, removeMonitoring } from '../../pipeline';
import { reasonOf } from '../../reason';
import { explain } from '../help';
import { note } from '../output';

interface AddOptions {
  readonly host?: string;
  readonly image?: string;
  readonly from?: string;
  readonly to?: string;
  readonly perStep?: true;
  readonly tokenSecret?: string;
  readonly output: string;
}

const FILE = 'a Clara definition, or a workflow of Argo; - is stdin';

export function define(command: Command): void {
  const adding = command
    .command('add-monitoring')
    .description('put monitor-start and monitor-stop into a pipeline')
    .argument('<file>', FILE)
    .option(
      '--host <host[:port]>',
      `where the monitoring server listens, several with commas between (default: ${HOST_PLACEHOLDER})`,
    )
    .option('--image <image>', 'the image with the client (default: clara/monitor-server:latest)')
    .option('--from <operator>', 'open the window before this operator, not before the first')
    .option('--to <operator>', 'close the window after this operator, not after the last')
    .option('--per-step', 'put a window around each operator too')
    .option('--token-secret <name>', "the Secret whose key 'token' the stages send (Argo)")
    .option('-o, --output <file>', 'write into this file, which may be the same; - is stdout', '-')
    .action(add);
  explain(adding, {
    examples: ['nvpulse pipeline add-monitoring pipeline.yaml --host 10.0.0.7 -o monitored.yaml'],
  });
  const removing = command
    .command('remove-monitoring')
    .description('take monitor-start and monitor-stop out of a pipeline')
    .argument('<file>', FILE)
    .option('-o, --output <file>', 'write into this file, which may be the same; - is stdout', '-')
    .action(remove);
  explain(removing, { examples: ['nvpulse pipeline remove-monitoring monitored.yaml -o pipeline.yaml'] });
}

async function add(file: string, { output, ...options }: AddOptions): Promise<void> {
  const warn = (line: string): void => note(`nvpulse pipeline add-monitoring: warning: ${line}`);
  write(output, addMonitoring(await read(file), { ...options, file: nameOf(file), warn }));
}

async function remove(file: string, { output }: { readonly output: string }): Promise<void> {
  write(output, removeMonitoring(await read(file), { file: nameOf(file) }));
}

const nameOf = (file: string): string => (file === '-' ? 'stdin' : file);

async function read(file: string): Promise<string> {
  const bytes = await bytesOf(file);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new NvpulseError('ERR_OPTION', `${nameOf(file)}:1:1: not text in UTF-8`, { cause });
  }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  if (file === '-') return buffer(process.stdin);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new NvpulseError('ERR_IO', `'${file}' cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

function write(output: string, text: string): void {
  if (output === '-') return void process.stdout.write(text);
  try {
    replaceFile(output, text);
  } catch (cause) {
    throw new NvpulseError('ERR_IO', `--output: '${output}' cannot be written: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** A disk that fills up leaves the file as it was. */
function replaceFile(output: string, text: string): void {
  const known = statSync(output, { throwIfNoEntry: false });
  if (known && !known.isFile()) return writeFileSync(output, text);
  const target = known ? realpathSync(output) : output;
  const beside = `${target}.${process.pid}.partial`;
  try {
    writeFileSync(beside, text, known ? { mode: known.mode } : {});
    renameSync(beside, target);
  } finally {
    rmSync(beside, { force: true });
  }
}
