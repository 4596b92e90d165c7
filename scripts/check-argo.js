'use strict';
// What the stages of `pipeline add-monitoring` do to a workflow, by Argo's own controller code: with every fault of a
// stage, the job must run and end as it does without monitoring. Writes the table into docs/PIPELINES.md. With --quick it
// runs one case of each structure and fault, and writes nothing. Needs Go and its proxy, and a build of this clone.
const { execFileSync } = require('node:child_process');
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { addMonitoring } = require('../dist/pipeline');
const { makeController } = require('./argo/controller');

const PAGE = join(__dirname, '..', 'docs', 'PIPELINES.md');
const BEGIN = '<!-- Written by npm run check:argo. -->\n';
const END = '<!-- End of what is written. -->';

const STARTS = ['monitor-start', 'monitor-start-step'];
const STOPS = ['monitor-stop', 'monitor-stop-step'];
const isStage = (template) => [...STARTS, ...STOPS].includes(template);

const WORK = '  - name: work\n    container: {image: busybox, command: [work]}\n';
const TEMPLATES = {
  container: '  - name: main\n    container: {image: busybox, command: [work]}\n',
  steps: `  - name: main\n    steps:\n    - - {name: a, template: work}\n    - - {name: b, template: work}\n${WORK}`,
  'dag, dependencies': `  - name: main\n    dag:\n      tasks:\n      - {name: a, template: work}\n      - {name: b, template: work, dependencies: [a]}\n${WORK}`,
  'steps beside each other': `  - name: main\n    steps:\n    - - {name: a, template: work}\n      - {name: b, template: work}\n${WORK}`,
  'dag, depends': `  - name: main\n    dag:\n      tasks:\n      - {name: a, template: work}\n      - {name: b, template: work, depends: a.Succeeded}\n${WORK}`,
};
const RETRIES = '  retryStrategy: {limit: 2}\n';
const RETRIES_BY_DEFAULT = '  templateDefaults: {retryStrategy: {limit: 2, retryPolicy: Always}}\n';
const DEFAULTS =
  '  templateDefaults: {failFast: true, parallelism: 1, timeout: 30s, container: {args: [x]}, nodeSelector: {a: b}}\n';
/** A workflow's templates, and what it says for all of them, or another that names it as its template. */
const STRUCTURES = {
  ...Object.fromEntries(
    Object.entries(TEMPLATES).map(([name, templates]) => [name, { templates, spec: '' }]),
  ),
  'container, retries': { templates: TEMPLATES.container, spec: RETRIES },
  'steps, retries': { templates: TEMPLATES.steps, spec: RETRIES },
  'dag, retries by default': { templates: TEMPLATES['dag, dependencies'], spec: RETRIES_BY_DEFAULT },
  'dag, other defaults': { templates: TEMPLATES['dag, dependencies'], spec: DEFAULTS },
  'steps beside each other, other defaults': {
    templates: TEMPLATES['steps beside each other'],
    spec: DEFAULTS,
  },
  'steps, one pod at once': { templates: TEMPLATES.steps, spec: '  parallelism: 1\n' },
  'container, retries without end elsewhere': {
    templates: TEMPLATES.container,
    spec: '',
    elsewhere: '  retryStrategy: {}\n',
  },
};
const HANDLERS = {
  none: ['', ''],
  onExit: ['  onExit: bye\n', '  - name: bye\n    container: {image: busybox, command: [bye]}\n'],
  'exit hook': [
    '  hooks: {exit: {template: bye}}\n',
    '  - name: bye\n    container: {image: busybox, command: [bye]}\n',
  ],
};
const WINDOWS = { whole: {}, '--per-step': { perStep: true }, '--from a --to b': { from: 'a', to: 'b' } };
const FAULTS = ['failed', 'never pulled', 'refused', 'over quota'];
const all = (templates, end) => Object.fromEntries(templates.map((template) => [template, end]));

