// Panels: graphs of the catalog's metrics; figures, tables and bars of jobs' summaries.
import { metricsOf, type Entity, type MetricName } from '../catalog';
import { streamOf, type Stream } from '../sinks/elasticsearch/documents/streams';
import { BEFORE, DRAWN, SAMPLED } from '../sinks/elasticsearch/documents/meter';
import { ENTITY, GPU_NAME, HOST, INDEX, JOB, START } from './fields';
import type {
  Bars,
  ColorRows,
  Curves,
  Figure,
  Gauge,
  Graph,
  Link,
  Override,
  Table,
  Transformation,
} from './model';
import {
  all,
  alongJobs,
  columnName,
  COMPUTED,
  computedOf,
  countsOf,
  datasource,
  documentsOf,
  overTime,
  rowsOf,
  weightedMean,
  type Column,
  type Computed,
  type Dimension,
  type Query,
  type Reading,
  type Subject,
} from './query';
import { titleOf, unitIdOf } from './words';

/** Samples of the longest interval, an hour, are joined; a longer silence is a gap. */
const JOINED__MS = 3_660_000;

/** Of a GPU, by its index: the same on every panel, whichever GPUs are shown. */
const COLORS = [
  'blue',
  'orange',
  'green',
  'red',
  'purple',
  'yellow',
  'light-blue',
  'dark-orange',
  'dark-green',
  'light-red',
  'dark-purple',
  'dark-yellow',
  'dark-blue',
  'light-orange',
  'light-green',
  'dark-red',
] as const;

const fixed = (fixedColor: string): Override['properties'][number] => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor },
});

/** Lines whose names begin as a GPU's do; more GPUs than colours take them from the panel. */
const BY_GPU: readonly Override[] = COLORS.map((color, index) => ({
  matcher: { id: 'byRegexp', options: `/^GPU ${index}( |$)/` },
  properties: [fixed(color)],
}));

const GPU_LINE = 'GPU {{index}}';

const LEGEND = {
  displayMode: 'table',
  placement: 'bottom',
  showLegend: true,
  calcs: ['mean', 'max'],
} as const;

const GREEN = { mode: 'absolute', steps: [{ color: 'green', value: null }] } as const;
const PLAIN = { mode: 'absolute', steps: [{ color: 'text', value: null }] } as const;
const PALETTE = { mode: 'palette-classic' } as const;
const BY_THRESHOLD = { mode: 'thresholds' } as const;
const TOOLTIP = { mode: 'multi', sort: 'desc' } as const;

/** What stands above a panel, and behind its (i). */
export interface Heading {
  readonly title: string;
  readonly description: string;
}

function describe<E extends Entity>(entity: E, names: readonly MetricName<E>[]): string {
  return metricsOf(entity)
    .filter(({ name }) => names.some((wanted) => wanted === name))
    .map(({ name, description }) => `\`${name}\`: ${description}.`)
    .join('\n\n');
}

interface GraphOptions {
  /** @default that of the first metric */
  readonly title?: string;
  /** @default 'mean' */
  readonly reading?: Reading;
  readonly stacked?: true;
  /** Shares of a whole: the axis ends at 100 %, so that half is seen as half. */
  readonly ofWhole?: true;
}

/** Metrics of one unit over time: a line for each instance of the subject and each metric. */
export function graph<E extends Entity>(
  subject: Subject<E>,
  metrics: readonly [MetricName<E>, ...MetricName<E>[]],
  { title, reading = 'mean', stacked, ofWhole }: GraphOptions = {},
): Graph {
  const legendOf = (metric: MetricName<E>): string =>
    [subject.legend, ...(metrics.length > 1 || subject.legend === '' ? [titleOf(metric)] : [])]
      .filter((part) => part !== '')
      .join(' · ');
  return {
    type: 'timeseries',
    title: title ?? titleOf(metrics[0]),
    description: describe(subject.entity, metrics),
    datasource: datasource(streamOf(subject.entity)),
    targets: overTime(
      subject,
      metrics.map((metric) => ({ metric, reading, legend: legendOf(metric) })),
    ),
    fieldConfig: {
      defaults: {
        unit: unitIdOf(metrics[0]),
        min: 0,
        ...(ofWhole ? { max: 100 } : {}),
        color: PALETTE,
        thresholds: GREEN,
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: stacked ? 40 : 0,
          showPoints: 'auto',
          spanNulls: JOINED__MS,
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
        },
      },
      overrides: subject.legend.startsWith(GPU_LINE) ? BY_GPU : [],
    },
    options: { legend: LEGEND, tooltip: TOOLTIP },
    transformations: [],
  };
}

