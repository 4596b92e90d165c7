// What earlier servers recorded into the spool.
import { listRecordings, openRecording, spansOf } from '../recording';
import type { Job } from './job';

/** The recordings that may hold rows of `since__ns` (UTC) or later, oldest first; none where that is undefined. */
export async function recordingsSince(
  spool: string,
  since__ns: bigint | undefined,
): Promise<readonly string[]> {
  if (since__ns === undefined) return [];
  const recordings = await listRecordings(spool);
  const since__ms = Number(since__ns / 1_000_000n);
  // Each ends before the next begins.
  return recordings
    .filter((_, index) => Date.parse(recordings[index + 1]?.start ?? '9999-12-31') >= since__ms)
    .map(({ dir }) => dir);
}

/** Ids of those jobs whose end the recordings tell. */
export async function stopsToldIn(
  recordings: readonly string[],
  jobs: readonly Job[],
): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  if (!jobs.some(({ end }) => end)) return told;
  for (const dir of recordings) {
    // One that cannot be read is told where its rows are wanted.
    const recording = await openRecording(dir).catch(() => undefined);
    for (const { id, stop__ns } of recording ? spansOf(recording.events) : [])
      if (stop__ns !== undefined) told.add(id);
  }
  return told;
}
