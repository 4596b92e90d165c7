// Looking figures up in a summary: what is absent is undefined, and says why on demand.
import type {
  AbsentSummary,
  CounterSummary,
  Entity,
  EntitySummary,
  GaugeSummary,
  JobSummary,
  MetricName,
  MetricSummary,
} from '../index';

type Of<E extends Entity> = Extract<EntitySummary, { entity: E }>;

export function entitiesOf<E extends Entity>(summary: JobSummary, entity: E): readonly Of<E>[] {
  return summary.entities.filter((candidate): candidate is Of<E> => candidate.entity === entity);
}

/** A metric of any entity; a name that it does not have is undefined like one that is absent. */
function metric(of: EntitySummary | undefined, name: MetricName): MetricSummary | undefined {
  const metrics: Readonly<Partial<Record<MetricName, MetricSummary>>> = of?.metrics ?? {};
  return metrics[name];
}

export function gaugeOf(of: EntitySummary | undefined, name: MetricName): GaugeSummary | undefined {
  const found = metric(of, name);
  return found && 'mean' in found ? found : undefined;
}

export function counterOf(of: EntitySummary | undefined, name: MetricName): CounterSummary | undefined {
  const found = metric(of, name);
  return found && 'delta' in found ? found : undefined;
}

export function absenceOf(of: EntitySummary | undefined, name: MetricName): AbsentSummary | undefined {
  const found = metric(of, name);
  return found && 'reason' in found ? found : undefined;
}
