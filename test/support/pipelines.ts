// Random pipelines of Clara and Argo in the layouts that people write, and what comes before what in them: told from
// the YAML alone, by the rules of Clara and Argo, not by the code under test.
import fc, { type GeneratorValue } from 'fast-check';
import { parse } from 'yaml';

/** For each operator the operators that it waits for; in the order of the file, which need not be that of the work. */
export type Dag = Readonly<Record<string, readonly string[]>>;

const NAMES = [
  'reader',
  'ai-segment',
  'writer',
  'register',
  'b2',
  'Z',
  'monitor',
  'long-name-of-an-operator',
];

export const dags: fc.Arbitrary<Dag> = fc
  .record({
    names: fc.shuffledSubarray(NAMES, { minLength: 1 }),
    edges: fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
    order: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
  })
  .map(({ names, edges, order }) => {
    const waits = names.map((name, at) => [
      name,
      names.slice(0, at).filter((_, before) => edges[8 * at + before]),
    ]);
    const shuffled = waits.map((entry, at) => ({ entry, key: order[at] ?? 0 })).sort((a, b) => a.key - b.key);
    return Object.fromEntries(shuffled.map(({ entry }) => entry)) as Dag;
  });

/** The layout of a text, chosen piece by piece. */
class Layout {
  readonly #g: GeneratorValue;
  readonly #lines: string[] = [];
  readonly #eol: string;
  /** How far a list stands in from its key. */
  readonly indent: string;

  constructor(g: GeneratorValue) {
    this.#g = g;
    this.#eol = this.flip() ? '\n' : '\r\n';
    this.indent = this.flip() ? '' : '  ';
  }

  flip(): boolean {
    return this.#g(fc.boolean);
  }

  name(text: string): string {
    return this.#g(fc.constantFrom, text, `"${text}"`, `'${text}'`);
  }

  line(text: string): void {
    if (this.flip()) this.#lines.push(this.#g(fc.constantFrom, '', '# a comment', '      # another: [x]'));
    this.#lines.push(this.flip() ? text : `${text} # beside`);
  }

  text(): string {
    const ended = this.#lines.join(this.#eol);
    return this.flip() ? ended : ended + this.#eol + (this.flip() ? `# the end${this.#eol}` : '');
  }
}

export function claraText(dag: Dag, g: GeneratorValue): string {
  const layout = new Layout(g);
  const { indent } = layout;
  const pad = `${indent}  `;
  layout.line('api-version: 0.4.0');
  layout.line('name: random');
  layout.line('operators:');
  const named = new Map(Object.keys(dag).map((name) => [name, layout.flip()]));
  for (const [name, after] of Object.entries(dag)) {
    const waitedFor = Object.values(dag).some((others) => others.includes(name));
    const output = `path: /output${named.get(name) ? ', name: out' : ''}`;
    const inputs = after.map(
      (other, at) => `from: ${layout.name(other)}${named.get(other) ? ', name: out' : ''}, path: /input${at}`,
    );
    if (inputs.length === 0 && layout.flip()) inputs.push('path: /input');
    const items = inputs.map((input) => `{${input}}`);
    if (layout.flip()) {
      const parts = [`name: ${layout.name(name)}`, 'container: {image: i, tag: t}'];
      if (inputs.length > 0) parts.push(`input: [${items.join(', ')}]`);
      if (waitedFor || layout.flip()) parts.push(`output: [{${output}}]`);
      layout.line(`${indent}- {${parts.join(', ')}}`);
      continue;
    }
    layout.line(`${indent}- name: ${layout.name(name)}`);
    layout.line(`${pad}container: {image: i, tag: t}`);
    const block = layout.flip();
    if (inputs.length > 0 && block) {
      layout.line(`${pad}input:`);
      for (const input of inputs) {
        input.split(', ').forEach((part, at) => layout.line(`${pad}${at === 0 ? '- ' : '  '}${part}`));
      }
    } else if (inputs.length > 0) layout.line(`${pad}input: [${items.join(', ')}]`);
    else if (block) layout.line(`${pad}input: []`);
    const written = waitedFor || layout.flip();
    if (written) layout.line(`${pad}output: [{${output}}]`);
    else if (layout.flip()) layout.line(`${pad}output: []`);
  }
  return layout.text();
}

