// The sampler with the simulator below it: what it reads, what it does when the driver fails, and how it ends.
import { describeStatus, Sampler, type NotedMetric } from '../../lib';
import { simulate } from '../../lib/testing';
import { inChild, runInChild } from '../support/child';

test('batches carry every entity, in order of time, with typed rows', async () => {
  const seen = await inChild(
    simulate().env,
    async ({ Sampler }) => {
      const sampler = new Sampler({ interval: '5ms' });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      await new Promise((resolve) => setTimeout(resolve, 600));
      await sampler.tick();
      sampler.stop();
      const rows: Record<string, number> = {};
      const last: Record<string, unknown> = {};
      let ordered = true;
      for await (const batch of batches) {
        for (const table of batch.tables) {
          rows[table.entity] = (rows[table.entity] ?? 0) + table.length;
          for (const row of batch.rows(table.entity)) last[table.entity] = row;
          if (table.entity === 'host')
            ordered &&= table.time.every((time, i) => i === 0 || time > (table.time[i - 1] ?? 0n));
        }
      }
      return { rows, last, ordered, stats: sampler.stats() };
    },
    null,
  );
  expect(seen.ordered).toBe(true);
  expect(Object.keys(seen.rows).sort()).toEqual([
    'agent',
    'core',
    'disk',
    'filesystem',
    'gpu',
    'gpu_process',
    'host',
    'memory',
    'network',
  ]);
  expect(seen.rows['gpu']! % 8).toBe(0);
  expect(seen.stats.ticks).toBeGreaterThan(20);
  expect(seen.rows['gpu']! / 8).toBeGreaterThan(20);
  expect(seen.last['gpu']).toMatchObject({
    entity: 'gpu',
    index: 7,
    uuid: expect.stringMatching(/^GPU-/),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
    power_draw__W: expect.any(Number),
  });
  expect(seen.last['memory']).toMatchObject({ memory_total__MiB: expect.any(Number) });
  expect(seen.last['agent']).toMatchObject({
    rows_dropped: 0,
    ticks: expect.any(Number),
    agent_cpu__pct: expect.any(Number),
  });
});

test('another interval: a reading at once, then rows on the new grid, finer and coarser', async () => {
  const seen = await inChild(
    simulate({ profile: 't4' }).env,
    async ({ Sampler }) => {
      const sampler = new Sampler({ interval: '1h', host: false });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      await sampler.tick();
      const times: bigint[] = [];
      const until = async (from__ns: bigint, count: number): Promise<number[]> => {
        const later = () => times.filter((time) => time > from__ns);
        while (later().length < count) {
          const { value } = await batches.next();
          times.push(...(value?.table('gpu')?.time ?? []));
        }
        return later().map((time) => Number(time - from__ns) / 1e6);
      };
      const change = async (interval: string, count: number) => {
        const late = sampler.stats().late_ticks;
        const at__ns = sampler.now();
        sampler.setInterval(interval);
        const rows__ms = await until(at__ns, count);
        return { rows__ms, late: sampler.stats().late_ticks - late, interval__ns: sampler.interval__ns };
      };
      const fine = await change('5ms', 100);
      const coarse = await change('100ms', 8);
      const refused = (() => {
        try {
          sampler.setInterval('1us');
        } catch (error) {
          return error instanceof Error ? error.message : null;
        }
        return null;
      })();
      const once = await change('1h', 1);
      sampler.stop();
      return { fine, coarse, once, refused };
    },
    null,
  );
  const { fine, coarse, once } = seen;
  const span = ({ rows__ms }: typeof fine): number => (rows__ms.at(-1) ?? 0) - (rows__ms[0] ?? 0);
  // Every deadline of the grid has its row, or was counted as late: whatever the load of the machine.
  expect(fine.interval__ns).toBe(5e6);
  expect(fine.rows__ms.length + fine.late).toBeGreaterThanOrEqual(span(fine) / 5 - 2);
  expect(fine.rows__ms.length).toBeLessThanOrEqual(span(fine) / 5 + 3);
  expect(coarse.interval__ns).toBe(100e6);
  // One tick of the old grid may have been under way.
  expect(coarse.rows__ms.length).toBeLessThanOrEqual(span(coarse) / 100 + 3);
  expect(once.rows__ms.length).toBeLessThanOrEqual(2);
  expect(seen.refused).toMatch(/^interval: '1us' is out of range; allowed is 1ms to 1h/);
});

