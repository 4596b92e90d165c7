// The same reading by others' libraries, as a program each, built in build-bench.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildGo, buildRust, type Built } from '../../test/support/compiled';
import { NVIDIA_ML_PY } from '../../test/support/nvidia-ml-py';
import { packages } from '../../test/support/python';
import { contestant, type Contestant } from './contestant';
import { BUILD, ROOT, type NvmlEnv } from './native';

/** A program that can be started, or the reason why there is none. */
export type Peer = { readonly start: (env: NvmlEnv) => Contestant } | { readonly absent: string };

const source = (language: string): string => join(ROOT, 'benchmarks', 'peers', language);

function peer(built: Built): Peer {
  if ('reason' in built) return { absent: built.reason };
  return { start: (env) => contestant(built.program, [], env) };
}

export function python(): Peer {
  const outcome = packages([NVIDIA_ML_PY]);
  if ('reason' in outcome) return { absent: outcome.reason };
  const script = join(source('python'), 'read.py');
  return {
    start: (env) => contestant('python3', [script], { ...env, PYTHONPATH: outcome.python.folder }),
  };
}

export const go = (): Peer => peer(buildGo(source('go'), join(BUILD, 'go')));

export const rust = (): Peer => peer(buildRust(source('rust'), join(BUILD, 'rust')));

/** The release of a peer, as its manifest here names it. */
export function version(language: 'go' | 'rust'): string {
  const manifest = readFileSync(join(source(language), language === 'go' ? 'go.mod' : 'Cargo.toml'), 'utf8');
  return /(?:go-nvml v|nvml-wrapper = "=)([\d.-]+)/.exec(manifest)?.[1] ?? 'unknown';
}

export { NVIDIA_ML_PY };
