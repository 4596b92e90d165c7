// Processes on GPUs in a summary: one that executes another program is one, and one that ends holds no longer.
import { STATUS } from '../../lib/catalog';
import type { EntitySummary } from '../../lib/jobs/summary-types';
import { gpu, gpuProcess, process, SECOND, type Reading } from '../support/readings';
import { summaryOfReadings } from '../support/summaries';

type OnGpu = Extract<EntitySummary, { entity: 'gpu_process' }>;

/** Readings at these seconds. */
function seen(instance: Reading['instance'], times__s: readonly number[], memory__MiB = 100): Reading[] {
  return times__s.map((time__s) => ({
    instance,
    time__ns: time__s * SECOND,
    values: { process_memory__MiB: memory__MiB, process_sm__pct: 50 },
  }));
}

/** Each second from one to before another. */
const seconds = (from__s: number, to__s: number): number[] =>
  Array.from({ length: to__s - from__s }, (_, index) => from__s + index);

/** Of a window of 10 s at an interval of 1 s. */
function onGpus(readings: readonly Reading[]): readonly OnGpu[] {
  const inOrder = [...readings].sort((a, b) => a.time__ns - b.time__ns);
  const { entities } = summaryOfReadings(inOrder, { stop__s: 10, interval__s: 1 });
  return entities.filter((one): one is OnGpu => one.entity === 'gpu_process');
}

test('a process on a GPU that executes another program is one process, called as it is now', () => {
  const readings = [
    ...seen(gpuProcess(77, 'bash'), seconds(0, 5), 100),
    ...seen(gpuProcess(77, 'python3'), seconds(5, 11), 300),
  ];
  expect(onGpus(readings)).toMatchObject([
    {
      pid: 77,
      name: 'python3',
      metrics: { process_memory__MiB: { mean: 200, samples: 10, coverage: 1 } },
    },
  ]);
});

test('on each GPU by itself, also where the GPUs are read at different times', () => {
  const shifted = (times__s: readonly number[]): number[] => times__s.map((time__s) => time__s + 0.25);
  const readings = [
    ...seen(gpuProcess(77, 'bash', 0), seconds(0, 5), 100),
    ...seen(gpuProcess(77, 'python3', 0), seconds(5, 11), 300),
    ...seen(gpuProcess(77, 'bash', 1), shifted(seconds(-1, 4)), 10),
    ...seen(gpuProcess(77, 'python3', 1), shifted(seconds(4, 11)), 20),
  ];
  expect(onGpus(readings)).toMatchObject([
    { uuid: 'GPU-0', name: 'python3', metrics: { process_memory__MiB: { mean: 200, coverage: 1 } } },
    { uuid: 'GPU-1', name: 'python3', metrics: { process_memory__MiB: { mean: 15.75, coverage: 1 } } },
  ]);
});

test('another process of the same pid, which was gone meanwhile, is another', () => {
  const readings = [
    ...seen(gpuProcess(1, 'other'), seconds(0, 11)),
    ...seen(gpuProcess(77, 'bash'), seconds(0, 3)),
    ...seen(gpuProcess(77, 'python3'), seconds(6, 11)),
  ];
  const coverages = onGpus(readings).map(({ name, metrics }) => [name, metrics.process_sm__pct]);
  expect(coverages).toEqual([
    ['other', expect.objectContaining({ coverage: 1 })],
    ['bash', expect.objectContaining({ coverage: expect.closeTo(0.3, 9) })],
    ['python3', expect.objectContaining({ coverage: expect.closeTo(0.4, 9) })],
  ]);
});

test('the last one on a GPU holds until the GPU is seen to have none', () => {
  const lists = seconds(0, 11).map((time__s): Reading => ({
    instance: gpu(0),
    time__ns: time__s * SECOND - 1e6,
    values: { process_num: time__s < 5 ? 1 : 0 },
  }));
  const ended = seen(gpuProcess(77), seconds(0, 5));
  const coverages = [[...lists, ...ended], ended].map((readings) =>
    onGpus(readings).map(({ metrics }) => metrics.process_memory__MiB),
  );
  expect(coverages).toEqual([
    [expect.objectContaining({ mean: 100, coverage: expect.closeTo(0.5, 9) })],
    // Whether it lives on is not known: three periods.
    [expect.objectContaining({ mean: 100, coverage: expect.closeTo(0.7, 9) })],
  ]);
});

test('what a process never told has the reason for which it did not, also after it ended', () => {
  const unsupported = { status: STATUS.unsupported };
  const readings = seconds(0, 11).flatMap((time__s): Reading[] => {
    const at = { time__ns: time__s * SECOND };
    const short = {
      ...at,
      instance: process(2),
      values: { cpu_time__s: time__s, memory_rss__MiB: unsupported },
    };
    const long = { ...at, instance: process(1), values: { memory_rss__MiB: 10 } };
    return time__s < 3 ? [long, short] : [long];
  });
  const { entities } = summaryOfReadings(readings, { stop__s: 10, interval__s: 1 });
  expect(entities).toMatchObject([
    { pid: 2, metrics: { memory_rss__MiB: { state: 'unsupported' } } },
    { pid: 1, metrics: { memory_rss__MiB: { coverage: 1 } } },
  ]);
});
