// The operators of an Argo entrypoint: the tasks of its DAG, or the steps of its groups.
import type { ParsedNode } from 'yaml';
import { cycleOf, type Vertex } from './graph';
import type { Reader } from './reader';
import { yaml, type MapNode, type PairNode, type SeqNode } from './yaml';

export interface Operator extends Vertex {
  readonly node: MapNode;
  /** In the list of tasks, or of groups. */
  readonly index: number;
}

export interface Operators {
  readonly kind: 'dag' | 'steps';
  readonly owner: PairNode;
  readonly list: SeqNode;
  readonly all: readonly Operator[];
}

/** How Argo finds the names in `depends`: a task, or a task and its result. */
const DEPENDS = /([a-zA-Z0-9][-a-zA-Z0-9]*?)\.[A-Z][a-zA-Z]+|([a-zA-Z0-9][-a-zA-Z0-9]*)/g;

/** undefined where the template has neither tasks nor steps. */
export function operatorsOf(reader: Reader, template: MapNode): Operators | undefined {
  const dag = reader.mapAt(template, 'dag');
  if (dag) return tasksOf(reader, dag);
  const owner = reader.pair(template, 'steps');
  const list = reader.seqAt(template, 'steps');
  return owner && list && { kind: 'steps', owner, list, all: stepsOf(reader, list) };
}

function tasksOf(reader: Reader, dag: MapNode): Operators {
  const owner = reader.pair(dag, 'tasks');
  const list = reader.seqAt(dag, 'tasks');
  if (!owner || !list) throw reader.refusal(owner?.key ?? dag, 'a dag without tasks');
  const nodes = new Map<string, MapNode>();
  for (const item of list.items) {
    const node = reader.map(item, 'a task');
    nodes.set(reader.nameOf(node, 'task', nodes), node);
  }
  const all = [...nodes].map(([name, node], index): Operator => {
    const after = waitsOf(reader, node);
    const unknown = after.find((other) => !nodes.has(other));
    if (unknown === undefined) return { name, node, index, after };
    const where = reader.value(node, 'depends') ?? reader.value(node, 'dependencies');
    throw reader.refusal(where, `task '${name}' depends on '${unknown}', which is not there`);
  });
  return { kind: 'dag', owner, list, all };
}

function waitsOf(reader: Reader, task: MapNode): readonly string[] {
  const depends = reader.textAt(task, 'depends');
  const names =
    depends === undefined
      ? (reader.seqAt(task, 'dependencies')?.items ?? []).map((item) => dependency(reader, item))
      : [...depends.matchAll(DEPENDS)].map(([, result, bare]) => result ?? bare ?? '');
  return [...new Set(names)];
}

function dependency(reader: Reader, item: ParsedNode): string {
  if (yaml().isScalar(item) && typeof item.value === 'string') return item.value;
  throw reader.refusal(item, 'a dependency must be the name of a task');
}

function stepsOf(reader: Reader, groups: SeqNode): readonly Operator[] {
  const names = new Set<string>();
  let after: readonly string[] = [];
  return groups.items.flatMap((group, index) => {
    if (!yaml().isSeq(group)) throw reader.refusal(group, 'a group of steps must be a list');
    const all = group.items.map((item): Operator => {
      const node = reader.map(item, 'a step');
      const name = reader.nameOf(node, 'step', names);
      names.add(name);
      return { name, node, index, after };
    });
    if (all.length > 0) after = all.map(({ name }) => name);
    return all;
  });
}

/** @throws ERR_OPTION where tasks depend on each other in a circle */
export function checkOrdered(reader: Reader, { all }: Operators): void {
  const cycle = cycleOf(all);
  if (!cycle) return;
  const first = all.find(({ name }) => name === cycle[0]);
  const circle = [...cycle, cycle[0]].join(' → ');
  throw reader.refusal(first?.node, `tasks depend on each other in a circle: ${circle}`);
}
