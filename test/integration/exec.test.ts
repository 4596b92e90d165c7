// A process that executes another program is called as that is, on CPUs and on GPUs, and in the summary; and what has
// ended is in no later batch.
import { join } from 'node:path';
import { runJob } from '../../lib';
import { simulate } from '../../lib/testing';
import { inChild } from '../support/child';

test('names are looked at again after an exec, and what has ended retires', async () => {
  const seen = await inChild(
    simulate({ processes: 'environ' }).env,
    async ({ Sampler }) => {
      const { spawn } = process.getBuiltinModule('node:child_process');
      const { once } = process.getBuiltinModule('node:events');
      const child = spawn('sh', ['-c', 'read line; exec sleep 600'], {
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { ...process.env, NVPULSE_SIM_GPU: '0' },
      });
      const sampler = new Sampler({ interval: '1h' });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      sampler.follow({ id: 'j', pid: child.pid ?? 0, own: true });
      /** Reads until the tables say so; gives what they said of the process, and all that the batch is about. */
      const read = async (entity: 'process' | 'gpu_process', is: (name: string | undefined) => boolean) => {
        for (;;) {
          await sampler.tick();
          const { value: batch } = await batches.next();
          if (!batch) throw new Error('the sampler has ended');
          const rows = [...batch.rows(entity)].filter(({ pid, job }) => pid === child.pid && job === 'j');
          const ids = [...batch.instances.values()].flatMap(({ id, entity, identity }) =>
            'pid' in identity && identity.pid === child.pid && identity.job === 'j'
              ? [{ id, entity, name: identity.name }]
              : [],
          );
          if (is(rows.at(-1)?.name)) return ids;
        }
      };
      const before = await read('gpu_process', (name) => name === 'sh');
      child.stdin.end('\n');
      await read('process', (name) => name === 'sleep');
      await read('gpu_process', (name) => name === 'sleep');
      const after = await read('gpu_process', (name) => name === 'sleep');
      child.kill();
      await once(child, 'exit');
      await read('process', (name) => name === undefined);
      await read('gpu_process', (name) => name === undefined);
      const gone = await read('gpu_process', (name) => name === undefined);
      sampler.stop();
      const names = (all: typeof before) => all.map(({ entity, name }) => `${entity} ${name}`).sort();
      const old = new Set(before.map(({ id }) => id));
      return {
        before: names(before),
        after: names(after),
        again: after.filter(({ id }) => old.has(id)),
        gone: names(gone),
      };
    },
    null,
  );
  expect(seen).toEqual({
    before: ['gpu_process sh', 'process sh'],
    after: ['gpu_process sleep', 'process sleep'],
    again: [],
    gone: [],
  });
});

test('a wrapper script has the name of the program that it executes', async () => {
  const burn = join(__dirname, '../fixtures/burn.py');
  // Long enough as a script to be seen as one, and long enough as a program.
  const script = `sleep 1; exec python3 ${burn} 1 /dev/null`;
  const { summary } = await runJob({
    command: ['sh', '-c', script],
    recording: false,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const processes = summary.entities.flatMap((one) => (one.entity === 'process' ? [one] : []));
  expect(processes[0]).toMatchObject({ name: expect.stringMatching(/^python3/) });
  expect(processes.map(({ name }) => name)).not.toContain('sh');
});
