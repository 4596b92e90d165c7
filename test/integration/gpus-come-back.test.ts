// Nothing is learnt at the start for ever: what a driver did not tell then, or for a while, is asked again.
import { simulate, type SimulateOptions } from '../../lib/testing';
import { inChild } from '../support/child';

interface Wanted {
  readonly index: number;
  readonly metric: 'power_draw__W' | 'energy__J';
  /** Its readings count once something that begins so was seen. */
  readonly after?: string;
  /** How many are waited for: 10 where it isn't said. */
  readonly readings?: number;
  /** Another holds the same NVML open meanwhile. */
  readonly shared?: boolean;
}

interface Seen {
  readonly came: boolean;
  /** In the order in which they came about, without repeats in a row. */
  readonly seen: readonly string[];
  /** Indexes of all instances. */
  readonly gpus: readonly number[];
  /** How many threads have read GPUs. */
  readonly threads: number;
}

/** Samples until the wanted GPU has been read so often, half a minute at most. */
const watch = (options: SimulateOptions, wanted: Wanted): Promise<Seen> =>
  inChild(
    simulate(options).env,
    async ({ Nvml, Sampler, describeStatus }, wanted): Promise<Seen> => {
      const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
      const { index, metric, after, readings = 10 } = wanted;
      const reader = wanted.shared ? await Nvml.bulkReader(['power_draw__W']) : undefined;
      const sampler = new Sampler({ interval: '20ms', host: false });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      const seen: string[] = [];
      const note = (text: string): void => void (seen.at(-1) === text || seen.push(text));
      const end = performance.now() + 30_000;
      const threads = new Set<string>();
      const noteThreads = (): void => {
        for (const thread of readdirSync('/proc/self/task')) {
          try {
            if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === 'nvpulse-gpu\n')
              threads.add(thread);
          } catch {
            // it has ended
          }
        }
      };
      let [read, gpus]: [number, readonly number[]] = [0, []];
      for (let next = await batches.next(); !next.done && read < readings; next = await batches.next()) {
        const { state, reason } = sampler.gpu();
        noteThreads();
        if (state !== 'waiting') note(`${state}: ${reason}`);
        for (const { kind, text } of next.value.events) if (kind !== 'gpu_state') note(`${kind}: ${text}`);
        gpus = [...next.value.instances.values()].flatMap((i) =>
          i.entity === 'gpu' ? [i.identity.index] : [],
        );
        const table = next.value.table('gpu');
        for (let row = 0; table && row < table.length; row++) {
          const instance = next.value.instances.get(table.instance[row] ?? -1);
          if (instance?.entity !== 'gpu' || instance.identity.index !== index) continue;
          const status = describeStatus(table.status(metric)[row] ?? -1).state;
          if (status === 'unsupported') note(status);
          if (status === 'ok' && (after === undefined || seen.some((text) => text.startsWith(after)))) read++;
        }
        if (performance.now() > end) break;
      }
      note(`${sampler.gpu().state}: ${sampler.gpu().reason}`);
      sampler.stop();
      reader?.close();
      return { came: read >= readings, seen, gpus, threads: threads.size };
    },
    wanted,
  );

test('a GPU that is lost at the start is named meanwhile, and read once it is back', async () => {
  const { came, seen, gpus } = await watch(
    { profile: 'h200x2', faults: 'gpu=1,lost,for=1500ms' },
    { index: 1, metric: 'power_draw__W' },
  );
  expect(came).toBe(true);
  expect(seen).toContain('ok: GPU 1 cannot be opened: the GPU is lost');
  expect(seen).toContain('device_lost: GPU 1 cannot be opened: the GPU is lost');
  expect(seen).toContainEqual(
    expect.stringMatching(/^device_recovered: GPU 1 \(NVIDIA H200, GPU-\S+\) can be opened$/),
  );
  expect(seen.at(-1)).toBe('ok: ');
  expect(gpus).toEqual([0, 1]);
});

test('a driver that does not list its GPUs has failed, until it does', async () => {
  const { came, seen } = await watch(
    { profile: 'h200x2', faults: 'call=DeviceGetCount_v2,error=999,for=1500ms' },
    { index: 1, metric: 'power_draw__W' },
  );
  expect(came).toBe(true);
  // On a busy machine the library may take long to load, which looks like a driver that hangs.
  expect(seen.filter((one) => !one.startsWith('stalled'))).toEqual([
    'failed: the driver does not list its GPUs: the driver reports an unknown error',
    'ok: ',
  ]);
});

test('what is not supported for a while is asked again', async () => {
  const { came, seen } = await watch(
    { profile: 'h200x1', faults: 'call=DeviceGetPowerUsage,error=3,for=1s' },
    { index: 0, metric: 'power_draw__W', after: 'unsupported' },
  );
  expect(seen).toContain('unsupported');
  expect(came).toBe(true);
});

test('a driver that is away for some seconds is seen when it returns', async () => {
  const { came, seen, gpus } = await watch(
    { profile: 'h200x2', faults: 'driver_reload,at=1s,for=4s' },
    { index: 1, metric: 'energy__J', after: 'device_recovered: GPU 1 ' },
  );
  expect(seen).toContain(
    'no_driver: the NVML library is here, but no NVIDIA driver is loaded: load it (modprobe nvidia), or install it',
  );
  expect(seen).toContainEqual(
    expect.stringMatching(/^device_lost: GPU 1 \(.*\): the driver was unloaded or reloaded$/),
  );
  expect(came).toBe(true);
  expect(gpus).toEqual([0, 1]);
});

