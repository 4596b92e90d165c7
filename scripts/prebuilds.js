'use strict';
// What the package ships compiled: for each target the addon, and beside it the executables.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

/**
 * By target, what zig calls it. glibc 2.28 or newer is in Debian 10, RHEL 8 and Ubuntu 20.04. musl comes first: its
 * supervisor is static and serves glibc as well.
 */
exports.TARGETS = {
  'linux-x64/musl': 'x86_64-linux-musl',
  'linux-x64/glibc': 'x86_64-linux-gnu.2.28',
  'linux-arm64/musl': 'aarch64-linux-musl',
  'linux-arm64/glibc': 'aarch64-linux-gnu.2.28',
};
/** In `<platform>/<libc>/`, beside the addon, which prebuildify names `<platform>/nvpulse.<libc>.node`. */
exports.PARTS = ['nvpulse-supervisor', 'libnvidia-ml.so.1', 'simulator-470.256.02/libnvidia-ml.so.1'];

function filesOf(target) {
  const [platform, libc] = target.split('/');
  return [`${platform}/nvpulse.${libc}.node`, ...exports.PARTS.map((part) => `${target}/${part}`)];
}

/** Files that a package of all targets needs, and that are not there: paths from the root. */
exports.missingPrebuilds = (root) =>
  Object.keys(exports.TARGETS)
    .flatMap(filesOf)
    .map((file) => `prebuilds/${file}`)
    .filter((file) => !existsSync(join(root, file)));
