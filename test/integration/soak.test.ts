// A hundred thousand ticks on time of the test's own, from batches to a summary and a recording: nothing is lost, and
// memory is flat. The sampler's threads have theirs in test/native/virtual.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const REGISTER = join(__dirname, '..', 'support', 'register-typescript.js');
const CHILD = join(__dirname, '..', 'fixtures', 'recording', 'soak-child.ts');

const root = mkdtempSync(join(tmpdir(), 'nvpulse-soak-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('fold and writer take 10⁵ ticks of two GPUs in the memory of the first of them', async () => {
  const args = ['--expose-gc', '-r', REGISTER, CHILD, join(root, 'recording')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const outcome: unknown = JSON.parse(await text(child.stdout));
  expect(outcome).toEqual({
    grown: { heap__B: expect.any(Number), buffers__B: expect.any(Number) },
    rows: 204_000,
    clock: { mean: 499.5, min: 0, max: 999, p50: 499, p95: 950, last: 999, samples: 100_000, coverage: 1 },
  });
  // The batches after the warm-up take 36 MB together.
  const { heap__B, buffers__B } = (outcome as { grown: { heap__B: number; buffers__B: number } }).grown;
  expect(heap__B).toBeLessThan(1e6);
  expect(buffers__B).toBeLessThan(4e6);
});
