// The time that the whole check may take: what would end later is given less, or left out.

export class Deadline {
  private readonly end__ms: number;

  constructor(length__ms: number) {
    this.end__ms = performance.now() + length__ms;
  }

  /** `limit__ms`, or what is left of the whole; never below 0. */
  atMost(limit__ms: number): number {
    return Math.max(0, Math.min(limit__ms, this.end__ms - performance.now()));
  }

  allows(length__ms: number): boolean {
    return this.atMost(length__ms) === length__ms;
  }
}
