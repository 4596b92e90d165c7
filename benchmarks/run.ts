// `npm run bench [-- [--quick] CASE…]`: each case in a process of its own, its result into benchmarks/results, and all
// results into docs/BENCHMARKS.md. With --quick, a short look whose figures are printed and not kept.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine } from './harness/machine';
import { buildNative, ROOT } from './harness/native';
import type { Finding } from './harness/report';
import { limitOf, verdict, withUnit, writePage, writeResult } from './harness/results';

const CASES = [
  'bulk-read',
  'bulk-read-peers',
  'sampler-1khz',
  'event-loop-blocked',
  'recording',
  'growth',
  'passing-processes',
  'record-1hz',
  'run-true',
  'elasticsearch',
  'elasticsearch-sink',
  'server-cost',
  'server-starts',
  'server-windows',
];
const QUICK = 0.1;

interface Outcome {
  readonly title: string;
  readonly findings: readonly Finding[];
}

function runCase(name: string, effort: number): Outcome | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'nvpulse-bench-'));
  const file = join(folder, 'outcome.json');
  const loader = join(ROOT, 'test', 'support', 'register-typescript.js');
  const args = [
    '--expose-gc',
    '-r',
    loader,
    join(__dirname, 'harness', 'child.ts'),
    name,
    String(effort),
    file,
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  // Written by child.ts, nobody else.
  const outcome: Outcome | undefined = status === 0 ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  rmSync(folder, { recursive: true, force: true });
  return outcome;
}

function print(findings: readonly Finding[]): void {
  for (const finding of findings) {
    const text =
      'absent' in finding
        ? `not measured: ${finding.absent}`
        : `${withUnit(finding)}  ${limitOf(finding)}  ${verdict(finding)} ${finding.note ?? ''}`;
    process.stdout.write(`  ${finding.what}: ${text}\n`);
  }
}

function main(args: readonly string[]): number {
  const quick = args.includes('--quick');
  const asked = args.filter((arg) => arg !== '--quick');
  const unknown = asked.find((name) => !CASES.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`bench: no case '${unknown}'; there are ${CASES.join(', ')} (and --quick)\n`);
    return 2;
  }
  buildNative();
  const machine = describeMachine();
  let failed = 0;
  for (const name of asked.length > 0 ? asked : CASES) {
    process.stdout.write(`${name}\n`);
    const outcome = runCase(name, quick ? QUICK : 1);
    if (!outcome) {
      process.stderr.write(`bench: ${name} failed; its last result is left as it was\n`);
      failed++;
      continue;
    }
    print(outcome.findings);
    if (!quick) writeResult({ case: name, ...outcome, machine });
  }
  if (!quick) writePage(CASES);
  return failed > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
