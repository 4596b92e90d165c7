// nvpulse completion SHELL: the script that a shell completes nvpulse's commands with.
import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash';
import { fishCompletion } from '../completion/fish';
import { treeOf, type Node } from '../completion/tree';
import { zshCompletion } from '../completion/zsh';
import { explain } from '../help';
import { put } from '../output';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const satisfies Readonly<
  Record<string, (program: Node) => string>
>;

export function define(command: Command): void {
  command
    .addArgument(new Argument('<shell>', 'whose script is printed').choices(Object.keys(SHELLS)))
    .action(completion);
  explain(command, {
    examples: [
      'source <(nvpulse completion bash)      # in ~/.bashrc',
      'source <(nvpulse completion zsh)       # in ~/.zshrc, after compinit',
      'nvpulse completion fish | source       # in ~/.config/fish/config.fish',
    ],
  });
}

function completion(shell: keyof typeof SHELLS, _: object, { parent }: Command): void {
  if (parent) put('stdout', SHELLS[shell](treeOf(parent)));
}
