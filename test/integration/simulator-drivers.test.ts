// Each profile's library is that of the driver it claims: it exports what that release does, and no more.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { simulate, type ProfileName } from '../../lib/testing';
import { describeWithPython } from '../support/python';

const ROOT = join(__dirname, '..', '..');

function symbols(profile: ProfileName): readonly string[] {
  const table = execFileSync('nm', ['-D', '--defined-only', simulate({ profile }).path], {
    encoding: 'utf8',
  });
  return table
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[2] ?? line)
    .sort();
}

/** A library's functions, as one number: their names in order, a line each. */
const digest = (names: readonly string[]): string =>
  createHash('sha256')
    .update(names.map((name) => `${name}\n`).join(''))
    .digest('hex');

const functions = (profile: ProfileName): readonly string[] =>
  symbols(profile).filter((name) => name !== 'nvpulseSimulator');

/** Those that calls.h lists are simulated; the rest answer that they are not supported. */
const SIMULATED = new Set(
  [...readFileSync(join(ROOT, 'native/simulator/calls.h'), 'utf8').matchAll(/^ {2}X\((\w+),/gm)].map(
    ([, name]) => `nvml${name}`,
  ),
);

describe('a library exports', () => {
  test('what that of driver 470.256.02 does: counted and hashed from the real one', () => {
    const names = functions('odd');
    expect(names).toHaveLength(255);
    expect(digest(names)).toBe('c85304e796f01ce88e42e681f0a587f2cda44727ded2b452bf5066508845da91');
  });

  test('what that of driver 580.126.20 does, on every other profile', () => {
    const names = functions('h200x8');
    expect(names).toHaveLength(402);
    for (const profile of ['h200x64', 't4', 'desktop', 'laptop'] as const)
      expect(functions(profile)).toEqual(names);
    // Of a 535 library; a client that links one of them does not start without it.
    expect(names).toEqual(expect.arrayContaining(['nvmlDeviceGetGpuInstanceById', 'nvmlVgpuTypeGetClass']));
  });

  test('only beside these the name of its profile', () => {
    for (const profile of ['odd', 'h200x8'] as const) {
      expect(symbols(profile)).toHaveLength(functions(profile).length + 1);
    }
  });
});

test('a profile under another driver is refused, and the message leads to its library', () => {
  const { env, path } = simulate({ profile: 't4' });
  const { stderr, status } = spawnSync(process.execPath, [join(ROOT, 'bin/nvpulse.js'), 'doctor', '--json'], {
    encoding: 'utf8',
    env: { ...process.env, ...env, NVPULSE_SIM_PROFILE: 'odd' },
  });
  expect({ status, stderr }).toMatchObject({ stderr: expect.stringContaining('has driver 470.256.02') });
  expect(stderr).toContain('nvpulse simulator --path --profile odd');
  const named = execFileSync(
    process.execPath,
    [join(ROOT, 'bin/nvpulse.js'), 'simulator', '--path', '--profile', 'odd'],
    { encoding: 'utf8' },
  ).trim();
  expect(named).toBe(simulate({ profile: 'odd' }).path);
  expect(dirname(named)).not.toBe(dirname(path));
});

describeWithPython('a function that is not simulated', [], (python) => {
  test.each(['h200x8', 'odd'] as const)(
    'of %s is not supported, and uninitialized before init',
    (profile) => {
      const script = readFileSync(join(ROOT, 'test/python/call_all.py'), 'utf8');
      // What answers without init, as the real ones do.
      const always = [
        'nvmlErrorString',
        'nvmlInit',
        'nvmlInit_v2',
        'nvmlInitWithFlags',
        'nvmlSystemGetNVMLVersion',
      ];
      const names = functions(profile).filter((name) => !always.includes(name));
      const args = names.map((name) => (SIMULATED.has(name) ? `-${name}` : name));
      const answers = python.json(script, { args, env: simulate({ profile }).env });
      expect(answers).toEqual(
        Object.fromEntries(names.map((name) => [name, [1, SIMULATED.has(name) ? null : 3]])),
      );
    },
  );
});
