// What the pipeline commands do not understand, they refuse: one line that says where and why.
import { addMonitoring, removeMonitoring, type AddMonitoringOptions } from '../../lib/pipeline';

function refuse(text: string, line: string, options: AddMonitoringOptions = {}): void {
  let message = '';
  try {
    addMonitoring(text, { file: 'p.yaml', ...options });
  } catch (error) {
    expect(error).toMatchObject({ name: 'NvpulseError', code: 'ERR_OPTION' });
    message = (error as Error).message;
  }
  expect(message).not.toContain('\n');
  expect(message).toContain(line);
}

const clara = (operators: string, version = '0.4.0'): string =>
  `api-version: ${version}\nname: p\noperators:\n${operators}`;
const A = '- name: a\n  output: [{path: /o}]\n';
const workflow = (spec: string, kind = 'Workflow'): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nspec:\n${spec}`;
const main = (body: string): string => workflow(`  entrypoint: m\n  templates:\n  - name: m\n${body}`);

describe('texts', () => {
  test.each([
    ['nothing', '', 'p.yaml:1:1: neither a Clara definition'],
    ['only a comment', '# no\n', 'p.yaml:1:1: neither'],
    ['a text', 'hello\n', 'p.yaml:1:1: neither'],
    ['another kind of object', 'apiVersion: v1\nkind: Pod\n', 'p.yaml:1:1: neither'],
    ['a flow list that is not closed', clara('- [a'), 'p.yaml:4:'],
    ['a tab', clara('-\tname: a\n\tx: 1\n'), 'p.yaml:4:2: not YAML: Tabs'],
    ['a key twice', clara('- name: a\n  name: b\n'), 'p.yaml:5:3: not YAML: Map keys must be unique'],
    ['an unknown anchor', clara('- name: a\n  x: *b\n'), 'p.yaml:5:6: *b repeats no anchor'],
    ['depth', `a: ${'['.repeat(20_000)}`, 'nested too deeply'],
    [
      'size',
      clara(`# ${'x'.repeat(1 << 20)}\n${A}`),
      'p.yaml:1:1: 1048650 characters are too many; allowed are 1048576',
    ],
  ])('%s', (_, text, line) => refuse(text, line));

  test('aliases that repeat each other without end are not followed', () => {
    const bomb = Array.from(
      { length: 40 },
      (_, at) => `x${at}: &x${at} [${`*x${at - 1},`.repeat(9)}]\n`,
    ).join('');
    const text = `y: &x-1 [lol]\n${bomb}${clara(A)}`;
    expect(removeMonitoring(addMonitoring(text))).toBe(text);
  });
});

describe('what a stage needs a second time', () => {
  /** Levels that repeat each other nine times each: 9^40 parts. */
  const bomb = Array.from(
    { length: 40 },
    (_, at) => `x${at + 1}: &x${at + 1} {v: [${`*x${at},`.repeat(9)}]}\n`,
  ).join('');
  const taking = (inputs: string): string =>
    `x0: &x0 [lol]\n${bomb}${main(`    container: {image: i}\n    inputs:\n      ${inputs}\n`)}`;

  test.each([
    ['aliases without end', 'parameters: [{name: a, value: *x40}]', ':50:20: too long or too deep'],
    ['what repeats itself', 'parameters: &p [{name: a, value: *p}]', ':50:23: too long or too deep'],
    [
      'depth',
      `parameters: [{name: a, value: ${'['.repeat(200)}${']'.repeat(200)}}]`,
      ':50:20: too long or too deep',
    ],
    ['a text for a list', 'parameters: x', ':50:19: parameters must be a list'],
    ['a mapping for a list', 'artifacts: {a: b}', ':50:18: artifacts must be a list'],
    ['nothing for an input', 'parameters: [{name: a}, ~]', ':50:31: an input must be a mapping'],
    ['an input without a name', 'parameters: [{value: a}]', ':50:20: input has no name'],
    ['an input twice', 'parameters: [{name: a}, {name: a}]', ":50:31: input 'a' is there twice"],
    ['a key that is no text', 'parameters: [{name: a, [b]: c}]', ':50:30: a key must be a text'],
    ['bytes', 'parameters: [{name: a, value: !!binary aGk=}]', ':50:46: of another type than JSON has'],
  ])('%s', (_, inputs, line) => refuse(taking(inputs), `p.yaml${line}`));

  test.each(['{template: m, arguments: *x40}', '{templateRef: *x40}'])('of an exit hook: %s', (hook) =>
    refuse(
      taking('parameters: []').replace('  templates', `  hooks: {exit: ${hook}}\n  templates`),
      'too long or too deep to be written a second time',
    ),
  );

  test('what is only looked at, and is no text, does no harm', () => {
    const own = '  - {name: monitor-start, container: {image: i, command: [*x40, {toString: 3}]}}\n';
    refuse(taking('parameters: []') + own, "template 'monitor-start' has the name of a monitoring stage");
    const imported = clara(
      `${A}- {name: b, import: {path: i, args: {z: *x40, y: {toString: 3}}}, input: [{from: a}]}\n`,
    );
    const text = `x0: &x0 [lol]\n${bomb}${imported}`;
    expect(removeMonitoring(addMonitoring(text))).toBe(text);
  });
});

