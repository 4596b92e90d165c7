// The simulator as a stranger sees it: nvidia-ml-py reads every GPU metric at frozen times, and each value is
// compared with the formula, device by device.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../../lib/catalog';
import {
  expected,
  expectedProcesses,
  expectedStatus,
  simulate,
  type GpuMetric,
  type ProfileName,
} from '../../lib/testing';
import { NVIDIA_ML_PY, readGpus, type Code, type PythonGpu } from '../support/nvidia-ml-py';
import { describeWithPython, type Python } from '../support/python';

const PROFILES: readonly { profile: ProfileName; gpu_num: number }[] = [
  { profile: 'h200x8', gpu_num: 8 },
  { profile: 'h200x3', gpu_num: 3 },
  { profile: 't4', gpu_num: 1 },
  { profile: 'desktop', gpu_num: 1 },
  { profile: 'laptop', gpu_num: 1 },
  { profile: 'odd', gpu_num: 7 },
];

/** On a boundary of every refresh, just before one, and anywhere. */
const TIMES__NS = [1_767_225_600_000_000_000n, 1_767_225_659_999_999_999n, 1_790_123_456_789_012_345n];

const GPU_METRICS: readonly GpuMetric[] = METRICS.flatMap((metric) =>
  metric.entity === 'gpu' ? [metric.name] : [],
);

/** What the formula says, in the form that the readers give. */
function byFormula(profile: ProfileName, index: number, metric: GpuMetric, time__ns: bigint): number | Code {
  const code = expectedStatus(profile, index, metric);
  return expected(profile, index, metric, time__ns) ?? { code };
}

function metricsByFormula(
  profile: ProfileName,
  index: number,
  time__ns: bigint,
): Record<string, number | Code> {
  return Object.fromEntries(
    GPU_METRICS.map((metric) => [metric, byFormula(profile, index, metric, time__ns)]),
  );
}

type Reader = (metric: GpuMetric, time__ns: bigint) => number | undefined;

/** Each device with each metric that it supports; a device whose memory is the host's has 0 of it. */
function supported(profile: ProfileName, gpu_num: number): readonly (readonly [Reader, GpuMetric])[] {
  return Array.from({ length: gpu_num }, (_, index) => index).flatMap((index) =>
    GPU_METRICS.filter((metric) => expectedStatus(profile, index, metric) === 0)
      .filter((metric) => !(profile === 'odd' && index === 3 && metric.endsWith('__MiB')))
      .map(
        (metric) =>
          [(name: GpuMetric, time__ns: bigint) => expected(profile, index, name, time__ns), metric] as const,
      ),
  );
}

interface Followed {
  readonly before__ns: bigint;
  readonly after__ns: bigint;
  readonly values: readonly number[];
}

const LIVE = simulate();

/** Half a second of readings of one device. */
function follow(python: Python, index: number): readonly Followed[] {
  const script = readFileSync(join(__dirname, '..', 'python', 'follow.py'), 'utf8');
  const rows = python.json(script, { args: [String(index), '0.5'], env: LIVE.env });
  if (!Array.isArray(rows)) throw new Error('follow.py printed no list');
  return rows.map(([before, after, ...values]) => ({
    before__ns: BigInt(before),
    after__ns: BigInt(after),
    values,
  }));
}

/** What follow.py reads of device 5, in NVML's units. */
function followed(time__ns: bigint): readonly number[] {
  const at = (metric: GpuMetric): number => expected('h200x8', 5, metric, time__ns, LIVE.loaded__ns) ?? NaN;
  const [energy__mJ, power__mW] = [at('energy__J') * 1000, at('power_draw__W') * 1000].map(Math.round);
  return [
    energy__mJ ?? NaN,
    power__mW ?? NaN,
    at('gpu_utilization__pct'),
    at('gpu_clock__MHz'),
    at('gpu_temperature__C'),
  ];
}

const isGpu = (answer: PythonGpu | Code): answer is PythonGpu => 'metrics' in answer;

