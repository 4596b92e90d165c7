// Recordings into Elasticsearch, behind durable cursors: nothing lost, nothing twice. docs/DELIVERY.md tells what
// exactly that means.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NvpulseError } from '../../errors';
import { FOLDER_MODE } from '../../recording/private';
import { reasonOf } from '../../reason';
import { DeadLetters } from './dead-letters';
import { Delivery } from './delivery';
import type { Acknowledged, ExporterOptions, ExporterStats } from './exporter-types';
import { settingOf, type DocumentSetting } from './recording-documents';
import { acknowledgedIn, RecordingExport } from './recording-export';
import { mayGrow, Spool } from './spool';

/** Between looks at what was recorded since: each that finds something costs a request and a cursor. */
const POLL__MS = 2000;
/** Between looks at how much is left, while a pass lasts. */
const MEASURE__MS = 1000;
/** How long requests on their way have to end in when the exporter stops. */
const GRACE__MS = 5000;

/** Someone waits for a time to be acknowledged, by a pass that begins after it was asked. */
interface Waiter {
  readonly pass: number;
  readonly utc__ns: bigint;
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
  private passes = 0;
  private waiters: readonly Waiter[] = [];
  private wake: () => void = () => undefined;
  private measured: Promise<void> = Promise.resolve();
  private backlog__B = 0;
  /** All that is recorded is acknowledged. */
  private idle = false;
  /** UTC of the newest row that is acknowledged where not all are, in nanoseconds. */
  private behind__ns: bigint | undefined;
  /** Why a recording could not be read. */
  private trouble = '';

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
      await mkdir(state, { recursive: true, mode: FOLDER_MODE });
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
    const { backlog__B, behind__ns, trouble, idle } = this;
    const quiet = idle ? 'idle' : 'ok';
    return {
      state: failure?.state ?? (trouble === '' ? quiet : 'refused'),
      reason: failure?.reason ?? trouble,
      backlog__B,
      lag__s: behind__ns === undefined ? 0 : Math.max(0, Date.now() / 1e3 - Number(behind__ns) / 1e9),
      documents,
      duplicates,
      retries,
      rejected,
      deadLetterFile: this.deadLetters.path,
    };
  }

  /** How many of a job's documents are dead letters. @throws the system's error */
  rejectedOf(job: string): Promise<number> {
    return this.deadLetters.countOf(job);
  }

  /**
   * How far the recording in a folder is acknowledged, by its cursor, also before it was opened; undefined where it has
   * none. @throws ERR_RECORDING where it is none · ERR_IO where its cursor can't be read
   */
  acknowledgedOf(dir: string): Promise<Acknowledged | undefined> {
    return acknowledgedIn(dir, (recording) => this.cursorOf(recording));
  }

  /** How far each recording that was opened is acknowledged. */
  acknowledged(): readonly Acknowledged[] {
    return [...this.finished.values(), ...[...this.recordings.values()].map((one) => one.acknowledged)];
  }

  /**
   * Once everything up to a time that stands in files when this is called is acknowledged. Does not end by itself
   * while Elasticsearch is away: race it against a time.
   * @param utc__ns nanoseconds since the epoch
   */
  reached(utc__ns: bigint): Promise<void> {
    return new Promise((resolve) => {
      // The pass that may be under way has read on from there.
      this.waiters = [...this.waiters, { pass: this.passes + 1, utc__ns, resolve }];
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
      await this.pass();
      clearInterval(watch);
      // What was recorded since the pass looked is left.
      await this.measure();
      if (this.trouble === '' && !signal.aborted) this.settle(number);
      await over;
    }
  }

  /** All that a pass found is acknowledged. */
  private settle(pass: number): void {
    this.idle = this.backlog__B === 0;
    this.tell(pass);
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
    const dirs = await this.spool.list();
    await this.forget(dirs);
    let trouble = '';
    for (const dir of dirs) {
      if (this.finished.has(dir)) continue;
      try {
        await this.drain(dir, dir === dirs.at(-1));
      } catch (error) {
        if (this.attempts.signal.aborted) return;
        trouble = `${dir}: ${reasonOf(error)}`;
      }
    }
    if (trouble !== this.trouble) {
      this.trouble = trouble;
      this.options.onChange?.(this.stats());
    }
  }

  private async drain(dir: string, isNewest: boolean): Promise<void> {
    const recording = this.recordings.get(dir) ?? (await this.open(dir));
    this.recordings.set(dir, recording);
    try {
      await recording.pass();
      if (recording.ended || (!isNewest && !(await mayGrow(dir)))) await recording.finish();
    } catch (error) {
      // What it had read and not sent is gone with it: the next pass goes on from the cursor.
      if (!this.attempts.signal.aborted) this.recordings.delete(dir);
      throw error;
    }
    if (!recording.finished) return;
    this.recordings.delete(dir);
    this.finished.set(dir, recording.acknowledged);
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
    for (const known of [this.recordings, this.finished]) {
      for (const [dir, { recording }] of known) {
        if (dirs.includes(dir)) continue;
        known.delete(dir);
        await rm(this.cursorOf(recording), { force: true }).catch(() => undefined);
      }
    }
  }

  private tell(pass: number): void {
    const { recordings } = this;
    const isReached = ({ pass: needed, utc__ns }: Waiter): boolean =>
      needed <= pass && [...recordings.values()].every((one) => !one.holdsBack(utc__ns));
    for (const waiter of this.waiters.filter(isReached)) waiter.resolve();
    this.waiters = this.waiters.filter((waiter) => !isReached(waiter));
  }

  /** How much is left, and how old; one look after another. */
  private measure(): Promise<void> {
    this.measured = this.measured.then(async () => {
      let sum = 0;
      let behind__ns: bigint | undefined;
      for (const recording of this.recordings.values()) {
        const backlog__B = await recording.backlog().catch(() => 0);
        sum += backlog__B;
        if (backlog__B > 0 && (behind__ns === undefined || recording.behind__ns < behind__ns))
          behind__ns = recording.behind__ns;
      }
      this.backlog__B = sum;
      this.behind__ns = behind__ns;
      if (sum > 0) this.idle = false;
    });
    return this.measured;
  }
}
