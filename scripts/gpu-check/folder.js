'use strict';
// What the folder holds: node, node_modules with nvpulse and what it needs at run time, check/, and ./gpu-check.
const { execFileSync, spawnSync } = require('node:child_process');
const {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} = require('node:fs');
const { extname, join } = require('node:path');
const { transformSync } = require('@swc/core');
const { glibcOf } = require('./glibc');

const root = join(__dirname, '..', '..');
const { version } = require('../../package.json');
/** What only compilers and debuggers read. */
const UNUSED = /(\.d\.[cm]?ts|\.map|\.tsbuildinfo)$/;

const copy = (from, to) => cpSync(from, to, { recursive: true, filter: (path) => !UNUSED.test(path) });

/** Stripped where binutils are there. */
function copyNode(to) {
  const { status } = spawnSync('strip', ['-o', to, process.execPath], { stdio: 'ignore' });
  if (status !== 0) copyFileSync(process.execPath, to);
  chmodSync(to, 0o755);
}

/** Packages that nvpulse needs when it runs, where the lock file has them. */
function copyDependencies(folder) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const needed = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path && !dev && !devOptional,
  );
  for (const [path, { optional }] of needed) {
    if (optional && !existsSync(join(root, path))) continue;
    cpSync(join(root, path), join(folder, path), {
      recursive: true,
      // Packages inside have lines of their own.
      filter: (file) => !UNUSED.test(file) && !file.slice(join(root, path).length).includes('/node_modules'),
    });
  }
}

/** @returns the native files that need a glibc */
function copyPackage(to, ownBuild) {
  for (const name of ['package.json', 'LICENSE', 'bin', 'dist']) copy(join(root, name), join(to, name));
  if (!ownBuild) {
    copy(join(root, 'prebuilds/linux-x64'), join(to, 'prebuilds/linux-x64'));
    return ['nvpulse.glibc.node', 'glibc/libnvidia-ml.so.1'].map((file) =>
      join(to, 'prebuilds/linux-x64', file),
    );
  }
  const built = ['nvpulse.node', 'nvpulse-supervisor', 'libnvidia-ml.so.1'];
  for (const file of built) copy(join(root, 'build/Release', file), join(to, 'build/Release', file));
  return ['nvpulse.node', 'libnvidia-ml.so.1'].map((file) => join(to, 'build/Release', file));
}

function compile(file) {
  const options = {
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  };
  return transformSync(readFileSync(file, 'utf8'), { filename: file, ...options }).code;
}

function copyCheck(to) {
  const from = join(__dirname, 'on-gpu');
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (extname(name) === '.ts')
      writeFileSync(join(to, name.replace('.ts', '.js')), compile(join(from, name)));
    else copyFileSync(join(from, name), join(to, name));
  }
}

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes');
  } catch {
    return 'unknown';
  }
}

const launcher = (glibc) => `#!/bin/sh
# Checks nvpulse on this machine, in less than 3 minutes: ./gpu-check [--out DIR]
here=$(cd "$(dirname "$0")" && pwd) || exit 2
"$here/node" --version >/dev/null 2>&1 || {
  echo "gpu-check: this folder runs on linux-x64 with glibc ${glibc} or later; here is $(uname -sm), $(ldd --version 2>&1 | head -n 1)" >&2
  exit 2
}
exec "$here/node" "$here/check/main.js" "$@"
`;

/** Makes the folder. @returns the glibc that it needs, such as '2.28' */
exports.makeFolder = (folder, ownBuild) => {
  mkdirSync(folder, { recursive: true });
  copyNode(join(folder, 'node'));
  copyDependencies(folder);
  const native = copyPackage(join(folder, 'node_modules/nvpulse'), ownBuild);
  copyCheck(join(folder, 'check'));
  const glibc = glibcOf([join(folder, 'node'), ...native]);
  const build = { nvpulse: version, commit: commit(), node: process.version, glibc };
  writeFileSync(join(folder, 'check/build.json'), JSON.stringify(build));
  writeFileSync(join(folder, 'gpu-check'), launcher(glibc), { mode: 0o755 });
  return { glibc };
};
