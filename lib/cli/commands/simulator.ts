// nvpulse simulator: where the simulated GPU library is, for any NVML client.
import type { Command } from 'commander';
import { NvpulseError } from '../../index';
import { print } from '../output';
import { simulation } from '../simulate';

interface Options {
  readonly path?: true;
  readonly profile: string;
}

export function define(command: Command): void {
  command
    .option('--path', 'print the path of the simulated libnvidia-ml.so.1')
    .option('--profile <profile>', 'of the library that is for this machine and its driver', 'h200x8')
    .action(simulator);
}

function simulator({ path, profile }: Options): void {
  if (!path) throw new NvpulseError('ERR_OPTION', 'nothing asked for; allowed is --path');
  print(simulation(profile).path);
}
