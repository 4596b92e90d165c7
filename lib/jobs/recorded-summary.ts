// The summary of a recorded job, made again from its rows and events: the same as when it ran.
import type { Manifest, OnRead, RecordedEvent, Recording, RecordingProblem } from '../recording';
import { SummaryFold } from './fold';
import { cutStop, LastAgent } from './last-agent';
import { metaOf, parseStart, parseStop, troublesIn, type JobStart, type JobStop } from './job-events';
import { summaryOf } from './summary';
import type { JobSummary } from './summary-types';

export interface RecordedSummary {
  readonly summary: JobSummary;
  /** What of the recording could not be read. */
  readonly problems: readonly RecordingProblem[];
  /** What happened to GPUs meanwhile, a sentence each. */
  readonly warnings: readonly string[];
}

/** The window that was recorded, as far as its events tell. */
interface RecordedWindow {
  readonly start__ns: bigint;
  readonly start: JobStart;
  /** Absent where the recording was cut. */
  readonly stop__ns?: bigint;
  /** Of a job that had the sampler to itself. */
  readonly stop?: JobStop;
}

/**
 * Summarises a recording, also one that was cut short: then `complete` is false, and the window ends with its last row.
 */
export async function summarizeRecording(recording: Recording, onRead?: OnRead): Promise<RecordedSummary> {
  const window = windowOf(recording);
  const { interval__ns } = recording.manifest;
  const { start__ns, start } = window;
  const fold = new SummaryFold({
    start__ns,
    interval__ns,
    ...(start.tree ? { treeBegan__ns: start__ns } : {}),
  });
  const agent = new LastAgent();
  for await (const batch of recording.batches(onRead)) {
    fold.push(batch);
    agent.push(batch);
  }
  const after__ns = fold.newest__ns + 1n;
  const stop__ns = fold.close(window.stop__ns ?? (after__ns > start__ns ? after__ns : start__ns));
  const stop = window.stop ?? cutStop(recording, agent, Number(stop__ns - start__ns) / 1e9);
  const { utcOffset__ns, complete } = recording;
  const meta = metaOf(
    recording.manifest,
    {
      id: start.id,
      utcOffset__ns,
      complete: complete && !recording.isTrimmed && window.stop__ns !== undefined,
    },
    stop,
  );
  return {
    summary: summaryOf(fold, meta),
    problems: recording.problems,
    warnings: [...new Set(troublesIn(recording.events))],
  };
}

function windowOf({ events, manifest }: Recording): RecordedWindow {
  const [opened, ...others] = events.filter(({ kind }) => kind === 'window_start');
  if (others.length > 0) return wholeOf(events, manifest);
  const closed = events.findLast(({ kind }) => kind === 'window_stop');
  const start = (opened && parseStart(opened.data)) ?? { id: manifest.id, tree: false };
  const start__ns = opened?.time__ns ?? BigInt(manifest.clock.start__ns);
  const stop = closed && parseStop(closed.data);
  return { start__ns, start, ...(stop ? { stop__ns: closed.time__ns, stop } : {}) };
}

/** A server's recording holds windows of many jobs: it is summarised from its start to its end. */
function wholeOf(
  events: readonly RecordedEvent[],
  { id, clock }: Pick<Manifest, 'id' | 'clock'>,
): RecordedWindow {
  const closed = events.findLast(({ kind }) => kind === 'stop');
  return {
    start__ns: BigInt(clock.start__ns),
    start: { id, tree: false },
    ...(closed ? { stop__ns: closed.time__ns } : {}),
  };
}
