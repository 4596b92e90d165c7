// Queries as Grafana's Elasticsearch plugin keeps them in a panel or a rule; it makes a search of each.
import type { Entity, MetricName } from '../catalog';
import { streamOf, type Stream } from '../sinks/elasticsearch/documents/streams';

/** The data source that reads a data stream has its name and uid. */
export interface Datasource {
  readonly type: 'elasticsearch';
  readonly uid: Stream;
}

/** Ids are unique within a query: metrics from 1, buckets from 11. */
export type MetricAggregation =
  | { readonly id: string; readonly type: 'count' }
  | {
      readonly id: string;
      readonly type: 'avg' | 'max' | 'min' | 'sum';
      readonly field: string;
      readonly settings?: { readonly script: string };
    }
  | {
      readonly id: string;
      readonly type: 'bucket_script';
      /** What stands in the script as `params.<name>`: the ids of metrics. */
      readonly pipelineVariables: readonly { readonly name: string; readonly pipelineAgg: string }[];
      readonly settings: { readonly script: string; readonly gap_policy: 'insert_zeros' };
    }
  | { readonly id: string; readonly type: 'raw_data'; readonly settings: { readonly size: string } };

export type BucketAggregation =
  | {
      readonly id: string;
      readonly type: 'terms';
      readonly field: string;
      readonly settings: {
        readonly size: string;
        readonly order: 'asc' | 'desc';
        /** `_key`, or the id of a metric. */
        readonly orderBy: string;
        readonly min_doc_count: '1';
        readonly missing?: string;
      };
    }
  | {
      readonly id: string;
      readonly type: 'histogram';
      readonly field: string;
      /** The interval is a whole number. */
      readonly settings: { readonly interval: string; readonly min_doc_count: '1' };
    }
  | {
      readonly id: string;
      readonly type: 'date_histogram';
      readonly field: '@timestamp';
      /** Empty buckets are asked for: they are gaps, which a graph shows. */
      readonly settings: {
        readonly interval: string;
        readonly min_doc_count: '0';
        /** So many buckets at either end are left out. */
        readonly trimEdges: '0';
      };
    };

export interface Query {
  readonly refId: string;
  readonly datasource: Datasource;
  /** Lucene. */
  readonly query: string;
  readonly metrics: readonly MetricAggregation[];
  readonly bucketAggs: readonly BucketAggregation[];
  /** The legend; `{{field}}` is replaced by the value of a terms bucket. */
  readonly alias: string;
  readonly timeField: '@timestamp';
}

/** A field whose values become lines or rows. */
export interface Dimension {
  readonly field: string;
  /** At most so many. */
  readonly size: number;
  /** Stands where a document has no such field; without it the document is left out. */
  readonly missing?: string;
  /** Of its values, where nothing else orders them. @default 'asc' */
  readonly order?: 'desc';
}

/** What the lines of a graph are about: documents of one entity, and what tells its instances apart. */
export interface Subject<E extends Entity> {
  readonly entity: E;
  /** Lucene conditions beside the entity's. */
  readonly where: readonly string[];
  readonly by: readonly Dimension[];
  /** Of a line, with `{{field}}`; '' where there is one line. */
  readonly legend: string;
}

/** Of the samples in a bucket. */
export type Reading = 'mean' | 'lowest' | 'highest';

export const datasource = (uid: Stream): Datasource => ({ type: 'elasticsearch', uid });

/** All conditions at once. */
export const all = (...conditions: readonly string[]): string => conditions.join(' AND ');

const letter = (position: number): string => String.fromCharCode('A'.charCodeAt(0) + position);

const CALCULATION = { mean: 'avg', lowest: 'min', highest: 'max' } as const;

/** The first dimension is in the order of `orderBy`: its own values, or a metric from the highest down. */
function termsOf(dimensions: readonly Dimension[], orderBy = '_key'): readonly BucketAggregation[] {
  return dimensions.map(({ field, size, missing, order }, position) => {
    const by = position === 0 ? orderBy : '_key';
    return {
      id: String(11 + position),
      type: 'terms',
      field,
      settings: {
        size: String(size),
        order: by === '_key' && order !== 'desc' ? 'asc' : 'desc',
        orderBy: by,
        min_doc_count: '1',
        ...(missing === undefined ? {} : { missing }),
      },
    };
  });
}

const timeBuckets = (interval: string): BucketAggregation => ({
  id: '10',
  type: 'date_histogram',
  field: '@timestamp',
  settings: { interval, min_doc_count: '0', trimEdges: '0' },
});

/** Metrics of a subject over time: a query each, its lines in the order of the subject's dimensions. */
export function overTime<E extends Entity>(
  { entity, where, by }: Subject<E>,
  lines: readonly { readonly metric: MetricName<E>; readonly reading: Reading; readonly legend: string }[],
): readonly Query[] {
  return lines.map(({ metric, reading, legend }, position) => ({
    refId: letter(position),
    datasource: datasource(streamOf(entity)),
    query: all(`entity:${entity}`, ...where),
    metrics: [{ id: '1', type: CALCULATION[reading], field: metric }],
    bucketAggs: [...termsOf(by), timeBuckets('auto')],
    alias: legend,
    timeField: '@timestamp',
  }));
}

