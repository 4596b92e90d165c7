// The one error class that nvpulse throws, with a code from a closed union.

/**
 * What went wrong, for programs:
 * - `ERR_OPTION`: an option's value is not allowed, or the option does not exist.
 * - `ERR_NATIVE`: the native part is missing, stale, or not built for this platform.
 * - `ERR_RECORDING`: a folder is not a recording, or is from a newer version.
 * - `ERR_IO`: a file or folder could not be read or written.
 * - `ERR_COMMAND_NOT_FOUND`, `ERR_COMMAND_NOT_EXECUTABLE`: there is no such command, or it cannot be executed.
 * - `ERR_COMMAND`: a command could not be held ready or followed.
 * - `ERR_ELASTICSEARCH`: Elasticsearch cannot be reached, is another product, or holds what conflicts.
 * - `ERR_STATE`: the call does not fit the object's state (closed, already started).
 * - `ERR_JOB_UNKNOWN`: a server has no job of that id.
 * - `ERR_SERVER`: a server cannot be reached, cannot do it now, or refused it.
 */
export type NvpulseErrorCode =
  | 'ERR_OPTION'
  | 'ERR_NATIVE'
  | 'ERR_RECORDING'
  | 'ERR_IO'
  | 'ERR_COMMAND_NOT_FOUND'
  | 'ERR_COMMAND_NOT_EXECUTABLE'
  | 'ERR_COMMAND'
  | 'ERR_ELASTICSEARCH'
  | 'ERR_STATE'
  | 'ERR_JOB_UNKNOWN'
  | 'ERR_SERVER';

/** An error of the caller or of the set-up; the message says what happened, what was seen, and what to do. */
export class NvpulseError extends Error {
  override readonly name = 'NvpulseError';
  readonly code: NvpulseErrorCode;

  constructor(code: NvpulseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
