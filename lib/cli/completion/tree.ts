// The command tree as completions see it: what can be typed where. Pure.
import type { Argument, Command, Option } from 'commander';
import { OfferingOption } from '../options';

/** What a value is completed with. */
export type Completed =
  | { readonly kind: 'nothing' | 'file' | 'folder' }
  /** Its name, as `<program> list --names` prints them, or its folder. */
  | { readonly kind: 'recording' }
  | { readonly kind: 'command' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

export interface Flag {
  /** Such as `-i` and `--interval`; of `--cores` the one. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined where it takes no value. */
  readonly value: Completed | undefined;
}

export interface Node {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly commands: readonly Node[];
  /** Of the arguments, which are all of one kind. */
  readonly argument: Completed;
}

const HELP: Flag = { names: ['-h', '--help'], description: 'display help for command', value: undefined };

export function treeOf(command: Command): Node {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    description: command.description(),
    flags: [...command.options.map(flagOf), HELP],
    commands: command.commands.map(treeOf),
    argument: argument ? completed(`<${argument.name()}>`, choicesOf(argument)) : { kind: 'nothing' },
  };
}

function flagOf(option: Option): Flag {
  const { short, long, flags, description } = option;
  const names = [short, long].filter((name) => name !== undefined);
  const [placeholder] = /[<[].*/.exec(flags) ?? [];
  return {
    names,
    description,
    value: placeholder === undefined ? undefined : completed(placeholder, choicesOf(option)),
  };
}

function choicesOf(of: Argument | Option): readonly string[] | undefined {
  return of instanceof OfferingOption ? of.offered() : of.argChoices;
}

/** The placeholders of files and folders say what they are. */
function completed(placeholder: string, choices: readonly string[] | undefined): Completed {
  if (choices) return { kind: 'choice', choices };
  switch (/\w+/.exec(placeholder)?.[0]) {
    case 'file':
      return { kind: 'file' };
    case 'dir':
      return { kind: 'folder' };
    case 'recording':
      return { kind: 'recording' };
    case 'command':
      return { kind: 'command' };
    default:
      return { kind: 'nothing' };
  }
}
