// The script that fish completes nvpulse's commands with. Pure.
import type { Completed, Flag, Node } from './tree';

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

function value(program: string, completed: Exclude<Completed, { kind: 'command' }>): string {
  switch (completed.kind) {
    case 'choice':
      return `-x -a ${quoted(completed.choices.join(' '))}`;
    case 'file':
      return '-r -F';
    case 'folder':
      return "-x -a '(__fish_complete_directories)'";
    case 'recording':
      return `-x -a '(${program} list --names 2>/dev/null) (__fish_complete_directories)'`;
    case 'nothing':
      return '-x';
  }
}

/** Another program's words: those behind the names so far, and behind the options with their values. */
function subcommand(flags: readonly Flag[], path: readonly string[]): string {
  const valued = flags.flatMap(({ names, value }) => (value ? names : []));
  return `-x -a ${quoted(`(__fish_complete_subcommand --fcs-skip=${path.length + 1} ${valued.join(' ')})`)}`;
}

function flagLine(program: string, prefix: string, { names, description, value: takes }: Flag): string {
  const forms = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const taken = takes && takes.kind !== 'command' ? value(program, takes) : '-f';
  return `${prefix} ${forms.join(' ')} ${taken} -d ${quoted(description)}`;
}

/** What can be typed once the names in `path` have been. */
function lines(program: string, node: Node, path: readonly string[]): readonly string[] {
  const { flags, commands, argument } = node;
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const others = commands.map(({ name }) => name).join(' ');
  const unseen = others === '' ? [] : [`not __fish_seen_subcommand_from ${others}`];
  const prefix = `complete -c ${program} -n ${quoted([...seen, ...unseen].join('; and '))}`;
  return [
    ...commands.map(({ name, description }) => `${prefix} -f -a ${name} -d ${quoted(description)}`),
    ...flags.map((flag) => flagLine(program, prefix, flag)),
    ...(argument.kind === 'nothing'
      ? []
      : [`${prefix} ${argument.kind === 'command' ? subcommand(flags, path) : value(program, argument)}`]),
    ...commands.flatMap((command) => lines(program, command, [...path, command.name])),
  ];
}

export function fishCompletion(program: Node): string {
  const { name } = program;
  return `# fish completion for ${name}: ${name} completion fish | source
complete -c ${name} -f
${lines(name, program, []).join('\n')}
`;
}
