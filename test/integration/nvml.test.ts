// Our reading of NVML against the formula of the simulator, at frozen times, device by device.
import { expected, expectedStatus, simulate, type GpuMetric, type ProfileName } from '../../lib/testing';
import { metricsOf } from '../../lib';
import { inChild } from '../support/child';

const TIMES__NS = [1_767_225_600_000_000_000n, 1_790_123_456_789_012_345n];
const PROFILES: readonly ProfileName[] = ['h200x8', 't4', 'desktop', 'laptop', 'odd'];
const METRICS = metricsOf('gpu').map(({ name }) => name as GpuMetric);

/** Opens NVML in a child and reads each device once. */
const readAll = (profile: ProfileName, time__ns: bigint, faults = '') =>
  inChild(
    simulate({ profile, time__ns, faults }).env,
    async ({ Nvml }) => {
      const nvml = await Nvml.open();
      const readings = await nvml.read();
      const { state, devices } = nvml;
      nvml.close();
      return { state, devices, readings };
    },
    null,
  );

describe.each(PROFILES)('profile %s', (profile) => {
  test.each(TIMES__NS)('every metric of every device at %s', async (time__ns) => {
    const { state, readings } = await readAll(profile, time__ns);
    expect(state).toMatchObject({ state: 'ok', simulated: true, profile });
    expect(readings.length).toBeGreaterThan(0);
    for (const { device, values, absent } of readings) {
      for (const metric of METRICS) {
        const truth = expected(profile, device.index, metric, time__ns);
        const where = `GPU ${device.index} ${metric}`;
        if (truth === undefined || (metric.startsWith('memory_') && metric.endsWith('MiB') && truth === 0)) {
          expect([where, values[metric], absent[metric]?.state]).toEqual([
            where,
            undefined,
            expect.any(String),
          ]);
        } else {
          expect([where, values[metric]]).toEqual([where, expect.closeTo(truth, 6)]);
        }
      }
    }
  });
});

