// How often a metric's value changes, as seen by reading it faster than that.

/** How often the driver brings a new value, as far as reading showed it. */
export type Refresh =
  /** Every reading brought a new value: it refreshes at least as fast as it was read. */
  | { readonly state: 'at_most'; readonly period__ms: number }
  /** The shortest usual time between two new values. */
  | { readonly state: 'observed'; readonly period__ms: number; readonly changes: number }
  /** Fewer than two changes while it was watched: no period can be told. */
  | { readonly state: 'constant'; readonly watched__ms: number };

/** Changes closer together than this many readings cannot be told from one at every reading. */
const READINGS_APART = 1.5;
/** Of the times between changes, this share is left out as jitter of the readings. */
const JITTER = 0.1;

/** Watches one metric of one device. */
export class RefreshWatch {
  private first__ns = NaN;
  private last__ns = NaN;
  private readings = 0;
  private value = NaN;
  private changed__ns = NaN;
  private readonly spans__ns: number[] = [];

  /** A reading that has a value; `time__ns` never falls. */
  push(time__ns: number, value: number): void {
    if (this.readings++ === 0) this.first__ns = time__ns;
    else if (value !== this.value) this.change(time__ns);
    this.value = value;
    this.last__ns = time__ns;
  }

  /** Undefined where there were not two readings. */
  get refresh(): Refresh | undefined {
    if (this.readings < 2) return undefined;
    const watched__ns = this.last__ns - this.first__ns;
    const reading__ns = watched__ns / (this.readings - 1);
    const spans = this.spans__ns.sort((a, b) => a - b);
    const shortest = spans[Math.floor(spans.length * JITTER)];
    if (shortest === undefined) return { state: 'constant', watched__ms: watched__ns / 1e6 };
    if (shortest < READINGS_APART * reading__ns) return { state: 'at_most', period__ms: reading__ns / 1e6 };
    return { state: 'observed', period__ms: shortest / 1e6, changes: spans.length + 1 };
  }

  private change(time__ns: number): void {
    if (!Number.isNaN(this.changed__ns)) this.spans__ns.push(time__ns - this.changed__ns);
    this.changed__ns = time__ns;
  }
}
