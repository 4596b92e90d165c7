// Runs one case in this process: child.ts CASE EFFORT FILE; its outcome goes into FILE.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './native';
import type { Benchmark } from './report';

async function main(name: string, effort: number, file: string): Promise<void> {
  const { benchmark }: { benchmark: Benchmark } = await import(join(ROOT, 'benchmarks', `${name}.ts`));
  const findings = await benchmark.run({ effort });
  writeFileSync(file, JSON.stringify({ title: benchmark.title, findings }));
}

const [name = '', effort = '', file = ''] = process.argv.slice(2);
main(name, Number(effort), file).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