/** How far lines are apart: their lowest, their mean and their highest value, instead of many over each other. */
export function band<E extends Entity>(
  { entity, where }: Pick<Subject<E>, 'entity' | 'where'>,
  metric: MetricName<E>,
  { ofWhole }: Pick<GraphOptions, 'ofWhole'> = {},
): Graph {
  const lines = [
    { metric, reading: 'lowest', legend: 'Lowest' },
    { metric, reading: 'mean', legend: 'Mean' },
    { metric, reading: 'highest', legend: 'Highest' },
  ] as const;
  const plain = graph({ entity, where, by: [], legend: '' }, [metric], ofWhole ? { ofWhole } : {});
  return {
    ...plain,
    title: `${titleOf(metric)}, lowest to highest`,
    targets: overTime({ entity, where, by: [], legend: '' }, lines),
    fieldConfig: {
      ...plain.fieldConfig,
      overrides: [
        edge('Lowest', []),
        edge('Highest', [{ id: 'custom.fillBelowTo', value: 'Lowest' }]),
        { matcher: { id: 'byName', options: 'Mean' }, properties: [fixed(COLORS[0])] },
      ],
    },
  };
}

const edge = (line: string, more: Override['properties']): Override => ({
  matcher: { id: 'byName', options: line },
  properties: [{ id: 'custom.lineWidth', value: 0 }, fixed(COLORS[0]), ...more],
});

/** A row of colours for each instance: shares of a whole, from 0 to 100 %. */
export function colorRows<E extends Entity>(
  subject: Subject<E>,
  metric: MetricName<E>,
  title: string,
): ColorRows {
  return {
    type: 'state-timeline',
    title,
    description: describe(subject.entity, [metric]),
    datasource: datasource(streamOf(subject.entity)),
    targets: overTime(subject, [{ metric, reading: 'mean', legend: subject.legend }]),
    fieldConfig: {
      defaults: {
        unit: unitIdOf(metric),
        min: 0,
        max: 100,
        color: { mode: 'continuous-BlYlRd' },
        thresholds: GREEN,
        // Samples may be rarer than buckets.
        custom: { lineWidth: 0, fillOpacity: 90, spanNulls: JOINED__MS },
      },
      overrides: [],
    },
    options: {
      mergeValues: true,
      showValue: 'never',
      alignValue: 'left',
      rowHeight: 0.95,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: TOOLTIP,
    },
    transformations: [],
  };
}

/** What was drawn in documents, less what was drawn before their jobs were these. */
const DRAWN_IN_JOBS: Computed = {
  a: { calculation: 'sum', field: DRAWN },
  b: { calculation: 'sum', field: BEFORE },
  script: 'params.a - params.b',
};
const ALL_DRAWN: Column = { calculation: 'sum', field: DRAWN };

/** Of documents that have the field alone: the sum of none is 0, where there shall be no row. */
const having = (field: string, ...where: readonly string[]): string => all(...where, `_exists_:${field}`);

/** A bar for each GPU: the energy of its documents, all of it, or that of the jobs they belong to. */
export function energyOfGpus(where: string, of: 'all' | 'jobs', title: string): Gauge {
  const by = [INDEX, GPU_NAME];
  const told = having(DRAWN, where);
  const target =
    of === 'all'
      ? rowsOf('gpumetrics', told, by, [ALL_DRAWN])
      : computedOf('gpumetrics', told, by, DRAWN_IN_JOBS);
  return {
    type: 'bargauge',
    title,
    description:
      'What each GPU drew in the time range, by its own counter: to within one interval at either end. Nothing is told of the time before a recording’s second document, and of documents of nvpulse 0.1.',
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: {
        unit: unitIdOf(DRAWN),
        displayName: 'GPU ${__data.fields.index}',
        min: 0,
        color: BY_THRESHOLD,
        thresholds: GREEN,
        custom: {},
      },
      overrides: [],
    },
    options: {
      reduceOptions: {
        calcs: ['lastNotNull'],
        fields: `/^${of === 'all' ? 'Sum' : COMPUTED}$/`,
        values: true,
      },
      displayMode: 'basic',
      orientation: 'horizontal',
      valueMode: 'color',
    },
    transformations: [],
  };
}

