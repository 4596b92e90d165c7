// How long a reading of a gauge or a state stands: until the next, where that comes in time.

/** For at most this many periods: those that were asked for, or those that readings beside it really had, where longer. */
export const HOLD_PERIODS = 3;
