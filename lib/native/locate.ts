// Where the compiled parts are: a clone's own build first, else the package's prebuilt ones. node-gyp-build finds the
// addon; the executables lie beside it, or in the prebuilds' folder of its C library, so that all belong together.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NvpulseError } from '../errors';

/**
 * The package's folder. A bundler puts this file elsewhere, and leaves the compiled parts where they were; in an ES
 * module there is not even a `__dirname`.
 * @throws ERR_NATIVE saying what to do
 */
function packageRoot(): string {
  const root = typeof __dirname === 'string' ? join(__dirname, '..', '..') : undefined;
  if (root !== undefined && nameOf(root) === 'nvpulse') return root;
  throw new NvpulseError(
    'ERR_NATIVE',
    'nvpulse was bundled into another file, and its native part was left behind. Keep it external and installed: ' +
      "external: ['nvpulse', 'nvpulse/*'] for esbuild, ssr: { external: ['nvpulse'] } for vite, externals for webpack",
  );
}

function nameOf(root: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}

/** Which C library this Node has mapped; musl's file has many names. (`process.report` knows too, but takes 35 ms.) */
function libc(): 'glibc' | 'musl' {
  const maps = '/proc/self/maps';
  const glibc = !existsSync(maps) || /\/libc(-2\.\d+\.so|\.so\.6)$/m.test(readFileSync(maps, 'utf8'));
  return glibc ? 'glibc' : 'musl';
}

/** node-gyp-build's finder. It tells musl by Alpine's files alone, unless LIBC says so when it is loaded. */
function finder(): { path(folder: string): string } {
  const given = process.env['LIBC'];
  process.env['LIBC'] ??= libc();
  try {
    return require('node-gyp-build') as { path(folder: string): string };
  } finally {
    if (given === undefined) delete process.env['LIBC'];
  }
}

function findAddon(): string {
  const root = packageRoot();
  try {
    return finder().path(root);
  } catch (cause) {
    const { platform, arch } = process;
    const named = platform === 'linux' ? `linux-${arch}, ${libc()}` : `${platform}-${arch}`;
    const looked = join(root, 'prebuilds', `${platform}-${arch}`, `nvpulse.${libc()}.node`);
    throw new NvpulseError(
      'ERR_NATIVE',
      `nvpulse has no native build for this platform (${named}). There is no ${looked}. ` +
        'Prebuilt are linux-x64 and linux-arm64, each for glibc and musl; in a clone, type: npm run build',
      { cause },
    );
  }
}

let found: string | undefined;

/** Path of the addon. Throws `ERR_NATIVE` where there is none. */
export function addonPath(): string {
  return (found ??= findAddon());
}

function locate(file: string): string {
  const addon = addonPath();
  const prebuilt = /\.(glibc|musl)\.node$/.exec(addon)?.[1];
  const path = join(dirname(addon), prebuilt ?? '', file);
  if (existsSync(path)) return path;
  throw new NvpulseError(
    'ERR_NATIVE',
    `nvpulse's installation is not whole: there is no ${path}. Install it again; in a clone, type: npm run build`,
  );
}

/** Path of the supervisor executable; `NVPULSE_SUPERVISOR` overrides it. Throws `ERR_NATIVE` where there is none. */
export function supervisorPath(): string {
  return process.env['NVPULSE_SUPERVISOR'] ?? locate('nvpulse-supervisor');
}

/** A release of the driver, whose library the simulator is: each exports what that release does. */
export type SimulatedDriver = '580.126.20' | '470.256.02';

const NEWEST_DRIVER: SimulatedDriver = '580.126.20';

/**
 * Path of the simulator, a `libnvidia-ml.so.1`; of the newest driver it knows, where none is named. Throws
 * `ERR_NATIVE` where there is none.
 */
export function simulatorPath(driver: SimulatedDriver = NEWEST_DRIVER): string {
  const folder = driver === NEWEST_DRIVER ? '' : `simulator-${driver}`;
  return locate(join(folder, 'libnvidia-ml.so.1'));
}
