// Strangers read the simulator: programs that others wrote against real drivers, each from its registry. What they read
// is what docs/SIMULATOR.md says, and what a board lacks they miss as they would on a real one.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import {
  expected,
  expectedStatus,
  simulate,
  type GpuMetric,
  type ProfileName,
  type Simulation,
} from '../../lib/testing';
import { buildGo, buildRust, type Built } from '../support/compiled';
import { describeWithout } from '../support/missing';
import { NVIDIA_ML_PY, type Code } from '../support/nvidia-ml-py';
import { describeWithPython } from '../support/python';

const ROOT = join(__dirname, '..', '..');
const TIME__NS = 1_777_777_777_777_777_777n;

const NAMES = {
  h200x8: new Array<string>(8).fill('NVIDIA H200'),
  t4: ['Tesla T4'],
  desktop: ['NVIDIA GeForce RTX 4090'],
  laptop: ['NVIDIA GeForce RTX 4070 Laptop GPU'],
  odd: [
    'Odd 0 without power',
    'Odd 1 memory denied',
    'Odd 2 temperature unknown',
    'Odd 3 unified memory',
    'Odd 4 handle denied',
    `Odd 5 ${'0123456789 '.repeat(8)}e`,
    'Odd 6 without utilization',
  ],
} satisfies Partial<Record<ProfileName, string[]>>;

type Machine = keyof typeof NAMES;

const MACHINES: readonly Machine[] = ['h200x8', 't4', 'desktop', 'laptop', 'odd'];

/** One board by a client: what it tells, a code of NVML where that is an error, null where it gives no reason. */
type Shown = Readonly<Record<string, unknown>>;

const NOT_SUPPORTED: Code = { code: 3 };
const DENIED: Code = { code: 4 };
const TOO_SMALL: Code = { code: 7 };
const NO_FUNCTION: Code = { code: 13 };

const MEMORY: readonly GpuMetric[] = ['memory_used__MiB', 'memory_free__MiB', 'memory_total__MiB'];
/** Of nvmlDeviceGetMemoryInfo, which counts what the driver reserves as used. */
const OLD_MEMORY: readonly GpuMetric[] = ['memory_free__MiB', 'memory_total__MiB'];
const RATES: readonly GpuMetric[] = ['gpu_utilization__pct', 'memory_utilization__pct'];
const CODECS: readonly GpuMetric[] = ['encoder_utilization__pct', 'decoder_utilization__pct'];
const CLOCKS: readonly GpuMetric[] = ['gpu_clock__MHz', 'memory_clock__MHz', 'graphics_clock__MHz'];
const POWER: readonly GpuMetric[] = ['power_draw__W', 'power_limit__W'];
const REST: readonly GpuMetric[] = ['gpu_temperature__C', 'fan_speed__pct'];

/** Each metric as it is, or its code. */
const measured = (machine: Machine, index: number, metrics: readonly GpuMetric[]): Shown =>
  Object.fromEntries(
    metrics.map((metric) => {
      const code: Code = { code: expectedStatus(machine, index, metric) };
      return [metric, expected(machine, index, metric, TIME__NS) ?? code];
    }),
  );

const truth = (machine: Machine, index: number, metrics: readonly GpuMetric[]): Shown => ({
  name: NAMES[machine][index],
  ...measured(machine, index, metrics),
});

const map = (shown: Shown, change: (value: unknown, name: string) => unknown): Shown =>
  Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, change(value, name)]));

/** For clients that say "not available" whatever the reason. */
const silent = (shown: Shown): Shown => map(shown, (value) => (typeof value === 'object' ? null : value));

/** The limit by nvmlDeviceGetPowerManagementLimit: that of a laptop cannot be managed. */
const managedLimit = (machine: Machine, index: number): Shown =>
  machine === 'laptop' ? { power_limit__W: NOT_SUPPORTED } : measured(machine, index, ['power_limit__W']);

