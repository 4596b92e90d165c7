// What Grafana's Elasticsearch plugin (12.x, its backend) asks for a panel, a rule, a variable or an annotation, and
// what it reads from the answer. Written from the plugin's behaviour, so that queries can be tried without Grafana.
import type {
  Annotation,
  BucketAggregation,
  MetricAggregation,
  Query,
  Rule,
  Variable,
} from '../../lib/grafana';
import type { Elasticsearch } from './elasticsearch';

/** Chosen in a variable: one value, several, or “All” where its `allValue` is `*`. */
export type Choice = string | readonly string[] | typeof ALL;
export const ALL: unique symbol = Symbol('All');

export interface View {
  readonly from__ms: number;
  readonly to__ms: number;
  readonly choices: Readonly<Record<string, Choice>>;
}

export interface Series {
  readonly legend: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { readonly time__ms: number; readonly value: number | null }[];
}

export type Cell = string | number | boolean | null;
/** A table: cells by the name of their column. */
export type Rows = readonly Readonly<Record<string, Cell>>[];

type Json = { readonly [key: string]: unknown };

/** A search's answer, as much of it as is read. */
interface Found {
  readonly error?: { readonly reason?: string };
  readonly aggregations?: Readonly<Record<string, { readonly buckets: readonly Bucket[] }>>;
  readonly hits: { readonly hits: readonly { readonly _source: Json }[] };
}
interface Bucket {
  readonly key: string | number;
  readonly key_as_string?: string;
  readonly doc_count: number;
  readonly [aggregation: string]: unknown;
}

// --- variables in a query

