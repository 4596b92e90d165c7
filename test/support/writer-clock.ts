// A clock in the place of the process's, by which a recording's writer flushes and begins chunks and segments.

export interface WriterClock {
  /** From now on it says what it is; each of the file's tests has it anyway. */
  hold(): void;
  pass(ms: number): void;
}

/** For all tests of a file; it goes on from one to the next. */
export function writerClock(): WriterClock {
  let now__ms = 1e6;
  const hold = (): void => void jest.spyOn(performance, 'now').mockImplementation(() => now__ms);
  beforeEach(hold);
  afterEach(() => jest.restoreAllMocks());
  return { hold, pass: (ms) => void (now__ms += ms) };
}
