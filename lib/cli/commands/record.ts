// nvpulse record: this machine, until Ctrl-C or for a time.
import type { Command } from 'commander';
import { parseDuration, recordMachine } from '../../index';
import { untilToldToEnd } from '../ending';
import { COLOR_VARIABLE, NVML_VARIABLE, RECORDINGS_VARIABLE, explain } from '../help';
import { interval, jobName, jsonFile, label, machine, output, simulated } from '../options';
import { checkJsonFile, note, writeJson } from '../output';
import { simulateHere } from '../simulate';
import { showSummary } from '../summary';

interface Options {
  readonly interval: string;
  readonly for?: number;
  readonly output?: string;
  readonly name?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly json?: string;
  readonly simulate?: string;
  readonly rootfs?: string;
  readonly hostName?: string;
}

/** The longest that a timer takes, and a little less than a month. */
const FOR_RANGE = { min: '1ms', max: '590h' };

export function define(command: Command): void {
  command
    .addOption(interval())
    .option(
      '--for <duration>',
      'end after this time',
      (text) => parseDuration(text, '--for', FOR_RANGE) / 1e6,
    )
    .addOption(output())
    .addOption(jobName())
    .addOption(label())
    .addOption(jsonFile())
    .addOption(simulated());
  for (const option of machine()) command.addOption(option);
  command.action(record);
  explain(command, {
    examples: [
      'nvpulse record',
      'nvpulse record -i 1s --for 8h --name night',
      'nvpulse record -o /data/recording',
    ],
    environment: [RECORDINGS_VARIABLE, NVML_VARIABLE, COLOR_VARIABLE],
  });
}

async function record(options: Options): Promise<void> {
  checkJsonFile(options.json);
  if (options.simulate !== undefined) simulateHere(options.simulate);
  const { name, label, output, rootfs, hostName } = options;
  const over = new AbortController();
  const result = await recordMachine({
    interval: options.interval,
    rootfs,
    hostName,
    until: AbortSignal.any([untilToldToEnd(), over.signal]),
    onStart: (dir) => {
      note(`recording into ${dir}${options.for === undefined ? ' until Ctrl-C' : ''}`);
      if (options.for !== undefined) setTimeout(() => over.abort(), options.for);
    },
    ...(name === undefined ? {} : { name }),
    ...(label === undefined ? {} : { labels: label }),
    ...(output === undefined ? {} : { dir: output }),
  });
  showSummary(result.summary);
  for (const warning of result.warnings) note(`nvpulse record: ${warning}`);
  if (options.json !== undefined) writeJson(options.json, result.summary);
}
