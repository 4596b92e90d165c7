// Argo workflows: the entrypoint is wrapped, so that monitor-start comes first whatever the entrypoint is, and
// monitor-stop is the exit handler, which also runs when a step has failed. The mechanics are those of Argo 3.7.4.
import { defaultsOf } from './argo-defaults';
import { operatorsOf } from './argo-operators';
import {
  MONITORED,
  MONITORED_EXIT,
  RESERVED,
  STAGES,
  START,
  START_STEP,
  STOP,
  STOP_STEP,
  type Stage,
  dagTemplate,
  podTemplate,
  stageTask,
  toleratedOf,
  toleratedTemplate,
} from './argo-stages';
import { ArgoWindows } from './argo-windows';
import type { Editor, Value } from './edit';
import { HOST_PLACEHOLDER, type Plan } from './options';
import type { Reader } from './reader';
import { asWritten, type MapNode, type PairNode, type ScalarNode, type SeqNode } from './yaml';

/** Where an exit handler was named: what its step in the wrapper is called. */
const WAS_ON_EXIT = 'on-exit';
const WAS_EXIT_HOOK = 'exit-hook';

/** An input, as it is written. */
interface Declared {
  readonly [key: string]: Value;
  readonly name: string;
}

/** What was the exit handler, as a task; none where there was none. */
interface Handler {
  readonly inputs?: Value | undefined;
  readonly own?: { readonly [key: string]: Value | undefined; readonly name: string };
}

interface Passed {
  readonly inputs?: Value;
  readonly arguments?: Value;
}

export class ArgoWorkflow {
  readonly #reader: Reader;
  readonly #editor: Editor;
  readonly #windows: ArgoWindows;
  readonly #spec: MapNode;
  readonly #shared: boolean;
  readonly #owner: PairNode;
  readonly #list: SeqNode;
  /** By name, in the order of the file. */
  readonly #templates = new Map<string, MapNode>();

  /** @param shared whether workflows elsewhere may name it, and say for its templates what is not seen here */
  constructor(reader: Reader, editor: Editor, spec: MapNode, shared: boolean) {
    this.#reader = reader;
    this.#editor = editor;
    this.#windows = new ArgoWindows(reader, editor, spec, this.#templates);
    this.#spec = spec;
    this.#shared = shared;
    const owner = reader.pair(spec, 'templates');
    const list = reader.seqAt(spec, 'templates');
    if (!owner || !list) throw reader.refusal(owner?.key ?? spec, 'there are no templates');
    this.#owner = owner;
    this.#list = list;
    for (const item of list.items) {
      const node = reader.map(item, 'a template');
      this.#templates.set(reader.nameOf(node, 'template', this.#templates), node);
    }
  }