describeWithPython('nvidia-ml-py reads the simulator', [NVIDIA_ML_PY], (python) => {
  describe.each(PROFILES)('$profile', ({ profile, gpu_num }) => {
    test.each(TIMES__NS)('every metric of every device at %d ns is what the formula says', (time__ns) => {
      const gpus = readGpus(python, simulate({ profile, time__ns }));
      expect(gpus).toHaveLength(gpu_num);
      gpus.forEach((gpu, index) => {
        if (isGpu(gpu)) expect(gpu.metrics).toEqual(metricsByFormula(profile, index, time__ns));
        else expect(gpu).toEqual({ code: expectedStatus(profile, index, 'perf_state') });
      });
    });

    test('devices differ in uuid and bus id, and keep them', () => {
      const [first, second] = [1n, 2n].map((time__ns) => readGpus(python, simulate({ profile, time__ns })));
      const identities = (first ?? []).filter(isGpu).map((gpu) => gpu.identity);
      expect(new Set(identities.map(({ uuid }) => uuid)).size).toBe(identities.length);
      expect(new Set(identities.map(({ pci_bus_id }) => pci_bus_id)).size).toBe(identities.length);
      expect((second ?? []).filter(isGpu).map((gpu) => gpu.identity)).toEqual(identities);
    });
  });

  test('the devices of h200x8 differ in nearly every metric, so that a mixed-up index is seen', () => {
    const gpus = readGpus(python, simulate({ time__ns: TIMES__NS[2] ?? 0n })).filter(isGpu);
    const alike = GPU_METRICS.filter(
      (metric) => new Set(gpus.map((gpu) => JSON.stringify(gpu.metrics[metric]))).size < 8,
    );
    const coarse = [
      'encoder_utilization__pct',
      'fan_speed__pct',
      'perf_state',
      'memory_total__MiB',
      'power_limit__W',
    ];
    expect(alike.filter((metric) => !coarse.includes(metric) && metric !== 'process_num')).toEqual([]);
  });

  test('no value of a supported metric is always zero', () => {
    for (const [gpu, metric] of PROFILES.flatMap(({ profile, gpu_num }) => supported(profile, gpu_num))) {
      const values = Array.from({ length: 100 }, (_, s) => gpu(metric, BigInt(s) * 1_000_000_000n));
      expect({ metric, zero: values.every((value) => value === 0) }).toEqual({ metric, zero: false });
    }
  });

  test('readings follow the clock, period by period', () => {
    const rows = follow(python, 5);
    const wrong = rows.filter(({ before__ns, after__ns, values }) => {
      const [early, late] = [followed(before__ns), followed(after__ns)];
      return values.some((value, i) => value !== early[i] && value !== late[i]);
    });
    expect(wrong).toEqual([]);
    // 20 ms in half a second.
    expect(new Set(rows.map(({ values }) => values[0])).size).toBeGreaterThan(10);
  });

  test('processes share the memory and the utilization as the formula says', () => {
    const time__ns = TIMES__NS[2] ?? 0n;
    const gpus = readGpus(python, simulate({ time__ns })).filter(isGpu);
    expect(gpus.map(({ processes }) => processes)).toEqual(
      gpus.map((_, index) => expectedProcesses('h200x8', index, time__ns)),
    );
  });

  test('names, serials and versions are those of the boards', () => {
    const [h200] = readGpus(python, simulate({ time__ns: 1n })).filter(isGpu);
    expect(h200?.identity).toEqual({
      index: 0,
      uuid: 'GPU-6e767075-6c73-6501-8000-000000000000',
      name: 'NVIDIA H200',
      pci_bus_id: '00000000:19:00.0',
      serial: '1654025000000',
      driver_version: '580.126.20',
    });
    const odd = readGpus(python, simulate({ profile: 'odd', time__ns: 1n }));
    expect(odd[4]).toEqual({ code: 4 });
    expect(odd.filter(isGpu)[4]?.identity['name']).toHaveLength(95);
    expect(odd.filter(isGpu)[5]?.identity['serial']).toEqual({ code: 3 });
  });
});
