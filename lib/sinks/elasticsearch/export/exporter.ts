// Recordings into Elasticsearch, behind durable cursors: nothing lost, nothing twice. docs/DELIVERY.md tells what
// exactly that means.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NvpulseError } from '../../../errors';
import { makeFolder } from '../../../make-folder';
import { FOLDER_MODE } from '../../../recording/private';
import { reasonOf } from '../../../reason';
import { DeadLetters } from '../delivery/dead-letters';
import { Delivery } from '../delivery/delivery';
import type { Acknowledged, ExporterOptions, ExporterStats } from './exporter-types';
import { settingOf, type DocumentSetting } from './recording-documents';
import { acknowledgedIn, RecordingExport } from './recording-export';
import { mayGrow, Spool } from './spool';
import { unfitId, type SummaryLine } from './told-documents';

/** Between looks at what was recorded since: each that finds something costs a request and a cursor. */
const POLL__MS = 2000;
/** Between looks at how much is left, while a pass lasts. */
const MEASURE__MS = 1000;
/** How long requests on their way have to end in when the exporter stops. */
const GRACE__MS = 2000;

/** Someone waits for a time to be acknowledged, by a pass that begins after it was asked. */
interface Waiter {
  readonly pass: number;
  readonly utc__ns: bigint;
  readonly concerns: (dir: string) => boolean;
  readonly resolve: () => void;
}

export class Exporter {
  private readonly attempts = new AbortController();
  private readonly requests = new AbortController();
  private readonly spool: Spool;
  private readonly delivery: Delivery;
  private readonly setting: DocumentSetting;
  private readonly deadLetters: DeadLetters;
  /** By folder. */
  private readonly recordings = new Map<string, RecordingExport>();
  private readonly finished = new Map<string, Acknowledged>();
  private running: Promise<void> | undefined;
  private opening: Promise<unknown> = Promise.resolve();
  private passes = 0;
  private waiters: readonly Waiter[] = [];
  private wake: () => void = () => undefined;
  private measured: Promise<unknown> = Promise.resolve();
  private backlog__B = 0;
  /** All that is recorded is acknowledged. */
  private idle = false;
  /** All rows that are not acknowledged are newer than this UTC time, in nanoseconds; undefined where all are. */
  private behind__ns: bigint | undefined;
  /** Why recordings could not be read, by folder; '' where those are not known. */
  private readonly troubles = new Map<string, string>();
  /** What happened was told last, by the process's clock. */
  private told__ms = -Infinity;

  /** @throws ERR_OPTION where the resolution is none */
  constructor(private readonly options: ExporterOptions) {
    this.setting = settingOf(options, false);
    this.spool = new Spool(options.source);
    this.deadLetters = new DeadLetters(join(options.state, 'rejected.ndjson'));
    this.delivery = new Delivery(options.client, this.deadLetters, () => options.onChange?.(this.stats()));
  }

  /**
   * Begins to export, and to follow what is being recorded.
   * @throws ERR_IO where the state's folder can't be made; ERR_STATE when it was started before
   */
  async start(): Promise<void> {
    if (this.running) throw new NvpulseError('ERR_STATE', 'Exporter.start: it was started before');
    const { state } = this.options;
    try {
      await makeFolder(state, FOLDER_MODE);
    } catch (cause) {
      throw new NvpulseError('ERR_IO', `state: '${state}' cannot be made: ${reasonOf(cause)}`, { cause });
    }
    this.running = this.run();
  }

  /** Ends after what is on its way; the rest is sent at the next start. Twice is allowed. */
  async stop(): Promise<void> {
    this.attempts.abort();
    this.wake();
    const patience = setTimeout(() => this.requests.abort(), GRACE__MS);
    await this.running;
    clearTimeout(patience);
  }

