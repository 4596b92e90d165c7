// nvpulse simulator: where the simulated GPU library is, for any NVML client.
import type { Command } from 'commander';
import { explain } from '../help';
import { profile } from '../options';
import { print } from '../output';
import { simulation } from '../simulate';

export function define(command: Command): void {
  command
    .option('--path', 'print the path of the simulated libnvidia-ml.so.1, which is what it does anyway')
    .addOption(
      profile('--profile', 'of the library that is for this machine and its driver').default('h200x8'),
    )
    .action((options: { readonly profile: string }) => print(simulation(options.profile).path));
  explain(command, {
    examples: ['LD_LIBRARY_PATH=$(dirname "$(nvpulse simulator)") python my_nvml_client.py'],
  });
}
