// To which jobs rows belong: what it costs to know.
import type { Instance } from '../../../lib/catalog';
import type { JobSpan } from '../../../lib/recording';
import { belongingsOf } from '../../../lib/sinks/elasticsearch/documents/attribution';
import { Timeline } from '../../../lib/sinks/elasticsearch/documents/timeline';
import { gpu, gpuProcess, HOST, MEMORY } from '../../support/readings';

/** So many windows of the node that are open, each begun after the one before. @param asked is told of each look at one */
function windows(count: number, asked: () => void): readonly JobSpan[] {
  return Array.from({ length: count }, (_, index): JobSpan => ({
    get id() {
      asked();
      return `job-${index}`;
    },
    name: '',
    labels: {},
    start__ns: BigInt(index),
    gpu_scope: 'node',
    gpus: 'node',
  }));
}

/** How often windows are asked whose they are, while so many are open. */
function askedBy(count: number, instances: readonly Instance[] = [HOST]): number {
  let asked = 0;
  const timeline = new Timeline(0n, 1e8, 0n);
  timeline.set(
    windows(count, () => asked++),
    [],
    false,
  );
  for (const instance of instances)
    expect(timeline.jobsOf(instance).at(-1)?.belonging.jobs).toHaveLength(count);
  return asked;
}

test('costs what the windows are that are open, not their square: no more than the one answer is long', () => {
  expect(askedBy(400) / askedBy(100)).toBeLessThan(5);
});

test('costs the same for one instance and for all that belong to the same windows', () => {
  const all = [HOST, MEMORY, ...Array.from({ length: 8 }, (_, index) => gpu(index))];
  expect(askedBy(100, all)).toBe(askedBy(100));
});

test('what documents say of their jobs is made once for all that say the same', () => {
  const timeline = new Timeline(0n, 1e8, 0n);
  timeline.set(
    windows(100, () => undefined),
    [],
    false,
  );
  const all = [HOST, MEMORY, ...Array.from({ length: 8 }, (_, index) => gpu(index))];
  const texts = new Set(all.map((instance) => timeline.jobsOf(instance).at(-1)?.textFor(instance)));
  // Of hosts and GPUs, and of all else.
  expect(texts.size).toBe(2);
});

test('each instance has its own windows all the same', () => {
  const timeline = new Timeline(0n, 1e8, 0n);
  const span = { name: '', labels: {}, start__ns: 0n } as const;
  const spans: readonly JobSpan[] = [
    { ...span, id: 'j', gpu_scope: 'node', gpus: 'node' },
    { ...span, id: 'k', gpu_scope: 'named', gpus: [{ from__ns: 0n, uuids: ['GPU-1'] }] },
  ];
  timeline.set(spans, [], false);
  for (const instance of [HOST, MEMORY, gpu(0), gpu(1), gpuProcess(1)])
    expect(timeline.jobsOf(instance).map(({ belonging }) => belonging.jobs)).toEqual(
      belongingsOf(instance, spans).map(({ jobs }) => jobs),
    );
  timeline.set(spans.slice(1), [], false);
  expect(timeline.jobsOf(gpu(0)).at(-1)?.belonging.jobs).toEqual([]);
});
