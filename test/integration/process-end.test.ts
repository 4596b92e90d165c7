// A process ends while threads of ours are in the driver: exit() destroys the driver's library below nobody.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runInChild } from '../support/child';
import { temporaryFolder } from '../support/folder';

const library = join(temporaryFolder(), 'libnvidia-ml.so.1');

beforeAll(() => {
  const source = join(__dirname, '..', 'fixtures', 'destroyed.c');
  const command = ['-shared', '-fPIC', '-o', library, source];
  const { status, stderr } = spawnSync(process.env['CC'] ?? 'cc', command, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

type Body = Parameters<typeof runInChild<null, unknown>>[1];

/** Ends well, and the library is destroyed after all else that it tells. */
async function endsWell(body: Body): Promise<void> {
  const { code, signal, stderr } = await runInChild({ NVPULSE_NVML: library }, body, null);
  expect([code, signal, stderr.trim().split('\n').at(-1)]).toEqual([0, null, 'destroyed']);
}

test('with a reader that is open', async () => {
  await endsWell(async ({ Nvml }) => {
    Object.assign(globalThis, { reader: await Nvml.bulkReader(['power_draw__W']) });
  });
});

test('with a reader that has just been closed', async () => {
  await endsWell(async ({ Nvml }) => {
    (await Nvml.bulkReader(['power_draw__W'])).close();
  });
});

test('by process.exit() in the middle of a reading', async () => {
  await endsWell(async ({ Sampler }) => {
    const sampler = new Sampler({ interval: '5ms', host: false });
    sampler.start();
    await sampler.tick();
    process.exit(0);
  });
});

test('a thread of its that had a reader open ended before', async () => {
  await endsWell(async () => {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const { join } = process.getBuiltinModule('node:path');
    const script = `
      require(${JSON.stringify(join(process.cwd(), 'test', 'support', 'register-typescript.js'))});
      const { Nvml } = require(${JSON.stringify(join(process.cwd(), 'lib'))});
      Nvml.bulkReader(['power_draw__W']).then((reader) => {
        globalThis.reader = reader;
        setInterval(() => undefined, 1000);
        require('node:worker_threads').parentPort.postMessage('open');
      });`;
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  });
});
