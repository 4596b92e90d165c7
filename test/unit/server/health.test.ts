// Health: never fine while values are stale, rows are lost, or a backlog grows.
import { BacklogTrend, healthOf, type HealthFacts } from '../../../lib/server/health';

const FINE: HealthFacts = {
  sampling: true,
  interval__ms: 100,
  host_age__s: 0.2,
  gpu_age__s: 0.2,
  gpu: { state: 'ok', reason: '' },
  gpu_troubles: [],
  open_jobs: 1,
  disk: null,
  removed: null,
  lost_rows: 0,
  implausible_readings: 0,
  spool__B: 1000,
  spool_limit__B: 2000,
  spool_dropped__B: 0,
  spool_troubles: [],
  export: {
    state: 'ok',
    reason: '',
    backlog__B: 500,
    lag__s: 1,
    documents: 10,
    duplicates: 0,
    retries: 0,
    rejected: 0,
    deadLetterFile: 'rejected.ndjson',
  },
  backlog_grows: false,
};
const sink = (changes: object): Partial<HealthFacts> => ({
  export: { ...(FINE.export ?? expect.anything()), ...changes },
});

test('all is well', () => {
  expect(healthOf(FINE)).toMatchObject({ status: 'ok', reasons: [], open_jobs: 1 });
  expect(healthOf({ ...FINE, export: null })).toMatchObject({ status: 'ok' });
});

test('a node without GPUs, or that samples nothing because no job wants it, is well', () => {
  const none = { state: 'no_driver', reason: 'there is no NVIDIA driver' } as const;
  expect(healthOf({ ...FINE, gpu: none, gpu_age__s: null })).toMatchObject({ status: 'ok' });
  expect(healthOf({ ...FINE, sampling: false, host_age__s: 900, gpu_age__s: 900 })).toMatchObject({
    status: 'ok',
  });
});

test.each<[string, Partial<HealthFacts>, RegExp]>([
  ['no reading of the host yet', { host_age__s: null }, /host are stale: there was none/],
  ['an old reading of the host', { host_age__s: 6 }, /host are stale: the newest is 6.0 s old/],
  ['an old reading of the GPUs', { gpu_age__s: 6 }, /GPUs are stale/],
  ['a driver that hangs', { gpu: { state: 'stalled', reason: 'it hangs' } }, /GPUs: it hangs/],
  [
    'a driver that does not list its GPUs',
    { gpu: { state: 'failed', reason: 'it does not list them' }, gpu_age__s: null },
    /GPUs: it does not list them/,
  ],
  [
    'a GPU that was lost before it was ever read',
    { gpu: { state: 'ok', reason: 'GPU 1 cannot be opened' } },
    /GPUs: GPU 1 cannot be opened/,
  ],
  ['a GPU that is lost', { gpu_troubles: ['GPU 1 is lost'] }, /GPU 1 is lost/],
  ['a disk that is full', { disk: 'no space left' }, /no space left/],
  ['what was removed', { removed: 'jobs.log was removed' }, /jobs.log was removed/],
  ['rows that were lost', { lost_rows: 5 }, /5 rows/],
  ['a recording without a manifest', { spool_troubles: ['x has no manifest'] }, /x has no manifest/],
  ['rows that had to go', { spool_dropped__B: 77 }, /77 bytes/],
  ['a backlog that grows', { backlog_grows: true }, /the backlog grows: 500 bytes/],
  [
    'an exporter without a connection',
    sink({ state: 'retrying', reason: 'refused' }),
    /export is retrying: refused/,
  ],
  [
    'an exporter that may not write',
    sink({ state: 'denied', reason: 'grant it' }),
    /export is denied: grant it/,
  ],
  ['rows that wait for a minute', sink({ lag__s: 61 }), /61 s old/],
  ['documents that were refused', sink({ rejected: 3 }), /3 documents/],
])('%s is not', (_, change, reason) => {
  const { status, reasons } = healthOf({ ...FINE, ...change });
  expect(status).toBe('degraded');
  expect(reasons).toEqual([expect.stringMatching(reason)]);
});

test('a slow background is not taken for stale', () => {
  expect(healthOf({ ...FINE, interval__ms: 10_000, host_age__s: 12, gpu_age__s: 12 })).toMatchObject({
    status: 'ok',
  });
  expect(healthOf({ ...FINE, interval__ms: 10_000, host_age__s: 36, gpu_age__s: 36 }).reasons).toHaveLength(
    2,
  );
});

describe('a backlog', () => {
  const trend = (backlog: readonly number[]): boolean => {
    const looks = new BacklogTrend(4);
    for (const bytes of backlog) looks.look(bytes);
    return looks.grows;
  };

  test.each<[readonly number[], boolean]>([
    [[], false],
    [[1, 2, 3], false],
    [[1, 2, 3, 4], true],
    [[1, 1, 1, 2], true],
    [[5, 5, 5, 5], false],
    [[1, 2, 0, 3], false],
    [[9, 1, 2, 3, 4], true],
  ])('of %p grows: %p', (backlog, grows) => expect(trend(backlog)).toBe(grows));
});
