// The host by node:os and systeminformation, as it is read where there is no procfs: here it can be compared.
import { statfsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { metricsOf, STATUS, type Entity, type MetricName } from '../../lib/catalog';
import type { TableColumns } from '../../lib/sampling/batch';
import { PortableHost } from '../../lib/sampling/portable-host';

const busy__s = (): number =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;

function cell(
  tables: readonly TableColumns[],
  entity: Entity,
  metric: MetricName,
  instance?: number,
): { readonly value: number | undefined; readonly status: number | undefined } {
  const table = tables.find((one) => one.entity === entity);
  const column = metricsOf(entity).findIndex(({ name }) => name === metric);
  const row = instance === undefined ? 0 : (table?.instance.indexOf(instance) ?? -1);
  const at = column * (table?.time.length ?? 0) + row;
  return { value: table?.values[at], status: table?.status[at] };
}

test('counters, rates, memory and file systems are those of the machine; what is not told is absent', async () => {
  let now__ns = 5_000_000_000n;
  const portable = new PortableHost(() => now__ns, 'node-7');
  const before__s = busy__s();
  await portable.read();
  const first = portable.take();
  const after__s = busy__s();
  expect(portable.take()).toEqual([]);
  const busy = cell(first, 'host', 'cpu_busy__s');
  expect(busy.value).toBeGreaterThanOrEqual(before__s);
  expect(busy.value).toBeLessThanOrEqual(after__s);
  expect(cell(first, 'host', 'cpu_utilization__pct').status).toBe(STATUS.needsSecondReading);
  for (const metric of ['cpu_steal__s', 'cpu_steal__pct', 'context_switches', 'io_pressure__pct'] as const)
    expect(cell(first, 'host', metric)).toEqual({ value: NaN, status: STATUS.unsupported });
  expect(cell(first, 'memory', 'memory_total__MiB').value).toBeCloseTo(totalmem() / 2 ** 20, 6);
  expect(cell(first, 'memory', 'memory_used__MiB').status).toBe(STATUS.unsupported);

  const root = portable.instances.find(
    ({ entity, identity }) => entity === 'filesystem' && 'mount' in identity && identity.mount === '/',
  );
  const { bsize, bavail } = statfsSync('/');
  const free__MiB = cell(first, 'filesystem', 'free__MiB', root?.id).value ?? NaN;
  expect(Math.abs(free__MiB - (bavail * bsize) / 2 ** 20)).toBeLessThan(1024);

  now__ns += 2_000_000_000n;
  await portable.read();
  const second = portable.take();
  const grown__s = (cell(second, 'host', 'cpu_busy__s').value ?? NaN) - (busy.value ?? NaN);
  const expected__pct = Math.min(100, (100 * grown__s) / 2 / cpus().length);
  expect(cell(second, 'host', 'cpu_utilization__pct').value).toBeCloseTo(expected__pct, 9);
  expect(second.find(({ entity }) => entity === 'host')?.instance).toEqual(
    first.find(({ entity }) => entity === 'host')?.instance,
  );
});
