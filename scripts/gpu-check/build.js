'use strict';
// Makes a folder, and an archive of it, that check nvpulse on a machine with a GPU: Node, nvpulse and the check itself,
// which need no registry, compiler or network there. `node scripts/gpu-check/build.js --out DIR [--own-build]`
const { spawnSync } = require('node:child_process');
const { existsSync, readdirSync, statSync } = require('node:fs');
const { basename, dirname, join, resolve } = require('node:path');
const { parseArgs } = require('node:util');
const { makeFolder } = require('./folder');

const root = join(__dirname, '..', '..');
const LIMIT__MiB = 45;
/** musl's supervisor is static and serves glibc as well. */
const TARGETS = ['linux-x64/musl', 'linux-x64/glibc'];

function fail(message) {
  process.stderr.write(`gpu-check: ${message}\n`);
  process.exit(1);
}

function options() {
  try {
    const { values } = parseArgs({ options: { out: { type: 'string' }, 'own-build': { type: 'boolean' } } });
    if (values.out === undefined) fail('--out is missing; give the folder to make');
    return { out: resolve(values.out), ownBuild: values['own-build'] === true };
  } catch (error) {
    return fail(`${error.message}\nusage: npm run gpu-check -- --out DIR [--own-build]`);
  }
}

/** The folder carries this Node, which must run on the machines that have GPUs. */
function checkNode() {
  const { glibcVersionRuntime } = process.report.getReport().header;
  const here = `${process.platform}-${process.arch}, ${glibcVersionRuntime ? 'glibc' : 'not glibc'}`;
  if (process.platform !== 'linux' || process.arch !== 'x64' || glibcVersionRuntime === undefined)
    fail(
      `the folder carries the Node that makes it: it has to be of linux-x64 with glibc, this one is of ${here}`,
    );
  if (process.config.variables.node_shared)
    fail('this Node needs its libnode.so beside it; take one from nodejs.org or from NodeSource');
}

function run(command, args, env = {}) {
  const stdio = ['ignore', 'ignore', 'inherit'];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio, env: { ...process.env, ...env } });
  return error ? error.message : status === 0 ? undefined : `exit ${status}`;
}

/** For glibc 2.28 and later; this clone's own build needs the glibc of this machine. */
function crossCompile() {
  process.stdout.write('compiling for glibc 2.28, which takes minutes the first time …\n');
  const failure = run(process.execPath, [join(root, 'scripts/prebuildify.js'), ...TARGETS]);
  if (failure)
    fail(
      `prebuildify failed (${failure}); --own-build takes this clone’s build, which needs this machine’s glibc`,
    );
}

function archive(folder) {
  const file = `${folder}.tar.xz`;
  const failure = run('tar', ['-C', dirname(folder), '-cJf', file, basename(folder)], {
    XZ_OPT: process.env.XZ_OPT ?? '-T2',
  });
  if (failure) fail(`tar failed (${failure})`);
  const size__MiB = statSync(file).size / 2 ** 20;
  if (size__MiB > LIMIT__MiB)
    fail(`${file} has ${size__MiB.toFixed(1)} MiB; at most ${LIMIT__MiB} are allowed`);
  return `${file}: ${size__MiB.toFixed(1)} MiB`;
}

const { out, ownBuild } = options();
if (existsSync(out) && readdirSync(out).length > 0) fail(`${out} is not empty; give a new folder`);
checkNode();
if (!ownBuild) crossCompile();
const { glibc } = makeFolder(out, ownBuild);
process.stdout.write(`${archive(out)}\n`);
process.stdout.write(
  `On the machine with the GPU, which needs glibc ${glibc} or later: unpack it, and type ./gpu-check\n`,
);
