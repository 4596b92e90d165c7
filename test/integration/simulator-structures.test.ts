// Nothing that the simulator writes is longer than what callers of its interface hold: each output lies at the end of
// a page, before one that nobody may touch. Sizes are those of NVML's ABI, written here for themselves.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulate, type ProfileName } from '../../lib/testing';
import { describeWithPython, type Python } from '../support/python';

/** A call on device 0, but for system calls. */
interface Call {
  readonly name: string;
  /** Size of the output in bytes. */
  readonly out: number;
  /** 32-bit words that the caller puts first in the output. */
  readonly head?: readonly number[];
  /** The output points at an array: where the address lies, and the array's size. */
  readonly array?: readonly [number, number];
  readonly before?: readonly (number | string)[];
  readonly after?: readonly (number | string)[];
  readonly system?: boolean;
  /** What is written of it, where that is not all: the rest belongs to the caller. */
  readonly written?: number;
}

const version = (size: number, number: number): number => size + number * 2 ** 24;
const U32 = ['Index', 'MinorNumber', 'BoardId', 'Brand', 'Architecture', 'NumGpuCores', 'MemoryBusWidth'];
const U64 = ['TotalEnergyConsumption', 'CurrentClocksEventReasons', 'SupportedEventTypes'];
const PROCESSES = [
  ['', 16],
  ['_v2', 24],
  ['_v3', 24],
] as const;

/** What `h200x8` answers with a value; device 0 has two compute processes at the frozen time. */
const CALLS: readonly Call[] = [
  // The oldest form ends behind the device's id. The second has a subsystem's id, and four words that are the
  // driver's own and that no driver writes; callers hold 52 bytes. The third is today's.
  { name: 'DeviceGetPciInfo', out: 32 },
  { name: 'DeviceGetPciInfo_v2', out: 52, written: 36 },
  { name: 'DeviceGetPciInfo_v3', out: 68 },
  { name: 'DeviceGetPciInfoExt', out: 64, head: [version(64, 1)] },
  ...U32.map((name): Call => ({ name: `DeviceGet${name}`, out: 4 })),
  ...U64.map((name): Call => ({ name: `DeviceGet${name}`, out: 8 })),
  { name: 'DeviceGetUtilizationRates', out: 8 },
  { name: 'DeviceGetDecoderUtilization', out: 4, after: ['scratch:4'] },
  { name: 'DeviceGetMemoryInfo', out: 24 },
  { name: 'DeviceGetMemoryInfo_v2', out: 40, head: [version(40, 2)] },
  { name: 'DeviceGetBAR1MemoryInfo', out: 24 },
  { name: 'DeviceGetTemperatureV', out: 12, head: [version(12, 1), 0] },
  { name: 'DeviceGetMarginTemperature', out: 8, head: [version(8, 1)] },
  { name: 'DeviceGetClockInfo', out: 4, before: [1] },
  { name: 'DeviceGetPerformanceState', out: 4 },
  { name: 'DeviceGetCudaComputeCapability', out: 4, after: ['scratch:4'] },
  { name: 'DeviceGetEccMode', out: 4, after: ['scratch:4'] },
  { name: 'DeviceGetTotalEccErrors', out: 8, before: [0, 1] },
  { name: 'DeviceGetPowerManagementLimitConstraints', out: 4, after: ['scratch:4'] },
  { name: 'DeviceGetName', out: 12, after: [12] },
  { name: 'DeviceGetUUID', out: 41, after: [41] },
  { name: 'DeviceGetSerial', out: 14, after: [14] },
  ...PROCESSES.map(([suffix, size]): Call => {
    const name = `DeviceGetComputeRunningProcesses${suffix}`;
    return { name, before: ['count:2'], out: 2 * size };
  }),
  // {version, mode, entries, array}
  { name: 'DeviceGetRunningProcessDetailList', out: 24, head: [version(24, 1), 0, 2], array: [16, 2 * 32] },
  { name: 'DeviceGetProcessUtilization', out: 2 * 32, after: ['count:2', 0] },
  // {version, count, last seen, array}
  {
    name: 'DeviceGetProcessesUtilizationInfo',
    out: 24,
    head: [version(24, 1), 2, 0, 0],
    array: [16, 2 * 40],
    // The last word of an entry is padding.
    written: 2 * 40 - 4,
  },
  { name: 'DeviceGetFieldValues', before: [2], out: 2 * 40, head: [83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 83, 0] },
  { name: 'DeviceGetSamples', before: [0, 0, 'scratch:4', 'count:120'], out: 120 * 16 },
  { name: 'SystemGetDriverVersion', system: true, out: 11, after: [11] },
  { name: 'SystemGetDriverBranch', system: true, out: 84, head: [version(84, 1)], after: [80], written: 12 },
  { name: 'SystemGetCudaDriverVersion', system: true, out: 4 },
  { name: 'DeviceGetCount_v2', system: true, out: 4 },
  { name: 'GpmQueryDeviceSupport', out: 8, head: [1] },
  { name: 'DeviceGetNvLinkState', before: [0], out: 4 },
  { name: 'DeviceGetNvLinkVersion', before: [17], out: 4 },
  { name: 'DeviceGetNvLinkCapability', before: [0, 0], out: 4 },
  { name: 'DeviceGetNvLinkErrorCounter', before: [0, 0], out: 8 },
  { name: 'DeviceGetNvLinkRemoteDeviceType', before: [0], out: 4 },
];

/** What the board of `desktop` has beside. */
const DESKTOP_CALLS: readonly Call[] = [
  { name: 'DeviceGetNumFans', out: 4 },
  { name: 'DeviceGetFanSpeed', out: 4 },
  { name: 'DeviceGetFanSpeed_v2', before: [1], out: 4 },
  { name: 'DeviceGetFanSpeedRPM', out: 12, head: [version(12, 1), 0] },
  { name: 'DeviceGetEncoderUtilization', out: 4, after: ['scratch:4'] },
  ...PROCESSES.map(([suffix, size]): Call => {
    const name = `DeviceGetGraphicsRunningProcesses${suffix}`;
    return { name, before: ['count:2'], out: 2 * size };
  }),
];

/** What each call of the list gave. */
function answers(python: Python, profile: ProfileName, calls: readonly Call[]): readonly unknown[] {
  const script = readFileSync(join(__dirname, '..', 'python', 'guard_pages.py'), 'utf8');
  const { env } = simulate({ profile, time__ns: 1_790_000_002_000_000_000n });
  const found = python.json(script, { args: [JSON.stringify(calls)], env });
  if (!Array.isArray(found)) throw new Error('guard_pages.py printed no list');
  return found;
}

describeWithPython('what the simulator writes', [], (python) => {
  test.each([
    ['h200x8', CALLS],
    ['desktop', DESKTOP_CALLS],
  ] as const)('on %s is as long as its structure, and no longer', (profile, calls) => {
    const found = answers(python, profile, calls);
    const named = calls.map(({ name }, i) => ({ name, ...Object(found[i]) }));
    expect(named).toEqual(
      calls.map(({ name, out, array, written }) => ({
        name,
        code: 0,
        written: written ?? array?.[1] ?? out,
      })),
    );
  });
});
