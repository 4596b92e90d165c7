// nvpulse simulator: where the simulated GPU library is, for any NVML client.
import type { Command } from 'commander';
import { NvpulseError, simulatorPath } from '../../index';
import { print } from '../output';

export function define(command: Command): void {
  command.option('--path', 'print the path of the simulated libnvidia-ml.so.1').action(simulator);
}

function simulator(options: { readonly path?: true }): void {
  if (!options.path) throw new NvpulseError('ERR_OPTION', 'nothing asked for; allowed is --path');
  print(simulatorPath());
}
