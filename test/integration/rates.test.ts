// Rates of what a job uses, at intervals at which a graph could not make them of counters itself.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Sampler } from '../../lib';
import { temporaryFolder } from '../support/folder';

/** Computes half of the time, and writes through to the disk. */
const WORK = `
  const { openSync, writeSync, fsyncSync } = require('node:fs');
  const file = openSync(process.argv[1], 'w');
  const block = Buffer.alloc(1 << 20, 'x');
  setInterval(() => {
    for (const end = Date.now() + 100; Date.now() < end; );
    writeSync(file, block, 0, block.length, 0);
    fsyncSync(file);
  }, 200);`;

const folder = temporaryFolder();

const RATES = [
  ['cpus_used', 'cpu_time__s', 1],
  ['cpus_user', 'cpu_user_time__s', 1],
  ['cpus_system', 'cpu_system_time__s', 1],
  ['io_write__MBps', 'io_write__B', 1e-6],
] as const;

interface Row {
  readonly time__s: number;
  readonly values: Readonly<Record<string, number>>;
}

/** The first rows of a job and of its process. */
async function rowsOf(pid: number, interval: string, count: number) {
  const sampler = new Sampler({ interval, gpu: false });
  sampler.follow({ id: 'j', pid, own: true });
  const rows: Readonly<Record<'job' | 'process', Row[]>> = { job: [], process: [] };
  sampler.start();
  for await (const batch of sampler) {
    for (const entity of ['job', 'process'] as const) {
      const table = batch.table(entity);
      for (let row = 0; row < (table?.length ?? 0); row++) {
        const values = RATES.flatMap(([rate, counter]) => [rate, counter]).map(
          (name) => [name, table!.values(name)[row] ?? NaN] as const,
        );
        rows[entity].push({ time__s: Number(table!.time[row]) / 1e9, values: Object.fromEntries(values) });
      }
    }
    if (rows.job.length >= count && rows.process.length >= count) break;
  }
  sampler.stop();
  return rows;
}

test('what a job and its process use a second is told at intervals of 2 s and of 10 s', async () => {
  const work = spawn(process.execPath, ['-e', WORK, join(folder, 'written')], { stdio: 'ignore' });
  try {
    const told = await Promise.all(['2s', '10s'].map((interval) => rowsOf(work.pid ?? 0, interval, 3)));
    for (const rows of told.flatMap(({ job, process }) => [job, process])) {
      rows.slice(1).forEach(({ time__s, values }, at) => {
        const before = rows[at]!;
        for (const [rate, counter, scale] of RATES) {
          const grown = values[counter]! - before.values[counter]!;
          expect(values[rate]).toBeCloseTo((grown / (time__s - before.time__s)) * scale, 9);
        }
        expect(values['cpus_used']).toBeGreaterThan(0);
        expect(values['io_write__MBps']).toBeGreaterThan(0);
      });
    }
  } finally {
    work.kill('SIGKILL');
  }
}, 300_000);
