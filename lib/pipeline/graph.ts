// The order of operators: what runs first and last, what lies between two of them, and whether there is an order at
// all. Pure.

export interface Vertex {
  readonly name: string;
  /** The names it waits for. */
  readonly after: readonly string[];
}

export interface Span<V extends Vertex> {
  /** In the order of the file. */
  readonly within: readonly V[];
  /** Those within that wait for nobody within. */
  readonly first: readonly V[];
  /** Those within that nobody within waits for. */
  readonly last: readonly V[];
}

/** The names along one cycle, in its order; undefined where there is none. Without recursion: files may be long. */
export function cycleOf(vertices: readonly Vertex[]): readonly string[] | undefined {
  const waiting = new Map(vertices.map(({ name, after }) => [name, new Set(after)]));
  const ready = vertices.filter(({ after }) => after.length === 0).map(({ name }) => name);
  const next = dependants(vertices);
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    waiting.delete(name);
    for (const dependant of next.get(name) ?? []) {
      const left = waiting.get(dependant);
      left?.delete(name);
      if (left?.size === 0) ready.push(dependant);
    }
  }
  return walkBack(waiting);
}

/** Whoever still waits, waits for one who still waits: going back must meet itself. */
function walkBack(waiting: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const path: string[] = [];
  const at = new Map<string, number>();
  let [name] = waiting.keys();
  while (name !== undefined && !at.has(name)) {
    at.set(name, path.length);
    path.push(name);
    name = [...(waiting.get(name) ?? [])].find((before) => waiting.has(before));
  }
  return name === undefined ? undefined : path.slice(at.get(name)).reverse();
}

function dependants(vertices: readonly Vertex[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>();
  for (const { name, after } of vertices)
    for (const before of after) next.set(before, [...(next.get(before) ?? []), name]);
  return next;
}

function reach(start: string, edges: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set([start]);
  for (const name of seen) for (const other of edges.get(name) ?? []) seen.add(other);
  return seen;
}

/**
 * What a window from before `from` until after `to` holds: all that comes after the one and before the other; without
 * them, from the first and until the last. Empty where `to` does not come after `from`.
 */
export function spanOf<V extends Vertex>(
  vertices: readonly V[],
  from: string | undefined,
  to: string | undefined,
): Span<V> {
  const afterFrom = from === undefined ? undefined : reach(from, dependants(vertices));
  const before = new Map(vertices.map(({ name, after }) => [name, after]));
  const beforeTo = to === undefined ? undefined : reach(to, before);
  const within = vertices.filter(
    ({ name }) => (afterFrom?.has(name) ?? true) && (beforeTo?.has(name) ?? true),
  );
  const names = new Set(within.map(({ name }) => name));
  const waitedFor = new Set(within.flatMap(({ after }) => after));
  return {
    within,
    first: within.filter(({ after }) => !after.some((name) => names.has(name))),
    last: within.filter(({ name }) => !waitedFor.has(name)),
  };
}
