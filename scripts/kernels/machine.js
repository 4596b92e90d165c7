'use strict';
// Boots the image in qemu and takes the results from its console.
const { spawn, spawnSync } = require('node:child_process');
const { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { archive, cache } = require('./image');

const QEMU = 'qemu-system-x86_64';
const ACCELERATORS = { kvm: ['-accel', 'kvm', '-cpu', 'host'], tcg: ['-accel', 'tcg', '-cpu', 'max'] };
/** Longer than any boot to the first process with KVM. */
const PROBE__S = 20;
const BOOT__S = 1500;

function requireQemu() {
  if (spawnSync(QEMU, ['--version']).status === 0) return;
  if (process.getuid() === 0)
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'qemu-system-x86'], {
      stdio: 'ignore',
    });
  if (spawnSync(QEMU, ['--version']).status !== 0)
    throw new Error(`${QEMU} is not on PATH; on Debian, type: sudo apt-get install qemu-system-x86`);
}

/** Runs a machine until it powers off, or for too long; calls `onLine` with each line of its console. */
function boot(accelerator, { vmlinuz, image }, parameters, timeout__s, onLine) {
  const argv = [
    ...ACCELERATORS[accelerator],
    ...[
      '-m',
      '3072',
      '-smp',
      '2',
      '-nographic',
      '-no-reboot',
      '-nic',
      'none',
      '-kernel',
      vmlinuz,
      '-initrd',
      image,
    ],
    ...['-append', `console=ttyS0 quiet panic=-1 ${parameters}`],
  ];
  const machine = spawn(QEMU, argv, { stdio: ['ignore', 'pipe', 'ignore'], timeout: timeout__s * 1000 });
  let text = '';
  machine.stdout.setEncoding('utf8').on('data', (chunk) => {
    const lines = (text + chunk).split(/\r*\n/);
    text = lines.pop();
    lines.forEach(onLine);
  });
  return new Promise((resolve, reject) =>
    machine.on('error', reject).on('close', (code) => resolve(code === 0)),
  );
}

/** KVM where it works: some machines have the device, and a guest that never starts. */
async function findAccelerator({ vmlinuz, busybox }) {
  if (!existsSync('/dev/kvm')) return 'tcg';
  const folder = join(cache, 'probe');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  cpSync(busybox, join(folder, 'busybox'));
  writeFileSync(join(folder, 'init'), '#!/busybox sh\n/busybox poweroff -f\n');
  chmodSync(join(folder, 'init'), 0o755);
  archive(busybox, folder, `${folder}.cpio`);
  return (await boot('kvm', { vmlinuz, image: `${folder}.cpio` }, '', PROBE__S, () => undefined))
    ? 'kvm'
    : 'tcg';
}

/** The results of one layout of cgroups. */
async function runChecks(accelerator, image, layout, onResult) {
  const results = [];
  const ended = await boot(accelerator, image, `nvpulse.cgroups=${layout}`, BOOT__S, (line) => {
    const json = /RESULT (\{.*\})/.exec(line)?.[1];
    if (json === undefined) return;
    const result = { layout, ...JSON.parse(json) };
    results.push(result);
    onResult(result);
  });
  if (!ended) throw new Error(`the machine with ${layout} cgroups did not end by itself`);
  return results;
}

module.exports = { requireQemu, findAccelerator, runChecks };
