// Programs that bundlers made of nvpulse: with it external they work, and otherwise they say what to do.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTools } from '../support/npm-tools';

const ROOT = join(__dirname, '..', '..');
const TOOLS = join(ROOT, 'node_modules/.cache/nvpulse-bundlers');
const PROGRAM = `
import { NvpulseError, runJob } from 'nvpulse';
import { connect } from 'nvpulse/elasticsearch';
import { simulate } from 'nvpulse/testing';
async function main() {
  try {
    Object.assign(process.env, simulate({ profile: 't4' }).env);
    const { summary } = await runJob({ command: ['true'], recording: false });
    console.log(summary.job.name, summary.entities.filter(({ entity }) => entity === 'gpu').length, typeof connect);
  } catch (error) {
    console.log(error instanceof NvpulseError, error.code, error.message);
  }
}
main();
`;
const ADVICE =
  "true ERR_NATIVE nvpulse was bundled into another file, and its native part was left behind. Keep it external and installed: external: ['nvpulse', 'nvpulse/*'] for esbuild, ssr: { external: ['nvpulse'] } for vite, externals for webpack\n";

/** The scripts that bundle: `main.mjs` into a file that they name. @param external whether nvpulse stays outside */
const BUNDLERS: Readonly<Record<string, (external: boolean) => string>> = {
  esbuild: (external) => `
    const { buildSync } = require(${JSON.stringify(join(TOOLS, 'node_modules/esbuild'))});
    buildSync({ entryPoints: ['main.mjs'], outfile: 'out/main.cjs', bundle: true, platform: 'node', logLevel: 'error',
      external: ${external ? "['nvpulse', 'nvpulse/*']" : '[]'} });
    console.log('out/main.cjs');`,
  vite: (external) => `
    import(${JSON.stringify(join(TOOLS, 'node_modules/vite/dist/node/index.js'))}).then(async ({ build }) => {
      await build({ configFile: false, logLevel: 'error', build: { ssr: 'main.mjs', outDir: 'out', emptyOutDir: true },
        ssr: ${external ? "{ external: ['nvpulse'] }" : '{ noExternal: true }'} });
      console.log('out/main.js');
    });`,
};

const work = mkdtempSync(join(tmpdir(), 'nvpulse-bundle-'));
beforeAll(() => {
  installTools(TOOLS, ['esbuild@0.28.2', 'vite@8.3.8']);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A program that imports nvpulse, bundled and run. */
function bundleAndRun(bundler: string, external: boolean): { status: number | null; output: string } {
  const folder = join(work, `${bundler}-${external ? 'external' : 'inside'}`);
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules/nvpulse'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "type": "module" }\n');
  writeFileSync(join(folder, 'main.mjs'), PROGRAM);
  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const made = node('--input-type=commonjs', '-e', BUNDLERS[bundler]?.(external) ?? '');
  if (made.status !== 0) throw new Error(`${bundler}: ${made.stderr}`);
  const { status, stdout, stderr } = node(made.stdout.trim());
  return { status, output: stdout + stderr };
}

describe.each(Object.keys(BUNDLERS))('%s', (bundler) => {
  test('with nvpulse external the program works', () => {
    expect(bundleAndRun(bundler, true)).toEqual({ status: 0, output: 'true 1 function\n' });
  });

  test('with nvpulse inside it says what to do', () => {
    expect(bundleAndRun(bundler, false)).toEqual({ status: 0, output: ADVICE });
  });
});
