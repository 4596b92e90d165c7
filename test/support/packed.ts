// The package as `npm publish` would send it, made of the local build.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const PREBUILT = `${process.platform}-${process.arch}`;

export interface Packed {
  readonly tarball: string;
  /** Paths in it. */
  readonly files: readonly string[];
}

/** The script of the npm beside this Node, or of the one that runs the tests. */
export function npmCli(): string {
  const beside = join(dirname(process.execPath), '..', 'lib/node_modules/npm/bin/npm-cli.js');
  const found = [beside, process.env['npm_execpath']].find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error('npm is not found beside node; run the tests by `npm test`');
  return found;
}

/** Its stdout. */
export function npm(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(process.execPath, [npmCli(), ...args], { cwd, env, encoding: 'utf8' });
}

/** What is packed, with the local build in place of the prebuilt parts of this platform. */
export function stagePackage(folder: string): void {
  for (const name of ['package.json', 'bin', 'dist', 'docs', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  const prebuilt = join(folder, 'prebuilds', PREBUILT);
  cpSync(join(ROOT, 'build/Release/nvpulse.node'), join(prebuilt, 'nvpulse.glibc.node'), { recursive: true });
  for (const part of ['nvpulse-supervisor', 'libnvidia-ml.so.1', 'simulator-470.256.02'])
    cpSync(join(ROOT, 'build/Release', part), join(prebuilt, 'glibc', part), { recursive: true });
}

/** Packs what is staged in `folder`, into that folder. */
export function pack(folder: string, env?: NodeJS.ProcessEnv): Packed {
  const [report] = JSON.parse(npm(folder, ['pack', '--ignore-scripts', '--json'], env)) as {
    filename: string;
    files: { path: string }[];
  }[];
  if (!report) throw new Error('npm pack told nothing');
  return { tarball: join(folder, report.filename), files: report.files.map(({ path }) => path) };
}
