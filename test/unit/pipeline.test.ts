// What add-monitoring makes of pipelines of each kind, and that remove-monitoring gives back what was there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { addMonitoring, removeMonitoring, type AddMonitoringOptions } from '../../lib/pipeline';
import { argoOrder, claraOrder } from '../support/pipelines';

const DOCKERFILE = join(__dirname, '..', '..', 'deploy', 'Dockerfile');

/** Adds, and checks what must hold of every text. */
function added(text: string, options: AddMonitoringOptions = {}): string {
  const result = addMonitoring(text, options);
  expect(addMonitoring(result, options)).toBe(result);
  expect(removeMonitoring(result)).toBe(text);
  return result;
}

/** What the YAML package reads has no type. */
type Parsed = ReturnType<typeof parse>;

const named = (list: Parsed, name: string): Parsed =>
  list.find((item: { name: string }) => item.name === name);

describe('Clara', () => {
  const PLAIN = `api-version: 0.3.0
name: two
operators:
# reads
- name: reader
  container: { image: r, tag: latest }
  input:
  - path: /input
  output:
  - path: /output
# writes
- name: writer
  container: { image: w, tag: latest }
  input:
  - from: reader
    path: /input
`;

  test('the stages are as in the original, with the id handed from one to the other', () => {
    const { operators } = parse(added(PLAIN));
    expect(operators.map(({ name }: { name: string }) => name)).toEqual([
      'monitor-start',
      'reader',
      'writer',
      'monitor-stop',
    ]);
    expect(operators[0]).toEqual({
      name: 'monitor-start',
      description: 'Start the monitoring service',
      container: {
        image: 'clara/monitor-server',
        tag: 'latest',
        command: [
          'python3',
          'client.py',
          '--start',
          '-i',
          'REPLACE-IP-ADDRESS',
          '--name',
          'two',
          '--output',
          '/output',
        ],
      },
      input: [{ path: '/input' }],
      output: [{ path: '/output' }],
    });
    expect(operators[1].input).toEqual([
      { from: 'monitor-start', path: '/monitor_start' },
      { path: '/input' },
    ]);
    expect(operators[2].output).toEqual([{ path: '/monitor_output' }]);
    expect(operators[3]).toEqual({
      name: 'monitor-stop',
      description: 'Stop the monitoring service',
      container: {
        image: 'clara/monitor-server',
        tag: 'latest',
        command: [
          ...['python3', 'client.py', '--stop', '-i', 'REPLACE-IP-ADDRESS'],
          ...['--input', '/monitor_start', '--name', 'two'],
        ],
      },
      input: [
        { from: 'writer', path: '/reg_output' },
        { from: 'monitor-start', path: '/monitor_start' },
      ],
      output: [{ path: '/output' }],
    });
  });

  test("the original's sed, which replaces once a line, sets the host everywhere", () => {
    const replaced = added(PLAIN)
      .split('\n')
      .map((line) => line.replace('REPLACE-IP-ADDRESS', '10.0.0.7'))
      .join('\n');
    expect(replaced).toBe(added(PLAIN, { host: '10.0.0.7' }));
    expect(removeMonitoring(replaced)).toBe(PLAIN);
  });

  test('other options replace the stages that are there', () => {
    const first = added(PLAIN, { host: 'a', from: 'writer', perStep: true });
    expect(addMonitoring(first, { host: 'b' })).toBe(added(PLAIN, { host: 'b' }));
  });

  test('stages written by hand, as on the original page, are taken out too', () => {
    const byHand = PLAIN.replace(
      '# reads\n',
      `- name: monitor-start
  container:
    image: clara/monitor-server
    tag: latest
    command: ["python3", "client.py","--start", "-i", "REPLACE-IP-ADDRESS"]
  input:
  - path: /input
  output:
  - path: /output
# reads
`,
    ).replace('  input:\n  - path', '  input:\n  - from: monitor-start\n    path: /monitor_start\n  - path');
    expect(byHand).not.toBe(PLAIN);
    expect(removeMonitoring(byHand)).toBe(PLAIN);
    expect(addMonitoring(byHand)).toBe(added(PLAIN));
  });

  test('host, image and tag', () => {
    const { operators } = parse(added(PLAIN, { host: '10.0.0.7:9417,n2', image: 'reg:5000/x/monitor:1.2' }));
    expect(operators[0].container).toMatchObject({ image: 'reg:5000/x/monitor', tag: '1.2' });
    expect(operators[0].container.command).toContain('10.0.0.7:9417,n2');
    expect(parse(added(PLAIN, { image: 'reg:5000/x/monitor' })).operators[0].container).toMatchObject({
      image: 'reg:5000/x/monitor',
      tag: 'latest',
    });
  });

  test.each(['fd00::7', '[fd00::7]:9417', 'n1,::1'])('host %s', (host) => {
    expect(parse(added(PLAIN, { host })).operators[0].container.command).toContain(host);
  });

  test('around one operator: start waits for what it waits for', () => {
    const text = added(PLAIN, { from: 'writer', to: 'writer', perStep: true });
    const { operators } = parse(text);
    const start = named(operators, 'monitor-start');
    expect(start.input).toEqual([{ from: 'reader', path: '/input' }]);
    const order = claraOrder(text);
    expect(order.get('writer')).toContain('monitor-start-writer');
    expect(order.get('monitor-stop-writer')).toContain('writer');
    const step = named(operators, 'monitor-start-writer');
    expect(step.container.command).toEqual(
      expect.arrayContaining(['--name', 'writer', '--label', 'step=writer']),
    );
    expect(named(operators, 'monitor-stop-writer').container.command.slice(-2)).toEqual(['--name', 'writer']);
  });

  test('named outputs are taken by their names', () => {
    const text = PLAIN + '  output:\n  - path: /a\n    name: first\n  - path: /b\n    name: second\n';
    expect(parse(added(text)).operators[3].input[0]).toEqual({
      from: 'writer',
      name: 'first',
      path: '/reg_output',
    });
  });

  test('an imported operator may stand between: its arguments say whose output it takes', () => {
    const text = PLAIN.replace(
      '# writes',
      '- name: between\n  import: {path: between.yaml, args: {input-from: reader}}\n# writes',
    ).replace('- from: reader', '- from: between');
    expect(claraOrder(added(text)).get('monitor-stop')).toContain('writer');
    expect(() => addMonitoring(text, { from: 'between' })).toThrow(
      /^pipeline:11:3: operator 'between' is imported/,
    );
  });

  test('all of it on one line, as JSON', () => {
    const json = JSON.stringify(parse(PLAIN));
    expect(JSON.parse(added(json, { perStep: true }))).toEqual(parse(added(PLAIN, { perStep: true })));
    const pretty = JSON.stringify(parse(PLAIN), null, 2);
    expect(JSON.parse(added(pretty))).toEqual(parse(added(PLAIN)));
  });

  test('a byte order mark, line feeds of Windows, and none at the end', () => {
    for (const text of ['\ufeff' + PLAIN, PLAIN.replaceAll('\n', '\r\n'), PLAIN.trimEnd()]) added(text);
    expect(added(PLAIN.replaceAll('\n', '\r\n'))).not.toMatch(/[^\r]\n/);
  });
});

