// The operators of a Clara definition, and whose output each takes.
import type { Vertex } from './graph';
import { cycleOf } from './graph';
import type { Reader } from './reader';
import type { MapNode, SeqNode } from './yaml';

export interface Operator extends Vertex {
  readonly node: MapNode;
  readonly index: number;
  readonly inputs: readonly Input[];
  /** Whether its inputs stand in a file that it imports. */
  readonly imported: boolean;
}

export interface Input {
  readonly from: string | undefined;
  readonly name: string | undefined;
}

/** @throws ERR_OPTION where names are missing or there twice, or inputs make no order */
export function operatorsOf(reader: Reader, list: SeqNode): readonly Operator[] {
  const nodes = new Map<string, MapNode>();
  for (const item of list.items) {
    const node = reader.map(item, 'an operator');
    nodes.set(reader.nameOf(node, 'operator', nodes), node);
  }
  const operators = [...nodes].map(([name, node], index): Operator => {
    const inputs = inputsOf(reader, node, name, nodes);
    const imported = reader.mapAt(node, 'import');
    const given = imported ? argumentsOf(reader, imported).filter((value) => nodes.has(value)) : [];
    const after = [...new Set([...inputs.flatMap(({ from }) => from ?? []), ...given])];
    return { name, node, index, inputs, after, imported: imported !== undefined && inputs.length === 0 };
  });
  checkOrdered(reader, operators);
  return operators;
}

function inputsOf(
  reader: Reader,
  node: MapNode,
  name: string,
  nodes: ReadonlyMap<string, MapNode>,
): readonly Input[] {
  return reader.mapsAt(node, 'input', 'an input').map((input) => {
    const from = reader.textAt(input, 'from');
    if (from !== undefined && !nodes.has(from))
      throw reader.refusal(
        reader.value(input, 'from'),
        from.includes('${{')
          ? `which operator '${from}' will be is not known here; write its name`
          : `operator '${name}' takes input from '${from}', which is not there`,
      );
    return { from, name: reader.textAt(input, 'name') };
  });
}

/** An imported operator learns from its arguments whose output it takes. */
function argumentsOf(reader: Reader, imported: MapNode): readonly string[] {
  const given = reader.mapAt(imported, 'args');
  return given ? reader.textsOf(given) : [];
}

function checkOrdered(reader: Reader, operators: readonly Operator[]): void {
  const cycle = cycleOf(operators);
  if (!cycle) return;
  const first = operators.find(({ name }) => name === cycle[0]);
  const circle = [...cycle, cycle[0]].join(' → ');
  throw reader.refusal(first?.node, `operators take input from each other in a circle: ${circle}`);
}