  add(plan: Plan): void {
    const entrypoint = this.#reader.scalarAt(this.#spec, 'entrypoint');
    if (!entrypoint) throw this.#reader.refusal(this.#spec, 'there is no entrypoint');
    const entry = this.#named(entrypoint, 'entrypoint');
    if (plan.host === HOST_PLACEHOLDER)
      plan.warn(
        this.#reader.told(
          entrypoint,
          `the stages find no server until ${HOST_PLACEHOLDER} is replaced by its address`,
        ),
      );
    for (const [name, node] of this.#templates)
      if (RESERVED.includes(name))
        throw this.#reader.refusal(node, `template '${name}' has the name of a monitoring stage; rename it`);
    const defaults = defaultsOf(this.#reader, this.#spec, plan);
    const windows = plan.from !== undefined || plan.to !== undefined || plan.perStep;
    const stepped = windows && this.#windows.add(entry, plan, defaults.retried);
    const started = plan.from !== undefined;
    const handler = this.#exitHandler();
    const after = handler.own !== undefined && defaults.limited;
    const hooked = stepped || plan.to !== undefined;
    const unseen = [
      ...(!defaults.limited && (handler.own || hooked) ? ['parallelism'] : []),
      ...(!defaults.retried && hooked ? ['a retryStrategy'] : []),
    ].join(' or ');
    if (this.#shared && unseen)
      plan.warn(
        this.#reader.told(
          entrypoint,
          `a workflow elsewhere that names this template may have ${unseen}, which is not seen here; if one has, write it here too`,
        ),
      );
    // Those that operators wait for, or whose ends nobody tolerates.
    const isWithin: Readonly<Record<Stage, boolean>> = {
      [START]: started,
      [STOP]: after,
      [START_STEP]: stepped,
      [STOP_STEP]: hooked,
    };
    const within = STAGES.filter((stage) => isWithin[stage]);
    const pods = STAGES.filter((stage) => stage === START || stage === STOP || within.includes(stage));
    const added = [
      ...(started ? [] : [this.#wrap(entrypoint, entry)]),
      stopAtExit(handler, after),
      ...pods.map((stage) => podTemplate(stage, plan, defaults.retried || this.#shared)),
      ...within.map((stage) => toleratedTemplate(stage)),
    ];
    this.#editor.insertItems(this.#owner, this.#list, this.#list.items.length, added);
  }

  remove(): void {
    const stages = [...this.#templates].filter(([name, node]) => this.#isStage(name, node));
    if (stages.length === 0) return;
    const names = new Set(stages.map(([name]) => name));
    const nodes = new Set<unknown>(stages.map(([, node]) => node));
    this.#restoreEntrypoint(names);
    this.#restoreExit(names);
    for (const [name, node] of this.#templates) if (!names.has(name)) this.#windows.remove(node);
    this.#editor.deleteItems(this.#list, (item) => nodes.has(item));
  }

  #named(name: ScalarNode, key: string): MapNode {
    const template = this.#templates.get(String(name.value));
    if (template) return template;
    throw this.#reader.refusal(name, `${key} '${String(name.value)}' is not among the templates here`);
  }

  #wrap(entrypoint: ScalarNode, entry: MapNode): Value {
    const passed = this.#passedTo(entry);
    this.#editor.replace(entrypoint, MONITORED);
    const own = {
      name: taskName(String(entrypoint.value)),
      template: asWritten(entrypoint),
      arguments: passed.arguments,
      dependencies: [START],
    };
    return dagTemplate(MONITORED, passed.inputs, { tasks: [stageTask(START), own] });
  }

  /** What a template takes from whoever calls it: a wrapper takes the same and hands it on. */
  #passedTo(template: MapNode): Passed {
    const inputs = this.#reader.mapAt(template, 'inputs');
    const declared = (kind: string): readonly Declared[] => (inputs ? this.#declared(inputs, kind) : []);
    const parameters = declared('parameters');
    const artifacts = declared('artifacts');
    if (parameters.length + artifacts.length === 0) return {};
    return {
      inputs: { parameters: some(parameters), artifacts: some(artifacts.map(withoutPlace)) },
      arguments: {
        parameters: some(parameters.map(({ name }) => ({ name, value: `{{inputs.parameters.${name}}}` }))),
        artifacts: some(
          artifacts.map(({ name, optional }) => ({ name, from: `{{inputs.artifacts.${name}}}`, optional })),
        ),
      },
    };
  }

  #declared(inputs: MapNode, kind: string): readonly Declared[] {
    const names = new Set<string>();
    return this.#reader.mapsAt(inputs, kind, 'an input').map((node) => {
      const name = this.#reader.nameOf(node, 'input', names);
      names.add(name);
      return { ...this.#reader.copy(node), name };
    });
  }

  #exitHandler(): Handler {
    const onExit = this.#reader.scalarAt(this.#spec, 'onExit');
    if (onExit) {
      const passed = this.#passedTo(this.#named(onExit, 'onExit'));
      this.#editor.replace(onExit, MONITORED_EXIT);
      const own = { name: WAS_ON_EXIT, template: asWritten(onExit), arguments: passed.arguments };
      return { inputs: passed.inputs, own };
    }
    const hooks = this.#reader.mapAt(this.#spec, 'hooks');
    const hook = hooks && this.#reader.mapAt(hooks, 'exit');
    // Where both are there, Argo takes onExit.
    this.#editor.insertKey(this.#spec, 'onExit', MONITORED_EXIT, this.#reader.pair(this.#spec, 'entrypoint'));
    return hook ? this.#ofHook(hook) : {};
  }

  #ofHook(hook: MapNode): Handler {
    const expression = this.#reader.pair(hook, 'expression');
    if (expression)
      throw this.#reader.refusal(expression.key, 'an exit hook with an expression cannot be wrapped');
    const name = this.#reader.scalarAt(hook, 'template');
    const template = name && this.#named(name, 'template');
    const own = this.#copyAt(hook, 'arguments');
    const passed = own === undefined && template ? this.#passedTo(template) : {};
    return {
      inputs: passed.inputs,
      own: {
        name: WAS_EXIT_HOOK,
        template: name && asWritten(name),
        templateRef: this.#copyAt(hook, 'templateRef'),
        arguments: own ?? passed.arguments ?? (template ? undefined : this.#workflowArguments()),
      },
    };
  }

  #copyAt(map: MapNode, key: string): Value | undefined {
    const value = this.#reader.mapAt(map, key);
    return value && this.#reader.copy(value);
  }

  /** To a template in another object all parameters of the workflow are handed, as Argo does. */
  #workflowArguments(): Value | undefined {
    const given = this.#reader.mapAt(this.#spec, 'arguments');
    const names = given
      ? this.#reader.mapsAt(given, 'parameters', 'a parameter').map((one) => this.#reader.textAt(one, 'name'))
      : [];
    const parameters = names.map((name) => ({ name, value: `{{workflow.parameters.${name}}}` }));
    return parameters.length > 0 ? { parameters } : undefined;
  }

