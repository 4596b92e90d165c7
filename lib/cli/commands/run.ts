// nvpulse run -- CMD: the command keeps its terminal, its exit code and its signals; the summary goes to stderr.
import { constants } from 'node:os';
import type { Command } from 'commander';
import { NvpulseError, runJob, type JobResult, type RecordingOption } from '../../index';
import { COLOR_VARIABLE, NVML_VARIABLE, RECORDINGS_VARIABLE, explain } from '../help';
import { takeKeptSupervisor } from '../kept-supervisor';
import { interval, jobName, jsonFile, label, output, simulated } from '../options';
import { checkJsonFile, note, writeJson } from '../output';
import { simulateHere } from '../simulate';
import { showSummary } from '../summary';

interface Options {
  readonly interval: string;
  readonly output?: string;
  readonly recording: boolean;
  readonly name?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly json?: string;
  readonly simulate?: string;
  readonly cgroup?: string;
}

/** What a person at a terminal, a shell or a scheduler sends to end a job. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

export function define(command: Command): void {
  command
    .usage('[options] -- <command...>')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions()
    .addOption(interval())
    .addOption(output())
    .option('--no-recording', 'do not record')
    .addOption(jobName())
    .addOption(label())
    .addOption(jsonFile())
    .addOption(simulated())
    .option('--cgroup <path>', 'run the command in this cgroup v2 folder')
    .action(run);
  explain(command, {
    examples: [
      'nvpulse run -- python train.py',
      'nvpulse run -i 10ms --name night --label model=unet -- ./job.sh',
      'nvpulse run --simulate h200x8 --json summary.json -- sleep 5',
    ],
    exitCodes: [
      ['N', "the command's exit code"],
      ['128+N', 'the command was ended by signal N'],
      ['125', "nvpulse's own failure; stderr says what"],
      ['126', 'the command cannot be executed'],
      ['127', 'the command was not found'],
    ],
    environment: [RECORDINGS_VARIABLE, NVML_VARIABLE, COLOR_VARIABLE],
  });
}

async function run(command: readonly string[], options: Options): Promise<void> {
  const kept = takeKeptSupervisor();
  checkJsonFile(options.json);
  const env = { ...process.env };
  if (options.simulate !== undefined) simulateHere(options.simulate);
  const { name, label, cgroup } = options;
  const result = await runJob({
    command,
    ...kept,
    env,
    interval: options.interval,
    recording: recordingOf(options),
    forwardSignals: FORWARDED,
    onExit: (exit) => (process.exitCode = exitCodeOf(exit)),
    ...(name === undefined ? {} : { name }),
    ...(label === undefined ? {} : { labels: label }),
    ...(cgroup === undefined ? {} : { cgroup }),
  });
  tell(result);
  if (options.json !== undefined) writeJson(options.json, result.summary);
}

function recordingOf({ recording, output }: Options): RecordingOption {
  if (recording) return output === undefined ? undefined : { dir: output };
  if (output === undefined) return false;
  throw new NvpulseError(
    'ERR_OPTION',
    `--output: '${output}' is not allowed with --no-recording; give one of them`,
  );
}

function exitCodeOf({ exitCode, signal }: JobResult['exit']): number {
  if (signal === null) return exitCode ?? 0;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return 128 + (number ?? Number(signal.replace(/^SIG/, '')));
}

function tell({ summary, recording, left, warnings }: JobResult): void {
  showSummary(summary);
  if (left.length > 0) {
    const names = left.map(({ pid, name }) => `${name} (${pid})`).join(', ');
    note(`  left alone: still running are ${names}`);
  }
  if (recording) note(`  recorded in ${recording.dir}`);
  for (const warning of warnings) note(`nvpulse run: ${warning}`);
}
