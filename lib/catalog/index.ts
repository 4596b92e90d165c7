// The catalog's public face.
export { ENTITIES, type Entity, type Identities, type Instance } from './entities';
export { HOLD_PERIODS } from './hold';
export {
  METRICS,
  metricsOf,
  rangeOf,
  unitOf,
  type Derivation,
  type Growth,
  type Kind,
  type Measure,
  type Metric,
  type MetricName,
  type NotedMetric,
  type NvmlRead,
  type Range,
  type Source,
  type Tier,
  type Unbounded,
} from './metrics';
export { STATUS, describeStatus, type AbsentState, type ValueState } from './status';
