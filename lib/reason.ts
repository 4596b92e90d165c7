// What to tell people of something that was thrown.
import { getSystemErrorMap } from 'node:util';

/** Why it failed, in words. Of a file system's error that is the system's own text; callers name the file. */
export function reasonOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('message' in thrown)) return String(thrown);
  const message = String(thrown.message);
  const errno = 'errno' in thrown && typeof thrown.errno === 'number' ? thrown.errno : undefined;
  const [code, words] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  // Node begins those of files with the code; those of sockets have an address, which nobody else tells.
  return code !== undefined && words !== undefined && message.startsWith(`${code}: `) ? words : message;
}
