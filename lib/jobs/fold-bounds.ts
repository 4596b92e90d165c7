// The windows that a fold is for, and what its series note as readings pass the starts of them.

/**
 * On the fold's own clock, in nanoseconds. A window's own fold has one start; a fold that windows share has the start
 * of each, in their order, and no stop.
 */
export interface Bounds {
  readonly starts: readonly number[];
  /** Infinity while the window is open. */
  stop: number;
}

/** Start of the window; of the first one, where a fold is shared. */
export function startOf({ starts }: Bounds): number {
  return starts[0] ?? Infinity;
}

/** What one series notes at the starts of windows, in their order; those to come have no note yet. */
export class Marks<Note> {
  private readonly notes: Note[] = [];

  constructor(private readonly bounds: Bounds) {}

  /** The start that no reading has passed yet; Infinity where there is none. */
  get next(): number {
    return this.bounds.starts[this.notes.length] ?? Infinity;
  }

  /** Starts that were passed. */
  get passed(): number {
    return this.notes.length;
  }

  /** Of the first window; undefined until its start is passed. */
  get first(): Note | undefined {
    return this.notes[0];
  }

  /** Of a window; undefined until its start is passed. */
  at(start: number): Note | undefined {
    return this.notes[start];
  }

  /** A reading has passed the next start. */
  pass(note: Note): void {
    this.notes.push(note);
  }

  /** As if no start had been passed. */
  clear(): void {
    this.notes.length = 0;
  }

  /** A window is no longer of the fold. */
  drop(at: number): void {
    this.notes.splice(at, 1);
  }

  /** For a fold of one of the windows. */
  fork(at: number, bounds: Bounds): Marks<Note> {
    const marks = new Marks<Note>(bounds);
    marks.notes.push(...this.notes.slice(at, at + 1));
    return marks;
  }
}

/** The highest of readings in a window, with the one that stood at its start. */
export class Highest {
  /** Since each start that was passed. */
  private tops: number[] = [];
  private latest = -Infinity;

  constructor(private readonly bounds: Bounds) {}

  /** Of the first window; -Infinity before any reading. */
  get value(): number {
    return this.tops[0] ?? this.latest;
  }

  push(time: number, value: number): void {
    while (time >= (this.bounds.starts[this.tops.length] ?? Infinity)) this.tops.push(this.latest);
    // What is higher since a later start is so since an earlier one.
    for (let at = this.tops.length - 1; (this.tops[at] ?? Infinity) < value; at--) this.tops[at] = value;
    this.latest = value;
  }

  drop(at: number): void {
    this.tops.splice(at, 1);
  }

  fork(at: number, bounds: Bounds): Highest {
    const fork = new Highest(bounds);
    fork.tops = this.tops.slice(at, at + 1);
    fork.latest = this.latest;
    return fork;
  }
}

/** Counts readings, by the starts of windows. */
export class Readings {
  private total = 0;
  private before: Marks<number>;

  constructor(bounds: Bounds) {
    this.before = new Marks(bounds);
  }

  /** Those in the window, once it is one window's. */
  get inside(): number {
    const { first } = this.before;
    return first === undefined ? 0 : this.total - first;
  }

  /** One was there before the window. */
  get isContinued(): boolean {
    return (this.before.first ?? this.total) > 0;
  }

  push(time: number): void {
    while (time >= this.before.next) this.before.pass(this.total);
    this.total++;
  }

  drop(at: number): void {
    this.before.drop(at);
  }

  fork(at: number, bounds: Bounds): Readings {
    const readings = new Readings(bounds);
    readings.total = this.total;
    readings.before = this.before.fork(at, bounds);
    return readings;
  }
}

/** The latest status of a reading that is missing; it stands for as long as a reading holds. */
export class Missing {
  private status = 0;
  private time = -Infinity;

  constructor(private readonly limit: number) {}

  push(time: number, status: number): void {
    this.status = status;
    this.time = time;
  }

  /** In the window, or still standing at its start; 0 where there was none. */
  since(start: number): number {
    return this.time >= start - this.limit ? this.status : 0;
  }

  fork(): Missing {
    const missing = new Missing(this.limit);
    missing.push(this.time, this.status);
    return missing;
  }
}
