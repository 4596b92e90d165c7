// Panels: graphs of the catalog's metrics; figures, tables and bars of jobs' summaries.
import { metricsOf, type Entity, type MetricName } from '../catalog';
import { streamOf } from '../sinks/elasticsearch/streams';
import type { Bars, Figure, Gauge, Graph, Link, Override, Table, Transformation } from './model';
import {
  columnName,
  datasource,
  documentsOf,
  overTime,
  rowsOf,
  type Column,
  type Dimension,
  type Query,
  type Reading,
  type Subject,
} from './query';
import { titleOf, unitIdOf } from './words';

/** Between the background's samples (10 s) a line is drawn, across a longer silence it is not. */
const JOINED__MS = 30_000;

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
  /** Shares of a whole: the axis goes up to 100 %, so that half is seen as half. */
  readonly ofWhole?: true;
  /** Of what the lines show, where it is not that of the first metric. */
  readonly unit?: string;
}

/** Metrics of one unit over time: a line for each instance of the subject and each metric. */
export function graph<E extends Entity>(
  subject: Subject<E>,
  metrics: readonly [MetricName<E>, ...MetricName<E>[]],
  { title, reading = 'mean', stacked, ofWhole, unit = unitIdOf(metrics[0]) }: GraphOptions = {},
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
    // A rate needs a sample in each of two neighbouring buckets.
    ...(reading === 'rate' ? { interval: '2s' } : {}),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        color: PALETTE,
        thresholds: GREEN,
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: stacked ? 40 : 0,
          showPoints: 'auto',
          spanNulls: JOINED__MS,
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
          ...(ofWhole ? { axisSoftMax: 100 } : {}),
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: TOOLTIP,
    },
    transformations: [],
  };
}

/** How far a counter rose in the time range, for each instance of the subject. */
export function rise<E extends Entity>(subject: Subject<E>, metric: MetricName<E>, title: string): Gauge {
  return {
    type: 'bargauge',
    title,
    description: describe(subject.entity, [metric]),
    datasource: datasource(streamOf(subject.entity)),
    targets: overTime(subject, [{ metric, reading: 'highest', legend: subject.legend }]),
    fieldConfig: {
      defaults: { unit: unitIdOf(metric), min: 0, color: PALETTE, thresholds: GREEN, custom: {} },
      overrides: [],
    },
    options: {
      reduceOptions: { calcs: ['diff'], fields: '', values: false },
      displayMode: 'basic',
      orientation: 'horizontal',
      valueMode: 'color',
    },
    transformations: [],
  };
}

/** One figure made of a field of jobs' summaries: `calc` of the rows of `by`. */
export function figure(
  where: string,
  by: Dimension,
  column: Column,
  calc: 'sum' | 'mean' | 'max',
  heading: Heading,
): Figure {
  // Where no row has the field there shall be no row at all: Grafana's sum of nothing is 0.
  const target = rowsOf('jobmetrics', `${where} AND _exists_:${column.field}`, [by], [column]);
  return {
    type: 'stat',
    ...heading,
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: {
        unit: unitIdOf(column.field),
        noValue: 'not ended in this time range',
        color: BY_THRESHOLD,
        thresholds: PLAIN,
        custom: {},
      },
      overrides: [],
    },
    options: {
      reduceOptions: { calcs: [calc], fields: '', values: false },
      colorMode: 'value',
      graphMode: 'none',
      textMode: 'value',
      justifyMode: 'auto',
      orientation: 'auto',
    },
    transformations: [],
  };
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

/** Jobs' summaries: keys first, then values; the highest of value `orderBy` on top. */
export function summaries(
  where: string,
  keys: readonly Key[],
  values: readonly Value[],
  orderBy: number,
  heading: Heading,
): Table {
  const names = [...keys.map(({ field }) => field), ...values.map((value) => columnName(value, values))];
  const overrides = [
    ...keys.map(({ field, title, links }) => override(field, title, links ? { links } : {})),
    ...values.map((value) =>
      override(columnName(value, values), value.title, { unit: value.unit ?? unitIdOf(value.field) }),
    ),
  ];
  return table(rowsOf('jobmetrics', where, keys, values, orderBy), overrides, [inOrder(names)], heading);
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

/** A bar for each combination of `by`, labelled with the last of it, the highest on top. */
export function bars(
  where: string,
  by: readonly [Dimension, ...Dimension[]],
  column: Column,
  heading: Heading,
): Bars {
  const target = rowsOf('jobmetrics', where, by, [column], 0);
  return {
    type: 'barchart',
    ...heading,
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: {
        unit: unitIdOf(column.field),
        min: 0,
        color: PALETTE,
        thresholds: GREEN,
        custom: { fillOpacity: 80, lineWidth: 1 },
      },
      overrides: [],
    },
    options: {
      orientation: 'horizontal',
      xField: (by.at(-1) ?? by[0]).field,
      showValue: 'auto',
      stacking: 'none',
      barWidth: 0.9,
      groupWidth: 0.8,
      xTickLabelRotation: 0,
      xTickLabelMaxLength: 32,
      fullHighlight: true,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
      tooltip: TOOLTIP,
    },
    transformations: [],
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

const inOrder = (names: readonly string[]): Transformation => ({
  id: 'organize',
  options: { indexByName: Object.fromEntries(names.map((name, position) => [name, position])) },
});
