// What a window is called where people choose among many.

/**
 * Start, name and id in one text, so that one field sorts by time, tells runs of a name apart, and leads to the id,
 * which stands behind the tab.
 * @param start UTC, ISO 8601
 */
export function titleOf(start: string, name: string, id: string): string {
  return `${start.slice(0, 10)} ${start.slice(11, 19)} ${name}\t${id}`;
}
