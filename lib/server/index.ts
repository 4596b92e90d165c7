// The monitoring server and its client. Imported as `nvpulse/server`.
export { VERSION } from '../version';
