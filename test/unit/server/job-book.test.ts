// The book of jobs by itself: what commands make of it, on a clock that the test moves.
import type { Ending, JobSpec } from '../../../lib/server/job';
import { JobBook, type JobRecord } from '../../../lib/server/job-book';

const SECOND = 1_000_000_000n;

function spec(id: string, changes: Partial<JobSpec> = {}): JobSpec {
  return {
    id,
    name: id,
    labels: {},
    interval__ns: 1e8,
    lease__ns: 10e9,
    gpu_scope: 'node',
    gpus: [],
    root: null,
    ...changes,
  };
}

const stopAt = (time__ns: bigint): Ending => ({ time__ns, by: 'stop', status: '' });

/** A book, and what it wrote. */
function bookWithLog(): { readonly book: JobBook; readonly records: JobRecord[] } {
  const records: JobRecord[] = [];
  return { book: new JobBook((record) => records.push(record)), records };
}

test('a start opens a window, and the same start again opens none', () => {
  const { book, records } = bookWithLog();
  expect(book.start(spec('a'), 100n)).toMatchObject({
    outcome: 'started',
    job: { id: 'a', start__ns: 100n },
  });
  expect(book.start(spec('a', { name: 'other' }), 200n)).toMatchObject({
    outcome: 'open',
    job: { name: 'a', start__ns: 100n },
  });
  expect(records).toHaveLength(1);
});

test('a stop ends a window, and the same stop again changes nothing', () => {
  const { book, records } = bookWithLog();
  book.start(spec('a'), 100n);
  const ending: Ending = { time__ns: 300n, by: 'stop', status: 'Succeeded' };
  expect(book.stop('a', ending)).toMatchObject({ outcome: 'stopped', job: { end: ending } });
  expect(book.stop('a', stopAt(400n))).toMatchObject({ outcome: 'ended', job: { end: ending } });
  expect(book.start(spec('a'), 500n)).toMatchObject({ outcome: 'ended', job: { start__ns: 100n } });
  expect(book.open).toEqual([]);
  expect(records).toHaveLength(2);
});

test('an unknown job is neither stopped nor renewed', () => {
  const { book, records } = bookWithLog();
  expect(book.stop('a', stopAt(1n))).toBeUndefined();
  expect(book.renew('a', undefined, 1n)).toBeUndefined();
  expect(records).toEqual([]);
});

test('a window never ends before it started, whatever the clock did', () => {
  const { book } = bookWithLog();
  book.start(spec('a'), 100n);
  expect(book.stop('a', stopAt(50n))?.job.end).toMatchObject({ time__ns: 100n });
});

test('a lease that nobody renews ends the job at its deadline, however late that is seen', () => {
  const { book } = bookWithLog();
  book.start(spec('a'), 0n);
  expect(book.nextDeadline__ns).toBe(10n * SECOND);
  expect(book.expire(10n * SECOND - 1n)).toEqual([]);
  const [ended] = book.expire(25n * SECOND);
  expect(ended).toMatchObject({ id: 'a', end: { time__ns: 10n * SECOND, by: 'lease' } });
  expect(book.expire(30n * SECOND)).toEqual([]);
  expect(book.nextDeadline__ns).toBeUndefined();
});

test('a job outlives its short lease while it is renewed', () => {
  const { book } = bookWithLog();
  book.start(spec('a'), 0n);
  for (let second = 5n; second <= 100n; second += 5n) {
    expect(book.expire(second * SECOND)).toEqual([]);
    expect(book.renew('a', undefined, second * SECOND)).toMatchObject({
      outcome: 'renewed',
      job: { deadline__ns: (second + 10n) * SECOND },
    });
  }
  expect(book.renew('a', 60e9, 100n * SECOND)).toMatchObject({ job: { deadline__ns: 160n * SECOND } });
  expect(book.expire(160n * SECOND)).toHaveLength(1);
  expect(book.renew('a', undefined, 161n * SECOND)).toMatchObject({ outcome: 'ended' });
});

