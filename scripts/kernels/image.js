'use strict';
// The kernel and the initramfs that check-kernels boots: Debian's packages, and this clone's build with its Node.
const { execFileSync, spawnSync } = require('node:child_process');
const {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} = require('node:fs');
const { basename, dirname, join, relative } = require('node:path');

const root = join(__dirname, '..', '..');
const cache = join(root, 'node_modules/.cache/nvpulse-kernels');
/** Debian's cloud kernel (a package that depends on the current one), and the tools of the guest. */
const KERNEL = 'linux-image-cloud-amd64';
const BUSYBOX = 'busybox-static';

const output = (command, args, options) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26, stdio: 'pipe', ...options });

/** The package that a package of no content stands for. */
function currentKernel() {
  const name = /Depends: (linux-image-\S+)/.exec(output('apt-cache', ['depends', KERNEL]))?.[1];
  if (name === undefined)
    throw new Error(`apt knows no ${KERNEL}; it needs Debian on x64, and apt-get update`);
  return name;
}

/** A package's files, fetched once; the folder they are in. */
function unpacked(name) {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  output('apt-get', ['download', '-q', name], { cwd: partial });
  const [archive] = readdirSync(partial);
  output('dpkg-deb', ['-x', join(partial, archive), partial]);
  renameSync(partial, folder);
  return folder;
}

/** Copies a program and the libraries that it is linked with. */
function copyProgram(program, stage) {
  const path = realpathSync(program);
  cpSync(path, join(stage, 'usr/bin', basename(program)));
  for (const [, library] of output('ldd', [path]).matchAll(/(\/\S+) \(0x/g)) {
    const place = join(stage, library);
    if (!existsSync(place)) cpSync(library, place, { dereference: true });
  }
}

/** This clone as it is installed: what the package ships, its own build, and its dependencies. */
function copyNvpulse(stage) {
  for (const part of ['bin', 'dist', 'build/Release', 'package.json'])
    cpSync(join(root, part), join(stage, 'nvpulse', part), { recursive: true });
  const [, ...packages] = output('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root })
    .trim()
    .split('\n');
  for (const folder of packages)
    cpSync(folder, join(stage, 'nvpulse', relative(root, folder)), { recursive: true, dereference: true });
}

/** Makes the initramfs; paths of it and of the kernel, and the kernel's name. */
function makeImage() {
  const name = currentKernel();
  const kernel = unpacked(name);
  const busybox = join(unpacked(BUSYBOX), 'bin/busybox');
  const stage = join(cache, 'stage');
  rmSync(stage, { recursive: true, force: true });
  for (const folder of ['bin', 'usr/bin', 'dev', 'proc', 'sys', 'tmp', 'etc'])
    mkdirSync(join(stage, folder), { recursive: true });
  cpSync(busybox, join(stage, 'bin/busybox'));
  for (const program of [process.execPath, '/usr/bin/setpriv', '/usr/bin/unshare'])
    copyProgram(program, stage);
  renameSync(join(stage, 'usr/bin', basename(process.execPath)), join(stage, 'usr/bin/node'));
  copyNvpulse(stage);
  cpSync(__dirname, join(stage, 'kernels'), { recursive: true });
  cpSync(join(__dirname, 'init'), join(stage, 'init'));
  chmodSync(join(stage, 'init'), 0o755);
  // A clone may be its owner's alone; in the guest everyone reads it.
  output('chmod', ['-R', 'a+rX', stage]);
  const image = join(cache, 'initramfs.cpio');
  archive(busybox, stage, image);
  const [vmlinuz] = readdirSync(join(kernel, 'boot')).filter((file) => file.startsWith('vmlinuz'));
  return {
    name: basename(vmlinuz).replace('vmlinuz-', ''),
    vmlinuz: join(kernel, 'boot', vmlinuz),
    image,
    busybox,
  };
}

/** An initramfs of all that is in a folder. */
function archive(busybox, folder, path) {
  const out = openSync(path, 'w');
  const { status, stderr } = spawnSync('sh', ['-c', 'find . | "$1" cpio -o -H newc', 'sh', busybox], {
    cwd: folder,
    stdio: ['ignore', out, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(out);
  if (status !== 0) throw new Error(`${dirname(path)}: cpio failed: ${stderr}`);
}

module.exports = { makeImage, archive, cache };
