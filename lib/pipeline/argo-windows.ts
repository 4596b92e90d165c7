// Windows around operators of an Argo entrypoint: a start that the operator waits for, and a stop at its exit hook.
// Argo runs such a hook however the operator ended, and it decides nothing about the workflow; a stop that is a task
// would, where it is the last one, make a workflow succeed that has failed.
import type { ParsedNode } from 'yaml';
import { JOB, START, START_STEP, STOP, STOP_STEP, toleratedOf } from './argo-stages';
import { checkOrdered, operatorsOf, type Operator, type Operators } from './argo-operators';
import type { Editor, Value } from './edit';
import { spanOf } from './graph';
import { afterFrom, refused, type Plan } from './options';
import type { Reader } from './reader';
import { yaml, type MapNode, type PairNode, type ScalarNode, type SeqNode } from './yaml';

/** The operators that get a window of their own, and the first and last of the job's. */
interface Asked {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly stepped: ReadonlySet<string>;
}

/** An operator that no window can end with. */
interface Endless {
  readonly where: ParsedNode;
  readonly why: string;
  readonly remedy: string;
}

/** A stage that an operator waits for. */
interface Start {
  readonly name: string;
  readonly template: string;
  readonly step?: string;
}

/** A window that ends with an operator. */
interface Stop {
  readonly job: string;
  /** What the hook is called where the operator has an exit hook already. */
  readonly name: string;
}

/** What the stages of operators call; in 0.1 the pods themselves. */
const STARTS: readonly string[] = [START, START_STEP, toleratedOf(START), toleratedOf(START_STEP)];
const STOPS: readonly string[] = [STOP_STEP, toleratedOf(STOP_STEP)];
const LOOPS = ['withItems', 'withParam', 'withSequence'];
/** A start never fails, but is skipped with its operator. */
const STARTED_RESULTS = ['Succeeded', 'Skipped'];
const ONE_STARTED = String.raw`\(monitor-start[-\w]*\.Succeeded \|\| [^()]*\)`;
const STARTED = new RegExp(String.raw`^(?:\((?<own>[^]*?)\) && )??${ONE_STARTED}(?: && ${ONE_STARTED})*$`);

export class ArgoWindows {
  readonly #reader: Reader;
  readonly #editor: Editor;
  readonly #spec: MapNode;
  readonly #templates: ReadonlyMap<string, MapNode>;

  constructor(reader: Reader, editor: Editor, spec: MapNode, templates: ReadonlyMap<string, MapNode>) {
    this.#reader = reader;
    this.#editor = editor;
    this.#spec = spec;
    this.#templates = templates;
  }

  /**
   * @param retried whether what says nothing of it is retried
   * @returns whether there is an operator with a window of its own
   */
  add(entrypoint: MapNode, plan: Plan, retried: boolean): boolean {
    const operators = this.#operatorsOf(entrypoint, plan);
    if (!operators) return false;
    const { within } = spanOf(operators.all, plan.from, plan.to);
    if (within.length === 0) throw refused('to', plan.to ?? '', afterFrom(plan));
    const limited = this.#isLimited(entrypoint, plan);
    const stepped = (limited ? [] : within).filter((operator) => {
      const endless = this.#endless(operator, operators.kind, retried);
      this.#checkEnd(operator.name, endless, plan);
      return plan.perStep && !endless;
    });
    const asked = { from: plan.from, to: plan.to, stepped: new Set(stepped.map(({ name }) => name)) };
    const byDepends = operators.all.some(({ node }) => this.#reader.pair(node, 'depends'));
    const added = new Map<number, Value[]>();
    const names = new Set(operators.all.map(({ name }) => name));
    const digit = operators.kind === 'dag' ? operators.all.find(({ name }) => /^\d/.test(name)) : undefined;
    for (const operator of operators.all) {
      const starts = startsOf(operator, asked);
      const stops = stopsOf(operator, asked);
      this.#checkNames(names, operator, starts);
      if (digit && starts.length > 0)
        throw this.#reader.refusal(
          digit.node,
          `task '${digit.name}' begins with a digit, so Argo lets no task depend`,
        );
      // First: it may end where a key is added.
      if (starts.length > 0 && operators.kind === 'dag') this.#waitFor(operator, starts, byDepends);
      if (stops.length > 0) this.#stopAfter(operators, operator, stops);
      if (starts.length === 0) continue;
      const values = starts.map((start) => this.#value(operators, operator, start));
      added.set(operator.index, [...(added.get(operator.index) ?? []), ...values]);
    }
    for (const [index, values] of added)
      this.#editor.insertItems(
        operators.owner,
        operators.list,
        index,
        operators.kind === 'dag' ? values : [values],
      );
    return stepped.length > 0;
  }

