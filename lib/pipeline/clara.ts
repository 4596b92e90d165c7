// Clara pipeline definitions: operators wait for each other by their inputs alone, so the stages are wired as inputs.
import { operatorsOf, type Operator } from './clara-operators';
import {
  ADDED_OUTPUT,
  STARTED,
  STEP_STARTED,
  kindOfName,
  startStage,
  stepWindowOf,
  stopStage,
  windowOf,
  type Window,
} from './clara-stages';
import type { Editor, Value } from './edit';
import { spanOf } from './graph';
import { afterFrom, refused, type Plan } from './options';
import type { Reader } from './reader';
import type { MapNode, PairNode, SeqNode } from './yaml';

const VERSIONS = ['0.2.0', '0.3.0', '0.4.0'];

export class ClaraPipeline {
  readonly #reader: Reader;
  readonly #editor: Editor;
  readonly #name: string | undefined;
  readonly #owner: PairNode;
  readonly #list: SeqNode;

  constructor(reader: Reader, editor: Editor) {
    this.#reader = reader;
    this.#editor = editor;
    const root = reader.map(reader.root, 'a pipeline');
    const version = reader.textAt(root, 'api-version') ?? '';
    if (!VERSIONS.includes(version))
      throw reader.refusal(
        reader.value(root, 'api-version') ?? root,
        `api-version '${version}' is not known; allowed are ${VERSIONS.join(', ')}`,
      );
    const owner = reader.pair(root, 'operators');
    const list = reader.seqAt(root, 'operators');
    if (!owner || !list || list.items.length === 0)
      throw reader.refusal(owner?.key ?? root, 'there are no operators');
    this.#name = reader.textAt(root, 'name');
    this.#owner = owner;
    this.#list = list;
  }

  add(plan: Plan): void {
    if (plan.tokenSecret !== undefined)
      throw refused(
        'tokenSecret',
        plan.tokenSecret,
        'an Argo workflow: a Clara definition cannot mount a Secret; give the stages the variable NVPULSE_TOKEN',
      );
    const operators = operatorsOf(this.#reader, this.#list);
    const names = operators.map(({ name }) => name);
    for (const option of ['from', 'to'] as const) {
      const given = plan[option];
      if (given !== undefined && !names.includes(given)) throw refused(option, given, names.join(', '));
    }
    const { within, first, last } = spanOf(operators, plan.from, plan.to);
    if (within.length === 0) throw refused('to', plan.to ?? '', afterFrom(plan));
    const stepped = plan.perStep ? within : [];
    for (const operator of [...first, ...last, ...stepped]) this.#checkWirable(operator);

    // All wiring comes first: a key at the end of an operator comes before the stage that follows it.
    const outputs = new Map(
      [...new Set([...last, ...stepped])].map((operator) => [operator, this.#outputOf(operator)]),
    );
    for (const operator of new Set([...first, ...stepped]))
      this.#waitFor(operator, [
        ...(first.includes(operator) ? [{ from: windowOf(this.#name).start, path: STARTED }] : []),
        ...(stepped.includes(operator) ? [{ from: stepWindowOf(operator).start, path: STEP_STARTED }] : []),
      ]);
    this.#insertStages(plan, operators, { first, last, stepped, outputs });
  }

  #insertStages(
    plan: Plan,
    operators: readonly Operator[],
    {
      first,
      last,
      stepped,
      outputs,
    }: {
      readonly first: readonly Operator[];
      readonly last: readonly Operator[];
      readonly stepped: readonly Operator[];
      readonly outputs: ReadonlyMap<Operator, string | undefined>;
    },
  ): void {
    const insert = (index: number, value: Value): void =>
      this.#editor.insertItems(this.#owner, this.#list, index, [value]);
    const start = (window: Window, before: readonly Operator[]): Value => startStage(plan, window, before);
    const stop = (window: Window, after: readonly Operator[]): Value =>
      stopStage(
        plan,
        window,
        after.map((operator) => ({ name: operator.name, output: outputs.get(operator) })),
      );
    const whole = windowOf(this.#name);
    const startAt = plan.from === undefined ? 0 : first[0]?.index;
    const stopAt = plan.to === undefined ? operators.length - 1 : last[0]?.index;
    for (const operator of operators) {
      const { index } = operator;
      const step = stepped.includes(operator) ? stepWindowOf(operator) : undefined;
      if (index === startAt) insert(index, start(whole, plan.from === undefined ? [] : first));
      if (step) insert(index, start(step, [operator]));
      if (step) insert(index + 1, stop(step, [operator]));
      if (index === stopAt) insert(index + 1, stop(whole, last));
    }
  }

  remove(): void {
    const maps = this.#list.items.map((item) => this.#reader.map(item, 'an operator'));
    const stages = new Map<MapNode, string>();
    for (const map of maps) {
      const name = this.#reader.textAt(map, 'name');
      if (name !== undefined && this.#isStage(map, name)) stages.set(map, name);
    }
    if (stages.size === 0) return;
    const names = new Set<unknown>(stages.values());
    this.#editor.deleteItems(this.#list, (item) => stages.has(item as MapNode));
    for (const map of maps.filter((one) => !stages.has(one))) {
      this.#removeFrom(map, 'input', (input) => names.has(this.#reader.textAt(input, 'from')));
      this.#removeFrom(map, 'output', (output) => this.#reader.textAt(output, 'path') === ADDED_OUTPUT);
    }
  }

  #removeFrom(map: MapNode, key: 'input' | 'output', unwanted: (item: MapNode) => boolean): void {
    const list = this.#reader.seqAt(map, key);
    if (!list) return;
    const isUnwanted = (item: unknown): boolean => unwanted(this.#reader.map(item as MapNode, `an ${key}`));
    if (!list.items.some(isUnwanted)) return;
    // A list in block style cannot be empty: it was added with its key. So was one in a mapping in flow style.
    if (list.items.every(isUnwanted) && (!list.flow || map.flow))
      this.#editor.deleteKeys(map, ({ value }) => value === list);
    else this.#editor.deleteItems(list, isUnwanted);
  }

  /** Ours by its name and what it runs. */
  #isStage(map: MapNode, name: string): boolean {
    const kind = kindOfName(name);
    if (kind === undefined) return false;
    if (this.#reader.commandOf(map).includes(`--${kind}`)) return true;
    throw this.#reader.refusal(
      map,
      `operator '${name}' has the name of a monitoring stage but is none; rename it`,
    );
  }

  #checkWirable({ name, node, imported }: Operator): void {
    if (!imported) return;
    throw this.#reader.refusal(
      node,
      `operator '${name}' is imported, so its inputs and outputs cannot be wired here; ` +
        'define it here, or put the window around others with --from and --to',
    );
  }

  /** The name of its first output; where it has no output, it is given one. */
  #outputOf({ node }: Operator): string | undefined {
    const [output] = this.#reader.mapsAt(node, 'output', 'an output');
    if (output) return this.#reader.textAt(output, 'name');
    this.#insertAt(node, 'output', [{ path: ADDED_OUTPUT }]);
    return undefined;
  }

  #waitFor({ node }: Operator, stages: readonly Value[]): void {
    this.#insertAt(node, 'input', stages);
  }

  #insertAt(node: MapNode, key: 'input' | 'output', values: readonly Value[]): void {
    const owner = this.#reader.pair(node, key);
    const list = this.#reader.seqAt(node, key);
    if (owner && list) this.#editor.insertItems(owner, list, 0, values);
    else if (owner) throw this.#reader.refusal(owner.key, `an empty ${key} is written []`);
    else this.#editor.insertKey(node, key, values);
  }
}
