// Which recordings tell of a job: those from its start to its summary.
import { SUMMARIES_START } from '../../../lib/recording';
import { JobRecordings } from '../../../lib/server/job-recordings';

const DIRS = ['earlier', 'one', 'two', 'three'];
const summaryIn = (recording: string) => ({ recording, at: SUMMARIES_START });

test('of jobs that began here, and of those that an earlier server began', () => {
  const recordings = new JobRecordings();
  const told = (id: string, summary: string | null): readonly string[] =>
    DIRS.filter((dir) =>
      recordings.mayTell(id, summary === null ? null : summaryIn(summary), `/spool/${dir}`),
    );
  recordings.goOn('/spool/one');
  recordings.begin('short');
  recordings.begin('long');
  recordings.goOn('/spool/two');
  recordings.begin('second');
  recordings.goOn('/spool/three');
  expect(told('short', 'one')).toEqual(['one']);
  expect(told('long', 'two')).toEqual(['one', 'two']);
  expect(told('second', 'two')).toEqual(['two']);
  // Whose summary could not be made.
  expect(told('second', null)).toEqual(['two', 'three']);
  expect(told('resumed', 'one')).toEqual(['earlier', 'one']);
  expect(told('ended-before', 'earlier')).toEqual(['earlier']);
  recordings.forget(['second']);
  expect(told('second', 'two')).toEqual(['earlier', 'one', 'two']);
});