let onTestEnd: (() => void) | undefined;
afterEach(() => onTestEnd?.());

test('what is noted is in the agent’s rows from then on, until it is taken back', async () => {
  const sampler = new Sampler({ interval: '1h', host: false, gpu: false });
  const batches = sampler[Symbol.asyncIterator]();
  onTestEnd = () => sampler.stop();
  sampler.start();
  const read = async () => {
    await sampler.tick();
    const { value } = await batches.next();
    const row = [...(value?.rows('agent') ?? [])].at(-1);
    const state = describeStatus(value?.table('agent')?.status('open_jobs').at(-1) ?? 0);
    return { open_jobs: row?.open_jobs, lag: row?.export_lag__s, state: state.state };
  };
  expect(await read()).toEqual({ open_jobs: undefined, lag: undefined, state: 'unsupported' });
  sampler.note('open_jobs', 0);
  sampler.note('export_lag__s', 1.25);
  expect(await read()).toEqual({ open_jobs: 0, lag: 1.25, state: 'ok' });
  sampler.note('open_jobs', NaN);
  expect(await read()).toEqual({ open_jobs: undefined, lag: 1.25, state: 'unsupported' });
  const metric: NotedMetric = JSON.parse('"ticks"');
  expect(() => sampler.note(metric, 1)).toThrow(
    /^metric: 'ticks' is not told to the agent; allowed are bytes_written__B, export_backlog__B, /,
  );
  expect(() => sampler.note('open_jobs', Infinity)).toThrow(
    /^open_jobs: Infinity; allowed is a finite number/,
  );
});

test('each iterator has its own queue: one that lags drops the oldest, and they are counted', async () => {
  const seen = await inChild(
    simulate({ profile: 't4' }).env,
    async ({ Sampler }) => {
      const sampler = new Sampler({ interval: '1h', host: false });
      const slow = sampler[Symbol.asyncIterator]();
      const quick = sampler[Symbol.asyncIterator]();
      sampler.start();
      let rows = 0;
      for (let i = 0; i < 80; i++) {
        await sampler.tick();
        const next = await quick.next();
        if (!next.done) rows += next.value.tables.reduce((sum, { length }) => sum + length, 0);
      }
      sampler.stop();
      for await (const batch of quick) rows += batch.tables.reduce((sum, { length }) => sum + length, 0);
      let kept = 0;
      let dropped = 0;
      for await (const batch of slow) {
        kept += batch.tables.reduce((sum, { length }) => sum + length, 0);
        dropped += batch.droppedRows;
      }
      return { rows, kept, dropped };
    },
    null,
  );
  expect(seen.dropped).toBeGreaterThan(0);
  expect(seen.kept + seen.dropped).toBe(seen.rows);
});

