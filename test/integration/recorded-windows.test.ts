// What `run` and `record` tell of their windows, and the documents that are made of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRecording, RecordingTail, spansOf } from '../../lib/recording';
import { DocumentFold } from '../../lib/sinks/elasticsearch/documents/document-fold';
import { simulate } from '../../lib/testing';
import { runInChild } from '../support/child';
import { lineOf } from '../support/document-line';

const root = mkdtempSync(join(tmpdir(), 'nvpulse-recorded-windows-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a command’s GPUs are those its processes were seen on; their documents are its own', async () => {
  const dir = join(root, 'run');
  const { code, stderr } = await runInChild(
    simulate({ processes: 'environ' }).env,
    async ({ runJob }, folder) => {
      // Lists of processes are read each second.
      await runJob({
        command: ['sleep', '3.5'],
        name: 'train',
        labels: { team: 'x' },
        interval: '50ms',
        env: { ...process.env, NVPULSE_SIM_GPU: '1,3' },
        recording: { dir: folder },
      });
    },
    dir,
  );
  expect([code, stderr]).toEqual([0, '']);
  const { events, instances, manifest } = await openRecording(dir);
  const uuids = [1, 3].map((index) => {
    const gpu = [...instances.values()].find((one) => one.entity === 'gpu' && one.identity.index === index);
    return gpu?.entity === 'gpu' ? gpu.identity.uuid : '';
  });
  const [span, ...others] = spansOf(events);
  expect(others).toEqual([]);
  expect(span).toEqual({
    id: expect.any(String) as string,
    name: 'train',
    labels: { team: 'x' },
    start__ns: expect.any(BigInt) as bigint,
    stop__ns: expect.any(BigInt) as bigint,
    ended_by: 'stop',
    gpu_scope: 'process',
    gpus: [{ from__ns: span?.start__ns, uuids: uuids.toSorted() }],
  });

  const tail = await RecordingTail.open(dir);
  const fold = new DocumentFold(manifest, { resolution__ns: 1e8 });
  const lines: string[] = [];
  for (let read = await tail.read(500); read; read = await tail.read(500))
    lines.push(...fold.push(read, tail.spans, tail.intervals).map(lineOf));
  lines.push(...fold.end().map(lineOf));
  expect([tail.ended, tail.problems]).toEqual([true, []]);
  const documents = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const stretch = Number((span?.stop__ns ?? 0n) - (span?.start__ns ?? 0n)) / 1e8;
  for (const index of [0, 1, 2, 3]) {
    const own = documents.filter(({ entity, index: of }) => entity === 'gpu' && of === index);
    const inside = own.filter(({ job }) => job !== undefined);
    expect(inside.every(({ job }) => Array.isArray(job) && job[0] === span?.id)).toBe(true);
    expect(own.every((one) => Number(one['power_draw__W_max']) >= Number(one['power_draw__W']))).toBe(true);
    // One for each tenth of a second, one more for one that is cut, fewer where the machine stood still.
    const expected = index % 2 === 1 ? stretch : 0;
    expect(inside.length).toBeLessThanOrEqual(Math.ceil(expected) + (expected > 0 ? 1 : 0));
    expect(inside.length > 0).toBe(expected > 0);
  }
  expect(documents.filter(({ entity }) => entity === 'process').every(({ job }) => Array.isArray(job))).toBe(
    true,
  );
});

test('a recorded machine’s window has all of the node’s GPUs', async () => {
  const dir = join(root, 'record');
  const { code, stderr } = await runInChild(
    simulate().env,
    ({ recordMachine }, folder) =>
      recordMachine({ dir: folder, until: AbortSignal.timeout(300) }).then(() => true),
    dir,
  );
  expect([code, stderr]).toEqual([0, '']);
  const [span] = spansOf((await openRecording(dir)).events);
  expect(span).toMatchObject({ name: 'record', gpu_scope: 'node', gpus: 'node' });
  expect(span?.stop__ns).toBeGreaterThan(span?.start__ns ?? 0n);
});
