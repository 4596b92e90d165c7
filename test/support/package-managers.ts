// The package managers that people install with, each from npm's registry, kept below node_modules/.cache.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installTools } from './npm-tools';
import { npm, npmCli } from './packed';

const CACHE = join(__dirname, '..', '..', 'node_modules/.cache/nvpulse-package-managers');
const PACKAGES = ['yarn@1.22.22', '@yarnpkg/cli-dist@4.18.1', 'pnpm@10.34.9', 'bun@1.4.5'];
/** Of those that do not do so by themselves: what does not fit this Node is refused. */
const STRICT = { npm_config_engine_strict: 'true' };

export interface Finished {
  readonly status: number | null;
  /** Both streams. */
  readonly output: string;
}

export interface PackageManager {
  readonly name: string;
  readonly add: (tarball: string) => readonly string[];
  /** What comes before a command of the project, where the command is not in node_modules. */
  readonly through?: readonly string[];
}

const inCache = (path: string): string => join(CACHE, 'node_modules', path);
const node = process.execPath;
const berry = [node, inCache('@yarnpkg/cli-dist/bin/yarn.js')];

export const MANAGERS: readonly PackageManager[] = [
  { name: 'npm', add: (tarball) => [node, npmCli(), 'install', tarball] },
  { name: 'yarn 1', add: (tarball) => [node, inCache('yarn/bin/yarn.js'), 'add', `file:${tarball}`] },
  {
    name: 'yarn 4',
    add: (tarball) => [...berry, 'add', `nvpulse@file:${tarball}`],
    through: berry,
  },
  { name: 'pnpm', add: (tarball) => [node, inCache('pnpm/bin/pnpm.cjs'), 'add', tarball] },
  { name: 'Bun', add: (tarball) => [inCache('bun/bin/bun.exe'), 'add', tarball] },
];

/** Brings those that are not there yet. */
export function installManagers(): void {
  installTools(CACHE, PACKAGES);
}

/** A project that has nothing yet. */
export function emptyProject(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    '{ "name": "consumer", "version": "1.0.0", "private": true }\n',
  );
  return folder;
}

/** Runs what a manager adds, or a command of the project: `node`, or one that a package brings. */
export function inProject(cwd: string, [command = '', ...args]: readonly string[]): Finished {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: environment(),
    encoding: 'utf8',
  });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

/** A command of the project as the manager runs it. */
export function commandOf(
  cwd: string,
  { through }: PackageManager,
  [name = '', ...args]: readonly string[],
): readonly string[] {
  if (through) return [...through, name, ...args];
  return [name === 'node' ? node : join(cwd, 'node_modules/.bin', name), ...args];
}

let registry: string | undefined;

/** This process's, without what npm tells the scripts that it runs; the registry is npm's for all. */
function environment(): NodeJS.ProcessEnv {
  registry ??= npm(CACHE, ['config', 'get', 'registry']).trim();
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return {
    ...Object.fromEntries(own),
    ...STRICT,
    PATH: `${dirname(node)}:${process.env['PATH']}`,
    npm_config_registry: registry,
    npm_config_cache: process.env['npm_config_cache'],
    npm_config_update_notifier: 'false',
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
    YARN_GLOBAL_FOLDER: join(CACHE, 'yarn-4'),
    YARN_CACHE_FOLDER: join(CACHE, 'yarn-cache'),
    NO_COLOR: '1',
  };
}
