// A writer killed with SIGKILL at any moment loses at most its last second.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { openRecording } from '../../lib/recording';

const REGISTER = join(__dirname, '..', 'support', 'register-typescript.js');
const CHILD = join(__dirname, '..', 'fixtures', 'recording', 'writer-child.ts');
const SECOND__NS = 1_000_000_000n;

let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'nvpulse-kill-'))));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Kills the writer some time after its first batch; returns what it said it had written a second before. */
async function killWriter(dir: string, rows: number, after__ms: number): Promise<number> {
  const child = spawn(process.execPath, ['-r', REGISTER, CHILD, dir, String(rows)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: { number: number; time: bigint }[] = [];
  const lines = createInterface(child.stdout);
  const closed = new Promise((resolve) => lines.once('close', resolve));
  await new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const [number, time] = line.split(' ');
      said.push({ number: Number(number), time: BigInt(time ?? 0) });
      resolve();
    });
  });
  await delay(after__ms);
  const killed__ns = process.hrtime.bigint();
  child.kill('SIGKILL');
  await closed;
  return said.filter(({ time }) => time <= killed__ns - SECOND__NS).at(-1)?.number ?? -1;
}

/** Numbers of the batches whose rows are in the recording, and how many rows each table has of them. */
async function recovered(dir: string): Promise<{ gpu: number[]; host: number[] }> {
  const recording = await openRecording(dir);
  expect(recording.complete).toBe(false);
  expect(recording.manifest.end).toBeNull();
  const numbers: { gpu: number[]; host: number[] } = { gpu: [], host: [] };
  for await (const batch of recording.batches()) {
    numbers.gpu.push(...(batch.table('gpu')?.values('gpu_clock__MHz') ?? []));
    numbers.host.push(...(batch.table('host')?.values('cpu_utilization__pct') ?? []));
  }
  expect(recording.problems).toEqual([]);
  return numbers;
}

// Few rows stay in the journal for seconds; many fill a chunk several times a second.
describe.each([
  { pace: 'slow', rows: 2 },
  { pace: 'fast', rows: 400 },
])('$pace', ({ rows }) => {
  test.each([1210, 1733, 2475])('killed after %d ms', async (after__ms) => {
    const dir = join(root, `${rows}-${after__ms}`);
    const due = await killWriter(dir, rows, after__ms);
    const { gpu, host } = await recovered(dir);
    expect(due).toBeGreaterThan(0);
    expect(host.length).toBeGreaterThan(due);
    expect(host).toEqual(host.map((_, at) => at));
    expect(gpu.length).toBeGreaterThanOrEqual((due + 1) * rows);
    expect(gpu).toEqual(gpu.map((_, at) => Math.floor(at / rows)));
  });
});
