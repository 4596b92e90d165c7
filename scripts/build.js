'use strict';
// Builds nvpulse in a clone: the native parts with CMake, then TypeScript. What has not changed is not built again.
// `node scripts/build.js [native|ts]`; run by npm's `prepare`.
const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { finishDist } = require('./finish-dist');

const root = join(__dirname, '..');

/** Ends with one short message, as a person at a terminal wants it. */
function fail(message) {
  process.stderr.write(`\nnvpulse: ${message}\n\n`);
  process.exit(1);
}

/** What a tool says is shown only when it fails. */
function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) fail(`cannot run ${command}: ${error.message}`);
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}`);
  fail(`${[command, ...args].join(' ')} failed (exit ${status}); the lines above say why.`);
}

const works = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** What CMake's generators need on PATH; cmake-js takes Ninja where it is. */
const GENERATORS = { Ninja: 'ninja', 'Unix Makefiles': 'make' };

function checkTools() {
  const missing = [];
  if (!works('cmake')) missing.push('cmake');
  if (!Object.values(GENERATORS).some(works)) missing.push('ninja-build');
  if (!works(process.env.CXX?.split(' ')[0] ?? 'c++')) missing.push('g++');
  if (missing.length === 0) return;
  fail(
    `building needs ${missing.join(' and ')}, not found on PATH.\n` +
      `On Debian or Ubuntu, type: sudo apt-get install -y ${missing.join(' ')} && npm ci`,
  );
}

function checkPackages() {
  if (existsSync(join(root, 'node_modules/typescript')) && existsSync(join(root, 'node_modules/cmake-js')))
    return;
  fail(
    'building a clone needs the development packages (installed with --omit=dev?).\nType: npm ci --include=dev',
  );
}

/** A build folder keeps to the generator that made it: where that is gone, so is the folder. */
function leaveGoneGenerator() {
  const cache = join(root, 'build/CMakeCache.txt');
  if (!existsSync(cache)) return;
  const [, generator] = /^CMAKE_GENERATOR:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8')) ?? [];
  if (generator in GENERATORS && !works(GENERATORS[generator]))
    rmSync(join(root, 'build'), { recursive: true });
}

function buildNative() {
  checkTools();
  leaveGoneGenerator();
  const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
  run(process.execPath, [cmakeJs, 'build', '--log-level', 'error', '--parallel', '2']);
}

function buildTypeScript() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [
    tsc,
    '-p',
    'tsconfig.json',
    '--incremental',
    '--tsBuildInfoFile',
    'dist/.tsbuildinfo',
  ]);
  finishDist();
}

const part = process.argv[2];
checkPackages();
if (part !== 'ts') buildNative();
if (part !== 'native') buildTypeScript();