  /** Ours by its name and what it runs, or whom it calls. */
  #isStage(name: string, node: MapNode): boolean {
    if (STAGES.some((stage) => stage === name)) {
      const [program, command] = this.#reader.commandOf(node);
      return program === 'nvpulse' && command === 'client';
    }
    const stage =
      name === MONITORED
        ? START
        : name === MONITORED_EXIT
          ? STOP
          : STAGES.find((one) => toleratedOf(one) === name);
    const pod = stage && this.#templates.get(stage);
    return stage && pod ? this.#isStage(stage, pod) && this.#calls(node, stage) : false;
  }

  #calls(wrapper: MapNode, stage: Stage): boolean {
    const step = this.#stepOf(wrapper, stage);
    const template = step && this.#reader.textAt(step, 'template');
    return template === stage || template === toleratedOf(stage);
  }

  #stepOf(wrapper: MapNode, name: string): MapNode | undefined {
    return operatorsOf(this.#reader, wrapper)?.all.find((step) => step.name === name)?.node;
  }

  #restoreEntrypoint(stages: ReadonlySet<string>): void {
    const entrypoint = this.#reader.scalarAt(this.#spec, 'entrypoint');
    const wrapper = stages.has(MONITORED) ? this.#templates.get(MONITORED) : undefined;
    if (entrypoint?.value !== MONITORED || !wrapper) return;
    const own = operatorsOf(this.#reader, wrapper)?.all.find(({ name }) => name !== START);
    if (own) this.#restore(entrypoint, own.node);
  }

  #restoreExit(stages: ReadonlySet<string>): void {
    const onExit = this.#reader.scalarAt(this.#spec, 'onExit');
    if (!onExit || !stages.has(String(onExit.value))) return;
    const wrapper = this.#templates.get(MONITORED_EXIT);
    const own = onExit.value === MONITORED_EXIT && wrapper && this.#stepOf(wrapper, WAS_ON_EXIT);
    if (own) this.#restore(onExit, own);
    else this.#editor.deleteKeys(this.#spec, ({ value }) => value === onExit);
  }

  /** What a wrapper calls is written as it was where the wrapper is named now. */
  #restore(name: ScalarNode, step: MapNode): void {
    const own = this.#reader.scalarAt(step, 'template');
    if (own) this.#editor.restore(name, own);
  }
}

/** Argo lets no task depend whose name begins with a digit. */
const taskName = (template: string): string => (/^\d/.test(template) ? `job-${template}` : template);

const some = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);

/** Where an artifact lies in a container is for the template that has one. */
function withoutPlace(artifact: Declared): Value {
  return { ...artifact, path: undefined, mode: undefined, recurseMode: undefined };
}

/**
 * The exit handler, with what was there. Beside each other neither waits for the other, nor ends early because the other
 * failed.
 *
 * @param after whether the stop comes after: where it limits how many pods there are at once, Argo's controller ends itself
 * when an exit handler asks for too many
 */
function stopAtExit({ inputs, own }: Handler, after: boolean): Value {
  const handler = (dag: Value): Value => dagTemplate(MONITORED_EXIT, inputs, dag);
  if (!own) return handler({ tasks: [stageTask(STOP)] });
  if (!after) return handler({ failFast: false, tasks: [own, stageTask(STOP)] });
  const ended = ['Succeeded', 'Failed', 'Errored'].map((result) => `${own.name}.${result}`).join(' || ');
  const stop = { name: STOP, template: toleratedOf(STOP), depends: ended };
  // A target decides how the handler has ended, which else the last task alone does.
  return handler({ target: `${own.name} ${STOP}`, failFast: false, tasks: [own, stop] });
}
