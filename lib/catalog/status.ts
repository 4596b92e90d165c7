// The 16-bit status beside every value, and the state that it means to people.

/** Why a value is absent. `pending` is no loss: the metric was not due, or needs a second reading. */
export type AbsentState = 'unsupported' | 'transient' | 'gone' | 'denied' | 'stalled';
export type ValueState = 'ok' | 'pending' | AbsentState;

/**
 * Statuses of our own, above NVML's return codes (0 … 999).
 * native/sampler/status.h has the same numbers; a test compares them.
 */
export const STATUS = {
  ok: 0,
  notDue: 60000,
  needsSecondReading: 60001,
  unsupported: 60002,
  denied: 60003,
  gone: 60004,
  stalled: 60005,
  readFailed: 60006,
  notNoted: 60007,
  unlimited: 60008,
  implausible: 60009,
  tooCostly: 60010,
} as const;

const OWN: Readonly<Record<number, { state: ValueState; reason: string }>> = {
  [STATUS.ok]: { state: 'ok', reason: '' },
  [STATUS.notDue]: { state: 'pending', reason: 'not due at this tick' },
  [STATUS.needsSecondReading]: { state: 'pending', reason: 'a rate needs two readings' },
  [STATUS.unsupported]: { state: 'unsupported', reason: 'this kernel or device does not offer it' },
  [STATUS.denied]: { state: 'denied', reason: 'no permission to read it' },
  [STATUS.gone]: { state: 'gone', reason: 'it went away' },
  [STATUS.stalled]: { state: 'stalled', reason: 'a driver call does not return' },
  [STATUS.readFailed]: { state: 'transient', reason: 'reading failed' },
  [STATUS.notNoted]: { state: 'unsupported', reason: 'nothing here measures it' },
  [STATUS.unlimited]: { state: 'unsupported', reason: 'there is no limit' },
  [STATUS.implausible]: { state: 'transient', reason: 'the reading was beyond what is possible' },
  [STATUS.tooCostly]: { state: 'transient', reason: 'reading it would cost the job too much' },
};

/** NVML's return codes that a monitor meets, by number. */
const NVML: Readonly<Record<number, { state: AbsentState; reason: string }>> = {
  1: { state: 'transient', reason: 'NVML is not initialised' },
  2: { state: 'unsupported', reason: 'NVML refused the arguments' },
  3: { state: 'unsupported', reason: 'not supported by this device' },
  4: {
    state: 'denied',
    reason: 'insufficient permission: grant access to the device, or run where it is granted',
  },
  6: { state: 'transient', reason: 'nothing found' },
  7: { state: 'transient', reason: 'the list grew while it was read' },
  8: { state: 'gone', reason: 'external power is missing' },
  9: { state: 'gone', reason: 'the driver is not loaded' },
  10: { state: 'transient', reason: 'timed out' },
  11: { state: 'gone', reason: 'interrupts do not arrive' },
  12: { state: 'unsupported', reason: 'a library that NVML needs is missing' },
  13: { state: 'unsupported', reason: 'this driver does not have the call' },
  14: { state: 'transient', reason: 'the infoROM is corrupted' },
  15: { state: 'gone', reason: 'the GPU is lost' },
  16: { state: 'gone', reason: 'the GPU requires a reset' },
  17: { state: 'denied', reason: 'the operating system blocks the GPU' },
  18: { state: 'gone', reason: 'driver and library versions differ: reboot, or reload the driver' },
  19: { state: 'transient', reason: 'in use by another client' },
  25: { state: 'unsupported', reason: 'this driver does not know the structure version' },
  26: { state: 'unsupported', reason: 'deprecated by this driver' },
  28: { state: 'gone', reason: 'no supported GPU' },
  999: { state: 'transient', reason: 'NVML reports an unknown error' },
};

/** State and reason of a status: ours, or an NVML return code (unknown codes are transient). */
export function describeStatus(status: number): { state: ValueState; reason: string } {
  return OWN[status] ?? NVML[status] ?? { state: 'transient', reason: `NVML error ${status}` };
}
