// A writer killed with SIGKILL at any moment loses at most its last second, and who follows it gets all that is left.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { openRecording, RecordingTail } from '../../lib/recording';
import type { Batch } from '../../lib/sampling/batch';
import { patience } from '../support/patience';

const REGISTER = join(__dirname, '..', 'support', 'register-typescript.js');
const CHILD = join(__dirname, '..', 'fixtures', 'recording', 'writer-child.ts');

let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'nvpulse-kill-'))));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/**
 * Kills the writer some time after its first batch; returns what it said it had written a second before. Both are longer
 * on a busy machine, whose disk gets the rows later.
 */
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
  const second__ms = patience(1_000);
  await delay((after__ms * second__ms) / 1_000);
  const killed__ns = process.hrtime.bigint();
  child.kill('SIGKILL');
  await closed;
  return (
    said.filter(({ time }) => time <= killed__ns - BigInt(Math.round(second__ms * 1e6))).at(-1)?.number ?? -1
  );
}

interface Numbers {
  readonly gpu: number[];
  readonly host: number[];
}

function addNumbers(numbers: Numbers, batch: Batch): void {
  numbers.gpu.push(...(batch.table('gpu')?.values('gpu_clock__MHz') ?? []));
  numbers.host.push(...(batch.table('host')?.values('cpu_utilization__pct') ?? []));
}

/** Follows the writer while it lives; after its end, what it left is read too. */
class Follower {
  readonly numbers: Numbers = { gpu: [], host: [] };
  /** How often there was something new while the writer lived. */
  reads = 0;
  private isOver = false;
  private readonly following: Promise<void>;

  constructor(dir: string) {
    this.following = this.follow(dir);
  }

  stop(): Promise<void> {
    this.isOver = true;
    return this.following;
  }

  private async follow(dir: string): Promise<void> {
    // The child has made the folder some time after it was started.
    let tail: RecordingTail | undefined;
    while (!tail && !this.isOver) {
      await delay(5);
      tail = await RecordingTail.open(dir).catch(() => undefined);
    }
    for (;;) {
      const isLast = this.isOver;
      for (let next = await tail?.read(50); next; next = await tail?.read(50)) {
        addNumbers(this.numbers, next.batch);
        if (!isLast) this.reads++;
      }
      if (isLast) break;
      await delay(30);
    }
    expect([tail?.ended, tail?.problems]).toEqual([false, []]);
  }
}

/** Numbers of the batches whose rows are in the recording, and how many rows each table has of them. */
async function recovered(dir: string): Promise<Numbers> {
  const recording = await openRecording(dir);
  expect(recording.complete).toBe(false);
  expect(recording.manifest.end).toBeNull();
  const numbers: Numbers = { gpu: [], host: [] };
  for await (const batch of recording.batches()) addNumbers(numbers, batch);
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
    const follower = new Follower(dir);
    const due = await killWriter(dir, rows, after__ms);
    const { gpu, host } = await recovered(dir);
    await follower.stop();
    expect(follower.numbers).toEqual({ gpu, host });
    expect(follower.reads).toBeGreaterThan(0);
    expect(due).toBeGreaterThan(0);
    expect(host.length).toBeGreaterThan(due);
    expect(host).toEqual(host.map((_, at) => at));
    expect(gpu.length).toBeGreaterThanOrEqual((due + 1) * rows);
    expect(gpu).toEqual(gpu.map((_, at) => Math.floor(at / rows)));
  });
});
