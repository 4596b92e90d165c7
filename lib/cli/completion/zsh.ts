// The script that zsh completes nvpulse's commands with. Pure.
import type { Completed, Flag, Node } from './tree';

/** Inside single quotes. */
const quoted = (text: string): string => text.replaceAll("'", "'\\''");
/** Within the brackets of a specification. */
const bracketed = (text: string): string => quoted(text.replace(/[[\]\\:]/g, '\\$&'));

function action(program: string, value: Completed): string {
  switch (value.kind) {
    case 'choice':
      return `(${value.choices.join(' ')})`;
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'recording':
      return `_${program}_recordings`;
    case 'command':
      return '_normal';
    case 'nothing':
      return ' ';
  }
}

/** May be given again: a label may, and others do no harm. */
function specification(program: string, { names, description, value }: Flag): readonly string[] {
  return names.map((name) => {
    const takes = value ? `: :${action(program, value)}` : '';
    return `'*${name}[${bracketed(description)}]${takes}'`;
  });
}

/** The function of a command, and those of its own commands. */
function functions(program: string, node: Node, path: string): readonly string[] {
  const { flags, commands, argument } = node;
  const options = flags.flatMap((flag) => specification(program, flag));
  if (commands.length === 0) {
    const rest =
      argument.kind === 'nothing'
        ? []
        : argument.kind === 'command'
          ? [`'(-)1: :_command_names -e'`, `'*:: :_normal'`]
          : [`'*: :${action(program, argument)}'`];
    return [`_${path}() {`, `  _arguments -S \\`, `    ${[...options, ...rest].join(' \\\n    ')}`, '}'];
  }
  const described = commands.map(({ name, description }) => `'${name}:${bracketed(description)}'`);
  const branches = commands.map(({ name }) => `        ${name}) _${path}_${name} ;;`);
  return [
    `_${path}() {`,
    '  local context state state_descr line curcontext=$curcontext',
    '  typeset -A opt_args',
    '  # Not `commands`: zsh keeps all programs under that name.',
    '  local -a own',
    `  own=(`,
    ...described.map((one) => `    ${one}`),
    '  )',
    `  _arguments -C \\`,
    `    ${[...options, "'1: :->command'", "'*:: :->argument'"].join(' \\\n    ')}`,
    '  case $state in',
    '    command) _describe -t commands command own ;;',
    '    argument)',
    '      case $words[1] in',
    ...branches,
    '      esac',
    '      ;;',
    '  esac',
    '}',
    ...commands.flatMap((command) => ['', ...functions(program, command, `${path}_${command.name}`)]),
  ];
}

export function zshCompletion(program: Node): string {
  const { name } = program;
  return `#compdef ${name}
# zsh completion for ${name}: source <(${name} completion zsh), or save it as _${name} in a folder of $fpath

_${name}_recordings() {
  local -a names
  names=(\${(f)"$(${name} list --names 2>/dev/null)"})
  _alternative 'recordings:recording:compadd -a names' 'folders:folder:_files -/'
}

${functions(name, program, name).join('\n')}

if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}