test('a call that hangs stalls its device; the others and the host go on', async () => {
  const seen = await inChild(
    simulate({ faults: 'call=DeviceGetTemperature,gpu=1,hang,from=300ms,for=900ms' }).env,
    async ({ Sampler, describeStatus }) => {
      const sampler = new Sampler({ interval: '10ms' });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      const begun = sampler.now();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      sampler.stop();
      const rows = new Map<number, { time: number; state: string }[]>();
      const events: { kind: string; at__ms: number; index: number }[] = [];
      let host = 0;
      for await (const batch of batches) {
        host += batch.table('host')?.length ?? 0;
        const indexOf = (id: number): number => {
          const instance = batch.instances.get(id);
          return instance?.entity === 'gpu' ? instance.identity.index : -1;
        };
        for (const { kind, time__ns, instance } of batch.events) {
          events.push({ kind, at__ms: Number(time__ns - begun) / 1e6, index: indexOf(instance ?? -1) });
        }
        const table = batch.table('gpu');
        for (let row = 0; table && row < table.length; row++) {
          const index = indexOf(table.instance[row] ?? -1);
          const entry = {
            time: Number((table.time[row] ?? 0n) - begun) / 1e6,
            state: describeStatus(table.status('power_draw__W')[row] ?? 0).state,
          };
          rows.set(index, [...(rows.get(index) ?? []), entry]);
        }
      }
      return { rows: [...rows], events, host };
    },
    null,
  );
  const stalled = seen.events.find(({ kind }) => kind === 'device_stalled');
  expect(stalled).toMatchObject({ index: 1 });
  const rows = new Map(seen.rows);
  const between = (index: number, from: number, to: number) =>
    rows.get(index)?.filter(({ time, state }) => state === 'ok' && time > from && time < to).length ?? 0;
  // While GPU 1 hangs the others are read.
  const { at__ms } = stalled ?? { at__ms: 0 };
  expect(between(1, at__ms, at__ms + 300)).toBe(0);
  for (const index of [0, 2, 3, 4, 5, 6, 7]) expect(between(index, at__ms, at__ms + 300)).toBeGreaterThan(3);
  expect(rows.get(1)?.filter(({ state }) => state === 'stalled')).toHaveLength(1);
  expect(seen.host).toBeGreaterThan(10);
  // The hang ends, and the device is served again.
  expect(seen.events.find(({ kind }) => kind === 'device_recovered')).toMatchObject({ index: 1 });
  expect(rows.get(1)?.at(-1)?.state).toBe('ok');
});

test('an init that hangs leaves the host, says stalled, and does not hold up the end', async () => {
  const seen = await inChild(
    simulate({ faults: 'call=Init_v2,hang' }).env,
    async ({ Sampler }) => {
      const sampler = new Sampler({ interval: '10ms' });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      const complete = await sampler.tick();
      await new Promise((resolve) => setTimeout(resolve, 400));
      const gpu = sampler.gpu();
      const begun = sampler.now();
      sampler.stop();
      const stopped__ms = Number(sampler.now() - begun) / 1e6;
      let host = 0;
      for await (const batch of batches) host += batch.table('host')?.length ?? 0;
      return { complete, gpu, host, stopped__ms };
    },
    null,
  );
  expect(seen.complete).toBe(false);
  expect(seen.gpu.state).toBe('stalled');
  expect(seen.host).toBeGreaterThan(2);
  expect(seen.stopped__ms).toBeLessThan(2000);
});

test('a lost GPU is gone, the others stay, and it comes back', async () => {
  const seen = await inChild(
    simulate({ faults: 'call=*,gpu=2,lost,from=200ms,for=600ms' }).env,
    async ({ Sampler, describeStatus }) => {
      const sampler = new Sampler({ interval: '20ms', host: false });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      await new Promise((resolve) => setTimeout(resolve, 2500));
      sampler.stop();
      const events: string[] = [];
      const states: Record<string, number> = {};
      for await (const batch of batches) {
        events.push(...batch.events.map(({ kind, text }) => `${kind}: ${text}`));
        const table = batch.table('gpu');
        for (let row = 0; table && row < table.length; row++) {
          const instance = batch.instances.get(table.instance[row] ?? -1);
          const index = instance?.entity === 'gpu' ? instance.identity.index : -1;
          const key = `${index} ${describeStatus(table.status('energy__J')[row] ?? 0).state}`;
          states[key] = (states[key] ?? 0) + 1;
        }
      }
      return { events, states };
    },
    null,
  );
  const named = 'GPU 2 \\(NVIDIA H200, GPU-[0-9a-f-]{36}\\)';
  expect(seen.events).toEqual([
    'gpu_state: ok',
    expect.stringMatching(`^device_lost: ${named} is lost$`),
    expect.stringMatching(`^device_recovered: ${named} answers again$`),
  ]);
  expect(seen.states['2 gone']).toBe(1);
  expect(seen.states['2 ok']).toBeGreaterThan(20);
  expect(seen.states['3 ok']).toBeGreaterThan(seen.states['2 ok']!);
});