test('a line that stands too far out to be read is told, with what it needs', () => {
  const far = ' '.repeat(1000);
  const text = clara(`${A}- name: b\n  x:${far}"a${'\nb'.repeat(2000)}"\n`);
  refuse(
    text,
    'p.yaml:8:1: stands further out than the quotes or brackets that it is in; indent this line by 1004 columns, or close them before',
  );
});

test('what only monitoring makes too long is said so', () => {
  const tasks = Array.from({ length: 2000 }, (_, at) => `{name: t${at}}`).join(', ');
  refuse(
    main(`    dag: {tasks: [${tasks}]}\n${`    # ${'x'.repeat(900)}\n`.repeat(900)}`),
    'p.yaml:1:1: with monitoring ',
    {
      perStep: true,
    },
  );
});

describe('Clara', () => {
  test.each([
    [
      'a newer version',
      clara(A, '0.5.0'),
      "p.yaml:1:14: api-version '0.5.0' is not known; allowed are 0.2.0, 0.3.0, 0.4.0",
    ],
    ['no version', 'operators:\n' + A, "p.yaml:1:1: api-version '' is not known"],
    ['no operators', clara(''), 'p.yaml:3:1: there are no operators'],
    ['operators that are no list', clara('  a: b\n'), 'p.yaml:4:3: operators must be a list'],
    ['an operator that is a text', clara('- a\n'), 'p.yaml:4:3: an operator must be a mapping'],
    ['an operator without a name', clara('- input: []\n'), 'p.yaml:4:3: operator has no name'],
    ['a name twice', clara(A + A), "p.yaml:6:3: operator 'a' is there twice"],
    ['a name that is a number', clara('- name: 1\n'), 'p.yaml:4:9: name must be a text'],
    [
      'input from nowhere',
      clara(A + '- name: b\n  input:\n  - from: x\n'),
      "p.yaml:8:11: operator 'b' takes input from 'x', which is not there",
    ],
    [
      'input from a placeholder',
      clara(A + '- name: b\n  input:\n  - from: ${{ x }}\n'),
      'p.yaml:8:11: which operator',
    ],
    [
      'a circle',
      clara(
        '- {name: z}\n- {name: a, input: [{from: b}]}\n- {name: b, input: [{from: c}]}\n- {name: c, input: [{from: a}]}\n',
      ),
      'operators take input from each other in a circle: ',
    ],
    [
      'a circle of one',
      clara('- {name: a, input: [{from: a}]}\n'),
      'p.yaml:4:3: operators take input from each other in a circle: a → a',
    ],
    [
      'an input without a value',
      clara('- name: a\n  input:\n  output: [{path: /o}]\n'),
      'p.yaml:5:3: an empty input is written []',
    ],
    [
      'an imported operator at the edge',
      clara('- {name: a, import: {path: a.yaml}}\n'),
      "p.yaml:4:3: operator 'a' is imported",
    ],
    [
      'a stage that is none',
      clara(A + '- name: monitor-stop\n'),
      "p.yaml:6:3: operator 'monitor-stop' has the name of a monitoring stage but is none",
    ],
    [
      'a change in what is merged in elsewhere',
      clara('- &a {name: a, output: [{path: /o}]}\n- {<<: *a, name: b}\n'),
      'p.yaml:4:6: &a is repeated by *a, so a change here would change both',
    ],
    [
      'a merge of what is no mapping',
      clara('- {<<: a, name: b}\n'),
      "p.yaml:4:8: what a merge ('<<') brings in must be a mapping",
    ],
    [
      'arguments of an import that are no mapping',
      clara(A + '- {name: b, import: {path: i, args: [x]}}\n'),
      'p.yaml:6:37: args must be a mapping',
    ],
    [
      'an input that is repeated elsewhere',
      clara(
        '- {name: a, input: &i [{path: /i}], output: [{path: /o}]}\n- {name: b, input: *i, output: [{path: /o}]}\n',
      ),
      'p.yaml:4:23: &i is repeated by *i, so a change here would change both',
    ],
    [
      'several documents',
      clara(A) + '---\n' + clara(A),
      'p.yaml:7:1: a Clara definition is one document, and there are several',
    ],
  ])('%s', (_, text, line) => refuse(text, line));

  test('the circle is named in its order', () => {
    refuse(
      clara(
        '- {name: a, input: [{from: c}]}\n- {name: b, input: [{from: a}]}\n- {name: c, input: [{from: b}]}\n',
      ),
      'p.yaml:5:3: operators take input from each other in a circle: b → c → a → b',
    );
  });

  test('aliases in what is not changed do no harm', () => {
    const text = clara(`- name: a
  container: &c {image: i, tag: t}
  variables: &v {X: y}
  output: [{path: /o}]
- name: b
  container: *c
  variables: *v
  input: [{from: a, path: /i}]
  output: [{path: /o}]
`);
    expect(removeMonitoring(addMonitoring(text))).toBe(text);
  });
});

describe('Argo', () => {
  test.each([
    ['no spec', 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n', 'p.yaml:1:1: a Workflow without spec'],
    [
      'a cron without a workflow',
      workflow('  schedules: []\n', 'CronWorkflow'),
      'p.yaml:4:3: a CronWorkflow without workflowSpec',
    ],
    ['another kind', workflow('  x: y\n', 'WorkflowEventBinding'), 'p.yaml:1:1: neither'],
    ['no templates', workflow('  entrypoint: m\n'), 'p.yaml:4:3: there are no templates'],
    [
      'no entrypoint',
      workflow('  templates: [{name: m}]\n', 'WorkflowTemplate'),
      'p.yaml:4:3: there is no entrypoint',
    ],
    [
      'an unknown entrypoint',
      workflow('  entrypoint: x\n  templates: [{name: m}]\n'),
      "p.yaml:4:15: entrypoint 'x' is not among the templates here",
    ],
    [
      'an unknown exit handler',
      workflow('  entrypoint: m\n  onExit: x\n  templates: [{name: m}]\n'),
      "p.yaml:5:11: onExit 'x' is not among",
    ],
    [
      'a template twice',
      workflow('  entrypoint: m\n  templates: [{name: m}, {name: m}]\n'),
      "p.yaml:5:26: template 'm' is there twice",
    ],
    [
      'a template with our name',
      workflow('  entrypoint: m\n  templates: [{name: m}, {name: monitor-stop}]\n'),
      "p.yaml:5:26: template 'monitor-stop' has the name of a monitoring stage",
    ],
    [
      'an exit hook with an expression',
      workflow(
        '  entrypoint: m\n  hooks: {exit: {expression: "true", template: m}}\n  templates: [{name: m}]\n',
      ),
      'p.yaml:5:18: an exit hook with an expression cannot be wrapped',
    ],
    [
      'templates elsewhere',
      workflow('  workflowTemplateRef: {name: t}\n'),
      "p.yaml:4:24: the templates stand in WorkflowTemplate 't', which is not here; add monitoring there",
    ],
  ])('%s', (_, text, line) => refuse(text, line));

  test('a workflow that overrides the entrypoint of its template', () => {
    const template = workflow('  entrypoint: m\n  templates: [{name: m}]\n', 'WorkflowTemplate').replace(
      'spec:',
      'metadata: {name: t}\nspec:',
    );
    const text = `${template}---\n${workflow('  workflowTemplateRef: {name: t}\n  entrypoint: x\n')}`;
    refuse(text, "p.yaml:12:3: entrypoint here overrides that of WorkflowTemplate 't'; move it there");
  });

  test.each([
    [
      'a dependency on nothing',
      '{name: a, dependencies: [x]}',
      "p.yaml:8:39: task 'a' depends on 'x', which is not there",
    ],
    [
      'depends on nothing',
      '{name: a, depends: x.Failed || a-1}',
      "task 'a' depends on 'x', which is not there",
    ],
    ['a circle', '{name: a, depends: b}, {name: b, depends: a}', 'tasks depend on each other in a circle: '],
    ['a name twice', '{name: a}, {name: a}', "p.yaml:8:26: task 'a' is there twice"],
    [
      'a stage with the name of a task',
      '{name: a}, {name: monitor-start-a}',
      "its stage 'monitor-start-a' has the name of another operator",
    ],
    ['a digit', '{name: 1a}', "task '1a' begins with a digit"],
  ])('%s', (_, tasks, line) => refuse(main(`    dag:\n      tasks: [${tasks}]\n`), line, { perStep: true }));

  test.each(['withItems: [1]', 'withParam: "[1]"', 'withSequence: {count: 2}'])(
    'a window that ends with a loop: %s',
    (loop) =>
      refuse(
        main(`    dag:\n      tasks: [{name: a, ${loop}}]\n`),
        "p.yaml:8:25: 'a' runs once an item, so no window can end with it; put the loop into a template of its own",
        { to: 'a' },
      ),
  );

  test.each(['from', 'to'])('a container has no operators to put a window around: %s', (option) => {
    refuse(main('    container: {image: i}\n'), 'p.yaml:6:5: the entrypoint has neither a dag nor steps', {
      [option]: 'm',
    });
  });
});

describe('options', () => {
  const text = clara(
    '- {name: a, output: [{path: /o}]}\n- {name: b, input: [{from: a}], output: [{path: /o}]}\n',
  );
  test.each<[AddMonitoringOptions, string]>([
    [{ host: '' }, "host: '' is not allowed; allowed is HOST[:PORT] or [IPv6]:PORT"],
    [{ host: 'a b' }, "host: 'a b' is not allowed"],
    [{ host: '"; rm' }, 'host: '],
    [{ host: 'a,,b' }, "host: 'a,,b' is not allowed"],
    [
      { image: 'a image' },
      "image: 'a image' is not allowed; allowed is an image, such as clara/monitor-server:1.0",
    ],
    [{ image: `a@sha256:${'0'.repeat(64)}` }, 'a Clara definition has no place for a digest'],
    [{ tokenSecret: 'A_B' }, "tokenSecret: 'A_B' is not allowed; allowed is the name of a Kubernetes Secret"],
    [{ tokenSecret: 'ok' }, 'a Clara definition cannot mount a Secret'],
    [{ from: 'c' }, "from: 'c' is not allowed; allowed is a, b"],
    [{ to: '' }, "to: '' is not allowed; allowed is a, b"],
    [{ from: 'b', to: 'a' }, "to: 'a' is not allowed; allowed is an operator that comes after 'b'"],
  ])('%j', (options, line) => refuse(text, line, options));
});
