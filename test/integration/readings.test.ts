// What becomes of readings that cannot be: of a driver that lies, through the sampler.
import { simulate, type SimulateOptions } from '../../lib/testing';
import { inChild } from '../support/child';

interface Seen {
  /** Of GPU 0, the metric's values in order of time, and what absent ones are. */
  readonly values: readonly number[];
  readonly absent: readonly string[];
  /** `kind: text`, of the readings themselves. */
  readonly events: readonly string[];
  readonly implausible: number;
  readonly told: number | undefined;
}

/** Reads each 10 ms for 1.5 s. */
const read = (options: SimulateOptions, metric: string): Promise<Seen> =>
  inChild(
    simulate(options).env,
    async ({ Sampler, describeStatus }, wanted): Promise<Seen> => {
      const sampler = new Sampler({ interval: '10ms' });
      const batches = sampler[Symbol.asyncIterator]();
      sampler.start();
      const end = performance.now() + 1500;
      while (performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
      await sampler.tick();
      sampler.stop();
      const seen = { values: [] as number[], absent: [] as string[], events: [] as string[] };
      let told: number | undefined;
      for await (const batch of batches) {
        for (const row of batch.rows('agent')) told = row.implausible_readings;
        for (const { kind, text } of batch.events)
          if (kind === 'implausible_reading' || kind === 'counter_reset')
            seen.events.push(`${kind}: ${text}`);
        const table = batch.table('gpu');
        for (let row = 0; table && row < table.length; row++) {
          const instance = batch.instances.get(table.instance[row] ?? -1);
          if (instance?.entity !== 'gpu' || instance.identity.index !== 0) continue;
          const { state, reason } = describeStatus(table.status(wanted as 'energy__J')[row] ?? -1);
          if (state === 'ok') seen.values.push(table.values(wanted as 'energy__J')[row] ?? NaN);
          else if (state !== 'pending') seen.absent.push(`${state}: ${reason}`);
        }
      }
      return { ...seen, implausible: sampler.stats().implausible_readings, told };
    },
    metric,
  );

const growth = (values: readonly number[]): number =>
  values.reduce((sum, value, at) => sum + Math.max(0, value - (values[at - 1] ?? value)), 0);

test('a utilization of 4294967295 % is absent, counted, and its raw value kept', async () => {
  const faults = 'call=DeviceGetUtilizationRates,gpu=0,value=4294967295,from=500ms,for=200ms';
  const seen = await read({ profile: 't4', faults }, 'gpu_utilization__pct');
  expect(Math.max(...seen.values)).toBeLessThanOrEqual(100);
  expect(seen.values.length).toBeGreaterThan(10);
  expect(new Set(seen.absent)).toEqual(new Set(['transient: the reading was beyond what is possible']));
  // Of the memory's too, which is the same call's.
  expect(seen.implausible).toBe(2 * seen.absent.length);
  expect(seen.told).toBe(seen.implausible);
  expect(seen.events).toContain(
    'implausible_reading: gpu_utilization__pct read 4294967295; possible is 0 to 200',
  );
});

test.each([
  ['a fan at 105 %', 'fan_speed__pct', 'call=DeviceGetFanSpeed,value=105'],
  ['power at 1.5 times what it is', 'power_draw__W', 'call=DeviceGetPowerUsage,percent=150'],
  [
    'utilization at 1.5 times what it is',
    'gpu_utilization__pct',
    'call=DeviceGetUtilizationRates,percent=150',
  ],
  ['energy at 1.5 times what it is', 'energy__J', 'call=DeviceGetTotalEnergyConsumption,percent=150'],
])('%s: nothing is dropped', async (_, metric, faults) => {
  const seen = await read({ profile: 'desktop', faults }, metric);
  expect(seen.absent).toEqual([]);
  expect(seen.implausible).toBe(0);
  expect(seen.values.length).toBeGreaterThan(10);
  if (metric === 'fan_speed__pct') expect(new Set(seen.values)).toEqual(new Set([105]));
});

test('a counter that reads zero for a moment neither falls nor jumps', async () => {
  const faults = 'call=DeviceGetTotalEnergyConsumption,value=0,from=500ms,for=80ms';
  const seen = await read({ profile: 'laptop', faults }, 'energy__J');
  expect(Math.min(...seen.values)).toBe(seen.values[0]);
  expect(growth(seen.values)).toBeLessThan(110 * 4);
  expect(seen.events.filter((text) => text.startsWith('counter_reset'))).toEqual([]);
});

test('a jump of 3.6 MJ on a board of 103 W is in no difference', async () => {
  const faults = 'call=DeviceGetTotalEnergyConsumption,add=3600000000,from=500ms';
  const seen = await read({ profile: 'laptop', faults }, 'energy__J');
  expect(seen.values.length).toBeGreaterThan(10);
  expect(growth(seen.values)).toBeLessThan(110 * 4);
  expect(seen.events).toEqual([
    expect.stringMatching(/^implausible_reading: energy__J stays where it jumped, from \d+(\.\d+)? to /),
  ]);
});