/** What each client shows of a board that can be opened. */
const SHOWN: Readonly<Record<string, (machine: Machine, index: number) => Shown | Code>> = {
  nvitop: (machine, index) => {
    const metrics = [...RATES, ...CODECS, ...CLOCKS, 'power_draw__W', ...MEMORY, ...REST] as const;
    const shown = silent({ ...truth(machine, index, metrics), ...managedLimit(machine, index) });
    if (shown['memory_total__MiB'] !== 0) return shown;
    // It takes the host's instead.
    const some: unknown = expect.any(Number);
    return {
      ...shown,
      memory_used__MiB: some,
      memory_free__MiB: some,
      memory_total__MiB: totalmem() / 1048576,
    };
  },

  gpustat: (machine, index) => {
    const metrics: readonly GpuMetric[] = ['gpu_utilization__pct', ...CODECS, ...REST, ...POWER];
    const shown = silent(truth(machine, index, [...metrics, 'memory_used__MiB', 'memory_total__MiB']));
    // Whole watts.
    return map(shown, (value, name) =>
      typeof value === 'number' && name.endsWith('__W') ? Math.floor(value) : value,
    );
  },

  py3nvml: (machine, index) => {
    const metrics: readonly GpuMetric[] = [...RATES, ...CODECS, ...REST, 'perf_state', 'gpu_clock__MHz'];
    const shown = truth(machine, index, [...metrics, ...POWER, ...OLD_MEMORY]);
    // It has room for 64 characters.
    return map(shown, (value) => (typeof value === 'string' && value.length >= 64 ? TOO_SMALL : value));
  },

  codecarbon: (machine, index) => {
    const needed = [...OLD_MEMORY, 'gpu_temperature__C', 'power_draw__W', 'gpu_utilization__pct'] as const;
    const failed = needed.map((metric) => expectedStatus(machine, index, metric)).find((code) => code !== 0);
    if (failed !== undefined) return { code: failed };
    // By nvmlDeviceGetComputeRunningProcesses_v3, which the driver of `odd` does not have.
    if (machine === 'odd') return NO_FUNCTION;
    return truth(machine, index, [...needed, 'power_limit__W', 'energy__J']);
  },

  zeus: (machine, index) => {
    const metrics = truth(machine, index, ['gpu_temperature__C', 'energy__J']);
    const shown = { ...metrics, ...managedLimit(machine, index) };
    // By nvmlDeviceGetTemperatureV, which the driver of `odd` does not have.
    return machine === 'odd' ? { ...shown, gpu_temperature__C: NO_FUNCTION } : shown;
  },

  'go-nvml': (machine, index) =>
    truth(machine, index, [
      ...RATES,
      ...CODECS,
      ...CLOCKS,
      ...POWER,
      ...OLD_MEMORY,
      ...REST,
      'memory_temperature__C',
      'perf_state',
      'energy__J',
    ]),

  'nvml-wrapper': (machine, index) => {
    const metrics = [...RATES, ...CODECS, ...CLOCKS, ...POWER, ...REST] as const;
    const shown = truth(machine, index, [
      ...metrics,
      ...MEMORY,
      'memory_temperature__C',
      'perf_state',
      'energy__J',
    ]);
    // By nvmlDeviceGetMemoryInfo_v2, which the driver of `odd` does not have.
    const memory = new Set<string>(machine === 'odd' ? MEMORY : []);
    return map(shown, (value, name) => (memory.has(name) ? NO_FUNCTION : value));
  },
};

function comparisons(client: string, read: (simulation: Simulation) => unknown): void {
  test.each(MACHINES)('reads %s', (machine) => {
    const shown = NAMES[machine].map((_, index) =>
      expectedStatus(machine, index, 'gpu_clock__MHz') === DENIED.code
        ? DENIED
        : SHOWN[client]?.(machine, index),
    );
    expect(read(simulate({ profile: machine, time__ns: TIME__NS }))).toEqual(shown);
  });
}

// Each in a process of its own: some of them patch nvidia-ml-py where they are loaded.
const PYTHON = {
  nvitop: 'nvitop==1.7.2',
  gpustat: 'gpustat==1.1.1',
  py3nvml: 'py3nvml==0.2.7',
  codecarbon: 'codecarbon==3.3.2',
  zeus: 'zeus==0.16.0',
};

describeWithPython('of Python,', [NVIDIA_ML_PY, ...Object.values(PYTHON)], (python) => {
  const script = readFileSync(join(ROOT, 'test/python/read_with.py'), 'utf8');
  describe.each(Object.keys(PYTHON))('%s', (client) => {
    comparisons(client, ({ gpu_num, env }) => python.json(script, { args: [client, String(gpu_num)], env }));
  });

  test('py3smi prints its table', () => {
    const { env } = simulate({ profile: 'h200x8', time__ns: TIME__NS });
    const table = python.run(readFileSync(join(python.folder, 'bin/py3smi'), 'utf8'), { env });
    for (const index of NAMES.h200x8.keys()) {
      const known = (metric: GpuMetric): number => expected('h200x8', index, metric, TIME__NS) ?? NaN;
      const used__MiB = known('memory_total__MiB') - known('memory_free__MiB');
      expect(table).toContain(`${known('gpu_temperature__C')}C    ${known('perf_state')}  `);
      expect(table).toContain(
        `${Math.floor(known('power_draw__W'))}W / 700W | ${used__MiB}MiB / 143771MiB |      ${known('gpu_utilization__pct')}% `,
      );
    }
  });
});

function describeProgram(client: string, built: Built): void {
  if ('reason' in built) return describeWithout(client, built.reason);
  describe(client, () =>
    comparisons(client, ({ env }) =>
      JSON.parse(execFileSync(built.program, { encoding: 'utf8', env: { ...process.env, ...env } })),
    ),
  );
}

const source = (language: string): string => join(ROOT, 'test/clients', language);
const folder = (language: string): string => join(ROOT, 'node_modules/.cache/nvpulse-clients', language);

describeProgram('go-nvml', buildGo(source('go'), folder('go')));
describeProgram('nvml-wrapper', buildRust(source('rust'), folder('rust')));
