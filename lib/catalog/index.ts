// The catalog's public face.
export { ENTITIES, type Entity, type Identities, type Instance } from './entities';
export {
  METRICS,
  metricsOf,
  unitOf,
  type Derivation,
  type Kind,
  type Metric,
  type MetricName,
  type NotedMetric,
  type NvmlRead,
  type Source,
  type Tier,
} from './metrics';
export { STATUS, describeStatus, type AbsentState, type ValueState } from './status';
