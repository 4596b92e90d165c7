// Every search that Grafana would make of the shipped files, on a real Elasticsearch that holds simulated jobs: each
// must return data, and such as the simulator's formulas allow. Rules are evaluated too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Dashboard, PlacedPanel, Query, Rule } from '../../lib/grafana';
import { describeWithElasticsearch } from '../support/elasticsearch';
import {
  ALL,
  annotationSearchOf,
  documentsOf,
  evaluate,
  intervalOf,
  optionsOf,
  rowsOf,
  run,
  searchOf,
  seriesOf,
  variableSearchOf,
  type Rows,
  type Series,
  type Verdict,
  type View,
} from '../support/grafana-query';
import {
  FORGOTTEN,
  JOB,
  JOB_NAME,
  DESKTOP,
  MACHINE,
  MARK,
  playScene,
  type Scene,
} from '../support/grafana-scene';

const PROVISIONING = join(__dirname, '..', '..', 'deploy', 'grafana', 'provisioning');
const read = (path: string): string => readFileSync(join(PROVISIONING, path), 'utf8');
const rules: readonly Rule[] = parse(read('alerting/nvpulse.yaml')).groups[0].rules;
/** Of the data sources. */
const LEAST_INTERVAL: string = parse(read('datasources/nvpulse.yaml')).datasources[0].jsonData.timeInterval;

const NAMES = ['job', 'node', 'compare'] as const;
type Name = (typeof NAMES)[number];
const dashboardOf = (name: Name): Dashboard => JSON.parse(read(`dashboards/nvpulse/${name}.json`));
const dashboards: Readonly<Record<Name, Dashboard>> = {
  job: dashboardOf('job'),
  node: dashboardOf('node'),
  compare: dashboardOf('compare'),
};

/** What is chosen in the variables; in the rows that are repeated for each host, one host. */
const CHOICES: Readonly<Record<Name, View['choices']>> = {
  job: { job: JOB, host: MACHINE, index: ALL },
  node: { host: MACHINE, index: ALL },
  compare: { host: ALL, name: ALL, job: ALL },
};
/** Panels that show what the machine's GPUs do not have, and the desktop's has. */
const ON_DESKTOP = ['Video encoders and decoders', 'Fan speed'];

/** Of a whole row of the grid, in pixels. */
const SCREEN = 1600;

const panelsOf = ({ panels }: Dashboard): readonly PlacedPanel[] =>
  panels.flatMap((panel) => (panel.type === 'row' ? panel.panels : [panel]));
const isTable = ({ bucketAggs }: Query): boolean => bucketAggs.at(-1)?.type !== 'date_histogram';
const numbers = ({ points }: Series): readonly number[] =>
  points.flatMap(({ value }) => (value === null ? [] : [value]));

const GPUS = ['GPU 0', 'GPU 1', 'GPU 2', 'GPU 3', 'GPU 4', 'GPU 5', 'GPU 6', 'GPU 7'];

