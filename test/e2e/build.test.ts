// Building and packing a clone: what is missing is said before anything is done, and either generator will do.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { npmCli } from '../support/packed';

const ROOT = join(__dirname, '..', '..');
const work = mkdtempSync(join(tmpdir(), 'nvpulse-build-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A clone of links, but for the scripts, which work on the folder above them. */
function clone(name: string): string {
  const folder = join(work, name);
  mkdirSync(folder);
  for (const part of ['node_modules', 'CMakeLists.txt', 'native', 'cmake'])
    symlinkSync(join(ROOT, part), join(folder, part));
  for (const part of ['package.json', 'scripts'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  return folder;
}

/** Builds with these tools alone: each succeeds, and `cmake` keeps what it was asked. */
function build(
  folder: string,
  tools: readonly string[],
): { status: number | null; stderr: string; asked: string } {
  const bin = mkdtempSync(join(work, 'bin-'));
  for (const tool of tools) {
    writeFileSync(join(bin, tool), '#!/bin/sh\necho "$0 $@" >> "$ASKED"\n');
    chmodSync(join(bin, tool), 0o755);
  }
  const env = { PATH: bin, ASKED: join(bin, 'asked'), HOME: work };
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.js', 'native'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { status, stderr, asked: existsSync(env.ASKED) ? readFileSync(env.ASKED, 'utf8') : '' };
}

test.each([
  ['ninja', 'Ninja'],
  ['make', 'Unix Makefiles'],
])('builds with %s alone', (tool, generator) => {
  const { status, stderr, asked } = build(clone(tool), ['cmake', 'c++', 'g++', tool]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(asked).toContain(`-G ${generator} `);
});

test.each([
  ['Ninja', 'make', 'Unix Makefiles'],
  ['Unix Makefiles', 'ninja', 'Ninja'],
])('a build folder of %s does not hinder %s', (before, tool, generator) => {
  const folder = clone(`after-${tool}`);
  mkdirSync(join(folder, 'build'));
  writeFileSync(join(folder, 'build/CMakeCache.txt'), `CMAKE_GENERATOR:INTERNAL=${before}\n`);
  const { status, asked } = build(folder, ['cmake', 'c++', 'g++', tool]);
  expect(status).toBe(0);
  expect(asked).toContain(`-G ${generator} `);
});

test('without either it says what to type', () => {
  const { status, stderr } = build(clone('neither'), ['cmake', 'c++', 'g++']);
  expect(stderr).toMatch(
    /needs ninja-build, not found on PATH\.\n.*apt-get install -y ninja-build && npm ci/,
  );
  expect(status).toBe(1);
});

const { missingPrebuilds } = require('../../scripts/prebuilds') as {
  missingPrebuilds(root: string): string[];
};

test('a package without its compiled parts is not packed, and says what to type', () => {
  const folder = clone('unpacked');
  const manifest = join(folder, 'package.json');
  // What npm runs besides would fail for its own reasons.
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/^ *"prepare": .*\n/m, ''));
  const { status, stderr } = spawnSync(process.execPath, [npmCli(), 'pack'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain('\n  prebuilds/linux-x64/nvpulse.glibc.node\n');
  expect(stderr).toContain('\n  prebuilds/linux-arm64/musl/nvpulse-supervisor\n');
  expect(stderr).toContain('Type: npm run prebuildify');
  expect(readdirSync(folder).filter((name) => name.endsWith('.tgz'))).toEqual([]);
});

test('one with all of them is', () => {
  const folder = clone('whole');
  for (const file of missingPrebuilds(folder)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  const prepack = spawnSync(process.execPath, ['scripts/prepack.js'], { cwd: folder, encoding: 'utf8' });
  expect([prepack.status, prepack.stderr]).toEqual([0, '']);
});