test('each device has its own identity', async () => {
  const { devices } = await readAll('h200x8', 1_767_225_600_000_000_000n);
  expect(devices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(new Set(devices.map(({ uuid }) => uuid)).size).toBe(8);
  expect(new Set(devices.map(({ pci_bus_id }) => pci_bus_id)).size).toBe(8);
  for (const device of devices) {
    expect(device).toMatchObject({ name: 'NVIDIA H200', driver_version: expect.stringMatching(/^\d+\.\d+/) });
  }
});

test('devices and their readings are by index, also where the first was opened last', async () => {
  const { devices, readings } = await inChild(
    simulate({ profile: 'h200x2', faults: 'gpu=0,lost,for=1500ms' }).env,
    async ({ Nvml }) => {
      const nvml = await Nvml.open();
      const end = performance.now() + 30_000;
      while (nvml.devices.length < 2 && performance.now() < end) await nvml.read();
      const readings = await nvml.read();
      nvml.close();
      return {
        devices: nvml.devices.map(({ index }) => index),
        readings: readings.map(({ device }) => device.index),
      };
    },
    null,
  );
  expect(devices).toEqual([0, 1]);
  expect(readings).toEqual([0, 1]);
});

test('what a device does not have is absent, with the reason', async () => {
  const { readings } = await readAll('h200x8', 1_767_225_600_000_000_000n);
  expect(expectedStatus('h200x8', 0, 'fan_speed__pct')).toBe(3);
  expect(readings[0]?.absent).toEqual({
    fan_speed__pct: { state: 'unsupported', reason: 'not supported by this device' },
    encoder_utilization__pct: { state: 'unsupported', reason: 'not supported by this device' },
  });
});

test('a fault of one call of one device is that metric alone', async () => {
  const time__ns = 1_767_225_600_000_000_000n;
  const { readings } = await readAll('h200x8', time__ns, 'call=DeviceGetPowerUsage,gpu=3,error=999');
  expect(readings[3]?.absent['power_draw__W']).toEqual({
    state: 'transient',
    reason: 'NVML reports an unknown error',
  });
  expect(readings[3]?.values['gpu_temperature__C']).toBe(
    expected('h200x8', 3, 'gpu_temperature__C', time__ns),
  );
  expect(readings[2]?.values['power_draw__W']).toBe(expected('h200x8', 2, 'power_draw__W', time__ns));
});

describe('no NVML is a state', () => {
  const open = (nvml: string) =>
    inChild(
      { NVPULSE_NVML: nvml },
      async ({ Nvml }) => {
        const opened = await Nvml.open();
        const readings = await opened.read();
        opened.close();
        return { state: opened.state, devices: opened.devices, readings };
      },
      null,
    );

  test('a library that is not NVML', async () => {
    const { state, devices, readings } = await open('/lib/x86_64-linux-gnu/libm.so.6');
    expect(state).toMatchObject({ state: 'not_nvml', simulated: false });
    expect(state.reason).toContain('nvmlInit_v2');
    expect([devices, readings]).toEqual([[], []]);
  });

  test('a file that is no library', async () => {
    const { state } = await open(__filename);
    expect(state.state).toBe('not_nvml');
    expect(state.reason).toContain('nvml.test.ts');
  });

  test('versions that do not match', async () => {
    const { state } = await inChild(
      simulate({ faults: 'call=Init_v2,error=18' }).env,
      async ({ Nvml }) => {
        const nvml = await Nvml.open();
        nvml.close();
        return { state: nvml.state };
      },
      null,
    );
    expect(state).toMatchObject({ state: 'failed', reason: expect.stringContaining('different versions') });
  });
});

test('the bulk reader gives the same values, device-major', async () => {
  const time__ns = 1_790_123_456_789_012_345n;
  const metrics: GpuMetric[] = [
    'power_draw__W',
    'gpu_utilization__pct',
    'memory_used__MiB',
    'fan_speed__pct',
    'energy__J',
  ];
  const { devices, values, status } = await inChild(
    simulate({ time__ns }).env,
    async ({ Nvml }, wanted) => {
      const reader = await Nvml.bulkReader(wanted);
      const cells = reader.devices * wanted.length;
      const out = { values: new Float64Array(cells), status: new Uint16Array(cells) };
      reader.readSync(out.values, out.status);
      reader.close();
      return { devices: reader.devices, values: [...out.values], status: [...out.status] };
    },
    metrics,
  );
  expect(devices).toBe(8);
  const truth = Array.from({ length: 8 }, (_, index) =>
    metrics.map((metric) => expected('h200x8', index, metric, time__ns) ?? null),
  ).flat();
  expect(status).toEqual(truth.map((value) => (value === null ? 3 : 0)));
  values.forEach((value, cell) => {
    const wanted = truth[cell];
    expect(value).toEqual(wanted === null || wanted === undefined ? null : expect.closeTo(wanted, 6));
  });
});

test('the bulk reader fills the arrays that it is given, and none that are gone', async () => {
  const seen = await inChild(
    simulate({}).env,
    async ({ Nvml, NvpulseError }) => {
      const reader = await Nvml.bulkReader(['memory_total__MiB']);
      const arrays = () => ({ values: new Float64Array(8), status: new Uint16Array(8).fill(7) });
      const [first, second, third] = [arrays(), arrays(), arrays()];
      const attempt = (read: () => void): string => {
        try {
          read();
          return 'read';
        } catch (error) {
          return error instanceof NvpulseError ? error.code : String(error);
        }
      };
      reader.readSync(first.values, first.status);
      reader.readSync(second.values, first.status);
      reader.readSync(first.values, second.status);
      const filled = [first, second].map(({ values, status }) => [values[7], status[7]]);
      // What it read into a moment ago now belongs to another.
      structuredClone(first.values, { transfer: [first.values.buffer] });
      const gone = attempt(() => reader.readSync(first.values, second.status));
      const short = attempt(() => reader.readSync(new Float64Array(7), second.status));
      const others = attempt(() =>
        Reflect.apply(reader.readSync, reader, [new Float32Array(8), third.status]),
      );
      reader.close();
      reader.close();
      const closed = attempt(() => reader.readSync(third.values, third.status));
      return { filled, gone, short, others, closed, untouched: [third.values[7], third.status[7]] };
    },
    null,
  );
  expect(seen).toEqual({
    filled: [
      [143771, 0],
      [143771, 0],
    ],
    gone: 'ERR_OPTION',
    short: 'ERR_OPTION',
    others: 'ERR_OPTION',
    closed: 'ERR_STATE',
    untouched: [0, 7],
  });
});