/** A column of a table: the mean, lowest or highest value of a field in the documents of a row, or their sum. */
export interface Column {
  readonly calculation: 'avg' | 'min' | 'max' | 'sum';
  readonly field: string;
  /** Painless, a document: what stands for the field's `_value`. */
  readonly script?: string;
}

/**
 * A column of a table that is made of two others, `params.a` and `params.b`: 0 where there is none. They have different
 * fields: the plugin names columns by them.
 */
export interface Computed {
  readonly a: Column;
  readonly b: Column;
  /** Painless. */
  readonly script: string;
}

/** The name that the plugin gives such a column. */
export const COMPUTED = 'Bucket Script';

/** The mean of a field, each document weighted by another one: of those that have both. */
export const weightedMean = (field: string, weight: string): Computed => ({
  a: { calculation: 'sum', field, script: `doc['${weight}'].empty ? 0 : _value * doc['${weight}'].value` },
  b: { calculation: 'sum', field: weight, script: `doc['${field}'].empty ? 0 : _value` },
  script: 'params.b > 0 ? params.a / params.b : null',
});

/** A row for each value of a dimension, with a computed column behind those that it is made of, and behind others. */
export function computedOf(
  stream: Stream,
  where: string,
  by: readonly Dimension[],
  { a, b, script }: Computed,
  others: readonly Column[] = [],
  orderBy?: Column,
): Query {
  const query = rowsOf(stream, where, by, [a, b, ...others], orderBy);
  const computed: MetricAggregation = {
    id: String(query.metrics.length + 1),
    type: 'bucket_script',
    pipelineVariables: [
      { name: 'a', pipelineAgg: '1' },
      { name: 'b', pipelineAgg: '2' },
    ],
    settings: { script, gap_policy: 'insert_zeros' },
  };
  return { ...query, metrics: [...query.metrics, computed] };
}

/**
 * A row for each combination of dimensions. Those of the first dimension are in the order of their values, or from
 * the highest of `orderBy`, one of the columns, down.
 */
export function rowsOf(
  stream: Stream,
  where: string,
  by: readonly Dimension[],
  columns: readonly Column[],
  orderBy?: Column,
): Query {
  return {
    refId: 'A',
    datasource: datasource(stream),
    query: where,
    metrics: columns.map(({ calculation, field, script }, position) => ({
      id: String(position + 1),
      type: calculation,
      field,
      ...(script === undefined ? {} : { settings: { script } }),
    })),
    bucketAggs: termsOf(by, orderBy && String(columns.indexOf(orderBy) + 1)),
    alias: '',
    timeField: '@timestamp',
  };
}

/** What a rule looks at: one calculation over time, a series for each combination of dimensions. */
export function watched(
  stream: Stream,
  where: string,
  by: readonly Dimension[],
  of: Column | 'count',
  interval: string,
): Query {
  return {
    refId: 'A',
    datasource: datasource(stream),
    query: where,
    metrics: [
      of === 'count' ? { id: '1', type: 'count' } : { id: '1', type: of.calculation, field: of.field },
    ],
    bucketAggs: [...termsOf(by), timeBuckets(interval)],
    alias: '',
    timeField: '@timestamp',
  };
}

/** How many documents there are, for each combination of dimensions. @param position among the panel's queries */
export function countsOf(stream: Stream, where: string, by: readonly Dimension[], position: number): Query {
  return {
    ...rowsOf(stream, where, by, []),
    refId: letter(position),
    metrics: [{ id: '1', type: 'count' }],
  };
}

/**
 * Means by the time since a job's start, of the newest jobs: a row for each job and each stretch of so many seconds.
 * @param step a whole number, or a variable
 */
export function alongJobs(
  stream: Stream,
  where: string,
  jobs: Dimension,
  field: string,
  step: string,
): Query {
  return {
    refId: 'A',
    datasource: datasource(stream),
    query: all(where, '_exists_:job_time__s'),
    metrics: [
      { id: '1', type: 'avg', field },
      { id: '2', type: 'max', field: '@timestamp' },
    ],
    bucketAggs: [
      ...termsOf([jobs], '2'),
      {
        id: '12',
        type: 'histogram',
        field: 'job_time__s',
        settings: { interval: step, min_doc_count: '1' },
      },
    ],
    alias: '',
    timeField: '@timestamp',
  };
}

/** The newest documents as they are. */
export function documentsOf(stream: Stream, where: string, size: number): Query {
  return {
    refId: 'A',
    datasource: datasource(stream),
    query: where,
    metrics: [{ id: '1', type: 'raw_data', settings: { size: String(size) } }],
    bucketAggs: [],
    alias: '',
    timeField: '@timestamp',
  };
}

/**
 * The name that the plugin gives a column: the calculation alone where no other column has the same one,
 * else with the field.
 */
export function columnName(column: Column, columns: readonly Column[]): string {
  const word = { avg: 'Average', min: 'Min', max: 'Max', sum: 'Sum' }[column.calculation];
  const shared = columns.filter(({ calculation }) => calculation === column.calculation).length > 1;
  return shared ? `${word} ${column.field}` : word;
}
