// Grafana's provisioning files, made from the catalog and the sink's streams: data sources, dashboards and alert rules. Pure; scripts/generate
// writes them to deploy/grafana/provisioning.
import { ruleGroups, type RuleGroups } from './alerts';
import { compare } from './dashboards/compare';
import { job } from './dashboards/job';
import { node } from './dashboards/node';
import type { Dashboard } from './model';
import { datasources, provider, type DatasourceFile, type ProviderFile } from './sources';

export const DASHBOARDS: readonly Dashboard[] = [job, node, compare];
export const RULE_GROUPS: RuleGroups = ruleGroups;

/** Content of the files by their path in Grafana's provisioning folder. */
export const PROVISIONING: Readonly<Record<string, Dashboard | RuleGroups | DatasourceFile | ProviderFile>> =
  {
    'datasources/nvpulse.yaml': datasources,
    'dashboards/nvpulse.yaml': provider,
    ...Object.fromEntries(
      DASHBOARDS.map((dashboard) => [
        `dashboards/nvpulse/${dashboard.uid.replace('nvpulse-', '')}.json`,
        dashboard,
      ]),
    ),
    'alerting/nvpulse.yaml': ruleGroups,
  };

export type { RuleQuery, Rule } from './alerts';
export type { Annotation, Choice, Dashboard, Panel, PlacedPanel, Row, Variable } from './model';
export type { BucketAggregation, MetricAggregation, Query } from './query';
export { titleOf, unitIdOf } from './words';