const SPECIAL = /[!*+\-=<>\s&|()[\]{}^~?:\\/"]/g;
const escaped = (value: string): string =>
  Number.isNaN(Number(value)) ? value.replace(SPECIAL, '\\$&') : value;

function formatted(choice: Choice): string {
  if (choice === ALL) return '*';
  if (typeof choice === 'string') return escaped(choice);
  if (choice.length === 0) return '__empty__';
  return `(${choice.map((value) => `"${escaped(value)}"`).join(' OR ')})`;
}

/** Dates of Lucene count from the end of the view, as they do from now where the view ends now. */
const fromEnd = (query: string, { to__ms }: View): string =>
  query.replace(/\[now-(\w+) TO now\]/g, (_, ago: string) => {
    const now = new Date(to__ms).toISOString();
    return `["${now}||-${ago}" TO "${now}"]`;
  });

/** A Lucene query with its variables replaced. @throws where a variable has no choice: Grafana would leave it in */
export function interpolate(query: string, choices: View['choices']): string {
  return query.replace(/\$(\w+)/g, (_, name: string) => {
    const choice = choices[name];
    if (choice === undefined) throw new Error(`there is no variable '${name}' for ${query}`);
    return formatted(choice);
  });
}

// --- the width of buckets

/** Upper bounds and the interval that a raw one below them becomes, in ms. */
const ROUNDED: readonly (readonly [below: number, interval: number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1500, 1000],
  [3500, 2000],
  [7500, 5000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
];

const milliseconds = (text: string): number => {
  const [, amount, unit] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  if (amount === undefined) throw new Error(`'${text}' is no interval`);
  return Number(amount) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000);
};

const MAX_BUCKETS = 65_535;

/** Of a panel this many pixels wide; never below its own or the data source's least interval. */
export function intervalOf(query: Query, view: View, width: number, least: string): number {
  const range = view.to__ms - view.from__ms;
  const raw = range / width;
  const rounded = ROUNDED.find(([below]) => raw < below)?.[1] ?? 300_000;
  const interval = Math.max(rounded, milliseconds(least));
  // The plugin widens it so far that all lines' buckets together stay below Elasticsearch's limit.
  const lines = query.bucketAggs.reduce(
    (product, aggregation) =>
      product * (aggregation.type === 'terms' ? Number(aggregation.settings.size) : 1),
    1,
  );
  const budget = Math.floor(MAX_BUCKETS / lines) - query.bucketAggs.length;
  if (lines <= 1 || budget <= 2 || range / interval + 2 <= budget) return interval;
  return Math.ceil(range / (budget - 2));
}

// --- searches

interface Search {
  readonly index: string;
  readonly body: Json;
}

const lineOf = ({ index, body }: Search): string =>
  `${JSON.stringify({ ignore_unavailable: true, index, search_type: 'query_then_fetch' })}\n${JSON.stringify(body)}\n`;

const rangeOf = (field: string, { from__ms, to__ms }: View): Json => ({
  range: { [field]: { gte: from__ms, lte: to__ms, format: 'epoch_millis' } },
});

const filters = (view: View, query: string): Json => ({
  bool: {
    filter: [
      rangeOf('@timestamp', view),
      ...(query.trim() === ''
        ? []
        : [{ query_string: { query: fromEnd(query, view), analyze_wildcard: true } }]),
    ],
  },
});

function aggregationOf(metric: MetricAggregation): Json | undefined {
  switch (metric.type) {
    case 'count':
    case 'raw_data':
      return undefined;
    case 'bucket_script': {
      const paths = metric.pipelineVariables.map(({ name, pipelineAgg }) => [name, pipelineAgg]);
      return { bucket_script: { buckets_path: Object.fromEntries(paths), ...metric.settings } };
    }
    default:
      return { [metric.type]: { field: metric.field, ...metric.settings } };
  }
}

function bucketsOf(
  aggregation: BucketAggregation,
  metrics: readonly MetricAggregation[],
  { from__ms, to__ms, choices }: View,
  interval__ms: number,
): Json {
  if (aggregation.type === 'histogram') {
    const { interval, min_doc_count } = aggregation.settings;
    const step = Number(interpolate(interval, choices));
    return {
      histogram: { field: aggregation.field, interval: step, min_doc_count: Number(min_doc_count) },
    };
  }
  if (aggregation.type === 'date_histogram') {
    const { interval, min_doc_count } = aggregation.settings;
    return {
      date_histogram: {
        field: aggregation.field,
        fixed_interval: interval === 'auto' ? `${interval__ms}ms` : interval,
        min_doc_count: Number(min_doc_count),
        extended_bounds: { min: from__ms, max: to__ms },
        format: 'epoch_millis',
      },
    };
  }
  const { size, order, orderBy, min_doc_count, missing } = aggregation.settings;
  const by = metrics.find(({ id }) => id === orderBy);
  return {
    terms: {
      field: aggregation.field,
      size: Number(size),
      order: { [orderBy]: order },
      min_doc_count: Number(min_doc_count),
      ...(missing === undefined ? {} : { missing }),
    },
    ...(by ? { aggs: { [by.id]: aggregationOf(by) } } : {}),
  };
}

/** The search of a panel's or a rule's query; its variables are replaced. */
export function searchOf(query: Query, view: View, interval__ms: number): Search {
  const { metrics, bucketAggs, datasource } = query;
  const index = datasource.uid;
  const filter = filters(view, interpolate(query.query, view.choices));
  const [first] = metrics;
  if (first?.type === 'raw_data')
    return {
      index,
      body: {
        size: Number(first.settings.size),
        sort: {
          '@timestamp': { order: 'desc', unmapped_type: 'boolean' },
          _doc: { order: 'desc' },
        },
        query: filter,
        fields: [{ field: '@timestamp', format: 'strict_date_optional_time_nanos' }],
        docvalue_fields: ['@timestamp'],
        script_fields: {},
      },
    };
  if (bucketAggs.length === 0) throw new Error('a query without buckets is refused');
  const innermost: Record<string, unknown> = {};
  for (const metric of metrics) {
    const aggregation = aggregationOf(metric);
    if (aggregation) innermost[metric.id] = aggregation;
  }
  const aggs = bucketAggs.reduceRight<Json>((inner, aggregation) => {
    const { aggs: order, ...outer } = bucketsOf(aggregation, metrics, view, interval__ms);
    return { [aggregation.id]: { ...outer, aggs: { ...(order as Json | undefined), ...inner } } };
  }, innermost);
  return { index, body: { size: 0, query: filter, aggs } };
}

/** The search of a variable of the form `{"find":"terms",…}`. */
export function variableSearchOf({ query, datasource }: Variable, view: View): Search {
  const { find, field, query: where, size, orderBy, order } = JSON.parse(query);
  if (orderBy !== 'key') throw new Error(`order by '${orderBy}' is not known here`);
  if (find !== 'terms') throw new Error(`'${find}' is not known here`);
  return {
    index: datasource.uid,
    body: {
      size: 0,
      query: filters(view, interpolate(where, view.choices)),
      aggs: { 1: { terms: { field, size, order: { _key: order } } } },
    },
  };
}

export function annotationSearchOf(annotation: Annotation, view: View): Search {
  const { timeField, timeEndField, datasource } = annotation;
  const fields = [timeField, ...(timeEndField === undefined ? [] : [timeEndField])];
  return {
    index: datasource.uid,
    body: {
      query: {
        bool: {
          filter: [
            { bool: { should: fields.map((field) => rangeOf(field, view)), minimum_should_match: 1 } },
            { query_string: { query: interpolate(annotation.query, view.choices) } },
          ],
        },
      },
      size: 10_000,
    },
  };
}

/** One request for all of them, as for a panel's targets. @throws with the first search's error */
export async function run(
  elasticsearch: Elasticsearch,
  searches: readonly Search[],
): Promise<readonly Found[]> {
  const { status, body } = await elasticsearch.request(
    'POST',
    '/_msearch?max_concurrent_shard_requests=5',
    searches.map(lineOf).join(''),
  );
  if (status !== 200) throw new Error(`_msearch: ${status} ${JSON.stringify(body)}`);
  const found: readonly Found[] = body.responses;
  const refused = found.find(({ error }) => error !== undefined);
  if (refused) throw new Error(`_msearch: ${JSON.stringify(refused.error)}`);
  return found;
}

// --- answers

const valueOf = (bucket: Bucket, metric: MetricAggregation): number | null => {
  if (metric.type === 'count') return bucket.doc_count;
  const answer = bucket[metric.id] as { value?: number | null } | undefined;
  return answer?.value ?? null;
};

const bucketsIn = (found: Json | Bucket, { id }: BucketAggregation): readonly Bucket[] =>
  (found[id] as { buckets?: readonly Bucket[] } | undefined)?.buckets ?? [];

/** Lines of a query whose last buckets are times. */
export function seriesOf(query: Query, { aggregations = {} }: Found): readonly Series[] {
  const walk = (
    found: Json | Bucket,
    [aggregation, ...inner]: readonly BucketAggregation[],
    labels: Readonly<Record<string, string>>,
  ): readonly Series[] => {
    if (!aggregation) return [];
    const buckets = bucketsIn(found, aggregation);
    if (aggregation.type === 'date_histogram') {
      return query.metrics.map((metric) => ({
        legend: query.alias.replace(/\{\{([^}]+)\}\}/g, (whole, field: string) => labels[field] ?? whole),
        labels,
        points: buckets.map((bucket) => ({ time__ms: Number(bucket.key), value: valueOf(bucket, metric) })),
      }));
    }
    return buckets.flatMap((bucket) =>
      walk(bucket, inner, { ...labels, [aggregation.field]: bucket.key_as_string ?? String(bucket.key) }),
    );
  };
  return walk(aggregations, query.bucketAggs, {});
}