test('a driver that is reloaded starts its counters again, and that is said', async () => {
  const { events, lastState } = await inChild(
    simulate({ profile: 't4', faults: 'gpu=0,reset_counter,at=300ms' }).env,
    async ({ Sampler }) => {
      const sampler = new Sampler({ interval: '20ms', host: false });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      await new Promise((resolve) => setTimeout(resolve, 900));
      sampler.stop();
      const kinds: string[] = [];
      for await (const batch of batches) kinds.push(...batch.events.map(({ kind }) => kind));
      return { events: kinds, lastState: sampler.gpu().state };
    },
    null,
  );
  expect(events).toEqual(['gpu_state', 'counter_reset']);
  expect(lastState).toBe('ok');
});

describe('ends', () => {
  test('a process that exits without stopping its sampler exits well', async () => {
    const { code, signal } = await runInChild(
      simulate().env,
      ({ Sampler }) => {
        new Sampler({ interval: '1ms' }).start();
        setTimeout(() => process.exit(7), 100);
        return null;
      },
      null,
    );
    expect([code, signal]).toEqual([7, null]);
  });

  /** Ends worker threads while they do this, once they have begun; how many ended. A crash takes the process. */
  const endedWhile = (what: string): Promise<number> =>
    inChild(
      simulate().env,
      async (_, doing) => {
        const { Worker } = process.getBuiltinModule('node:worker_threads');
        const { join } = process.getBuiltinModule('node:path');
        const script = `
          require(${JSON.stringify(join(process.cwd(), 'test', 'support', 'register-typescript.js'))});
          const { Nvml, Sampler } = require(${JSON.stringify(join(process.cwd(), 'lib'))});
          const sampler = new Sampler({ interval: '1ms' });
          sampler.start();
          require('node:worker_threads').parentPort.postMessage('started');
          (async () => { ${doing} })();`;
        let ended = 0;
        for (let round = 0; round < 10; round++) {
          const workers = [0, 1].map(() => new Worker(script, { eval: true }));
          await Promise.all(
            workers.map(
              (worker) =>
                new Promise((resolve, reject) => {
                  worker.once('message', resolve);
                  worker.once('error', reject);
                }),
            ),
          );
          await Promise.all(workers.map((worker) => worker.terminate()));
          ended += workers.length;
        }
        return ended;
      },
      what,
    );

  test.each([
    ['waiting', ''],
    [
      'making, draining and stopping one',
      'for (;;) { const other = new Sampler(); other.start(); other.stop(); }',
    ],
    ['asking it', 'for (;;) { sampler.stats(); sampler.gpu(); sampler.following(); sampler.now(); }'],
    ['following', "for (;;) { sampler.follow({ id: 'a', pid: process.pid }); sampler.unfollow('a'); }"],
    ['reading', 'for (;;) await Promise.all(Array.from({ length: 20 }, () => sampler.tick()));'],
    [
      'opening bulk readers',
      `for (;;) {
         const reader = await Nvml.bulkReader(['power_draw__W', 'gpu_temperature__C']);
         reader.readSync(new Float64Array(2 * reader.devices), new Uint16Array(2 * reader.devices));
         reader.close();
       }`,
    ],
  ])('worker threads that end with a running sampler, again and again, %s', async (_what, doing) => {
    expect(await endedWhile(doing)).toBe(20);
  });

  test('stopping twice is allowed, starting again is not', async () => {
    const message = await inChild(
      {},
      ({ Sampler }) => {
        const sampler = new Sampler({ gpu: false });
        sampler.start();
        sampler.stop();
        sampler.stop();
        try {
          sampler.start();
        } catch (error) {
          return error instanceof Error ? error.message : null;
        }
        return null;
      },
      null,
    );
    expect(message).toBe('Sampler.start: it is stopped; make a new one');
  });
});
