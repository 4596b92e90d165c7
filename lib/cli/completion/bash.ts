// The script that bash completes nvpulse's commands with. Pure.
import type { Completed, Node } from './tree';

/** Words for `compgen -W`, or what else it takes; of recordings their kind. */
function generator(value: Completed): string {
  switch (value.kind) {
    case 'choice':
      return `-W '${value.choices.join(' ')}'`;
    case 'file':
      return '-f';
    case 'folder':
      return '-d';
    case 'recording':
      return 'recording';
    case 'command':
      return '-c';
    case 'nothing':
      return '';
  }
}

/** A branch of `case` for the command at `path`, and those of its own commands. */
function branches({ flags, commands, argument }: Node, path: string): readonly string[] {
  const values = flags.flatMap(({ names, value }) =>
    value ? [`        ${names.join(' | ')}) value=(${generator(value)}) takes=1 ;;`] : [],
  );
  return [
    `    '${path}')`,
    `      words='${[...commands.map(({ name }) => name), ...flags.flatMap(({ names }) => names)].join(' ')}'`,
    `      commands=' ${commands.map(({ name }) => `${name} `).join('')}'`,
    `      argument=(${generator(argument)})`,
    ...(values.length === 0 ? [] : ['      case "$1" in', ...values, '      esac']),
    '      ;;',
    ...commands.flatMap((command) => branches(command, `${path} ${command.name}`)),
  ];
}

export function bashCompletion(program: Node): string {
  const { name } = program;
  return `# bash completion for ${name}: source <(${name} completion bash)
# _${name}_at OPTION: what can be typed at path, and the value of the option, where it takes one.
_${name}_at() {
  words= commands= argument=() value=() takes=
  case "$path" in
${branches(program, name).join('\n')}
  esac
}

# _${name}_reply OPTION...: as compgen takes them, or "recording"; none completes nothing.
_${name}_reply() {
  (($# > 0)) || return
  [[ $1 == -W ]] || compopt -o filenames 2>/dev/null
  if [[ $1 == recording ]]; then
    _${name}_recordings
    set -- -d
  fi
  mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen "$@" -- "$current")
}

# Not by compgen -W, which would run what a name has in it.
_${name}_recordings() {
  local recording typed=\${current//\\\\/}
  typed=\${typed#[\\"\\']}
  while IFS= read -r recording; do
    [[ $recording != "$typed"* ]] || COMPREPLY+=("$recording")
  done < <(${name} list --names 2>/dev/null)
}

_${name}() {
  local path=${name} words commands argument value takes at word current=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  _${name}_at ''
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ $word == -- || ($word != -* && \${argument[0]} == -c) ]]; then
      [[ $word == -- ]] && ((at++))
      if declare -F _command_offset >/dev/null; then
        _command_offset "$at"
      elif ((at == COMP_CWORD)); then
        _${name}_reply -c
      else
        _${name}_reply -f
      fi
      return
    elif [[ $word == -* ]]; then
      _${name}_at "$word"
      [[ -n $takes ]] || continue
      [[ \${COMP_WORDS[at + 1]} == '=' ]] && ((at++))
      ((at++))
      if ((at >= COMP_CWORD)); then
        [[ $current == '=' ]] && current=
        _${name}_reply "\${value[@]}"
        return
      fi
    elif [[ $commands == *" $word "* ]]; then
      path="$path $word"
      _${name}_at ''
    fi
  done
  if [[ $current == -* || \${#argument[@]} -eq 0 || -n \${commands// /} ]]; then
    _${name}_reply -W "$words"
  else
    _${name}_reply "\${argument[@]}"
  fi
}
complete -F _${name} ${name}
`;
}
