// Processes on GPUs: whichever form of the lists a driver has, and whose process ids they are.
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { simulate } from '../../lib/testing';
import { inChild } from '../support/child';

const LISTS = ['DeviceGetComputeRunningProcesses', 'DeviceGetGraphicsRunningProcesses'];
const missing = (...suffixes: string[]): string =>
  suffixes.flatMap((suffix) => LISTS.map((list) => `missing=${list}${suffix}`)).join('; ');

/** Of GPU 0: the count, and each process as `pid MiB`; at a time that stands still. */
const processesOf = (faults: string): Promise<{ count: number | null; processes: readonly string[] }> =>
  inChild(
    simulate({ profile: 'laptop', time__ns: 1_800_000_000_000_000_000n, faults }).env,
    async ({ Sampler }) => {
      const sampler = new Sampler({ interval: '1h', host: false });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      await sampler.tick();
      sampler.stop();
      let count: number | null = null;
      const processes = new Set<string>();
      for await (const batch of batches) {
        for (const row of batch.rows('gpu')) count = row.process_num ?? count;
        for (const row of batch.rows('gpu_process')) processes.add(`${row.pid} ${row.process_memory__MiB}`);
      }
      return { count, processes: [...processes] };
    },
    null,
  );

test('a driver without the _v2 lists is asked by _v3, and one without these by the oldest', async () => {
  const whole = await processesOf('');
  expect(whole.count).toBeGreaterThan(0);
  expect(whole.processes.length).toBe((whole.count ?? NaN) + 2); // two of graphics
  expect(await processesOf(missing('_v2'))).toEqual(whole);
  expect(await processesOf(missing('_v2', '_v3'))).toEqual(whole);
  expect(await processesOf(missing('_v2', '_v3', ''))).toEqual({ count: null, processes: [] });
});

const UNSHARE = ['--user', '--map-root-user', '--pid', '--fork', '--mount-proc'];
/** That no other test has processes on. */
const GPU = 57;
const isFirst = readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]';
const canUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;
if (!isFirst || !canUnshare)
  process.stderr.write(
    isFirst
      ? 'skipped: processes in another PID namespace: unshare is not allowed here\n'
      : 'skipped: processes in the first PID namespace: this is another\n',
  );

(isFirst && canUnshare ? test : test.skip)(
  'in another PID namespace processes are counted, and none is credited with what may be another’s',
  () => {
    // Compiled: in a user namespace nobody who may write above the home is trusted, and SWC keeps no cache there.
    const script = `
      const { Sampler } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist'))});
      (async () => {
        const sampler = new Sampler({ interval: '1h', host: false });
        const batches = sampler[Symbol.asyncIterator]();
        sampler.start();
        await sampler.tick();
        sampler.stop();
        const seen = { count: 0, pids: new Set() };
        for await (const batch of batches) {
          for (const row of batch.rows('gpu')) if (row.index === ${GPU}) seen.count = row.process_num ?? seen.count;
          for (const row of batch.rows('gpu_process')) if (row.index === ${GPU}) seen.pids.add(row.pid);
        }
        console.log(JSON.stringify({ count: seen.count, processes: seen.pids.size }));
      })();`;
    const node = [process.execPath, '-e', script];
    const simulator = simulate({ profile: 'h200x64', processes: 'environ' }).env;
    const env = { ...process.env, ...simulator, NVPULSE_SIM_GPU: String(GPU) };
    const run = (file: string, args: readonly string[]): unknown => {
      const { stdout, stderr } = spawnSync(file, args, { env, encoding: 'utf8' });
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout);
    };
    expect(run('env', node)).toEqual({ count: 1, processes: 1 });
    expect(run('unshare', [...UNSHARE, ...node])).toEqual({ count: 1, processes: 0 });
  },
);
