// What a workflow says for all of its templates, and so for those of monitoring too: what these say against it, and what
// cannot stand beside them. Argo merges templateDefaults into each template that it runs; what the template says wins.
import type { Plan } from './options';
import type { Reader } from './reader';
import type { MapNode } from './yaml';

/** Concern pods, of which every end is tolerated, other kinds of templates than those of monitoring, or what it has not. */
const HARMLESS = [
  'activeDeadlineSeconds',
  'affinity',
  'archiveLocation',
  'automountServiceAccountToken',
  'container',
  'data',
  'executor',
  'failFast',
  'hostAliases',
  'initContainers',
  'metadata',
  'nodeSelector',
  'parallelism',
  'podSpecPatch',
  'priorityClassName',
  'resource',
  'schedulerName',
  'script',
  'securityContext',
  'serviceAccountName',
  'sidecars',
  'steps',
  'suspend',
  'timeout',
  'tolerations',
  'volumes',
];
/** Each template of monitoring says that it runs once. */
const RETRIED = 'retryStrategy';
/** Argo counts the templates of monitoring, too. */
const COUNTED = 'metrics';

export interface Defaults {
  /** Whether templates that say nothing of it are retried. */
  readonly retried: boolean;
  /** Whether Argo limits how many pods there are at once. */
  readonly limited: boolean;
}

/** @throws ERR_OPTION where templateDefaults has what could hold the job up, or make it end otherwise */
export function defaultsOf(reader: Reader, spec: MapNode, { warn }: Plan): Defaults {
  const given = reader.mapAt(spec, 'templateDefaults');
  const keys = given ? reader.keysOf(given) : [];
  for (const { key, text } of keys) {
    if (text === COUNTED)
      warn(
        reader.told(
          key,
          'these metrics count the stages of monitoring too; write them into the templates that they are for',
        ),
      );
    else if (text !== RETRIED && !HARMLESS.includes(text))
      throw reader.refusal(
        key,
        `${text} of templateDefaults would hold for the stages of monitoring too; write it into the templates that it is for`,
      );
  }
  const deadline = reader.pair(spec, 'activeDeadlineSeconds');
  if (deadline)
    warn(
      reader.told(deadline.key, 'the time that the start takes counts too, up to 5 minutes; raise it by 300'),
    );
  const retried = keys.some(({ text }) => text === RETRIED) || reader.pair(spec, RETRIED) !== undefined;
  return { retried, limited: reader.pair(spec, 'parallelism') !== undefined };
}
