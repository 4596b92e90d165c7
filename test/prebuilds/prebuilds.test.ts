// What `npm run prebuildify` made, target by target: for the right machine, for old C libraries, and at work in a
// Node of that platform. Run by `npm run test:prebuilds`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobSummary } from '../../lib';
import { nodeFor, type Arch, type Libc } from './foreign-node';

const ROOT = join(__dirname, '..', '..');
const GLIBC_FLOOR = 28; // of 2.28
/** e_machine of the ELF header. */
const MACHINE: Readonly<Record<Arch, number>> = { x64: 62, arm64: 183 };
const TARGETS: readonly (readonly [Arch, Libc])[] = [
  ['x64', 'glibc'],
  ['x64', 'musl'],
  ['arm64', 'glibc'],
  ['arm64', 'musl'],
];

const work = mkdtempSync(join(tmpdir(), 'nvpulse-prebuilds-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(TARGETS)('linux-%s/%s', (arch, libc) => {
  const platform = join(ROOT, 'prebuilds', `linux-${arch}`);
  const folder = join(platform, libc);
  const parts = [
    join(platform, `nvpulse.${libc}.node`),
    join(folder, 'nvpulse-supervisor'),
    join(folder, 'libnvidia-ml.so.1'),
    join(folder, 'simulator-470.256.02', 'libnvidia-ml.so.1'),
  ];

  test('has all parts, for this machine', () => {
    expect(parts.map((part) => readFileSync(part).readUInt16LE(18))).toEqual(parts.map(() => MACHINE[arch]));
  });

  test('runs with old C libraries', () => {
    const minors = parts.flatMap((part) =>
      [
        ...readFileSync(part)
          .toString('latin1')
          .matchAll(/GLIBC_2\.(\d+)/g),
      ].map(([, minor]) => Number(minor)),
    );
    if (libc === 'musl') expect(minors).toEqual([]);
    else expect(Math.max(...minors)).toBeLessThanOrEqual(GLIBC_FLOOR);
    process.stderr.write(
      `linux-${arch}/${libc}: glibc floor ${libc === 'musl' ? 'none' : `2.${Math.max(...minors)}`}\n`,
    );
  });

  const foreign = nodeFor(arch, libc);
  if ('reason' in foreign) {
    test.skip(`loads: ${foreign.reason}`, () => undefined);
    return;
  }
  const [command, ...args] = foreign.command;
  const env = { ...process.env, PREBUILDS_ONLY: '1', NVPULSE_SUPERVISOR: emulated(folder, foreign.command) };
  const nvpulse = (...words: string[]) =>
    spawnSync(command, [...args, join(ROOT, 'bin/nvpulse.js'), ...words], { env, encoding: 'utf8' });

  test('reads simulated GPUs', () => {
    const dir = join(work, `${arch}-${libc}`);
    const options = ['--simulate', 'h200x8', '--for', '1s', '-o', dir, '--json', '-'];
    const { status, stdout, stderr } = nvpulse('record', ...options);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const { entities } = JSON.parse(stdout) as JobSummary;
    const memory = entities.flatMap((summary) =>
      summary.entity === 'gpu' ? [summary.metrics.memory_total__MiB] : [],
    );
    expect(memory).toEqual(Array(8).fill(expect.objectContaining({ last: 143771 })));
  });

  const run = (...words: string[]) => nvpulse('run', '--no-recording', '--json', '-', '--', ...words);
  // qemu-user 7.2 does not know PR_SET_CHILD_SUBREAPER.
  if (env.NVPULSE_SUPERVISOR !== undefined && /cannot become sub-reaper/.test(run('true').stderr)) {
    test.skip('holds a command: the emulator has no sub-reapers', () => undefined);
    return;
  }

  test('holds a command', () => {
    const { status, stdout, stderr } = run('sh', '-c', 'exit 7');
    expect({ status, stderr: status === 7 ? '' : stderr }).toEqual({ status: 7, stderr: '' });
    const { job } = JSON.parse(stdout) as JobSummary;
    expect(job.exitCode).toBe(7);
  });
});

/** Nothing where the kernel runs the supervisor itself; else a script that runs it under the emulator. */
function emulated(folder: string, [emulator, ...args]: readonly string[]): string | undefined {
  if (!args.includes('-L')) return undefined;
  const script = join(work, 'supervisor');
  writeFileSync(script, `#!/bin/sh\nexec ${emulator} ${join(folder, 'nvpulse-supervisor')} "$@"\n`, {
    mode: 0o755,
  });
  return script;
}
