'use strict';
// Fills prebuilds/ for every platform the package ships, by zig as the cross compiler.
// `node scripts/prebuildify.js [target…]`, such as linux-x64/glibc; all of them by default. Needs python3 with pip,
// or zig 0.15 at $ZIG. prebuildify builds afresh in the package's own build folder: each target gets a package of
// links, build-prebuild/<target>, so that a developer's build stays.
const { execFileSync } = require('node:child_process');
const { copyFileSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { PARTS, TARGETS } = require('./prebuilds');

const root = join(__dirname, '..');
const ZIG = 'ziglang==0.15.2';
const LINKED = ['package.json', 'CMakeLists.txt', 'cmake', 'native', 'node_modules'];

function fail(message) {
  process.stderr.write(`prebuildify: ${message}\n`);
  process.exit(1);
}

function run(command, args, env) {
  const stdio = ['ignore', 'ignore', 'inherit'];
  execFileSync(command, args, { cwd: root, stdio, env: { ...process.env, ...env } });
}

/** Path of zig: $ZIG, or PyPI's, installed once below node_modules/.cache. */
function findZig() {
  if (process.env.ZIG) return process.env.ZIG;
  const folder = join(root, 'node_modules/.cache/nvpulse-zig', ZIG.replace('==', '-'));
  const zig = join(folder, 'ziglang/zig');
  if (!existsSync(zig)) {
    run('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      folder,
      ZIG,
    ]);
  }
  return zig;
}

function link(target) {
  const folder = join(root, 'build-prebuild', target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of LINKED) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

/** The addon by prebuildify over cmake-js, the executables by the same build folder. */
function build(target, zig) {
  const folder = link(target);
  const [platform, libc] = target.split('/');
  const env = { ZIG: zig, ZIG_TARGET: TARGETS[target], CMAKE_TOOLCHAIN_FILE: join(root, 'cmake/zig.cmake') };
  const bin = join(root, 'node_modules/.bin');
  const named = ['--napi', '--tag-libc', libc, '--arch', platform.split('-')[1], '--platform', 'linux'];
  const places = ['--cwd', folder, '--out', root, '--node-gyp', join(bin, 'cmake-js')];
  run(join(bin, 'prebuildify'), [...named, ...places, '-t', 'nvpulse', '--quiet'], env);
  const targets = ['nvpulse-supervisor', 'nvpulse-simulator'];
  run('cmake', ['--build', join(folder, 'build'), '--parallel', '2', '--target', ...targets], env);
  return join(folder, 'build/Release');
}

function report(file) {
  process.stdout.write(`${file}: ${Math.round(statSync(join(root, 'prebuilds', file)).size / 1024)} KiB\n`);
}

/** The supervisor is static, as it must not depend on the command's environment: zig links so for musl only. */
function copyParts(target, built) {
  report(`${dirname(target)}/nvpulse.${target.split('/')[1]}.node`);
  const to = join(root, 'prebuilds', target);
  for (const part of PARTS) {
    const musl = join(root, 'prebuilds', target.replace('glibc', 'musl'), part);
    const own = !(part === 'nvpulse-supervisor' && target.endsWith('glibc'));
    mkdirSync(dirname(join(to, part)), { recursive: true });
    copyFileSync(own ? join(built, part) : musl, join(to, part));
    report(`${target}/${part}`);
  }
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TARGETS);
const unknown = wanted.find((target) => !(target in TARGETS));
if (unknown) fail(`unknown target '${unknown}'; allowed are ${Object.keys(TARGETS).join(', ')}`);
const zig = findZig();
for (const target of wanted) copyParts(target, build(target, zig));