export function argoText(dag: Dag, g: GeneratorValue): string {
  const layout = new Layout(g);
  const { indent } = layout;
  const byDepends = layout.flip();
  layout.line('apiVersion: argoproj.io/v1alpha1');
  layout.line('kind: Workflow');
  layout.line('spec:');
  layout.line(`  entrypoint: ${layout.name('main')}`);
  const exit = g(fc.constantFrom, 'none', 'onExit', 'hook');
  if (exit === 'onExit') layout.line(`  onExit: ${layout.name('clean-up')}`);
  if (exit === 'hook') layout.line(`  hooks: {exit: {template: clean-up}}`);
  layout.line('  templates:');
  layout.line(`  ${indent}- name: main`);
  layout.line(`  ${indent}  dag:`);
  layout.line(`  ${indent}    tasks:`);
  const dash = `  ${indent}    ${indent}- `;
  const pad = ' '.repeat(dash.length);
  for (const [name, after] of Object.entries(dag)) {
    const parts = [`name: ${layout.name(name)}`, 'template: work'];
    const hooked = g(fc.constantFrom, '', '', 'onExit: clean-up', 'hooks: {exit: {template: clean-up}}');
    if (hooked) parts.push(hooked);
    if (layout.flip()) parts.push(`when: "{{workflow.name}} != x"`);
    if (after.length > 0)
      parts.push(
        byDepends
          ? `depends: ${layout.name(after.map((other) => `${other}.Succeeded`).join(' && '))}`
          : `dependencies: [${after.join(', ')}]`,
      );
    if (layout.flip()) layout.line(`${dash}{${parts.join(', ')}}`);
    else parts.forEach((part, at) => layout.line(`${at === 0 ? dash : pad}${part}`));
  }
  layout.line(`  ${indent}- {name: work, container: {image: i}}`);
  layout.line(`  ${indent}- {name: clean-up, container: {image: i}}`);
  return layout.text();
}

/** All that has ended when something begins, by name. */
export type Order = ReadonlyMap<string, ReadonlySet<string>>;

function closed(waits: ReadonlyMap<string, readonly string[]>): Order {
  const all = (name: string, seen: Set<string>): Set<string> => {
    for (const before of waits.get(name) ?? [])
      if (!seen.has(before)) {
        seen.add(before);
        all(before, seen);
      }
    return seen;
  };
  return new Map([...waits.keys()].map((name) => [name, all(name, new Set())]));
}

export function claraOrder(text: string): Order {
  const { operators } = parse(text);
  return closed(
    new Map(
      operators.map(({ name, input }: { name: string; input?: { from?: string }[] }) => [
        name,
        (input ?? []).flatMap(({ from }) => from ?? []),
      ]),
    ),
  );
}

interface Called {
  name: string;
  template?: string;
  depends?: string;
  dependencies?: string[];
  hooks?: Record<
    string,
    { template?: string; arguments?: { parameters: { name: string; value: string }[] } }
  >;
}

/**
 * The order of an Argo workflow with one document. What a wrapper calls is expanded; an exit hook that stops a window
 * stands as `stop <job>`, after its operator; the exit handler's calls come after all.
 */
export function argoOrder(text: string): Order {
  const { spec } = parse(text);
  const templates = new Map<string, { steps?: Called[][]; dag?: { tasks: Called[] } }>(
    spec.templates.map((template: { name: string }) => [template.name, template]),
  );
  const waits = new Map<string, string[]>();

  /** @returns the names of what runs in it */
  const run = (name: string, template: string | undefined, before: readonly string[]): readonly string[] => {
    const { steps, dag } = templates.get(template ?? '') ?? {};
    if (steps) {
      let done = [...before];
      const all: string[] = [];
      for (const group of steps) {
        const ran = group.flatMap((step) => runWithHooks(step, done));
        all.push(...ran);
        done = [...done, ...ran];
      }
      return all;
    }
    // A stage is its one pod.
    if (dag && !template?.endsWith('-tolerated'))
      return dag.tasks.flatMap((task) => {
        const names = [...(task.depends ?? '').matchAll(/([-\w]+)\.[A-Z]/g)].map(([, one]) => one ?? '');
        return runWithHooks(task, [...before, ...names, ...(task.dependencies ?? [])]);
      });
    waits.set(name, [...before]);
    return [name];
  };

  const runWithHooks = (called: Called, before: readonly string[]): readonly string[] => {
    const ran = run(called.name, called.template, before);
    for (const hook of Object.values(called.hooks ?? {})) {
      const job = hook.arguments?.parameters.find(({ name }) => name === 'job')?.value;
      if (job !== undefined) waits.set(`stop ${job}`, [...ran]);
    }
    return ran;
  };

  const all = run(spec.entrypoint, spec.entrypoint, []);
  const handler = spec.onExit ?? spec.hooks?.exit?.template;
  if (handler !== undefined) run(handler, handler, all);
  return closed(waits);
}