interface FigureParts extends Heading {
  /** Rows of several are taken together. */
  readonly targets: readonly [Query, ...Query[]];
  readonly unit: string;
  /** Of the rows. */
  readonly calc: 'sum' | 'mean' | 'max';
  /** @default every number of a row */
  readonly column?: string;
  readonly noValue?: string;
  readonly mappings?: Figure['fieldConfig']['defaults']['mappings'];
}

function stat({ targets, unit, calc, column, noValue, mappings, title, description }: FigureParts): Figure {
  const [{ datasource: source }, ...others] = targets;
  const isOne = others.length === 0;
  return {
    type: 'stat',
    title,
    description,
    datasource: isOne ? source : { type: 'datasource', uid: '-- Mixed --' },
    targets,
    fieldConfig: {
      defaults: {
        unit,
        noValue: noValue ?? 'no samples in this time range',
        ...(mappings && { mappings }),
        color: BY_THRESHOLD,
        thresholds: PLAIN,
        custom: {},
      },
      overrides: [],
    },
    options: {
      reduceOptions: { calcs: [calc], fields: column === undefined ? '' : `/^${column}$/`, values: false },
      colorMode: 'value',
      graphMode: 'none',
      textMode: 'value',
      justifyMode: 'auto',
      orientation: 'auto',
    },
    transformations: isOne ? [] : [{ id: 'merge', options: {} }],
  };
}

/** One figure of the samples in the time range: a number for each value of `by`, and their sum, mean or maximum shown. */
export function computed<E extends Entity>(
  { entity, where }: Pick<Subject<E>, 'entity' | 'where'>,
  by: Dimension,
  made: Computed,
  unit: string,
  calc: FigureParts['calc'],
  heading: Heading,
): Figure {
  const conditions = having(made.a.field, `entity:${entity}`, ...where);
  const target = computedOf(streamOf(entity), conditions, [by], made);
  return stat({ ...heading, targets: [target], unit, calc, column: COMPUTED });
}

/** The mean of all samples, each weighted by the time that it stands for, which documents of nvpulse 0.1 do not tell. */
export const meanOverTime = <E extends Entity>(
  { entity, where }: Pick<Subject<E>, 'entity' | 'where'>,
  field: MetricName<E>,
  heading: Heading,
): Figure => {
  // The script fails in an index that does not map the weight.
  const weighted = { entity, where: [...where, `_exists_:${SAMPLED}`] };
  return computed(weighted, ENTITY, weightedMean(field, SAMPLED), unitIdOf(field), 'mean', heading);
};

/** What GPUs drew for jobs. */
export const energyInJobs = (
  subject: { readonly entity: 'gpu'; readonly where: readonly string[] },
  by: Dimension,
  heading: Heading,
): Figure => computed(subject, by, DRAWN_IN_JOBS, unitIdOf(DRAWN), 'sum', heading);

/** Whether GPUs of the machines of these documents are the simulator's, whichever stream has some. */
export function simulatedOn(where: string): Figure {
  const inStream = (stream: Stream, position: number): Query =>
    countsOf(stream, all('simulated:true', where), [HOST], position);
  return stat({
    title: 'Simulated',
    description: 'Whether figures of GPUs here are the simulator’s: made up, and not measured.',
    targets: [inStream('gpumetrics', 0), inStream('cpumetrics', 1), inStream('jobmetrics', 2)],
    unit: 'none',
    calc: 'sum',
    noValue: 'no',
    mappings: [
      {
        type: 'range',
        options: { from: 1, to: 1e15, result: { text: 'GPUs are simulated', color: 'orange', index: 0 } },
      },
    ],
  });
}

/** A table's column that its rows are told apart by. */
export interface Key extends Dimension {
  readonly title: string;
  readonly links?: readonly Link[];
}

export interface Value extends Column {
  readonly title: string;
  /** @default that of the field */
  readonly unit?: string;
}

/** Windows by what is told of them: keys first, then their start, by which the newest are on top, then other values. */
export function windowsOf(
  where: string,
  keys: readonly Key[],
  others: readonly Value[],
  heading: Heading,
): Table {
  const start: Value = { ...START, title: 'Start', unit: 'dateTimeAsIso' };
  const values = [start, ...others];
  const names = [...keys.map(({ field }) => field), ...values.map((value) => columnName(value, values))];
  const overrides = [
    ...keys.map(({ field, title, links }) => override(field, title, links ? { links } : {})),
    ...values.map((value) =>
      override(columnName(value, values), value.title, { unit: value.unit ?? unitIdOf(value.field) }),
    ),
  ];
  const target = rowsOf('jobmetrics', where, keys, values, start);
  return table(target, overrides, [inOrder(names)], heading);
}

