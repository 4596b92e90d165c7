// The published package: packed, checked by the tools that know the ways a package is read, and installed into an
// empty folder where there is neither a compiler nor a home.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, npmCli, pack, stagePackage } from '../support/packed';

const ROOT = join(__dirname, '..', '..');
const TOOLS = ['sh', 'env', 'true'];

let work: string;
let tarball: string;
let packed: readonly string[];
let installed: string;
let environment: NodeJS.ProcessEnv;

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(...args: string[]): Finished {
  return spawnSync(process.execPath, args, { cwd: installed, env: environment, encoding: 'utf8' });
}

const nvpulse = (...args: string[]): Finished => node(join(installed, 'node_modules/.bin/nvpulse'), ...args);

function onPath(tool: string): string {
  const folders = process.env['PATH']?.split(':') ?? [];
  const found = folders.map((folder) => join(folder, tool)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${tool} is not on PATH`);
  return found;
}

/** PATH without a compiler, an empty HOME, and nothing of the npm that runs these tests but its cache. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const bin = join(work, 'bin');
  mkdirSync(bin);
  for (const tool of TOOLS) symlinkSync(onPath(tool), join(bin, tool));
  symlinkSync(process.execPath, join(bin, 'node'));
  mkdirSync(join(work, 'home'));
  return {
    PATH: bin,
    HOME: join(work, 'home'),
    npm_config_cache: process.env['npm_config_cache'] ?? join(homedir(), '.npm'),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
}

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'nvpulse-package-'));
  environment = bareEnvironment();
  const staging = join(work, 'staging');
  stagePackage(staging);
  ({ tarball, files: packed } = pack(staging, environment));
  installed = join(work, 'installed');
  mkdirSync(installed);
  npm(installed, ['install', '--no-audit', '--no-fund', tarball], environment);
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

test('holds what its users need, and nothing else', () => {
  const tops = new Set(packed.map((path) => path.split('/')[0]));
  expect([...tops].sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'docs', 'package.json', 'prebuilds'].sort(),
  );
  expect(packed.filter((path) => path.includes('tsbuildinfo'))).toEqual([]);
  expect(packed).toEqual(
    expect.arrayContaining(['dist/index.mjs', 'dist/index.d.mts', 'dist/jobs/summary.schema.json']),
  );
});

test('installs on every platform: no install script, no list of systems', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'node_modules/nvpulse/package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  expect(manifest).not.toHaveProperty('os');
  expect(manifest).not.toHaveProperty('cpu');
  expect(existsSync(join(installed, 'node_modules/nvpulse/binding.gyp'))).toBe(false);
});

test.each([
  ['publint', [join(ROOT, 'node_modules/publint/src/cli.js'), 'run', '--strict']],
  [
    'attw',
    [join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js'), '--profile', 'node16', '--no-emoji'],
  ],
])('%s finds nothing', (_name, args) => {
  const { status, stdout, stderr } = node(...args, tarball);
  expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
});

test('is imported as an ES module and as CommonJS', () => {
  const names = 'Sampler, runJob, summarize, NvpulseError';
  const print = `console.log([${names}].map((value) => typeof value).join())`;
  const esm = node(
    '--input-type=module',
    '-e',
    `import { ${names} } from 'nvpulse'; import { simulate } from 'nvpulse/testing'; ${print}; console.log(typeof simulate)`,
  );
  expect(esm).toEqual({ ...esm, status: 0, stdout: 'function,function,function,function\nfunction\n' });
  const cjs = node('-e', `const { ${names} } = require('nvpulse'); ${print}`);
  expect(cjs).toEqual({ ...cjs, status: 0, stdout: 'function,function,function,function\n' });
});

/** All that `import 'nvpulse'` may load: the catalog, and the classes without what they work with. */
const LOADED_BY_IMPORT = [
  ...[
    'catalog/entities',
    'catalog/hold',
    'catalog/index',
    'catalog/metrics',
    'catalog/status',
    'errors',
    'index',
  ],
  ...['recording/export/formats', 'recording/index', 'recording/reader', 'recording/writer'],
  ...['sampling/nvml', 'sampling/options', 'sampling/sampler', 'time', 'version'],
];

/** Paths below the package, without the folder of what is compiled. */
function loadedBy(...args: string[]): readonly string[] {
  const { stdout } = node(...args);
  const own = join(installed, 'node_modules/nvpulse/');
  return (JSON.parse(stdout) as string[]).map((path) =>
    path.replace(own, '').replace(/^dist\/(.*)\.js$/, '$1'),
  );
}

test('importing it loads no more than it must, of itself and of others', () => {
  const esm = loadedBy(
    '--input-type=module',
    '-e',
    `import 'nvpulse'; import { createRequire } from 'node:module';
     console.log(JSON.stringify(Object.keys(createRequire(process.cwd() + '/').cache)))`,
  );
  expect([...esm].sort()).toEqual([...LOADED_BY_IMPORT, 'package.json'].sort());
  const cjs = loadedBy('-e', `require('nvpulse'); console.log(JSON.stringify(Object.keys(require.cache)))`);
  expect([...cjs].sort()).toEqual(LOADED_BY_IMPORT.filter((name) => /^(catalog|index)/.test(name)));
});

test.each(['nvpulse', 'nvpulse/elasticsearch', 'nvpulse/server', 'nvpulse/testing'])(
  '%s offers the same to both kinds of module',
  (name) => {
    const { stdout } = node(
      '--input-type=module',
      '-e',
      `import * as esm from '${name}'; import { createRequire } from 'node:module';
       const cjs = createRequire(process.cwd() + '/')('${name}');
       const differing = Object.keys(cjs).filter((name) => typeof cjs[name] !== typeof esm[name]);
       const functions = Object.keys(cjs).filter((name) => cjs[name] !== esm[name]);
       const own = functions.filter((name) => !/=> nvpulse\\./.test(String(esm[name])));
       console.log(JSON.stringify([Object.keys(esm).sort(), Object.keys(cjs).sort(), differing, own]));`,
    );
    const [esm, cjs, ...wrong] = JSON.parse(stdout) as string[][];
    expect(esm).toEqual(cjs);
    expect(esm?.length).toBeGreaterThan(0);
    expect(wrong).toEqual([[], []]);
  },
);

test('a function that is loaded when it is called does what it does, and throws what it throws', () => {
  const { stdout } = node(
    '--input-type=module',
    '-e',
    `import { NvpulseError, parseDuration } from 'nvpulse';
     console.log(parseDuration('10ms', 'x'));
     try { parseDuration('soon', 'x'); } catch (error) { console.log(error instanceof NvpulseError, error.code); }`,
  );
  expect(stdout).toBe('10000000\ntrue ERR_OPTION\n');
});

test('README says how it gets on PATH from a clone', () => {
  const clone = join(work, 'staging');
  const [, link] =
    /without rights to the system's folders, `([^`]+)`\s+puts it into `~\/\.local\/bin`/.exec(
      readFileSync(join(ROOT, 'README.md'), 'utf8'),
    ) ?? [];
  writeFileSync(join(work, 'bin/npm'), `#!/bin/sh\nexec node '${npmCli()}' "$@"\n`, { mode: 0o755 });
  const env = { ...environment, npm_config_offline: 'true', npm_config_ignore_scripts: 'true' };
  const linked = spawnSync('sh', ['-c', link ?? 'exit 9'], { cwd: clone, env, encoding: 'utf8' });
  expect({ ...linked, status: linked.status }).toMatchObject({ status: 0 });
  const command = join(work, 'home/.local/bin/nvpulse');
  expect(realpathSync(command)).toBe(join(realpathSync(clone), 'bin/nvpulse.js'));
});

test('runs a command where there is a prebuild', () => {
  expect(nvpulse('--version').stdout).toBe('0.1.0\n');
  const { status, stderr } = nvpulse(
    'run',
    '--simulate',
    'h200x8',
    '--no-recording',
    '--',
    'node',
    '-e',
    'setTimeout(() => {}, 1000)',
  );
  expect(stderr).toContain('NVIDIA H200');
  expect(status).toBe(0);
});

describe('on a platform without a prebuild', () => {
  beforeAll(() => rmSync(join(installed, 'node_modules/nvpulse/prebuilds'), { recursive: true }));

  test('importing works, and what needs no native part', () => {
    const { status, stdout } = node('-e', `console.log(require('nvpulse').METRICS.length > 0)`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'true\n' });
    expect(nvpulse('metrics').status).toBe(0);
  });

  test('asking for something native is one clear error', () => {
    const { status, stdout } = node(
      '-e',
      `try { new (require('nvpulse').Sampler)(); } catch ({ code, message }) { console.log(code, message); }`,
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ERR_NATIVE nvpulse has no native build for this platform \(.+\)\. .+\n$/);
    const looked = join(installed, 'node_modules/nvpulse/prebuilds', `${process.platform}-${process.arch}`);
    expect(stdout).toMatch(new RegExp(`\\. There is no ${looked}/nvpulse\\.(glibc|musl)\\.node\\. `));
  });

  test('the command line says it in one line', () => {
    const { status, stderr } = nvpulse('run', '--', 'true');
    expect(stderr).toMatch(/^nvpulse run: nvpulse has no native build for this platform .+\n$/);
    expect(status).toBe(125);
  });
});