/** Rows of a query whose buckets are terms, or that asks for documents. */
export function rowsOf(query: Query, { aggregations = {}, hits }: Found): Rows {
  if (query.metrics[0]?.type === 'raw_data')
    return hits.hits.map(({ _source }) => _source as Readonly<Record<string, Cell>>);
  const walk = (
    found: Json | Bucket,
    [aggregation, ...inner]: readonly BucketAggregation[],
    cells: Readonly<Record<string, Cell>>,
  ): Rows => {
    if (!aggregation) return [];
    return bucketsIn(found, aggregation).flatMap((bucket) => {
      const named = (key: Cell): Readonly<Record<string, Cell>> => ({
        ...cells,
        [aggregation.field ?? '']: key,
      });
      if (inner.length > 0) return walk(bucket, inner, named(bucket.key_as_string ?? String(bucket.key)));
      return [
        {
          // The last key stays as it is: a boolean is 0 or 1.
          ...named(bucket.key),
          ...Object.fromEntries(
            query.metrics.map((metric) => [columnOf(metric, query.metrics), valueOf(bucket, metric)]),
          ),
        },
      ];
    });
  };
  return walk(aggregations, query.bucketAggs, {});
}

/** With the field where another column has the same calculation. */
function columnOf(metric: MetricAggregation, all: readonly MetricAggregation[]): string {
  const word: Readonly<Record<string, string>> = {
    avg: 'Average',
    min: 'Min',
    max: 'Max',
    sum: 'Sum',
    count: 'Count',
    bucket_script: 'Bucket Script',
  };
  const name = word[metric.type] ?? metric.type;
  const shared = all.filter(({ type }) => type === metric.type).length > 1;
  return shared && 'field' in metric ? `${name} ${metric.field}` : name;
}