test('merges are followed, and stay', () => {
  const text = `defaults: &d {container: {image: i, tag: t}, output: [{path: /d}]}
api-version: 0.3.0
name: p
operators:
- {<<: *d, name: a, output: [{path: /o, name: out}]}
- name: b
  <<: [{variables: {X: "1"}}, *d]
  input: [{from: a, path: /i}]
`;
  const result = added(text);
  expect(parse(result, { merge: true }).operators[3].input).toEqual([
    { from: 'b', path: '/reg_output' },
    { from: 'monitor-start', path: '/monitor_start' },
  ]);
  // What comes first overrides the others.
  const more = text.replace('{variables: {X: "1"}}', '{output: [{path: /x, name: first}]}');
  expect(parse(added(more), { merge: true }).operators[3].input[0]).toMatchObject({ name: 'first' });
});

test('merges without end end', () => {
  const text = `a: &a {<<: *a}
x0: &x0 {a: b}
${Array.from({ length: 40 }, (_, at) => `x${at + 1}: &x${at + 1} {<<: [${`*x${at},`.repeat(9)}]}\n`).join('')}
api-version: 0.3.0
operators:
- {name: a, output: [{path: /o}], <<: [*a, *x40]}
`;
  added(text);
});

test('lines within quotes and brackets may stand as far out as Argo lets them', () => {
  for (const eol of ['\n', '\r\n'])
    for (const text of [
      'args: ["\n      echo \\"a\\"\n    "]',
      "args: ['\n it''s\n  ']",
      'args: [\n"a",\n  b,\n]',
      'args: {\na: ["\nx"\n], b: c}',
      'args: "\n\n\tand \n\n"',
      'args:\n    - "a\nb"\n    - |\n      "not a quote\n    # "nor this\n    - \'c\n\n d\'',
    ]) {
      const whole = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  entrypoint: m
  templates:
  - name: m
    x: "first
on"
    ${text}
    inputs:
      parameters: [{name: "study", value: "a
 b"}, {name: c}]
  - name: last
    hooks: {x: "
y"}
`.replaceAll('\n', eol);
      const result = added(whole, { host: 'h' });
      expect(result).toContain(`  - name: monitored${eol}`);
      expect(parse(result.slice(result.indexOf('  - name: monitored')))[0].inputs).toEqual({
        parameters: [{ name: 'study', value: 'a b' }, { name: 'c' }],
      });
    }
});

describe('Argo', () => {
  const workflow = (spec: string, kind = 'Workflow'): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nmetadata: {name: w}\nspec:\n${spec}`;
  const templates = (text: string): Parsed => parse(text).spec.templates;

  const ONCE = { limit: '0' };

  /** Of the image, also for Argo's own containers, which are root's else: those no pod has that is not root. */
  const USER = Number(/^USER (\d+)/m.exec(readFileSync(DOCKERFILE, 'utf8'))?.[1]);

  /** A namespace of level "restricted" and a quota take its pod. */
  const pod = (name: string, image: string, args: readonly string[], inputs: readonly string[] = []) => ({
    name,
    ...(inputs.length > 0 && { inputs: { parameters: inputs.map((one) => ({ name: one })) } }),
    timeout: '5m',
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    container: {
      image,
      command: ['nvpulse', 'client'],
      args,
      resources: {
        requests: { cpu: '50m', memory: '64Mi' },
        limits: { cpu: '1', memory: '256Mi' },
      },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  });

  /** A call of a stage, whatever becomes of its pod. */
  const stageTask = (name: string) => ({
    name,
    template: name,
    continueOn: { failed: true, error: true },
  });

  test('the entrypoint is wrapped, with what it takes; start may fail; stop is the exit handler', () => {
    const text = added(
      workflow(`  entrypoint: main # here
  arguments: {parameters: [{name: study, value: s}], artifacts: [{name: model, raw: {data: m}}]}
  templates:
  - name: main
    inputs:
      parameters: [{name: study}, {name: level, value: "3"}]
      artifacts: [{name: model, path: /model, optional: true}]
    container: {image: i}
`),
      { host: 'n1', image: 'monitor:2' },
    );
    const { spec } = parse(text);
    expect(text).toContain('  entrypoint: monitored # here\n  onExit: monitored-exit\n');
    expect(named(spec.templates, 'monitored')).toEqual({
      name: 'monitored',
      inputs: {
        parameters: [{ name: 'study' }, { name: 'level', value: '3' }],
        artifacts: [{ name: 'model', optional: true }],
      },
      retryStrategy: ONCE,
      dag: {
        tasks: [
          stageTask('monitor-start'),
          {
            name: 'main',
            template: 'main',
            arguments: {
              parameters: [
                { name: 'study', value: '{{inputs.parameters.study}}' },
                { name: 'level', value: '{{inputs.parameters.level}}' },
              ],
              artifacts: [{ name: 'model', from: '{{inputs.artifacts.model}}', optional: true }],
            },
            dependencies: ['monitor-start'],
          },
        ],
      },
    });
    expect(named(spec.templates, 'monitored-exit')).toEqual({
      name: 'monitored-exit',
      retryStrategy: ONCE,
      dag: { tasks: [stageTask('monitor-stop')] },
    });
    const job = ['-i', 'n1', '--job', '{{workflow.uid}}'];
    expect(spec.templates.slice(3)).toEqual([
      pod('monitor-start', 'monitor:2', ['--start', ...job, '--name', '{{workflow.name}}']),
      pod('monitor-stop', 'monitor:2', ['--stop', ...job, '--status', '{{workflow.status}}']),
    ]);
  });

  test('what the wrapper takes is written as it is written', () => {
    const values = ['010', '1e3', '12345678901234567890', '~', 'True', "'y'", '"a"', '{a: [1]}'];
    const result = added(
      workflow(`  entrypoint: m
  templates:
  - {name: m, container: {image: i}, inputs: {parameters: [{name: p, value: }, ${values.map((value, at) => `{name: p${at}, value: ${value}}`).join(', ')}]}}
`),
    );
    const lines = result.split('\n').map((line) => line.trim());
    for (const value of values.slice(0, -1)) expect(lines).toContain(`value: ${value}`);
    expect(named(templates(result), 'monitored').inputs.parameters[0]).toEqual({ name: 'p', value: null });
  });

  test('an entrypoint whose name begins with a digit has another as a task', () => {
    const text = added(workflow('  entrypoint: 3d\n  templates:\n  - {name: 3d, container: {image: i}}\n'));
    expect(named(templates(text), 'monitored').dag.tasks[1]).toEqual({
      name: 'job-3d',
      template: '3d',
      dependencies: ['monitor-start'],
    });
  });

  test('stages of 0.1, which were pods themselves, are replaced', () => {
    const bare = workflow('  entrypoint: m\n  templates:\n  - {name: m, container: {image: i}}\n');
    const of01 = workflow(`  entrypoint: monitored
  onExit: monitor-stop
  templates:
  - {name: m, container: {image: i}}
  - name: monitored
    steps:
    - - name: monitor-start
        template: monitor-start
        continueOn:
          failed: true
          error: true
    - - name: m
        template: m
  - name: monitor-start
    timeout: 5m
    container:
      image: clara/monitor-server:latest
      command: ["nvpulse", "client", "--start", "-i", "n", "--job", "{{workflow.uid}}", "--name", "{{workflow.name}}"]
  - name: monitor-stop
    timeout: 5m
    container:
      image: clara/monitor-server:latest
      command: ["nvpulse", "client", "--stop", "-i", "n", "--job", "{{workflow.uid}}", "--status", "{{workflow.status}}"]
`);
    expect(removeMonitoring(of01)).toBe(bare);
    expect(addMonitoring(of01, { host: 'n' })).toBe(addMonitoring(bare, { host: 'n' }));
  });

  test.each(['[monitor-start]', '[tool, --start]', '[nvpulse, server, --start]'])(
    "a template of one's own with a stage's name is not taken for one: %s",
    (command) => {
      const text = workflow(`  entrypoint: m
  templates:
  - {name: m, container: {image: i}}
  - {name: monitor-start, container: {image: i, command: ${command}}}
`);
      expect(removeMonitoring(text)).toBe(text);
      expect(() => addMonitoring(text)).toThrow(
        "template 'monitor-start' has the name of a monitoring stage; rename it",
      );
    },
  );

  test.each([
    ['monitored', '{name: monitor-start, template: own}'],
    ['monitored', '{name: monitor-start, template: monitor-start}'],
    ['monitored-exit', '{name: monitor-stop, template: own}'],
    ['monitor-start-tolerated', '{name: monitor-start, template: own}'],
  ])("a template of one's own with a wrapper's name is not taken for one: %s of %s", (name, task) => {
    const text = workflow(`  entrypoint: m
  templates:
  - {name: m, dag: {tasks: [{name: a, template: ${name}}]}}
  - name: ${name}
    dag: {tasks: [${task}]}
  - {name: own, container: {image: i}}
`);
    expect(removeMonitoring(text)).toBe(text);
    expect(() => addMonitoring(text)).toThrow(
      `template '${name}' has the name of a monitoring stage; rename it`,
    );
  });

  test('an exit handler is wrapped, quotes and comments kept', () => {
    const text = added(
      workflow(`  entrypoint: 'main'
  onExit: "tell"  # whoever waits
  arguments: {parameters: [{name: who}]}
  templates:
  - {name: main, container: {image: i}}
  - {name: tell, inputs: {parameters: [{name: who}]}, container: {image: i}}
`),
    );
    expect(text).toContain('onExit: "monitored-exit"  # whoever waits\n');
    expect(named(templates(text), 'monitored-exit')).toEqual({
      name: 'monitored-exit',
      inputs: { parameters: [{ name: 'who' }] },
      retryStrategy: ONCE,
      dag: {
        failFast: false,
        tasks: [
          {
            name: 'on-exit',
            template: 'tell',
            arguments: { parameters: [{ name: 'who', value: '{{inputs.parameters.who}}' }] },
          },
          stageTask('monitor-stop'),
        ],
      },
    });
    expect(argoOrder(text).get('on-exit')).toContain('main');
  });

  test('an exit hook is called from the wrapper, which takes its place', () => {
    const text = added(
      workflow(`  entrypoint: main
  hooks:
    exit:
      templateRef: {name: tools, template: tell}
      arguments: {parameters: [{name: who, value: me}]}
    running: {expression: 'workflow.status == "Running"', template: main}
  templates:
  - {name: main, container: {image: i}}
`),
    );
    const { spec } = parse(text);
    expect(spec.onExit).toBe('monitored-exit');
    expect(spec.hooks.running).toEqual({ expression: 'workflow.status == "Running"', template: 'main' });
    expect(named(spec.templates, 'monitored-exit').dag.tasks[0]).toEqual({
      name: 'exit-hook',
      templateRef: { name: 'tools', template: 'tell' },
      arguments: { parameters: [{ name: 'who', value: 'me' }] },
    });
  });

  test('as JSON it stays JSON', () => {
    const objects = parse(
      workflow(`  entrypoint: main
  onExit: tell
  templates:
  - {name: main, dag: {tasks: [{name: a, template: tell}, {name: b, template: tell, dependencies: [a]}]}}
  - {name: tell, container: {image: i}}
`),
    );
    for (const indent of [0, 2, 4])
      for (const options of [{}, { perStep: true }, { from: 'b', to: 'b', tokenSecret: 's' }]) {
        const result = JSON.parse(added(JSON.stringify(objects, null, indent), options));
        expect(result).toEqual(parse(added(stringify(objects), options)));
      }
  });

  test('a token comes from a Secret, whose absence holds nobody up', () => {
    const text = added(workflow('  entrypoint: m\n  templates:\n  - {name: m, container: {image: i}}\n'), {
      tokenSecret: 'nvpulse-token',
    });
    for (const name of ['monitor-start', 'monitor-stop'])
      expect(named(templates(text), name).container.env).toEqual([
        {
          name: 'NVPULSE_TOKEN',
          valueFrom: { secretKeyRef: { name: 'nvpulse-token', key: 'token', optional: true } },
        },
      ]);
  });

  describe('steps', () => {
    const STEPS = workflow(`  entrypoint: main
  templates:
  - name: main
    steps:
    # first
    - - name: a
        template: work
    # both at once
    - - {name: b, template: work, when: "{{steps.a.outputs.result}} == yes"}
      - name: c
        template: work
        hooks: {exit: {template: work}}
    - [{name: d, template: work}]
  - {name: work, container: {image: i}}
`);

    test('around some of them', () => {
      const text = added(STEPS, { from: 'b', to: 'd' });
      const order = argoOrder(text);
      expect(order.get('monitor-start')).toEqual(new Set(['a']));
      for (const name of ['b', 'c', 'd']) expect(order.get(name)).toContain('monitor-start');
      expect(order.get('stop {{workflow.uid}}')).toEqual(new Set(['d', 'c', 'b', 'monitor-start', 'a']));
      const main = named(templates(text), 'main');
      // Skipped with its step.
      expect(main.steps[1]).toEqual([
        {
          name: 'monitor-start',
          template: 'monitor-start-tolerated',
          when: '{{steps.a.outputs.result}} == yes',
        },
      ]);
    });

    test('around each: an exit hook that is there stays, and the stop has another name', () => {
      const text = added(STEPS, { perStep: true });
      const order = argoOrder(text);
      for (const name of ['a', 'b', 'c', 'd']) {
        expect(order.get(name)).toContain(`monitor-start-${name}`);
        expect(order.get(`stop {{workflow.uid}}.${name}`)).toContain(name);
      }
      const main = named(templates(text), 'main');
      expect(main.steps[2]).toMatchObject([{ name: 'monitor-start-b' }, { name: 'monitor-start-c' }]);
      expect(main.steps[3]?.[1]?.hooks).toEqual({
        exit: { template: 'work' },
        'monitor-stop-step': {
          expression:
            'steps["c"].status == "Succeeded" || steps["c"].status == "Failed" || steps["c"].status == "Error"',
          template: 'monitor-stop-step-tolerated',
          arguments: {
            parameters: [
              { name: 'job', value: '{{workflow.uid}}.c' },
              { name: 'status', value: 'Completed' },
            ],
          },
        },
      });
      expect(named(templates(text), 'monitor-start-step-tolerated')).toEqual({
        name: 'monitor-start-step-tolerated',
        inputs: { parameters: [{ name: 'step' }] },
        retryStrategy: ONCE,
        dag: {
          tasks: [
            {
              ...stageTask('monitor-start-step'),
              arguments: { parameters: [{ name: 'step', value: '{{inputs.parameters.step}}' }] },
            },
          ],
        },
      });
      expect(named(templates(text), 'monitor-start-step')).toEqual(
        pod(
          'monitor-start-step',
          'clara/monitor-server:latest',
          [
            ...['--start', '-i', 'REPLACE-IP-ADDRESS'],
            ...['--job', '{{workflow.uid}}.{{inputs.parameters.step}}'],
            ...['--name', '{{inputs.parameters.step}}'],
            ...['--label', 'parent={{workflow.uid}}', '--label', 'step={{inputs.parameters.step}}'],
          ],
          ['step'],
        ),
      );
    });
  });

  describe('what a workflow says for all of its templates', () => {
    const OURS = /^monitor/;
    const bare = (spec: string): string =>
      workflow(`  entrypoint: main
  onExit: main
${spec}  templates:
  - name: main
    dag: {tasks: [{name: a, template: work}, {name: b, template: work, dependencies: [a]}]}
  - {name: work, container: {image: i}}
`);

    test.each([
      '  retryStrategy: {limit: 2}\n',
      '  retryStrategy: {}\n',
      '  templateDefaults: {retryStrategy: {limit: 2, retryPolicy: Always}}\n',
    ])('none of ours is tried again, nor makes others so: %s', (spec) => {
      for (const options of [{}, { perStep: true }, { from: 'b' }]) {
        const all: Parsed[] = templates(added(bare(spec), options));
        const ours = all.filter(({ name }) => OURS.test(name));
        expect(ours.map(({ retryStrategy }) => retryStrategy)).toEqual(ours.map(() => ONCE));
        expect(named(all, 'work')).toEqual({ name: 'work', container: { image: 'i' } });
      }
    });

    test.each(['WorkflowTemplate', 'ClusterWorkflowTemplate'])(
      'a retryStrategy of a workflow elsewhere, which names a %s, tries none of ours again',
      (kind) => {
        const template = bare('').replace('kind: Workflow', `kind: ${kind}`);
        for (const options of [{}, { perStep: true }, { from: 'b' }]) {
          const all: Parsed[] = templates(added(template, options));
          const ours = all.filter(({ name }) => OURS.test(name));
          expect(ours.map(({ retryStrategy }) => retryStrategy)).toEqual(ours.map(() => ONCE));
        }
      },
    );

    test('a pod says nothing of it where nothing is retried: Argo then gives one up that no node takes', () => {
      const all: Parsed[] = templates(added(bare(''), { perStep: true }));
      for (const { name, container, retryStrategy } of all.filter((one) => OURS.test(one.name)))
        expect([name, retryStrategy]).toEqual([name, container ? undefined : ONCE]);
    });

    test('no pod of ours stands inline, of which Argo makes none where there is a retryStrategy', () => {
      for (const options of [{}, { perStep: true }, { from: 'a', to: 'b' }])
        expect(added(bare(''), options)).not.toContain('inline');
    });

    test.each([
      'synchronization',
      'memoize',
      'daemon',
      'inputs',
      'outputs',
      'dag',
      'containerSet',
      'annotations',
    ])('what could hold the job up is refused: %s of templateDefaults', (key) => {
      expect(() => addMonitoring(bare(`  templateDefaults:\n    timeout: 30s\n    ${key}: {}\n`))).toThrow(
        `pipeline:9:5: ${key} of templateDefaults would hold for the stages of monitoring too; write it into the templates that it is for`,
      );
    });

    test('what concerns pods, or is told, is not', () => {
      const lines: string[] = [];
      const defaults = 'container: {args: [x]}, tolerations: [{key: k}], metrics: {prometheus: []}';
      addMonitoring(bare(`  activeDeadlineSeconds: 60\n  templateDefaults: {${defaults}}\n`), {
        host: 'n',
        warn: (line) => void lines.push(line),
      });
      expect(lines).toEqual([
        'pipeline:8:71: these metrics count the stages of monitoring too; write them into the templates that they are for',
        'pipeline:7:3: the time that the start takes counts too, up to 5 minutes; raise it by 300',
      ]);
    });

    test('with parallelism the stop comes after the exit handler, which decides nevertheless', () => {
      expect(named(templates(added(bare('  parallelism: 1\n'))), 'monitored-exit')).toEqual({
        name: 'monitored-exit',
        retryStrategy: ONCE,
        dag: {
          target: 'on-exit monitor-stop',
          failFast: false,
          tasks: [
            { name: 'on-exit', template: 'main' },
            {
              name: 'monitor-stop',
              template: 'monitor-stop-tolerated',
              depends: 'on-exit.Succeeded || on-exit.Failed || on-exit.Errored',
            },
          ],
        },
      });
    });

    test.each(['retryStrategy: {limit: 1}', 'templateDefaults: {}', 'parallelism: 1'])(
      'a workflow of a template that is here says it there: %s',
      (line) => {
        const template = bare('').replace('kind: Workflow', 'kind: WorkflowTemplate');
        const text = `${template}---\n${workflow(`  workflowTemplateRef: {name: w}\n  ${line}\n`)}`;
        expect(() => addMonitoring(text)).toThrow(
          / here overrides that of WorkflowTemplate 'w'; move it there$/,
        );
      },
    );
  });

  describe('what is left out, or left to do, is told', () => {
    const told = (text: string, options: AddMonitoringOptions): readonly [string, readonly string[]] => {
      const lines: string[] = [];
      const result = added(text, { file: 'w.yaml', warn: (line) => void lines.push(line), ...options });
      // `added` adds twice.
      expect(lines.slice(lines.length / 2)).toEqual(lines.slice(0, lines.length / 2));
      return [result, lines.slice(lines.length / 2)];
    };
    const STEPS = workflow(`  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, template: work}
    - - name: b
        template: work
        withItems: [1, 2]
  - {name: work, container: {image: i}}
`);

    test('a loop gets no window of its own', () => {
      const [result, lines] = told(STEPS, { host: 'n', perStep: true });
      expect(lines).toEqual([
        "w.yaml:12:9: 'b' runs once an item, so no window can end with it, and it gets none; for one, put the loop into a template of its own",
      ]);
      const { steps } = named(templates(result), 'main');
      expect(steps.flat().map(({ name }: { name: string }) => name)).toEqual(['monitor-start-a', 'a', 'b']);
      expect(steps.flat()[2].hooks).toBeUndefined();
    });

    test('nor does a daemon, which a window cannot end with either', () => {
      const text = STEPS.replace(', container: {image: i}}', ', daemon: true, container: {image: i}}');
      const [result, lines] = told(text, { host: 'n', perStep: true });
      expect(lines[0]).toBe(
        "w.yaml:9:9: 'a' is a daemon, which others run beside, so no window can end with it, and it gets none; for one, put it into a template with those",
      );
      expect(result).not.toContain('monitor-start-a');
      expect(() => addMonitoring(text, { to: 'a' })).toThrow("'a' is a daemon");
    });

    test('nor does one that stands inline', () => {
      const text = STEPS.replace(
        'name: a, template: work',
        'name: a, inline: {daemon: true, container: {image: i}}',
      );
      const [result, lines] = told(text, { host: 'n', perStep: true });
      expect(lines[0]).toMatch(/^w\.yaml:9:9: 'a' is a daemon, /);
      expect(result).not.toContain('monitor-start-a');
    });

    test('nor what stands elsewhere, which could be one', () => {
      const text = STEPS.replace(
        'name: a, template: work',
        'name: a, templateRef: {name: t, template: work}',
      );
      const why =
        "w.yaml:9:9: what 'a' calls is not here, and could be a daemon or retried, so no window can end with it";
      const [result, lines] = told(text, { host: 'n', perStep: true });
      expect(lines[0]).toBe(`${why}, and it gets none; for one, let a template here call it by steps`);
      expect(result).not.toContain('monitor-start-a');
      expect(() => addMonitoring(text, { to: 'a', file: 'w.yaml' })).toThrow(why);
      expect(told(text, { host: 'n' })[1]).toEqual([]);
    });

    test.each([
      ['{name: work, ', '{name: work, retryStrategy: {limit: 1}, ', ['b']],
      ['  entrypoint', '  retryStrategy: {limit: 1}\n  entrypoint', []],
      ['  entrypoint', '  templateDefaults: {retryStrategy: {limit: 1}}\n  entrypoint', []],
    ])('nor a task that is retried: %s%s', (place, retried, windows) => {
      const text = workflow(`  entrypoint: main
  templates:
  - name: main
    dag: {tasks: [{name: a, template: work}, {name: b, template: rest, dependencies: [a]}]}
  - {name: work, container: {image: i}}
  - {name: rest, container: {image: i}}
`).replace(place, retried);
      const [result, lines] = told(text, { host: 'n', perStep: true });
      const { dag } = named(templates(result), 'main');
      const hooked = dag.tasks.filter(({ hooks }: { hooks?: object }) => hooks);
      expect(hooked.map(({ name }: { name: string }) => name)).toEqual(windows);
      expect(lines[0]).toMatch(/'a' is retried, .* for one, make steps of the dag$/);
      expect(() => addMonitoring(text, { to: 'a' })).toThrow("'a' is retried");
    });

    test('a step that is retried has one', () => {
      const text = STEPS.replace('  entrypoint', '  retryStrategy: {}\n  entrypoint');
      const [result, lines] = told(text, { host: 'n', perStep: true });
      expect(result).toContain('monitor-start-a');
      expect(lines).toEqual([expect.stringContaining("'b' runs once an item")]);
    });

    test.each([
      ['  entrypoint', '  parallelism: 1\n  entrypoint', 5],
      ['  - name: main\n', '  - name: main\n    parallelism: 1\n', 8],
    ])('nothing has where parallelism is limited: %s', (place, limited, line) => {
      const text = STEPS.replace(place, limited);
      const [result, lines] = told(text, { host: 'n', perStep: true });
      expect(lines).toEqual([expect.stringMatching(`^w\\.yaml:${line}:\\d: with parallelism`)]);
      expect(result).toBe(addMonitoring(text, { host: 'n' }));
      expect(() => addMonitoring(text, { to: 'a' })).toThrow('with parallelism');
    });

    test('a single operator has no window but that of the job', () => {
      const text = workflow('  entrypoint: m\n  templates:\n  - {name: m, container: {image: i}}\n');
      const [result, lines] = told(text, { host: 'n', perStep: true });
      expect(lines).toEqual([
        "w.yaml:7:5: the entrypoint is a single operator: the job's window is its own, and it gets no other",
      ]);
      expect(result).toBe(addMonitoring(text, { host: 'n' }));
    });

    test.each([
      ['', {}, undefined],
      ['  onExit: work\n', {}, 'parallelism'],
      ['', { perStep: true }, 'parallelism or a retryStrategy'],
      ['  parallelism: 1\n  onExit: work\n', {}, undefined],
    ])('what workflows elsewhere may say for a template: %s%j', (spec, options, unseen) => {
      const text = workflow(
        `  entrypoint: main
${spec}  templates:
  - {name: main, steps: [[{name: a, template: work}]]}
  - {name: work, container: {image: i}}
`,
        'WorkflowTemplate',
      );
      expect(told(text, { host: 'n', ...options })[1]).toEqual(
        unseen === undefined
          ? []
          : [
              `w.yaml:5:15: a workflow elsewhere that names this template may have ${unseen}, which is not seen here; if one has, write it here too`,
            ],
      );
      expect(told(text.replace('WorkflowTemplate', 'Workflow'), { host: 'n', ...options })[1]).toEqual([]);
    });

    test('no server is named yet', () => {
      const [, lines] = told(STEPS, {});
      expect(lines).toEqual([
        'w.yaml:5:15: the stages find no server until REPLACE-IP-ADDRESS is replaced by its address',
      ]);
      expect(told(STEPS, { host: 'n' })[1]).toEqual([]);
    });
  });

  test('depends over several lines is surrounded where it stands', () => {
    const text = added(
      workflow(`  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: work}
      - name: b
        template: work
        depends: >-
          a.Succeeded ||
          a.Failed
  - {name: work, container: {image: i}}
`),
      { perStep: true },
    );
    const main = named(templates(text), 'main');
    expect(named(main.dag.tasks, 'b').depends).toBe(
      '(a.Succeeded || a.Failed) && (monitor-start-b.Succeeded || monitor-start-b.Skipped)',
    );
    expect(named(main.dag.tasks, 'monitor-start-b').depends).toBe('a.Succeeded || a.Failed');
  });

  test.each(['WorkflowTemplate', 'ClusterWorkflowTemplate'])('%s', (kind) => {
    const text = added(
      workflow('  entrypoint: m\n  templates:\n  - {name: m, container: {image: i}}\n', kind),
    );
    expect(parse(text).spec.onExit).toBe('monitored-exit');
  });

  test('CronWorkflow', () => {
    const text = added(
      workflow(
        '  schedules: ["0 3 * * *"]\n  workflowSpec:\n    entrypoint: m\n    templates:\n    - {name: m, container: {image: i}}\n',
        'CronWorkflow',
      ),
    );
    expect(parse(text).spec.workflowSpec).toMatchObject({
      entrypoint: 'monitored',
      onExit: 'monitored-exit',
    });
  });

  test('a template and the workflow of it, with other objects between: the template is monitored', () => {
    const template = workflow(
      '  entrypoint: m\n  templates:\n  - {name: m, container: {image: i}}\n',
      'WorkflowTemplate',
    );
    const text = `${template}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n${workflow('  workflowTemplateRef: {name: w}\n')}`;
    const [first, ...others] = parseAllDocuments(added(text)).map((document) => document.toJS());
    expect(first.spec.entrypoint).toBe('monitored');
    const before = parseAllDocuments(text).map((document) => document.toJS());
    expect(others).toEqual(before.slice(1));
  });
});
