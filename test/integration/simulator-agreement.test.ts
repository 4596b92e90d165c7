// Two clients of one library: what nvpulse reads and what nvidia-ml-py reads, value by value, at frozen times.
// The interface as nvidia-ml-py declares it is a reading of its own, which no one here wrote.
import { describeStatus } from '../../lib/catalog';
import type { GpuReading } from '../../lib';
import { simulate, type ProfileName, type Simulation } from '../../lib/testing';
import { inChild } from '../support/child';
import { NVIDIA_ML_PY, readGpus, type Code, type PythonGpu } from '../support/nvidia-ml-py';
import { describeWithPython } from '../support/python';

const PROFILES: readonly ProfileName[] = ['h200x8', 't4', 'desktop', 'laptop', 'odd'];
const TIMES__NS = [1_767_225_600_000_000_000n, 1_777_777_777_777_777_777n, 1_790_123_456_789_012_345n];

/** Metric by metric: a value, or the state that says why there is none. */
type Readings = Readonly<Record<string, number | string>>;

const ours = (simulation: Simulation): Promise<readonly GpuReading[]> =>
  inChild(
    simulation.env,
    async ({ Nvml }) => {
      const nvml = await Nvml.open();
      const readings = await nvml.read();
      nvml.close();
      return readings;
    },
    null,
  );

/** Three decimals are all that mW and mJ have: ours multiply by a thousandth, theirs divide by a thousand. */
const digits = (value: number): number => Number(value.toFixed(3));

function ofOurs({ values, absent }: GpuReading): Readings {
  const present = Object.entries(values).map(([name, value]) => [name, digits(value)] as const);
  const missing = Object.entries(absent).map(([name, { state }]) => [name, state] as const);
  return Object.fromEntries([...present, ...missing]);
}

function ofPython({ metrics }: PythonGpu): Readings {
  const entries = Object.entries(metrics).map(
    ([name, value]) =>
      [name, typeof value === 'number' ? digits(value) : describeStatus(value.code).state] as const,
  );
  return Object.fromEntries(entries);
}

/** A total of 0 is memory shared with the host: to nvpulse that is no memory of the GPU. */
function withoutSharedMemory(readings: Readings): Readings {
  if (readings['memory_total__MiB'] !== 0) return readings;
  const shared = {
    memory_used__MiB: 'unsupported',
    memory_free__MiB: 'unsupported',
    memory_total__MiB: 'unsupported',
  };
  return { ...readings, ...shared };
}

const isGpu = (answer: PythonGpu | Code): answer is PythonGpu => 'metrics' in answer;

describeWithPython('nvpulse and nvidia-ml-py agree', [NVIDIA_ML_PY], (python) => {
  describe.each(PROFILES)('on %s', (profile) => {
    test.each(TIMES__NS)('in every metric of every device at %d ns', async (time__ns) => {
      const simulation = simulate({ profile, time__ns });
      const theirs = readGpus(python, simulation).filter(isGpu);
      const readings = await ours(simulation);
      expect(readings.map(({ device }) => device.index)).toEqual(
        theirs.map(({ identity }) => identity['index']),
      );
      readings.forEach((reading, i) => {
        const gpu = theirs[i];
        expect(ofOurs(reading)).toEqual(gpu && withoutSharedMemory(ofPython(gpu)));
      });
    });

    test('in identities', async () => {
      const simulation = simulate({ profile, time__ns: TIMES__NS[0] ?? 0n });
      const theirs = readGpus(python, simulation).filter(isGpu);
      const readings = await ours(simulation);
      expect(readings.map(({ device }) => device)).toEqual(
        theirs.map(({ identity }) => ({
          ...identity,
          serial: typeof identity['serial'] === 'string' ? identity['serial'] : null,
        })),
      );
    });
  });
});