export interface Option {
  readonly text: string;
  readonly value: string;
}

/** What a variable offers, in the order in which it does. */
export function optionsOf({ regex, sort }: Variable, { aggregations }: Found): readonly Option[] {
  const found = (aggregations?.['1']?.buckets ?? []).map(
    (bucket) => bucket.key_as_string ?? String(bucket.key),
  );
  const [, pattern] = /^\/(.*)\/$/.exec(regex) ?? [];
  const options = found.flatMap((key): readonly Option[] => {
    if (pattern === undefined) return [{ text: key, value: key }];
    const { text, value } = new RegExp(pattern).exec(key)?.groups ?? {};
    return text === undefined || value === undefined ? [] : [{ text, value }];
  });
  if (sort === 1) return options.sort((a, b) => (a.text < b.text ? -1 : 1));
  return sort === 3 ? options.sort((a, b) => Number(a.text) - Number(b.text)) : options;
}

/** Documents as they are: an annotation's. */
export const documentsOf = ({ hits }: Found): readonly Json[] => hits.hits.map(({ _source }) => _source);

// --- rules

/** What a rule makes of its series: the value of each, and whether it crosses the threshold. */
export interface Verdict {
  readonly labels: Series['labels'];
  readonly value: number;
  readonly fires: boolean;
}

/** Series without any number say nothing; a rule without verdicts has no data. */
export function evaluate(
  { data: [, reduce, threshold] }: Pick<Rule, 'data'>,
  series: readonly Series[],
): readonly Verdict[] {
  const [{ evaluator }] = threshold.model.conditions;
  const [limit] = evaluator.params;
  return series.flatMap(({ labels, points }) => {
    const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
    const value = reduced(reduce.model.reducer, values);
    if (value === undefined) return [];
    return [{ labels, value, fires: evaluator.type === 'gt' ? value > limit : value < limit }];
  });
}

function reduced(
  reducer: Rule['data'][1]['model']['reducer'],
  values: readonly number[],
): number | undefined {
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (reducer) {
    case 'last':
      return values.at(-1);
    case 'max':
      return Math.max(...values);
    case 'mean':
      return sum / values.length;
    case 'sum':
      return sum;
  }
}