  stats(): ExporterStats {
    const { documents, duplicates, retries, rejected } = this.delivery.counts;
    const { failure } = this.delivery;
    const { backlog__B, behind__ns, idle } = this;
    const quiet = idle ? 'idle' : 'ok';
    const [trouble] = this.troubles.values();
    return {
      state: failure?.state ?? (trouble === undefined ? quiet : 'refused'),
      reason: failure?.reason ?? trouble ?? '',
      backlog__B,
      lag__s: behind__ns === undefined ? 0 : Math.max(0, Date.now() / 1e3 - Number(behind__ns) / 1e9),
      documents,
      duplicates,
      retries,
      rejected,
      deadLetterFile: this.deadLetters.path,
    };
  }

  /**
   * How many of a job's documents are dead letters.
   * @param summary where its summary stands, which may be damaged and name no job; null where it has none
   * @throws the system's error
   */
  rejectedOf(job: string, summary: SummaryLine | null = null): Promise<number> {
    return this.deadLetters.countOf(job, summary ? unfitId(summary) : undefined);
  }

  /**
   * How far the recording in a folder is acknowledged, also before it was opened: then by its cursor; undefined where it
   * has none. @throws ERR_RECORDING where it is none · ERR_IO where its cursor can't be read
   */
  async acknowledgedOf(dir: string): Promise<Acknowledged | undefined> {
    const known = this.finished.get(dir) ?? this.recordings.get(dir)?.acknowledged;
    return known ?? acknowledgedIn(dir, (recording) => this.cursorOf(recording));
  }

  /** How far each recording that was opened is acknowledged. */
  acknowledged(): readonly Acknowledged[] {
    return [...this.finished.values(), ...[...this.recordings.values()].map((one) => one.acknowledged)];
  }

  /**
   * Once everything up to a time that stands in files when this is called is acknowledged. Does not end by itself
   * while Elasticsearch is away: race it against a time.
   * @param utc__ns nanoseconds since the epoch
   * @param concerns whether a folder's recording counts: one that cannot be read holds up who waits for it alone
   */
  reached(utc__ns: bigint, concerns: (dir: string) => boolean = () => true): Promise<void> {
    return new Promise((resolve) => {
      // The pass that may be under way has read on from there.
      this.waiters = [...this.waiters, { pass: this.passes + 1, utc__ns, concerns, resolve }];
      this.wake();
    });
  }

  private async run(): Promise<void> {
    const { signal } = this.attempts;
    while (!signal.aborted) {
      const { over } = this.pause();
      const number = ++this.passes;
      // A pass lasts as long as Elasticsearch is away, and what is recorded grows meanwhile.
      const watch = setInterval(() => void this.measure(), MEASURE__MS);
      // What a pass writes would make it again without a word.
      await this.keepFolder();
      await this.pass();
      clearInterval(watch);
      // What was recorded since the pass looked is left.
      const isNothingLeft = await this.measure();
      if (!signal.aborted) {
        this.idle = isNothingLeft && this.troubles.size === 0;
        this.answer(number);
      }
      await over;
    }
  }

  /** Until the time of the next pass, or `wake`. */
  private pause(): { readonly over: Promise<void> } {
    const over = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL__MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return { over };
  }

  /** Sends what is there of all recordings. */
  private async pass(): Promise<void> {
    const [before] = this.troubles.values();
    await this.attempt('', async () => {
      const dirs = await this.spool.list();
      this.troubles.delete('');
      await this.forget(dirs);
      await this.tell();
      for (const dir of dirs) await this.attempt(dir, () => this.drain(dir, dir === dirs.at(-1)));
    });
    const [after] = this.troubles.values();
    if (after !== before) this.options.onChange?.(this.stats());
  }

  /** What fails of one recording holds up no other. */
  private async attempt(dir: string, work: () => Promise<void>): Promise<void> {
    if (this.attempts.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (this.attempts.signal.aborted) return;
      // What it had read and not sent is gone with it: the next pass goes on from the cursor.
      this.recordings.delete(dir);
      this.troubles.set(dir, dir === '' ? reasonOf(error) : `${dir}: ${reasonOf(error)}`);
    }
  }

  /** Sends what happened in all recordings, but for one that is under way: nobody waits for it behind rows. */
  private async tell(underway?: string): Promise<void> {
    this.told__ms = performance.now();
    for (const dir of await this.spool.list())
      if (dir !== underway) await this.attempt(dir, async () => (await this.recordingOf(dir))?.tell());
  }

