// nvpulse in somebody else's process, beside a driver that hangs: nothing that the process does waits for it.
import { join } from 'node:path';
import { simulate } from '../../lib/testing';
import { inChild, runInChild } from '../support/child';

const HANGS = simulate({ faults: 'call=Init_v2,hang' }).env;

test('readings that wait for drivers leave the pool to the process', async () => {
  const first = await inChild(
    HANGS,
    async ({ Nvml }) => {
      const { readFile } = require('node:fs/promises') as typeof import('node:fs/promises');
      // As many as the pool has threads.
      const opened = Array.from({ length: 4 }, () => Nvml.open().then(() => 'a driver' as const));
      const read = readFile('/proc/self/stat').then(() => 'a file' as const);
      const earliest = await Promise.race([read, ...opened]);
      setImmediate(() => process.exit());
      return earliest;
    },
    null,
  );
  expect(first).toBe('a file');
});

test('a driver that hangs is waited for by those who asked for it alone', async () => {
  const seen = await inChild(
    HANGS,
    async ({ Nvml, NvpulseError, Sampler }) => {
      const sampler = new Sampler({ interval: '1h' });
      sampler.start();
      while (sampler.gpu().state !== 'stalled') await sampler.tick();
      // Each of these would not return if it waited for what hangs, or not before it is given up.
      const other = await Nvml.bulkReader(['power_draw__W'], { nvml: '/nowhere' }).catch((error: unknown) =>
        error instanceof NvpulseError ? error.message : String(error),
      );
      const { state } = sampler.gpu();
      const ticks = sampler.stats().ticks;
      const read = await sampler.tick();
      sampler.stop();
      sampler.stop();
      setImmediate(() => process.exit());
      return { other, state, ticks, read };
    },
    null,
  );
  expect(seen).toEqual({
    other: expect.stringMatching(/^there is no NVML to read: \/nowhere: /),
    state: 'stalled',
    ticks: 0,
    read: false,
  });
});

test.each(['SystemGetDriverVersion', 'DeviceGetCount_v2', 'DeviceGetUUID'])(
  'while %s hangs, the state is told',
  async (call) => {
    const seen = await inChild(
      simulate({ faults: `call=${call},hang` }).env,
      async ({ Sampler }) => {
        const sampler = new Sampler({ interval: '1h' });
        sampler.start();
        while (sampler.gpu().state !== 'stalled') await sampler.tick();
        const { driver_version } = sampler.gpu();
        sampler.stop();
        setImmediate(() => process.exit());
        return driver_version;
      },
      null,
    );
    // What is told is told whole.
    expect(seen === '').toBe(call.startsWith('System'));
  },
);

test('a bulk reader that is being opened neither keeps the process alive for ever nor harms its end', async () => {
  const { code, signal, stderr, value } = await runInChild(
    HANGS,
    async ({ Nvml, NvpulseError }) => {
      const refused = await Nvml.bulkReader(['power_draw__W']).catch((error: unknown) =>
        error instanceof NvpulseError ? error.message : String(error),
      );
      return { refused };
    },
    null,
  );
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  expect(value).toEqual({ refused: 'the driver has not answered within 10 s' });
});

test('closing a bulk reader does not wait for a driver that takes long to shut down', async () => {
  const closedOn = await inChild(
    simulate({ faults: 'call=Shutdown,latency=60s' }).env,
    async ({ Nvml }) => {
      const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
      const reader = await Nvml.bulkReader(['power_draw__W']);
      reader.close();
      const nameOf = (thread: string): string => {
        try {
          return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim();
        } catch {
          return 'one that has ended';
        }
      };
      const names = (): readonly string[] => readdirSync('/proc/self/task').map(nameOf);
      // A thread takes its name once it runs.
      const end = performance.now() + 30_000;
      while (!names().includes('nvpulse-close') && performance.now() < end);
      setImmediate(() => process.exit());
      return names().filter((name) => name === 'nvpulse-close');
    },
    null,
  );
  expect(closedOn).toEqual(['nvpulse-close']);
});

test('a worker that ends while its readings are out takes nothing with it', async () => {
  const { code, signal, stderr, value } = await runInChild(
    HANGS,
    async ({ Sampler }, { register, lib }) => {
      const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
      const source = `
        require(${JSON.stringify(register)});
        const { Nvml, Sampler } = require(${JSON.stringify(lib)});
        const sampler = new Sampler({ interval: '1ms' });
        sampler.start();
        for (let i = 0; i < 4; i++) {
          Nvml.bulkReader(['power_draw__W']).catch(() => undefined);
          Nvml.open().catch(() => undefined);
          sampler.tick().catch(() => undefined);
        }
        require('node:worker_threads').parentPort.postMessage('asked');
      `;
      for (let round = 0; round < 3; round++) {
        const worker = new Worker(source, { eval: true });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }
      const sampler = new Sampler({ gpu: false });
      sampler.start();
      const read = await sampler.tick();
      sampler.stop();
      return read;
    },
    { register: join(__dirname, '../support/register-typescript.js'), lib: join(__dirname, '../../lib') },
  );
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  expect(value).toBe(true);
});

test('a reading that is done while the event loop is held up is in time', async () => {
  const read = await inChild(
    simulate({}).env,
    async ({ Sampler }) => {
      const sampler = new Sampler({ interval: '1h' });
      sampler.start();
      await sampler.tick();
      const asked = sampler.tick();
      // Longer than a reading is waited for.
      const until = Date.now() + 600;
      while (Date.now() < until);
      const done = await asked;
      sampler.stop();
      return done;
    },
    null,
  );
  expect(read).toBe(true);
});

test('an answer that comes as the process ends is nobody’s', async () => {
  const { code, signal, stderr } = await runInChild(
    HANGS,
    async ({ Nvml, Sampler }) => {
      const sampler = new Sampler({ interval: '1h' });
      sampler.start();
      while (sampler.gpu().state !== 'stalled') await sampler.tick();
      const other = Nvml.bulkReader(['power_draw__W'], { nvml: '/nowhere' }).catch(() => undefined);
      await other;
      // Stopping answers all that were asked; the process ends before it hears.
      process.once('exit', () => {
        for (let asked = 0; asked < 100; asked++) void sampler.tick();
        sampler.stop();
      });
      setImmediate(() => process.exit());
      return null;
    },
    null,
  );
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
});
