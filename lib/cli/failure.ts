// What failed, as one line and an exit code.
import { CommanderError, type Command } from 'commander';
import { NvpulseError } from '../index';

/** `run` keeps the codes of its command apart from its own, as `env` and `timeout` do. */
const RUN = { own: 125, notExecutable: 126, notFound: 127 } as const;
const USAGE = 2;
const FAILURE = 1;

/** One line: the command, what was given, what is allowed. Undefined where the help has said it. */
export function messageOf(error: unknown, command: Command): string | undefined {
  if (error instanceof CommanderError && error.code === 'commander.help') return undefined;
  return `${pathOf(command)}: ${explain(error, command)}`;
}

/** As it is typed. */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : 'nvpulse';
}

function explain(error: unknown, command: Command): string {
  if (error instanceof CommanderError) return explainUsage(error, command);
  if (error instanceof NvpulseError) return underFlag(error.message, command);
  // Our own bug: whoever reports it has what we need.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What the library calls otherwise than any option here. */
const FLAGS: Readonly<Record<string, string>> = { 'recording.dir': '--output', profile: '--simulate' };

/** The library begins a message about an option with the option's name. */
function underFlag(message: string, { options }: Command): string {
  const [name = ''] = message.split(':', 1);
  const flag = options.find((option) => option.attributeName() === name)?.long ?? FLAGS[name] ?? name;
  return `${flag}${message.slice(name.length)}`;
}

function explainUsage({ code, message }: CommanderError, command: Command): string {
  const text = message.replace(/^error: /, '').replace(/\.?(\n.*)?$/s, '');
  switch (code) {
    case 'commander.unknownCommand':
      return `${text}; allowed are ${namesOf(command)}`;
    case 'commander.unknownOption':
      return `${text}; allowed are ${flagsOf(command)}`;
    default:
      return `${text}; see ${pathOf(command)} --help`;
  }
}

const namesOf = (program: Command): string => program.commands.map((command) => command.name()).join(', ');
const flagsOf = (command: Command): string =>
  [...command.options.map(({ flags }) => flags), '-h, --help'].join(' · ');

/** @param command its name, where one was recognised */
export function exitCodeOf(error: unknown, command: string | undefined): number {
  const code = error instanceof NvpulseError ? error.code : undefined;
  if (command === 'run') {
    if (code === 'ERR_COMMAND_NOT_FOUND') return RUN.notFound;
    return code === 'ERR_COMMAND_NOT_EXECUTABLE' ? RUN.notExecutable : RUN.own;
  }
  return code === 'ERR_OPTION' || error instanceof CommanderError ? USAGE : FAILURE;
}
