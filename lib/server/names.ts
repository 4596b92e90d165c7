// What a job can be called.

/** In a URL they are steps, whatever they are written as. */
export const STEPS: readonly string[] = ['.', '..'];

/** It can be written as UTF-8, and so into a URL or a file: no half of a surrogate pair. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** A URL's path can have it as a step of its own. */
export function isNameable(id: string): boolean {
  return id !== '' && isUnicode(id) && !STEPS.includes(id);
}