describeWithElasticsearch('Grafana', {}, (elasticsearch) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await playScene(elasticsearch);
  });

  const view = (choices: View['choices']): View => ({ ...scene, choices });

  /** The panel's answer to each of its queries. */
  async function shown(
    panel: PlacedPanel,
    choices: View['choices'],
  ): Promise<readonly { target: Query; series: readonly Series[]; rows: Rows }[]> {
    const here = view(choices);
    const width = Math.round((panel.gridPos.w / 24) * SCREEN);
    const least = panel.interval ?? LEAST_INTERVAL;
    const searches = panel.targets.map((target) =>
      searchOf(target, here, intervalOf(target, here, width, least)),
    );
    const found = await run(elasticsearch, searches);
    return panel.targets.map((target, position) => ({
      target,
      series: isTable(target) ? [] : seriesOf(target, found[position]!),
      rows: isTable(target) ? rowsOf(target, found[position]!) : [],
    }));
  }

  const panelOf = (name: Name, title: string): PlacedPanel => {
    const panel = panelsOf(dashboards[name]).find((one) => one.title === title && one.type !== 'stat');
    if (!panel) throw new Error(`there is no panel “${title}”`);
    return panel;
  };
  const linesOf = async (name: Name, title: string): Promise<readonly Series[]> =>
    (await shown(panelOf(name, title), CHOICES[name])).flatMap(({ series }) => series);
  const tableOf = async (name: Name, title: string): Promise<Rows> =>
    (await shown(panelOf(name, title), CHOICES[name])).flatMap(({ rows }) => rows);

  describe.each(NAMES)('%s: data for every', (name) => {
    const { templating, annotations } = dashboards[name];
    const panels = panelsOf(dashboards[name]).map((panel) => ({
      name: `${panel.title} (${panel.id})`,
      panel,
    }));

    test.each(templating.list)('variable $name', async (variable) => {
      const [found] = await run(elasticsearch, [variableSearchOf(variable, view(CHOICES[name]))]);
      expect(optionsOf(found!)).not.toEqual([]);
    });

    // A dashboard may have no annotations, which jest's each does not take.
    for (const annotation of annotations.list)
      test(`annotation ${annotation.name}`, async () => {
        const [found] = await run(elasticsearch, [annotationSearchOf(annotation, view(CHOICES[name]))]);
        const documents = documentsOf(found!);
        expect(documents).not.toEqual([]);
        for (const document of documents) {
          const [start, end] = [annotation.timeField, annotation.timeEndField ?? annotation.timeField].map(
            (field) => Date.parse(String(document[field])),
          );
          expect(start).toBeGreaterThan(scene.from__ms);
          expect(end).toBeGreaterThanOrEqual(start!);
          expect(end).toBeLessThan(scene.to__ms);
        }
      });

    test.each(panels)('panel $name', async ({ panel }) => {
      const choices: View['choices'] = ON_DESKTOP.includes(panel.title)
        ? { host: DESKTOP, index: ALL }
        : CHOICES[name];
      for (const { target, series, rows } of await shown(panel, choices)) {
        const values = series.flatMap(numbers);
        if (values.length === 0 && rows.length === 0)
          throw new Error(
            `“${panel.title}” shows nothing of ${target.query}: ${JSON.stringify(target.metrics)}`,
          );
        for (const { legend } of series) expect(legend).toMatch(/^[^{}]+$/);
        expect(Math.min(0, ...values)).toBe(0);
        if (panel.fieldConfig.defaults.unit === 'percent') expect(Math.max(0, ...values)).toBeLessThan(101);
      }
    });
  });

  /** Ranges of the simulator's waves over the eight GPUs. */
  test.each([
    ['GPU utilization', 12, 95],
    ['Memory used', 10_000, 123_584],
    ['Power draw', 200, 635],
    ['GPU temperature', 36, 79],
    ['GPU clock', 345, 1965],
    ['Memory activity', 5, 79],
    ['Memory clock', 1593, 3197],
  ])('job: “%s” has eight lines from %d to %d', async (title, low, high) => {
    const lines = await linesOf('job', title);
    expect(lines.map(({ legend }) => legend)).toEqual(GPUS);
    for (const line of lines) {
      expect(numbers(line).length).toBeGreaterThan(3);
      expect(Math.min(...numbers(line))).toBeGreaterThanOrEqual(low);
      expect(Math.max(...numbers(line))).toBeLessThanOrEqual(high);
    }
  });

  test('job: lines differ: utilization has its highs and its lows', async () => {
    const values = (await linesOf('job', 'GPU utilization')).flatMap(numbers);
    expect(Math.min(...values)).toBeLessThan(20);
    expect(Math.max(...values)).toBeGreaterThan(87);
  });

  test('job: the line of a GPU that was lost breaks off', async () => {
    const ends = (await linesOf('job', 'Power draw')).map(
      ({ points }) => points.findLast(({ value }) => value !== null)!.time__ms,
    );
    expect(ends[7]).toBeLessThan(Math.min(...ends.slice(0, 7)));
  });

  test('job: energy rises in each GPU, by what its power allows', async () => {
    const [duration__s] = (await linesOf('job', 'Power draw')).map(
      ({ points }) => (points.at(-1)!.time__ms - points[0]!.time__ms) / 1000,
    );
    for (const line of await linesOf('job', 'Energy in the time range')) {
      const values = numbers(line);
      const rise = values.at(-1)! - values[0]!;
      expect(rise).toBeGreaterThan(1000);
      expect(rise).toBeLessThan(635 * (duration__s! + 2));
    }
  });

  test('job: its processes use a CPU, and write', async () => {
    const cpus = await linesOf('job', 'CPUs used by the job’s processes');
    const used = cpus.flatMap(numbers);
    expect(Math.max(...used)).toBeGreaterThan(0.02);
    expect(Math.max(...used)).toBeLessThan(4);
    const [read, written] = await linesOf('job', 'Storage read and written by the job’s processes');
    expect(read!.legend).toBe('I/O read');
    expect(Math.max(...numbers(written!))).toBeGreaterThan(10_000);
  });

  test('job: CPUs of a cgroup are the slope of its CPU time', async () => {
    const [used] = await linesOf('job', 'CPUs used, and CPUs held back by the quota');
    expect(used!.legend).toBe('/kubepods/pod1 · Cgroup CPU time');
    const values = numbers(used!);
    // The last bucket may hold one sample of two.
    for (const value of values.slice(0, -1)) expect(value).toBeCloseTo(1.5, 6);
    expect(values.at(-1)).toBeLessThan(1.51);
    expect(values.length).toBeGreaterThan(3);
  });

  test('job: its window tells how it ended, and that a GPU was shared', async () => {
    expect(await tableOf('job', 'Windows')).toEqual([
      expect.objectContaining({
        'host.name': MACHINE,
        job_name: JOB_NAME,
        status: 'Succeeded',
        ended_by: 'stop',
        gpu_shared: 'true',
        gpu_scope: 'process',
      }),
    ]);
    const events = (await tableOf('job', 'Events')).map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(['start', 'mark', 'device_lost', 'stop']));
  });

  test('job: energy of its GPUs is that of the sum of their counters', async () => {
    const [figure] = panelsOf(dashboards.job).filter(({ title }) => title === 'GPU energy');
    const [answer] = await shown(figure!, CHOICES.job);
    const energy__J = Number(answer!.rows[0]!['Average']);
    const counters = (await linesOf('job', 'Energy in the time range'))
      .map(numbers)
      .reduce((sum, values) => sum + values.at(-1)! - values[0]!, 0);
    // The window's energy reaches to its edges, the counters from the first bucket to the last.
    expect(energy__J / counters).toBeGreaterThan(0.9);
    expect(energy__J / counters).toBeLessThan(1.3);
  });

  test('node: what it costs, and what the exporter has done', async () => {
    const highest = async (title: string): Promise<number> =>
      Math.max(...(await linesOf('node', title)).flatMap(numbers));
    expect(await highest('Open jobs')).toBe(2);
    expect(await highest('Documents exported')).toBeGreaterThan(100);
    expect(await highest('Memory')).toBeGreaterThan(1000);
    expect(await highest('CPU, of one CPU')).toBeGreaterThan(0);
  });

  test('compare: both jobs, the last to end on top, each with its figures', async () => {
    const rows = await tableOf('compare', 'Jobs, the last to end on top');
    expect(rows.map(({ job, job_name, gpu_scope }) => [job, job_name, gpu_scope])).toEqual([
      [JOB, JOB_NAME, 'process'],
      [FORGOTTEN, FORGOTTEN, 'named'],
    ]);
    for (const row of rows) {
      expect(row['Min']).toBeGreaterThan(scene.from__ms);
      expect(row['Max']).toBeLessThan(scene.to__ms);
      const seconds = (Number(row['Max']) - Number(row['Min'])) / 1000;
      expect(row['Average duration__s']).toBeCloseTo(seconds, 2);
      expect(row['Average gpu_utilization__pct']).toBeGreaterThan(5);
    }
  });

  test.each([
    ['job', 'job', [FORGOTTEN, JOB]],
    ['job', 'host', [MACHINE]],
    ['job', 'index', ['0', '1', '2', '3', '4', '5', '6', '7']],
    ['node', 'host', [MACHINE, DESKTOP].sort()],
    ['compare', 'name', [FORGOTTEN, JOB_NAME]],
  ] as const)('%s: variable %s offers exactly %j', async (name, variable, options) => {
    const found = dashboards[name].templating.list.find((one) => one.name === variable)!;
    const [answer] = await run(elasticsearch, [variableSearchOf(found, view(CHOICES[name]))]);
    expect(optionsOf(answer!)).toEqual(options);
  });

  test('several values of a variable are any of them', async () => {
    const panel = panelOf('node', 'Power draw');
    const [answer] = await shown(panel, { host: MACHINE, index: ['2', '5'] });
    expect(answer!.series.map(({ legend }) => legend)).toEqual(['GPU 2', 'GPU 5']);
  });

  test('job: marks stand with their names', async () => {
    const marks = dashboards.job.annotations.list.find(({ name }) => name === 'Marks')!;
    const [found] = await run(elasticsearch, [annotationSearchOf(marks, view(CHOICES.job))]);
    expect(documentsOf(found!).map((document) => document[marks.textField])).toEqual([MARK]);
  });

  describe('rules', () => {
    const ruleOf = (title: string): Rule => rules.find((rule) => rule.title === title)!;

    /** What a rule says some time after the scene. */
    async function verdicts(rule: Rule, later__s = 0): Promise<readonly Verdict[]> {
      const { model, relativeTimeRange } = rule.data[0];
      const to__ms = scene.to__ms + later__s * 1000;
      const here: View = { from__ms: to__ms - relativeTimeRange.from * 1000, to__ms, choices: {} };
      const [found] = await run(elasticsearch, [searchOf(model, here, model.intervalMs)]);
      return evaluate(rule, seriesOf(model, found!));
    }
    /** Whose series cross the threshold, then. */
    const crossing = async (rule: Rule, later__s: number): Promise<readonly Verdict['labels'][]> =>
      (await verdicts(rule, later__s)).filter(({ fires }) => fires).map(({ labels }) => labels);
    /** Whose series have crossed it at every look, one a minute, for as long as the rule asks. */
    async function firing(title: string, later__s = 0): Promise<readonly Verdict['labels'][]> {
      const rule = ruleOf(title);
      const minutes = Number(/^(\d+)m$/.exec(rule.for)?.[1] ?? 0);
      let lasting = await crossing(rule, later__s);
      for (let minute = 1; minute <= minutes && lasting.length > 0; minute++) {
        const then = (await crossing(rule, later__s - 60 * minute)).map((labels) => JSON.stringify(labels));
        lasting = lasting.filter((labels) => then.includes(JSON.stringify(labels)));
      }
      return lasting;
    }

    test.each(rules)('$title: there is data', async (rule) => {
      expect(await verdicts(rule)).not.toEqual([]);
    });

    test('a lost GPU fires, for an hour', async () => {
      const lost = [{ 'host.name': MACHINE, gpu_index: '7' }];
      expect(await firing('GPU lost')).toEqual(lost);
      expect(await firing('GPU lost', 3500)).toEqual(lost);
      expect(await firing('GPU lost', 3700)).toEqual([]);
    });

    test('an expired lease fires', async () => {
      expect(await firing('Lease expired')).toEqual([{ 'host.name': MACHINE, job: FORGOTTEN }]);
    });

    test('a node is silent minutes after it was heard, not before', async () => {
      expect(await firing('Node silent')).toEqual([]);
      expect(await firing('Node silent', 900)).toEqual(
        [{ 'host.name': MACHINE }, { 'host.name': DESKTOP }].sort((a, b) =>
          a['host.name'] < b['host.name'] ? -1 : 1,
        ),
      );
    });

    test.each(['GPU hot', 'GPU of a job idle', 'Exporter backlog'])('%s does not fire', async (title) => {
      expect(await crossing(ruleOf(title), 0)).toEqual([]);
    });

    test.each([
      // Of the machine’s GPUs and the desktop’s, whose temperatures begin at 36 °C.
      ['GPU hot', 'gt', 30, 9],
      // Eight GPUs of the one job, and one of the other’s.
      ['GPU of a job idle', 'lt', 99, 9],
    ] as const)('%s would fire if the limit were %s %d', async (title, type, limit, count) => {
      const rule = ruleOf(title);
      const [query, reduce, threshold] = rule.data;
      const conditions = [{ evaluator: { type, params: [limit] } }] as const;
      const other: Rule = {
        ...rule,
        data: [query, reduce, { ...threshold, model: { ...threshold.model, conditions } }],
      };
      expect(await crossing(other, 0)).toHaveLength(count);
    });
  });
});