/** What goes wrong: with a stage, with the job, with its handler. */
const TROUBLES = [
  { fault: 'none', ends: {} },
  ...FAULTS.map((end) => ({ fault: `start ${end}`, ends: all(STARTS, end) })),
  ...FAULTS.map((end) => ({ fault: `stop ${end}`, ends: all(STOPS, end) })),
  ...FAULTS.map((end) => ({ fault: `start and stop ${end}`, ends: all([...STARTS, ...STOPS], end) })),
  { fault: 'job failed', ends: { work: 'failed', main: 'failed' } },
  { fault: 'job failed, stop refused', ends: { work: 'failed', main: 'failed', ...all(STOPS, 'refused') } },
  { fault: 'handler failed', ends: { bye: 'failed' } },
  { fault: 'handler refused', ends: { bye: 'refused' } },
  // Argo does not end such a pod, whatever its template says: known.
  { fault: 'start never placed', ends: all(STARTS, 'never placed'), known: true },
  { fault: 'stop never placed', ends: all(STOPS, 'never placed'), known: true },
];

/** What Argo makes of a template and of the workflow that names it. */
const joined = (text, elsewhere = '') =>
  text
    .replace('kind: WorkflowTemplate\n', 'kind: Workflow\n')
    .replace('  templates:\n', `${elsewhere}  templates:\n`);

function casesOfOurs() {
  const cases = [];
  for (const [structure, { templates, spec, elsewhere }] of Object.entries(STRUCTURES))
    for (const [handler, [key, template]] of Object.entries(HANDLERS)) {
      const kind = elsewhere === undefined ? 'Workflow' : 'WorkflowTemplate';
      const text = `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: w\nspec:\n  entrypoint: main\n${spec}${key}  templates:\n${templates}${template}`;
      for (const { window, monitored } of monitoredBy(text, Object.keys(WINDOWS), () => {}))
        for (const trouble of TROUBLES)
          if (handler !== 'none' || !trouble.fault.startsWith('handler'))
            cases.push({
              ...trouble,
              structure,
              handler,
              window,
              bare: joined(text, elsewhere),
              monitored: joined(monitored, elsewhere),
            });
    }
  return cases;
}

/** With the windows that it can have, each text once. */
function monitoredBy(bare, windows, refused, file) {
  const done = new Map();
  for (const window of windows)
    try {
      const monitored = addMonitoring(bare, { host: 'server', file, ...WINDOWS[window] });
      if (!done.has(monitored)) done.set(monitored, window);
    } catch (error) {
      refused(error.message);
    }
  return [...done].map(([monitored, window]) => ({ window, monitored }));
}

