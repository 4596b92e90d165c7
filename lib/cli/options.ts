// Options that several commands share, each with its check: a value that is not allowed is said with its option.
import { Option } from 'commander';
import { INTERVAL_RANGE, NvpulseError, parseDuration } from '../index';

export const interval = (): Option =>
  new Option(
    '-i, --interval <duration>',
    'time between readings, 1ms to 1h (us ms s m h; a bare number: seconds)',
  )
    .default('100ms')
    .argParser(checkedInterval('--interval'));

/** Gives the text of that option back, once it is known to be an interval. */
export function checkedInterval(option: string): (text: string) => string {
  return (text) => {
    parseDuration(text, option, INTERVAL_RANGE);
    return text;
  };
}

export const output = (): Option =>
  new Option('-o, --output <dir>', 'record into this folder, which must be new or empty');

export const jobName = (): Option => new Option('--name <name>', "the job's name");

export const jsonFile = (): Option =>
  new Option('--json <file>', 'write the summary as JSON too; - is stdout');

/** Of commands that measure a whole machine, maybe from within a container. */
export const machine = (): readonly Option[] => [
  new Option('--rootfs <dir>', "where the machine's root is mounted, if this is a container: /host"),
  new Option('--host-name <name>', "the machine's name (default: the kernel's)"),
];

/** Has values that a shell offers, and takes others, too. */
export class OfferingOption extends Option {
  constructor(
    flags: string,
    description: string,
    readonly offered: () => readonly string[],
  ) {
    super(flags, description);
  }
}

/** Of a simulated machine. */
export const profile = (flag: string, description: string): Option =>
  new OfferingOption(`${flag} <profile>`, description, () => {
    const { PROFILES } = require('../testing/profiles') as typeof import('../testing/profiles');
    return PROFILES;
  });

export const simulated = (): Option =>
  profile('--simulate', 'read simulated GPUs: h200x8 (h200x1 to h200x64), t4, desktop, laptop, odd');

/** May be given several times. */
export const label = (): Option =>
  new Option('--label <key=value>', 'a label of the job; may be given several times').argParser(addLabel);

function addLabel(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new NvpulseError('ERR_OPTION', `--label: '${text}' is not a label; allowed is key=value`);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