/** The newest events, each with these fields. */
export function events(
  where: string,
  fields: readonly { readonly field: string; readonly title: string }[],
  heading: Heading,
): Table {
  const names = fields.map(({ field }) => field);
  return table(
    documentsOf('jobmetrics', where, 100),
    fields.map(({ field, title }) => override(field, title, {})),
    [{ id: 'filterFieldsByName', options: { include: { names } } }, inOrder(names)],
    heading,
  );
}

/** A bar for each job that has a value, those that began last on top: the order of all charts and tables of windows. */
export function bars(where: string, measure: Column | Computed, heading: Heading): Bars {
  const isColumn = 'field' in measure;
  const target = isColumn
    ? rowsOf('jobmetrics', having(measure.field, where), [JOB], [measure, START], START)
    : computedOf('jobmetrics', having(measure.a.field, where), [JOB], measure, [START], START);
  const columns = isColumn ? [measure, START] : [measure.a, measure.b, START];
  const hidden = isColumn ? [START] : columns;
  return {
    type: 'barchart',
    ...heading,
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: {
        unit: unitIdOf(isColumn ? measure.field : measure.a.field),
        min: 0,
        color: PALETTE,
        thresholds: GREEN,
        custom: { fillOpacity: 80, lineWidth: 1 },
      },
      overrides: [],
    },
    options: {
      orientation: 'horizontal',
      xField: JOB.field,
      showValue: 'auto',
      stacking: 'none',
      barWidth: 0.9,
      groupWidth: 0.8,
      xTickLabelRotation: 0,
      xTickLabelMaxLength: 64,
      fullHighlight: true,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
      tooltip: TOOLTIP,
    },
    transformations: [
      inOrder(
        [],
        hidden.map((column) => columnName(column, columns)),
      ),
    ],
  };
}

/** Means of newest jobs over the time since their start, a line each. */
export function curves<E extends Entity>(
  { entity, where }: Pick<Subject<E>, 'entity' | 'where'>,
  jobs: Dimension,
  metric: MetricName<E>,
  step: string,
  title: string,
): Curves {
  const time = 'job_time__s';
  const target = alongJobs(streamOf(entity), all(`entity:${entity}`, ...where), jobs, metric, step);
  const matrix = `${time}\\${jobs.field}`;
  return {
    type: 'trend',
    title,
    description: `${describe(entity, [metric])} Over the seconds since the start of each job. What several jobs had at one time is in none of them.`,
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: {
        unit: unitIdOf(metric),
        min: 0,
        color: PALETTE,
        thresholds: GREEN,
        custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 0, showPoints: 'auto', spanNulls: true },
      },
      overrides: [override(matrix, 'Since the start', { unit: unitIdOf(time) })],
    },
    options: { legend: LEGEND, tooltip: TOOLTIP },
    transformations: [
      {
        id: 'groupingToMatrix',
        options: { columnField: jobs.field, rowField: time, valueField: 'Average', emptyValue: 'null' },
      },
      {
        id: 'convertFieldType',
        options: { fields: {}, conversions: [{ targetField: matrix, destinationType: 'number' }] },
      },
      { id: 'sortBy', options: { sort: [{ field: matrix }] } },
    ],
  };
}

function table(
  target: Query,
  overrides: readonly Override[],
  transformations: readonly Transformation[],
  heading: Heading,
): Table {
  return {
    type: 'table',
    ...heading,
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: {
        unit: 'none',
        color: BY_THRESHOLD,
        thresholds: PLAIN,
        custom: { align: 'auto', filterable: true },
      },
      overrides,
    },
    options: { showHeader: true, cellHeight: 'sm' },
    transformations,
  };
}

function override(
  field: string,
  title: string,
  { unit, links }: { unit?: string; links?: readonly Link[] },
): Override {
  return {
    matcher: { id: 'byName', options: field },
    properties: [
      { id: 'displayName', value: title },
      ...(unit === undefined ? [] : [{ id: 'unit', value: unit } as const]),
      ...(links === undefined ? [] : [{ id: 'links', value: links } as const]),
    ],
  };
}

const inOrder = (names: readonly string[], hidden: readonly string[] = []): Transformation => ({
  id: 'organize',
  options: {
    indexByName: Object.fromEntries(names.map((name, position) => [name, position])),
    excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
  },
});
