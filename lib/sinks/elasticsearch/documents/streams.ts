// The data streams, and which fields of an entity's documents tell one instance from another.
import type { Entity, Identities } from '../../../catalog';

/** GPUs · the host and all else that is sampled · windows of jobs and what happened in them. */
export const STREAMS = ['gpumetrics', 'cpumetrics', 'jobmetrics'] as const;
export type Stream = (typeof STREAMS)[number];

/** Of an entity's samples. */
export function streamOf(entity: Entity): Exclude<Stream, 'jobmetrics'> {
  return entity === 'gpu' || entity === 'gpu_process' || entity === 'mig' ? 'gpumetrics' : 'cpumetrics';
}

type IdentityFields = {
  readonly [E in Entity]: readonly (readonly [field: string, of: keyof Identities[E] & string])[];
};

/**
 * Fields of a document beside time, host, entity and jobs, and where their values stand in the identity. The id of a
 * `job` stands in the document's `job`, the name of a `host` in its `host.name`.
 */
export const IDENTITY_FIELDS: IdentityFields = {
  host: [],
  core: [['core', 'core']],
  memory: [],
  disk: [['device', 'device']],
  filesystem: [
    ['mount', 'mount'],
    ['device', 'device'],
    ['type', 'type'],
  ],
  network: [['interface', 'interface']],
  cgroup: [['path', 'path']],
  job: [],
  process: [
    ['pid', 'pid'],
    ['process_name', 'name'],
  ],
  gpu: [
    ['index', 'index'],
    ['uuid', 'uuid'],
    ['name', 'name'],
  ],
  gpu_process: [
    ['index', 'index'],
    ['uuid', 'uuid'],
    ['pid', 'pid'],
    ['process_name', 'name'],
  ],
  mig: [['uuid', 'uuid']],
  agent: [],
};
