// The README's examples compile against the published types and run.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { simulate } from '../../lib/testing';

const ROOT = join(__dirname, '..', '..');
// Below the package, so that `nvpulse` is the package itself.
const FOLDER = join(ROOT, 'build', 'readme');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code], index) => ({
  file: `example-${index + 1}.mts`,
  code: `${code ?? ''}`,
}));

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  for (const { file, code } of examples) writeFileSync(join(FOLDER, file), code);
  const options = [
    '--module',
    'node16',
    '--target',
    'es2022',
    '--lib',
    'es2023',
    '--strict',
    '--types',
    'node',
  ];
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(
    process.execPath,
    [tsc, '--ignoreConfig', ...options, ...examples.map(({ file }) => join(FOLDER, file))],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
});

test('there are examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(6);
});

test.each(examples)('$file runs', async ({ file }) => {
  const env = { ...process.env, ...simulate({ profile: 't4' }).env };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(FOLDER, file.replace('.mts', '.mjs'))],
    { env },
  );
  expect(stdout).not.toContain('undefined,');
});

test('the first example gives its result and an energy', async () => {
  const env = { ...process.env, ...simulate({ profile: 't4' }).env };
  const { stdout } = await promisify(execFile)(process.execPath, [join(FOLDER, 'example-1.mjs')], { env });
  expect(stdout).toMatch(/^42 0\.\d+ \d+(\.\d+)?\n$/);
});
