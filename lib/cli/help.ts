// What stands below a command's options in its --help: examples, exit codes, environment variables.
import type { Command } from 'commander';
import { columns } from './table';

type Row = readonly [name: string, meaning: string];

export interface Explained {
  /** As they are typed. */
  readonly examples: readonly string[];
  /** Beside 0. @default 1 for a failure, 2 for a mistake in the command line */
  readonly exitCodes?: readonly Row[];
  readonly environment?: readonly Row[];
}

const USUAL_EXIT_CODES: readonly Row[] = [
  ['0', 'done'],
  ['1', 'it failed; stderr says why'],
  ['2', 'a mistake in the command line'],
];

export const RECORDINGS_VARIABLE: Row = [
  'XDG_STATE_HOME',
  'recordings go to $XDG_STATE_HOME/nvpulse (default: ~/.local/state/nvpulse)',
];
export const NVML_VARIABLE: Row = ['NVPULSE_NVML', "path of the NVML library (default: the driver's)"];
export const ELASTICSEARCH_VARIABLES: readonly Row[] = [
  ['NVPULSE_ES_USER', 'who asks Elasticsearch, where there is no API key'],
  ['NVPULSE_ES_PASSWORD', 'and the password'],
];
export const COLOR_VARIABLE: Row = ['NO_COLOR', 'no colours, where it is set'];

/** Adds the sections to the command's help. */
export function explain(
  command: Command,
  { examples, exitCodes = USUAL_EXIT_CODES, environment = [] }: Explained,
): void {
  const sections = [
    ['Examples:', ...examples.map((example) => `$ ${example}`)],
    ['Exit codes:', ...columns(exitCodes).split('\n')],
    ...(environment.length === 0 ? [] : [['Environment:', ...columns(environment).split('\n')]]),
  ];
  command.addHelpText(
    'after',
    sections.map(([title, ...lines]) => `\n${[title, ...lines].join('\n  ')}`).join('\n'),
  );
}
