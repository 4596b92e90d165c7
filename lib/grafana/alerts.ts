// Alert rules, as Grafana provisions them: a query (A), its last or highest value per series (B), a threshold (C).
// Texts hold no `$`: some versions of Grafana replace it by variables of their own environment.
import type { Entity, MetricName } from '../catalog';
import type { Stream } from '../sinks/elasticsearch/documents/streams';
import { GPU_INDEX, HOST, INDEX, JOB } from './fields';
import { all, watched, type Column, type Dimension, type Query } from './query';

/** A rule's query: what Grafana adds to a panel's while it runs stands in the rule itself. */
export interface RuleQuery extends Query {
  readonly intervalMs: number;
  readonly maxDataPoints: number;
}

interface ExpressionSource {
  readonly type: '__expr__';
  readonly uid: '__expr__';
}
const EXPRESSION: ExpressionSource = { type: '__expr__', uid: '__expr__' };

interface Range {
  /** Seconds ago. */
  readonly from: number;
  readonly to: 0;
}

export type Reducer = 'last' | 'mean' | 'max' | 'sum';
export type Comparison = 'gt' | 'lt';

interface Data<Ref extends string, Uid extends string, Model> {
  readonly refId: Ref;
  readonly relativeTimeRange: Range;
  readonly datasourceUid: Uid;
  readonly model: Model;
}

export type QueryData = Data<'A', Stream, RuleQuery>;
export type ReduceData = Data<
  'B',
  '__expr__',
  {
    readonly refId: 'B';
    readonly datasource: ExpressionSource;
    readonly type: 'reduce';
    readonly expression: 'A';
    readonly reducer: Reducer;
    /** Empty buckets say nothing. */
    readonly settings: { readonly mode: 'dropNN' };
  }
>;
export type ThresholdData = Data<
  'C',
  '__expr__',
  {
    readonly refId: 'C';
    readonly datasource: ExpressionSource;
    readonly type: 'threshold';
    readonly expression: 'B';
    readonly conditions: readonly [
      { readonly evaluator: { readonly type: Comparison; readonly params: readonly [number] } },
    ];
  }
>;