  /** undefined where the entrypoint is a single operator. */
  #operatorsOf(entrypoint: MapNode, plan: Plan): Operators | undefined {
    const operators = operatorsOf(this.#reader, entrypoint);
    if (!operators && plan.from === undefined && plan.to === undefined) {
      const why = "the entrypoint is a single operator: the job's window is its own, and it gets no other";
      plan.warn(this.#reader.told(entrypoint, why));
      return undefined;
    }
    if (!operators)
      throw this.#reader.refusal(
        entrypoint,
        'the entrypoint has neither a dag nor steps to put a window around',
      );
    const names = operators.all.map(({ name }) => name);
    for (const option of ['from', 'to'] as const) {
      const given = plan[option];
      if (given !== undefined && !names.includes(given)) throw refused(option, given, names.join(', '));
    }
    checkOrdered(this.#reader, operators);
    return operators;
  }

  #checkNames(names: ReadonlySet<string>, { node }: Operator, starts: readonly Start[]): void {
    const taken = starts.find(({ name }) => names.has(name));
    if (taken)
      throw this.#reader.refusal(
        node,
        `its stage '${taken.name}' has the name of another operator; rename that`,
      );
  }

  /** Argo allows one way of depending in a dag. */
  #waitFor({ node }: Operator, starts: readonly Start[], byDepends: boolean): void {
    const names = starts.map(({ name }) => name);
    if (byDepends) {
      const started = names.map((name) => `(${STARTED_RESULTS.map((it) => `${name}.${it}`).join(' || ')})`);
      const depends = this.#reader.scalarAt(node, 'depends');
      if (depends) this.#editor.surround(depends, '(', `) && ${started.join(' && ')}`);
      else this.#editor.insertKey(node, 'depends', started.join(' && '));
      return;
    }
    const owner = this.#reader.pair(node, 'dependencies');
    const list = this.#reader.seqAt(node, 'dependencies');
    if (owner && list) this.#editor.insertItems(owner, list, list.items.length, names);
    else this.#editor.insertKey(node, 'dependencies', names);
  }

  /** It waits for what its operator waits for, and is left out when that is. */
  #value({ kind }: Operators, { node, after }: Operator, start: Start): Value {
    const depends = this.#reader.textAt(node, 'depends');
    return {
      name: start.name,
      template: start.template,
      arguments: start.step ? { parameters: [{ name: 'step', value: start.step }] } : undefined,
      depends,
      dependencies: kind === 'dag' && depends === undefined && after.length > 0 ? after : undefined,
      // An item is not known outside its loop.
      when: this.#loopOf(node) ? undefined : this.#reader.textAt(node, 'when'),
    };
  }

  #loopOf(node: MapNode): PairNode | undefined {
    return LOOPS.map((key) => this.#reader.pair(node, key)).find((pair) => pair !== undefined);
  }

  /** Argo lets exit hooks wait without end where it limits how many pods there are at once. */
  #isLimited(entrypoint: MapNode, { to, perStep, warn }: Plan): boolean {
    const limit =
      this.#reader.pair(this.#spec, 'parallelism') ?? this.#reader.pair(entrypoint, 'parallelism');
    if (!limit) return false;
    const why =
      'with parallelism the end of a window could wait for ever; take it out, or monitor the whole job';
    if (to !== undefined) throw this.#reader.refusal(limit.key, why);
    if (perStep) warn(this.#reader.told(limit.key, `${why}: no operator has a window of its own`));
    return true;
  }

  /** Why no window can end with an operator: its exit hook, which ends it, is not told of its end, or makes it another. */
  #endless({ name, node }: Operator, kind: Operators['kind'], retried: boolean): Endless | undefined {
    const loop = this.#loopOf(node);
    if (loop)
      return {
        where: loop.key,
        why: `'${name}' runs once an item, so no window can end with it`,
        remedy: 'put the loop into a template of its own',
      };
    if (this.#reader.pair(node, 'templateRef'))
      return {
        where: node,
        why: `what '${name}' calls is not here, and could be a daemon or retried, so no window can end with it`,
        remedy: 'let a template here call it by steps',
      };
    const called =
      this.#reader.mapAt(node, 'inline') ?? this.#templates.get(this.#reader.textAt(node, 'template') ?? '');
    const daemon = called && this.#reader.value(called, 'daemon');
    if (daemon && !(yaml().isScalar(daemon) && daemon.value === false))
      return {
        where: node,
        why: `'${name}' is a daemon, which others run beside, so no window can end with it`,
        remedy: 'put it into a template with those',
      };
    if (kind === 'dag' && (retried || (called && this.#reader.pair(called, 'retryStrategy'))))
      return {
        where: node,
        why: `'${name}' is retried, and Argo lets a dag go on after the exit hook of such a task though it has failed, so no window can end with it`,
        remedy: 'make steps of the dag',
      };
    return undefined;
  }

  #checkEnd(name: string, endless: Endless | undefined, { to, perStep, warn }: Plan): void {
    if (!endless) return;
    const { where, why, remedy } = endless;
    if (name === to) throw this.#reader.refusal(where, `${why}; ${remedy}`);
    if (perStep) warn(this.#reader.told(where, `${why}, and it gets none; for one, ${remedy}`));
  }

  #stopAfter({ kind }: Operators, { name, node }: Operator, stops: readonly Stop[]): void {
    const hooks = this.#reader.mapAt(node, 'hooks');
    const taken = this.#reader.pair(node, 'onExit') ?? (hooks && this.#reader.pair(hooks, 'exit'));
    const scope = kind === 'dag' ? 'tasks' : 'steps';
    const added = stops.map(({ job, name: key }, at): readonly [string, Value] =>
      at === 0 && !taken
        ? ['exit', stopAt(job, `{{${scope}.${name}.status}}`)]
        : [key, { expression: endedAs(scope, name), ...stopAt(job, 'Completed') }],
    );
    if (hooks) for (const [key, hook] of added) this.#editor.insertKey(hooks, key, hook);
    else this.#editor.insertKey(node, 'hooks', Object.fromEntries(added));
  }

  remove(template: MapNode): void {
    const operators = operatorsOf(this.#reader, template);
    if (!operators) return;
    const { list, kind, all } = operators;
    const added = new Set(all.filter(({ node }) => this.#isStart(node)).map(({ name }) => name));
    const nodes = new Set<unknown>(all.filter(({ name }) => added.has(name)).map(({ node }) => node));
    this.#editor.deleteItems(list, (item) =>
      kind === 'dag' ? nodes.has(item) : (item as SeqNode).items.every((step) => nodes.has(step)),
    );
    for (const { name, node } of all) {
      if (added.has(name)) continue;
      this.#unhook(node);
      this.#unwait(node, added);
    }
  }

  #isStart(node: MapNode): boolean {
    const template = this.#reader.value(node, 'template');
    return yaml().isScalar(template) && STARTS.includes(String(template.value));
  }

  #unhook(node: MapNode): void {
    const hooks = this.#reader.mapAt(node, 'hooks');
    if (!hooks) return;
    const isOurs = ({ value }: PairNode): boolean =>
      yaml().isMap(value) && STOPS.includes(this.#reader.textAt(value, 'template') ?? '');
    if ((hooks.items as readonly PairNode[]).every(isOurs)) this.#deleteValue(node, hooks);
    else this.#editor.deleteKeys(hooks, isOurs);
  }

  #unwait(node: MapNode, added: ReadonlySet<string>): void {
    const depends = this.#reader.scalarAt(node, 'depends');
    if (depends) this.#unwaitDepends(node, depends);
    const list = this.#reader.seqAt(node, 'dependencies');
    const isAdded = (item: unknown): boolean => yaml().isScalar(item) && added.has(String(item.value));
    if (!list?.items.some(isAdded)) return;
    // A list in block style cannot be empty: it was added with its key. So was one in a mapping in flow style.
    if (list.items.every(isAdded) && (!list.flow || node.flow)) this.#deleteValue(node, list);
    else this.#editor.deleteItems(list, isAdded);
  }

  #unwaitDepends(node: MapNode, depends: ScalarNode): void {
    const [start, end] = this.#editor.inside(depends);
    const found = STARTED.exec(this.#editor.written(depends));
    if (!found) return;
    const own = found.groups?.['own'];
    if (own === undefined) return this.#deleteValue(node, depends);
    this.#editor.delete(start, start + 1);
    this.#editor.delete(start + 1 + own.length, end);
  }

  #deleteValue(map: MapNode, unwanted: MapNode | SeqNode | ScalarNode): void {
    this.#editor.deleteKeys(map, ({ value }) => value === unwanted);
  }
}

function startsOf({ name }: Operator, { from, stepped }: Asked): readonly Start[] {
  return [
    ...(name === from ? [{ name: START, template: toleratedOf(START) }] : []),
    ...(stepped.has(name)
      ? [{ name: `${START}-${name}`, template: toleratedOf(START_STEP), step: name }]
      : []),
  ];
}

function stopsOf({ name }: Operator, { to, stepped }: Asked): readonly Stop[] {
  return [
    ...(name === to ? [{ job: JOB, name: STOP }] : []),
    ...(stepped.has(name) ? [{ job: `${JOB}.${name}`, name: STOP_STEP }] : []),
  ];
}

function stopAt(job: string, status: string): { readonly [key: string]: Value } {
  const parameters = [
    { name: 'job', value: job },
    { name: 'status', value: status },
  ];
  return { template: toleratedOf(STOP_STEP), arguments: { parameters } };
}

/** A hook of another name is not told how its operator ended. */
function endedAs(scope: string, name: string): string {
  const ended = ['Succeeded', 'Failed', 'Error'];
  return ended.map((status) => `${scope}["${name}"].status == "${status}"`).join(' || ');
}
