// Every search that Grafana would make of the shipped files, on a real Elasticsearch that holds simulated jobs: each
// must return data, and such as the simulator's formulas allow. Rules are evaluated too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Choice, Dashboard, PlacedPanel, Query, Rule, Variable } from '../../lib/grafana';
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
  type Option,
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
  LONG,
  LOST,
  MACHINE,
  MARK,
  playScene,
  SHORT,
  SLOW,
  SLOW_JOB,
  TRAINER,
  TRAINER_2,
  TRAINER_POWER__W,
  TRAINING,
  type Scene,
} from '../support/grafana-scene';
import {
  ENDLESS,
  ENDLESS_JOBS,
  exportEndless,
  exportSweep,
  exportUneven,
  NO_GPU,
  SWEEP,
  SWEEP_HOSTS,
  UNEVEN,
  UNEVEN_ENERGY__J,
  UNEVEN_MEANS,
} from '../support/compared';
import { DAY__S, energyUntil, exportDay, METERED } from '../support/metered-day';

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
const isQuery = (variable: Variable | Choice): variable is Variable => variable.type === 'query';
const variableOf = (name: Name, variable: string): Variable =>
  dashboards[name].templating.list.filter(isQuery).find((one) => one.name === variable)!;
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

  /** What a variable offers, in a view. */
  async function offered(variable: Variable, here: View): Promise<readonly Option[]> {
    const [found] = await run(elasticsearch, [variableSearchOf(variable, here)]);
    return optionsOf(variable, found!);
  }

  /** With what Grafana puts into the variables that nobody chose: all that there is. */
  async function opened(name: Name, here: View): Promise<View> {
    let { choices } = here;
    for (const variable of dashboards[name].templating.list) {
      if (variable.name in choices) continue;
      const value = isQuery(variable)
        ? (await offered(variable, { ...here, choices })).map((one) => one.value)
        : variable.current.value;
      choices = { ...choices, [variable.name]: value };
    }
    return { ...here, choices };
  }

  /** The panel's answer to each of its queries. */
  async function shown(
    panel: PlacedPanel,
    choices: View['choices'],
    here: View = view(choices),
  ): Promise<readonly { target: Query; series: readonly Series[]; rows: Rows }[]> {
    const width = Math.round((panel.gridPos.w / 24) * SCREEN);
    const searches = panel.targets.map((target) =>
      searchOf(target, here, intervalOf(target, here, width, LEAST_INTERVAL)),
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
  const tableOf = async (name: Name, title: string, here = view(CHOICES[name])): Promise<Rows> => {
    const { choices } = await opened(name, here);
    return (await shown(panelOf(name, title), choices, { ...here, choices })).flatMap(({ rows }) => rows);
  };
  const figureOf = async (
    name: Name,
    title: string,
    choices: View['choices'],
    here?: View,
  ): Promise<Rows> => {
    const panel = panelsOf(dashboards[name]).find((one) => one.title === title && one.type === 'stat');
    return (await shown(panel!, choices, here)).flatMap(({ rows }) => rows);
  };

  describe.each(NAMES)('%s: data for every', (name) => {
    const { templating, annotations } = dashboards[name];
    const panels = panelsOf(dashboards[name]).map((panel) => ({
      name: `${panel.title} (${panel.id})`,
      panel,
    }));

    test.each(templating.list.filter(isQuery))('variable $name', async (variable) => {
      expect(await offered(variable, await opened(name, view(CHOICES[name])))).not.toEqual([]);
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
      const here = await opened(name, view(choices));
      for (const { target, series, rows } of await shown(panel, here.choices)) {
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

  test('job: energy of each GPU is what its power allows', async () => {
    const [duration__s] = (await linesOf('job', 'Power draw')).map(
      ({ points }) => (points.at(-1)!.time__ms - points[0]!.time__ms) / 1000,
    );
    const rows = await tableOf('job', 'Energy in the time range');
    expect(rows.map(({ index }) => `GPU ${index}`)).toEqual(GPUS);
    for (const row of rows) {
      expect(row['Bucket Script']).toBeGreaterThan(1000);
      expect(row['Bucket Script']).toBeLessThan(635 * (duration__s! + 2));
    }
  });

  describe('energy of a day, whose counters began anew, by two exporters one after the other', () => {
    let day: Awaited<ReturnType<typeof exportDay>>;
    beforeAll(async () => {
      day = await exportDay(elasticsearch);
      await elasticsearch.request('POST', '/_refresh');
    });

    const HOUR__S = 3600;
    test.each([
      ['24 h', 0, DAY__S],
      ['6 h with the reset', 12 * HOUR__S, 18 * HOUR__S],
      ['6 h over the change of exporters', 9 * HOUR__S, 15 * HOUR__S],
      ['an odd quarter of an hour', 20_000, 20_900],
    ])('%s', async (_, from__s, to__s) => {
      const here: View = {
        from__ms: day.from__ms + from__s * 1000,
        to__ms: day.from__ms + to__s * 1000,
        choices: { host: METERED, index: ALL },
      };
      const rows = await tableOf('node', 'Energy in the time range', here);
      // The third has no counter: no row, rather than 0 J.
      expect(rows.map(({ index }) => index)).toEqual(['0', '1']);
      const seconds = to__s - from__s;
      for (const index of [0, 1] as const) {
        const energy__J = energyUntil(index, to__s) - energyUntil(index, from__s);
        // To within an interval of ten seconds at the beginning, and one around the reset.
        expect(Math.abs(Number(rows[index]!['Sum']) / energy__J - 1)).toBeLessThan((2 * 10 * 1.5) / seconds);
      }
    });
  });

  test.each([
    ['200 ms', JOB, MACHINE],
    ['5 s', SLOW_JOB, SLOW],
  ])('job: its processes use a CPU, and write, seen each %s', async (_, job, host) => {
    const lines = async (title: string) =>
      (await shown(panelOf('job', title), { job, host, index: ALL })).flatMap(({ series }) => series);
    const used = (await lines('CPUs used by the job’s processes')).flatMap(numbers);
    expect(Math.max(...used)).toBeGreaterThan(0.02);
    expect(Math.max(...used)).toBeLessThan(4);
    const [read, written] = await lines('Storage read and written by the job’s processes');
    expect(read!.legend).toBe('I/O read');
    expect(Math.max(...numbers(written!))).toBeGreaterThan(0.01);
  });

  test('job: CPUs of a cgroup, seen each ten seconds', async () => {
    const [used] = await linesOf('job', 'CPUs used, and CPUs held back by the quota');
    expect(used!.legend).toBe('/kubepods/pod1 · Cgroup CPUs used');
    expect(numbers(used!)).toEqual([1.5, 1.5]);
  });

  test('job: one that runs, and began before the time range, has a name and its figures', async () => {
    const choices: View['choices'] = { job: LONG, host: TRAINER, index: ALL };
    const seconds = (scene.to__ms - scene.from__ms) / 1000;
    const figure = async (title: string): Promise<number> => {
      const [row, ...others] = await figureOf('job', title, choices);
      expect(others).toEqual([]);
      return Number(row!['Bucket Script']);
    };
    // Samples are two seconds apart.
    expect(Math.abs((await figure('Time')) / 1000 - seconds)).toBeLessThan(4);
    const energy__J = await figure('GPU energy');
    expect(Math.abs(energy__J / TRAINER_POWER__W - seconds)).toBeLessThan(4);
    expect(await figure('GPU utilization')).toBeCloseTo(50, 9);
    expect(await figure('Highest GPU memory')).toBe(2000);
    expect(await figure('Highest GPU temperature')).toBe(60);
    expect(await figure('CPU utilization')).toBeCloseTo(40, 9);
    const names = await offered(variableOf('job', 'job'), view({}));
    expect(names.find(({ value }) => value === LONG)!.text).toMatch(/^\d{4}-\d\d-\d\d [\d:]{8} training$/);
  });

  test('job: means are over time, whatever the intervals of its hosts, and energy whichever jobs come and go beside it', async () => {
    const choices: View['choices'] = { job: UNEVEN, host: ALL, index: ALL };
    const here: View = { ...(await exportUneven(elasticsearch)), choices };
    const figure = async (title: string): Promise<number> => {
      const rows = await figureOf('job', title, choices, here);
      return rows.reduce((sum, row) => sum + Number(row['Bucket Script']), 0);
    };
    expect(await figure('GPU utilization')).toBeCloseTo(UNEVEN_MEANS.gpu__pct, 6);
    expect(await figure('CPU utilization')).toBeCloseTo(UNEVEN_MEANS.cpu__pct, 6);
    expect(await figure('GPU energy')).toBeCloseTo(UNEVEN_ENERGY__J, 3);
  });

  test('job: energy before its start is not its own', async () => {
    const choices: View['choices'] = { job: SHORT, host: TRAINER, index: ALL };
    const [row] = await figureOf('job', 'GPU energy', choices);
    const seconds = (scene.to__ms - scene.from__ms) / 1000 - 1;
    // Its first sample tells of two seconds, one of them before.
    expect(Number(row!['Sum energy_before__J'])).toBeCloseTo(TRAINER_POWER__W, 0);
    const drawn__J = Number(row!['Sum energy_drawn__J']);
    expect(Number(row!['Bucket Script'])).toBeCloseTo(drawn__J - TRAINER_POWER__W, 0);
    expect(Math.abs(Number(row!['Bucket Script']) / TRAINER_POWER__W - seconds)).toBeLessThan(2.1);
  });

  test('job: the newest that began is offered first', async () => {
    const jobs = await offered(variableOf('job', 'job'), view({}));
    expect(jobs.map(({ value }) => value).sort()).toEqual([FORGOTTEN, JOB, SLOW_JOB, LONG, SHORT].sort());
    expect(jobs.at(-1)!.value).toBe(LONG);
    const starts = jobs.map(({ text }) => text.slice(0, 19));
    expect(starts).toEqual([...starts].sort().reverse());
  });

  test('job: starts and stops have a text', async () => {
    const annotation = dashboards.job.annotations.list.find(({ name }) => name === 'Starts and stops')!;
    const [found] = await run(elasticsearch, [annotationSearchOf(annotation, view(CHOICES.job))]);
    expect(
      documentsOf(found!)
        .map((document) => document[annotation.textField])
        .sort(),
    ).toEqual([`${JOB_NAME} began`, `${JOB_NAME} ended: Succeeded`]);
  });

  test.each(['gpumetrics', 'cpumetrics', 'jobmetrics'])('%s: what is simulated says so', async (stream) => {
    const count = async (query: string): Promise<number> => {
      const { body } = await elasticsearch.request('GET', `/${stream}/_count?q=${encodeURIComponent(query)}`);
      return body.count;
    };
    // The cgroup of the machine was made by hand.
    const ofServer = `host.name:"${MACHINE}" AND NOT entity:cgroup`;
    expect(await count(`${ofServer} AND simulated:true`)).toBeGreaterThan(0);
    expect(await count(`${ofServer} AND NOT simulated:true`)).toBe(0);
    expect(await count(`host.name:${TRAINER} AND NOT simulated:true`)).toBeGreaterThan(0);
    expect(await count(`host.name:${TRAINER} AND simulated:true`)).toBe(0);
  });

  test.each(NAMES)('%s: says whether GPUs are simulated', async (name) => {
    const marked = async (host: string, job: string) =>
      (await figureOf(name, 'Simulated', { host, job })).filter(({ Count }) => Number(Count) > 0);
    // Documents of GPUs, of the machine and of its jobs.
    expect(await marked(MACHINE, JOB)).toHaveLength(3);
    // One of which there are no documents of GPUs.
    expect(await marked(SLOW, SLOW_JOB)).toHaveLength(1);
    expect(await marked(TRAINER, LONG)).toEqual([]);
  });

  test('job: its window tells how it ended, and that a GPU was shared', async () => {
    expect(await tableOf('job', 'Windows that ended')).toEqual([
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

  test('job: energy of its GPUs is that of its summary', async () => {
    const [row] = await figureOf('job', 'GPU energy', CHOICES.job);
    const [window] = await tableOf('job', 'Windows that ended');
    // From its last sample to its end, and from when a process was seen on a GPU: some fifths of a second.
    const ratio = Number(row!['Bucket Script']) / Number(window!['Average gpu_energy__J']);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.02);
  });

  test('node: what it costs, and what the exporter has done', async () => {
    const highest = async (title: string): Promise<number> =>
      Math.max(...(await linesOf('node', title)).flatMap(numbers));
    expect(await highest('Open jobs')).toBe(2);
    expect(await highest('Documents exported')).toBeGreaterThan(100);
    expect(await highest('Memory')).toBeGreaterThan(1000);
    expect(await highest('CPU, of one CPU')).toBeGreaterThan(0);
  });

  test('compare: both jobs that ended, the newest on top, each with its figures', async () => {
    const rows = await tableOf('compare', 'Jobs, the newest on top');
    const told = rows.map(({ job, job_name, gpu_scope, simulated }) => [job, job_name, gpu_scope, simulated]);
    expect(told.sort()).toEqual([
      [FORGOTTEN, FORGOTTEN, 'named', 'true'],
      [JOB, JOB_NAME, 'process', 'true'],
    ]);
    const starts = rows.map((row) => Number(row['Min']));
    expect(starts).toEqual([...starts].sort((a, b) => b - a));
    const jobs = rows.map(({ job }) => job);
    for (const chart of ['Duration', 'GPU energy', 'GPU utilization', 'Highest GPU memory'])
      expect((await tableOf('compare', chart)).map(({ job }) => job)).toEqual(jobs);
    for (const row of rows) {
      expect(row['Min']).toBeGreaterThan(scene.from__ms);
      expect(row['Max']).toBeLessThan(scene.to__ms);
      const seconds = (Number(row['Max']) - Number(row['Min'])) / 1000;
      expect(row['Average duration__s']).toBeCloseTo(seconds, 2);
      expect(row['Average gpu_utilization__pct']).toBeGreaterThan(5);
    }
  });

  test('compare: what runs is what has no end, and whose host is not silent', async () => {
    const here: View = { ...scene, from__ms: scene.from__ms - 30 * 60_000, choices: CHOICES.compare };
    const rows = await tableOf('compare', 'Running now, the newest on top', here);
    expect(rows.map(({ job, job_name }) => [job, job_name])).toEqual([
      [SHORT, TRAINING],
      [LONG, TRAINING],
    ]);
    const starts = await offered(variableOf('compare', 'job'), here);
    expect(starts.map(({ value }) => value)).toContain(LOST);
    // The job goes on elsewhere.
    const silent = { ...here, choices: { ...here.choices, host: TRAINER_2 } };
    expect((await offered(variableOf('compare', 'job'), silent)).map(({ value }) => value)).toEqual([LONG]);
    expect(await tableOf('compare', 'Running now, the newest on top', silent)).toEqual([]);
    // An hour later nothing is heard of any of them.
    const later = { ...here, to__ms: scene.to__ms + 3_600_000 };
    expect(await tableOf('compare', 'Running now, the newest on top', later)).toEqual([]);
  });

  test('compare: curves begin with the job, each with its own name', async () => {
    const choices = { ...CHOICES.compare, name: TRAINING, step: '10' };
    const here: View = { ...scene, from__ms: scene.from__ms - 30 * 60_000, choices };
    const rows = await tableOf('compare', 'Power of a GPU since the start', here);
    const names = [...new Set(rows.map(({ job_title }) => String(job_title)))];
    // One of them began on two hosts, not at the same time.
    expect(names.map((name) => name.split('\t')[1]).sort()).toEqual([LOST, LONG, LONG, SHORT]);
    for (const name of names) {
      const [first, ...rest] = rows.filter(({ job_title }) => job_title === name);
      expect(first).toMatchObject({ job_time__s: 0, Average: TRAINER_POWER__W });
      rest.forEach(({ job_time__s }, at) => expect(job_time__s).toBe(10 * (at + 1)));
    }
  });

  test('compare: bars of a job on two hosts: energies are added, of times and memory the highest, of means by time', async () => {
    const here: View = { ...(await exportSweep(elasticsearch)), choices: CHOICES.compare };
    const barOf = async (title: string, column: string) => {
      const [bar, ...others] = await tableOf('compare', title, here);
      // A job without a GPU has no bar, rather than one of 0.
      expect([bar?.['job'], others]).toEqual([SWEEP, []]);
      return bar![column];
    };
    const durations = await tableOf('compare', 'Duration', here);
    expect(durations.map((bar) => [bar['job'], bar['Max']])).toEqual([
      [NO_GPU, 3600],
      [SWEEP, 3 * 3600],
    ]);
    expect(await barOf('GPU energy', 'Sum')).toBe(4e6);
    expect(await barOf('GPU utilization', 'Bucket Script')).toBeCloseTo((3 * 80 + 1 * 40) / 4, 9);
    expect(await barOf('Highest GPU memory', 'Max')).toBe(4000);
    const rows = await tableOf('compare', 'Jobs, the newest on top', here);
    const hosts = rows.flatMap((row) => (row['job'] === SWEEP ? [row['host.name']] : []));
    expect(hosts.sort()).toEqual([...SWEEP_HOSTS]);
  });

  test('compare: curves of ten jobs that took a day are within the limit of buckets', async () => {
    const here: View = { ...(await exportEndless(elasticsearch)), choices: CHOICES.compare };
    const rows = await tableOf('compare', 'Power of a GPU since the start', here);
    const names = new Set(rows.map(({ job_title }) => String(job_title)));
    expect([...names].filter((name) => name.includes(ENDLESS))).toHaveLength(ENDLESS_JOBS);
    expect(rows).toHaveLength(ENDLESS_JOBS * 24 * 60);
  });

  test.each([
    ['job', 'host', [MACHINE]],
    ['job', 'index', ['0', '1', '2', '3', '4', '5', '6', '7']],
    ['node', 'host', [MACHINE, DESKTOP, SLOW, TRAINER].sort()],
    ['compare', 'name', [FORGOTTEN, JOB_NAME, TRAINING].sort()],
  ] as const)('%s: variable %s offers exactly %j', async (name, variable, options) => {
    const found = await offered(variableOf(name, variable), view(CHOICES[name]));
    expect(found.map(({ value }) => value)).toEqual(options);
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
        [MACHINE, DESKTOP, SLOW].sort().map((host) => ({ 'host.name': host })),
      );
    });

    test.each(['GPU hot', 'GPU of a job idle', 'Exporter backlog'])('%s does not fire', async (title) => {
      expect(await crossing(ruleOf(title), 0)).toEqual([]);
    });

    test.each([
      // Of the machine’s GPUs, the desktop’s and the trainer’s, whose temperatures begin at 36 °C.
      ['GPU hot', 'gt', 30, 11],
      // Eight GPUs of the one job, one of the other’s, and the trainer’s.
      ['GPU of a job idle', 'lt', 99, 11],
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