export interface Rule {
  readonly uid: string;
  readonly title: string;
  readonly condition: 'C';
  readonly data: readonly [QueryData, ReduceData, ThresholdData];
  /** How long the threshold has to be crossed. */
  readonly for: string;
  readonly noDataState: 'OK' | 'Alerting';
  readonly execErrState: 'Error';
  readonly labels: { readonly severity: 'info' | 'warning' | 'critical' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface RuleGroups {
  readonly apiVersion: 1;
  readonly groups: readonly {
    readonly orgId: 1;
    readonly name: string;
    readonly folder: string;
    readonly interval: string;
    readonly rules: readonly Rule[];
  }[];
}

interface RuleParts {
  readonly uid: string;
  readonly title: string;
  readonly stream: Stream;
  readonly where: string;
  readonly by: readonly Dimension[];
  readonly of: Column | 'count';
  readonly bucket: string;
  readonly last__s: number;
  readonly reducer: Reducer;
  readonly threshold: readonly [Comparison, number];
  readonly for: string;
  readonly noDataState: Rule['noDataState'];
  readonly severity: Rule['labels']['severity'];
  readonly summary: string;
  readonly description: string;
}

function rule(parts: RuleParts): Rule {
  const { uid, title, stream, where, by, of, bucket, last__s, reducer, threshold } = parts;
  const [type, limit] = threshold;
  const relativeTimeRange: Range = { from: last__s, to: 0 };
  return {
    uid,
    title,
    condition: 'C',
    data: [
      {
        refId: 'A',
        relativeTimeRange,
        datasourceUid: stream,
        model: { ...watched(stream, where, by, of, bucket), intervalMs: 1000, maxDataPoints: 43200 },
      },
      {
        refId: 'B',
        relativeTimeRange,
        datasourceUid: '__expr__',
        model: {
          refId: 'B',
          datasource: EXPRESSION,
          type: 'reduce',
          expression: 'A',
          reducer,
          settings: { mode: 'dropNN' },
        },
      },
      {
        refId: 'C',
        relativeTimeRange,
        datasourceUid: '__expr__',
        model: {
          refId: 'C',
          datasource: EXPRESSION,
          type: 'threshold',
          expression: 'B',
          conditions: [{ evaluator: { type, params: [limit] } }],
        },
      },
    ],
    for: parts.for,
    noDataState: parts.noDataState,
    execErrState: 'Error',
    labels: { severity: parts.severity },
    annotations: { summary: parts.summary, description: parts.description },
  };
}

const label = (field: string): string => `{{ index .Labels "${field}" }}`;
const ON_GPU = `GPU ${label('index')} of ${label('host.name')}`;
const reading = <E extends Entity>(
  _entity: E,
  calculation: Column['calculation'],
  field: MetricName<E>,
): Column => ({ calculation, field });

/** Limits that fit most machines; a copy of the file with other ones is the way to change them. */
const HOT__C = 85;
const IDLE__PCT = 5;
const BACKLOG__S = 60;

const RULES: readonly Rule[] = [
  rule({
    uid: 'nvpulse-gpu-hot',
    title: 'GPU hot',
    stream: 'gpumetrics',
    where: 'entity:gpu',
    by: [HOST, INDEX],
    of: reading('gpu', 'avg', 'gpu_temperature__C'),
    bucket: '10s',
    last__s: 300,
    reducer: 'mean',
    threshold: ['gt', HOT__C],
    for: '5m',
    // Silence is no heat; it has a rule of its own.
    noDataState: 'OK',
    severity: 'warning',
    summary: `${ON_GPU} is hot`,
    description: `Its die has been above ${HOT__C} °C on average for five minutes; most GPUs slow themselves down soon after.`,
  }),
  rule({
    uid: 'nvpulse-gpu-idle',
    title: 'GPU of a job idle',
    stream: 'gpumetrics',
    where: all('entity:gpu', '_exists_:job'),
    by: [JOB, HOST, INDEX],
    of: reading('gpu', 'avg', 'gpu_utilization__pct'),
    bucket: '30s',
    last__s: 300,
    reducer: 'mean',
    threshold: ['lt', IDLE__PCT],
    for: '15m',
    // No job, no idle GPU of one.
    noDataState: 'OK',
    severity: 'info',
    summary: `${ON_GPU} is idle in job ${label('job')}`,
    description: `Its utilization has been below ${IDLE__PCT} % for a quarter of an hour while the job was open. A job whose GPUs nobody named holds all of its node: start it with --gpu, --pid or --cgroup to tell which are its own.`,
  }),
  rule({
    uid: 'nvpulse-gpu-lost',
    title: 'GPU lost',
    stream: 'jobmetrics',
    where: all('entity:event', 'event:device_lost'),
    by: [HOST, GPU_INDEX],
    of: 'count',
    bucket: '1m',
    last__s: 3600,
    reducer: 'sum',
    threshold: ['gt', 0],
    for: '0s',
    // Without events there is no data, and all is well.
    noDataState: 'OK',
    severity: 'critical',
    summary: `GPU ${label('gpu_index')} of ${label('host.name')} was lost`,
    description: 'The driver no longer reaches it. The rule rests an hour after the loss.',
  }),
  rule({
    uid: 'nvpulse-exporter-backlog',
    title: 'Exporter backlog',
    stream: 'cpumetrics',
    where: 'entity:agent',
    by: [HOST],
    of: reading('agent', 'max', 'export_lag__s'),
    bucket: '30s',
    last__s: 300,
    reducer: 'last',
    threshold: ['gt', BACKLOG__S],
    for: '5m',
    // An exporter that is cut off cannot say so here: nothing arriving from any node is the alarm itself.
    noDataState: 'Alerting',
    severity: 'warning',
    summary: `The exporter of ${label('host.name')} is behind`,
    description: `Its oldest sample not yet in Elasticsearch is older than ${BACKLOG__S} s; it waits in the node's spool. Its /health says why.`,
  }),
  rule({
    uid: 'nvpulse-node-silent',
    title: 'Node silent',
    stream: 'cpumetrics',
    where: 'entity:agent',
    by: [HOST],
    of: 'count',
    // The last bucket may have just begun: it is empty for less than a minute of its five, so for less than `for`.
    bucket: '5m',
    last__s: 3600,
    reducer: 'last',
    threshold: ['lt', 1],
    for: '5m',
    // No node at all is the rule above.
    noDataState: 'OK',
    severity: 'critical',
    summary: `${label('host.name')} is silent`,
    description:
      'Nothing has arrived from it for five minutes, though it did within the hour: the agent stopped, or its exporter is cut off.',
  }),
  rule({
    uid: 'nvpulse-lease-expired',
    title: 'Lease expired',
    stream: 'jobmetrics',
    where: all('entity:event', 'event:lease_expired'),
    by: [JOB, HOST],
    of: 'count',
    bucket: '1m',
    last__s: 900,
    reducer: 'sum',
    threshold: ['gt', 0],
    for: '0s',
    // Without events there is no data, and all is well.
    noDataState: 'OK',
    severity: 'info',
    summary: `Job ${label('job')} on ${label('host.name')} was never stopped`,
    description:
      'Its lease ran out and ended its window: its monitor-stop did not run, or could not reach the server.',
  }),
];

export const ruleGroups: RuleGroups = {
  apiVersion: 1,
  groups: [{ orgId: 1, name: 'nvpulse', folder: 'nvpulse', interval: '1m', rules: RULES }],
};