/** One of each structure and fault, with handlers and windows in turn. */
function representativesOf(cases) {
  const groups = new Map();
  for (const one of cases) {
    const key = `${one.structure}: ${one.fault}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group, at) => group[at % group.length]);
}

/** What a step group cannot resolve makes an entrypoint end as Error, and one that is called by another template as Failed. */
const KNOWN = new Set(['exit-handler-with-artifacts.yaml: job failed']);

/** Argo's examples that are one workflow, and that stages can be put into. */
function casesOfExamples(folder) {
  const cases = [];
  const left = new Set();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.yaml')) continue;
    const bare = readFileSync(join(folder, file), 'utf8');
    if (!/^kind: Workflow\s*$/m.test(bare) || /^---\s*$[^]*\S/m.test(bare)) continue;
    const refused = (message) => left.add(message);
    for (const { window, monitored } of monitoredBy(bare, ['whole', '--per-step'], refused, file))
      for (const [fault, ends] of [
        ['none', {}],
        ['start and stop refused', all([...STARTS, ...STOPS], 'refused')],
        ['start and stop never pulled', all([...STARTS, ...STOPS], 'never pulled')],
        ['job failed', { '*': 'failed', ...all([...STARTS, ...STOPS], 'succeeded') }],
      ])
        cases.push({ file, window, fault, ends, bare, monitored, known: KNOWN.has(`${file}: ${fault}`) });
  }
  return { cases, left };
}

async function drive(controller, cases) {
  // What becomes of stages is nothing to a workflow without them.
  const own = (ends) => Object.fromEntries(Object.entries(ends).filter(([template]) => !isStage(template)));
  const bare = await controller.run(cases.map(({ bare: workflow, ends }) => ({ workflow, ends: own(ends) })));
  const monitored = await controller.run(cases.map(({ monitored: workflow, ends }) => ({ workflow, ends })));
  return cases.map((one, at) => {
    const pods = monitored[at].pods.filter((template) => !isStage(template));
    // Of what is tried for ever, the number of tries is when the driver stopped.
    const made = (all) => String(bare[at].phase ? all : [...new Set(all)]);
    const same = monitored[at].phase === bare[at].phase && made(pods) === made(bare[at].pods);
    const rooted = monitored[at].rooted.filter(isStage);
    return { ...one, same, rooted, pods, without: bare[at], outcome: monitored[at] };
  });
}

const counted = (pods) =>
  [...new Set(pods)].map((pod) => `${pods.filter((other) => other === pod).length} ${pod}`).join(', ') ||
  'none';

/** One row for all that end alike. */
function table(results) {
  const rows = new Map();
  for (const { fault, handler, structure, window, outcome, same } of results) {
    const stages = [...new Set(outcome.pods.filter(isStage).map((one) => one.split('-')[1]))];
    const row = [fault, outcome.phase || 'no end', stages.join(', ') || 'none', same ? 'yes' : '**no**'].join(
      ' | ',
    );
    const of = rows.get(row) ?? { handlers: new Set(), structures: new Set() };
    rows.set(row, of);
    of.handlers.add(handler);
    of.structures.add(window === 'whole' ? structure : `${structure}, ${window}`);
  }
  const most = Math.max(...[...rows.values()].map(({ structures }) => structures.size));
  const lines = [...rows].map(([row, { handlers, structures }]) => {
    const where = structures.size === most ? 'all' : [...structures].join('; ');
    return `| ${row} | ${[...handlers].join(', ')} | ${where} |`;
  });
  return [
    '| fault | workflow ends | pods of stages | as without monitoring | handler before | structures |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

function write(text) {
  const page = readFileSync(PAGE, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for the table`);
  writeFileSync(PAGE, page.slice(0, begin + BEGIN.length) + text + page.slice(end));
}

async function main(args) {
  const controller = makeController();
  try {
    const quick = args.includes('--quick');
    const ours = casesOfOurs();
    const results = await drive(controller, quick ? representativesOf(ours) : ours);
    const { cases, left } = quick ? { cases: [], left: new Set() } : casesOfExamples(controller.examples);
    const examples = await drive(controller, cases);
    const wrong = [...results, ...examples].filter(
      ({ same, known, rooted }) => (!same && !known) || rooted.length > 0,
    );
    for (const { file, structure, handler, window, fault, without, outcome, pods, rooted } of wrong)
      console.log(
        `WRONG ${file ?? structure}, ${window}, handler ${handler ?? 'as it is'}: ${fault}: ` +
          `${outcome.phase || 'no end'} (${outcome.message}), pods: ${counted(pods)}; ` +
          `without: ${without.phase || 'no end'} (${without.message}), pods: ${counted(without.pods)}; ` +
          `stages that a kubelet does not start: ${counted(rooted)}`,
      );
    for (const message of left) console.log(`left out: ${message}`);
    const files = new Set(cases.map(({ file }) => file)).size;
    const git = (...words) => execFileSync('git', words, { cwd: __dirname, encoding: 'utf8' }).trim();
    const tried = `${results.length} cases of ${Object.keys(STRUCTURES).length} structures${quick ? '' : `, and ${examples.length} of ${files} of Argo's examples`}`;
    const sum = `${tried}: ${wrong.length === 0 ? 'each ends as without monitoring' : `${wrong.length} do not end as without monitoring`}, but where a pod is never placed, and in ${[...KNOWN].join(', ')}.`;
    if (!quick)
      write(
        `\nArgo ${controller.version}, ${new Date().toISOString().slice(0, 10)}, commit ${git('rev-parse', '--short', 'HEAD')}. ${sum}\n\n${table(results)}\n`,
      );
    console.log(sum);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    controller.remove();
  }
}

void main(process.argv.slice(2));