test('a GPU that is plugged in appears; one that is unplugged keeps its instance when it returns', async () => {
  const [appears, returns] = await Promise.all([
    watch({ profile: 'h200x2', faults: 'gpu=1,unplugged,for=1500ms' }, { index: 1, metric: 'power_draw__W' }),
    watch(
      { profile: 'h200x2', faults: 'gpu=1,unplugged,from=500ms,for=1500ms' },
      { index: 1, metric: 'power_draw__W', after: 'device_recovered: GPU 1 ' },
    ),
  ]);
  expect(appears).toMatchObject({ came: true, gpus: [0, 1] });
  expect(returns).toMatchObject({ came: true, gpus: [0, 1] });
});

test('a GPU that takes long to fail is tried seldom, and named; the others are read on', async () => {
  const { came, seen, threads } = await watch(
    { profile: 'h200x2', faults: 'gpu=1,lost;call=DeviceGetHandleByIndex_v2,gpu=1,latency=400ms,from=500ms' },
    { index: 0, metric: 'power_draw__W', after: 'ok: the driver does not answer', readings: 200 },
  );
  expect(came).toBe(true);
  expect(seen.at(-1)).toBe('ok: GPU 1 cannot be opened: the GPU is lost');
  expect(threads).toBe(2);
});

test('a driver that was reloaded is initialised again though another holds NVML open', async () => {
  const { came, seen, gpus } = await watch(
    { profile: 'h200x2', faults: 'driver_reload,at=1s,for=2s' },
    { index: 1, metric: 'energy__J', after: 'device_recovered: GPU 1 ', shared: true },
  );
  expect(came).toBe(true);
  expect(seen).toContain('failed: NVML no longer answers: the driver is not loaded');
  expect(seen.at(-1)).toBe('ok: ');
  expect(gpus).toEqual([0, 1]);
});

test('a GPU that does not tell its UUID is read, and found again when it was lost', async () => {
  const { came, gpus } = await watch(
    { profile: 'h200x2', faults: 'gpu=1,call=DeviceGetUUID,error=3;gpu=1,lost,from=1s,for=1s' },
    { index: 1, metric: 'power_draw__W', after: 'device_recovered: GPU 1 ' },
  );
  expect(came).toBe(true);
  expect(gpus).toEqual([0, 1]);
});

test('a driver that fails slowly has failed, and is not told as stalled at each try', async () => {
  const { seen } = await watch(
    {
      profile: 'h200x1',
      faults: 'call=DeviceGetCount_v2,latency=300ms;call=DeviceGetCount_v2,error=999,for=4s',
    },
    { index: 0, metric: 'power_draw__W' },
  );
  const failed = 'failed: the driver does not list its GPUs: the driver reports an unknown error';
  expect(seen.slice(seen.indexOf(failed))).toEqual([failed, 'ok: ']);
});

describe('a bulk reader', () => {
  /** What it says of its second GPU's power until that is read again after it could not be; half a minute at most. */
  const reads = (
    faults: string,
  ): Promise<{ readonly seen: readonly string[]; readonly first: readonly string[] }> =>
    inChild(
      simulate({ profile: 'h200x2', faults }).env,
      async ({ Nvml, describeStatus }) => {
        // H200s have no fan: that is amiss, and stays.
        const reader = await Nvml.bulkReader(['fan_speed__pct', 'power_draw__W']);
        const [values, status] = [new Float64Array(4), new Uint16Array(4)];
        const [first, seen]: string[][] = [[], []];
        const end = performance.now() + 30_000;
        const say = (told: string[] = [], cell: number): void => {
          const { state, reason } = describeStatus(status[cell] ?? -1);
          const sane = state === 'ok' ? Number(values[cell]) > 100 : Number.isNaN(values[cell]);
          const text = sane ? reason || 'ok' : `${state} with ${values[cell]}`;
          if (told.at(-1) !== text) told.push(text);
        };
        while (!(seen && seen.length > 1 && seen.at(-1) === 'ok') && performance.now() < end) {
          reader.readSync(values, status);
          say(first, 1);
          say(seen, 3);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        reader.close();
        return { seen: seen ?? [], first: first ?? [] };
      },
      null,
    );

  test('that read a driver which was reloaded says so meanwhile, and reads on', async () => {
    const { seen, first } = await reads('driver_reload,at=500ms,for=1500ms');
    expect(seen).toEqual(['ok', 'the driver is not loaded', 'ok']);
    expect(first).toEqual(seen);
  });

  test('says why a driver that is back is not initialised', async () => {
    const { seen } = await reads('driver_reload,at=500ms,for=1s;call=Init*,error=18,from=500ms,for=4s');
    expect(seen.filter((text) => !text.startsWith('NVML is not'))).toEqual([
      'ok',
      'the driver is not loaded',
      'driver and library versions differ: reboot, or reload the driver',
      'ok',
    ]);
  });

  test('finds a GPU again that was lost, and reads the others meanwhile', async () => {
    const { seen, first } = await reads('gpu=1,lost,from=500ms,for=1s');
    expect(seen).toEqual(['ok', 'the GPU is lost', 'ok']);
    expect(first).toEqual(['ok']);
  });
});