test('jobs share a GPU when both are on it at one time, and say so from then on', () => {
  const { book } = bookWithLog();
  const named = (gpus: readonly string[]): Partial<JobSpec> => ({ gpu_scope: 'named', gpus });
  book.start(spec('alone', named(['A'])), 0n);
  book.start(spec('one', named(['B', 'C'])), 1n);
  book.start(spec('other', named(['C', 'D'])), 2n);
  book.stop('other', stopAt(3n));
  book.start(spec('late', named(['D'])), 4n);
  const shared = (id: string): boolean | undefined => book.get(id)?.gpu_shared;
  expect(['alone', 'one', 'other', 'late'].map(shared)).toEqual([false, true, true, false]);
  book.start(spec('all'), 5n);
  expect(['alone', 'late', 'all'].map(shared)).toEqual([true, true, true]);
});

test('a job of processes gets the GPUs on which they are seen, each once', () => {
  const { book, records } = bookWithLog();
  book.start(spec('a', { gpu_scope: 'process' }), 0n);
  book.start(spec('b', { gpu_scope: 'process' }), 0n);
  book.start(spec('node'), 0n);
  expect(book.get('node')?.gpu_shared).toBe(false);
  expect(book.sawGpu('a', 'A')).toMatchObject({ gpus: ['A'], gpu_shared: true });
  expect(book.sawGpu('a', 'A')).toBeUndefined();
  expect(book.sawGpu('b', 'B')).toMatchObject({ gpus: ['B'] });
  expect(book.sawGpu('a', 'B')).toMatchObject({ gpus: ['A', 'B'] });
  expect(book.sawGpu('node', 'A')).toBeUndefined();
  expect(book.sawGpu('unknown', 'A')).toBeUndefined();
  expect(book.get('b')).toMatchObject({ gpu_shared: true });
  expect(records.filter(({ kind }) => kind === 'gpu')).toHaveLength(3);
});

test('its records give the book again, applied once or twice, and so does its snapshot', () => {
  const { book, records } = bookWithLog();
  book.start(spec('a', { gpu_scope: 'process', root: { kind: 'pid', pid: 7, started: 99 } }), 0n);
  book.start(spec('b', { gpu_scope: 'named', gpus: ['A'] }), 1n);
  book.sawGpu('a', 'A');
  book.renew('b', 20e9, 2n);
  book.stop('a', stopAt(5n));
  book.finish('a', { recording: 'r', at: { file: 1, offset: 7 } });
  book.start(spec('c'), 6n);
  const replayed = new JobBook(() => undefined);
  for (const record of records.flatMap((record) => [record, record])) replayed.apply(record);
  expect(replayed.all).toEqual(book.all);
  expect(replayed.open).toEqual(book.open);
  const compacted = new JobBook(() => undefined);
  for (const record of book.snapshot()) compacted.apply(record);
  expect(compacted.all).toEqual(book.all);
  expect(compacted.all).toHaveLength(3);
});

describe('of jobs that ended', () => {
  const PLACE = { recording: 'r', at: { file: 1, offset: 0 } };

  /** A book of an open job, and of so many that have ended and are finished. */
  function bookOf(ended: number): JobBook {
    const { book } = bookWithLog();
    book.start(spec('open'), 0n);
    for (let i = 0; i < ended; i++) {
      book.start(spec(`job-${i}`), BigInt(i));
      book.stop(`job-${i}`, stopAt(BigInt(i + 1)));
      book.finish(`job-${i}`, PLACE);
    }
    return book;
  }

  test('those before the latest 1000 may be forgotten once they are taken', () => {
    const book = bookOf(1003);
    expect(book.past(() => false)).toEqual([]);
    expect(book.past(({ id }) => id !== 'job-1')).toEqual(['job-0', 'job-2']);
    book.forget(['job-0', 'job-2']);
    expect(book.past(() => true)).toEqual(['job-1']);
    expect(book.get('job-0')).toBeUndefined();
    expect(book.get('job-1')).toMatchObject({ finished: true, summary: PLACE });
    expect(book.get('open')).toBeDefined();
  });

  test('one whose summary is not kept yet is never forgotten', () => {
    const book = bookOf(1003);
    book.start(spec('late'), 0n);
    book.stop('late', stopAt(1n));
    for (let i = 0; i < 1000; i++) {
      book.start(spec(`more-${i}`), 2n);
      book.stop(`more-${i}`, stopAt(3n));
    }
    expect(book.past(() => true)).not.toContain('late');
    expect(book.past(() => true)).toHaveLength(1003);
  });

  test('a sink that is away for long costs no memory: what it is to be sent stands in the recordings', () => {
    expect(bookOf(10_002).past(() => false)).toEqual(['job-0', 'job-1']);
  });
});