  private async drain(dir: string, isNewest: boolean): Promise<void> {
    const recording = await this.recordingOf(dir);
    if (!recording) return;
    // Before it is read: what is added while that is sent must not be taken for sent.
    const isOver = !isNewest && !(await mayGrow(dir));
    await recording.pass(async () => {
      if (performance.now() - this.told__ms > POLL__MS) await this.tell(dir);
    });
    if (recording.ended || isOver) await recording.finish();
    this.troubles.delete(dir);
    if (!recording.finished) return;
    this.recordings.delete(dir);
    this.finished.set(dir, recording.acknowledged);
  }

  /** Undefined where it is finished. One is opened after another: passes and looks at what is left ask for them. */
  private recordingOf(dir: string): Promise<RecordingExport | undefined> {
    const opened = this.opening.then(async () => {
      if (this.finished.has(dir)) return undefined;
      const recording = this.recordings.get(dir) ?? (await this.open(dir));
      // By its cursor: all of it was sent before this start.
      if (recording.finished) this.finished.set(dir, recording.acknowledged);
      else this.recordings.set(dir, recording);
      return recording.finished ? undefined : recording;
    });
    this.opening = opened.catch(() => undefined);
    return opened;
  }

  private open(dir: string): Promise<RecordingExport> {
    return RecordingExport.open({
      dir,
      delivery: this.delivery,
      setting: this.setting,
      halt: { attempts: this.attempts.signal, requests: this.requests.signal },
      cursorOf: (recording) => this.cursorOf(recording),
    });
  }

  private cursorOf(recording: string): string {
    return join(this.options.state, `${recording}.cursor.json`);
  }

  /** Of recordings that were removed no cursor remains. */
  private async forget(dirs: readonly string[]): Promise<void> {
    for (const dir of this.troubles.keys()) if (!dirs.includes(dir)) this.troubles.delete(dir);
    for (const known of [this.recordings, this.finished]) {
      for (const [dir, { recording }] of known) {
        if (dirs.includes(dir)) continue;
        known.delete(dir);
        await rm(this.cursorOf(recording), { force: true }).catch(() => undefined);
      }
    }
  }

  /** Who waits for what a pass has settled. */
  private answer(pass: number): void {
    const troubled = [...this.troubles.keys()];
    const recordings = [...this.recordings];
    const isReached = ({ pass: needed, utc__ns, concerns }: Waiter): boolean =>
      needed <= pass &&
      !troubled.some((dir) => dir === '' || concerns(dir)) &&
      !recordings.some(([dir, one]) => concerns(dir) && one.holdsBack(utc__ns));
    for (const waiter of this.waiters.filter(isReached)) waiter.resolve();
    this.waiters = this.waiters.filter((waiter) => !isReached(waiter));
  }

  private async keepFolder(): Promise<void> {
    const { state, onRemoved } = this.options;
    // Where it cannot be made, what is to be written into it waits, and says why.
    if (await makeFolder(state, FOLDER_MODE).catch(() => false)) onRemoved?.(state);
  }

  /** How much is left, and how old; one look after another. @returns whether it is known that nothing is */
  private measure(): Promise<boolean> {
    const measured = this.measured.then(() => this.keepFolder()).then(() => this.look());
    this.measured = measured;
    return measured;
  }

  private async look(): Promise<boolean> {
    let sum = 0;
    let behind__ns: bigint | undefined;
    let isKnown = true;
    const unknown = (): void => void (isKnown = false);
    for (const dir of (await this.spool.list().catch(unknown)) ?? []) {
      const recording = await this.recordingOf(dir).catch(unknown);
      const backlog__B = (await recording?.backlog().catch(unknown)) ?? 0;
      sum += backlog__B;
      if (!recording || backlog__B === 0) continue;
      if (behind__ns === undefined || recording.behind__ns < behind__ns) behind__ns = recording.behind__ns;
    }
    this.backlog__B = sum;
    this.behind__ns = behind__ns;
    const isNothing = isKnown && sum === 0;
    if (!isNothing) this.idle = false;
    return isNothing;
  }
}
