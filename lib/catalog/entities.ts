// What a metric can be about, and the identity that each entity carries.

/** The closed list of entities. */
export const ENTITIES = [
  'host',
  'core',
  'memory',
  'disk',
  'filesystem',
  'network',
  'cgroup',
  'job',
  'process',
  'gpu',
  'gpu_process',
  'mig',
  'agent',
] as const;
export type Entity = (typeof ENTITIES)[number];

/** Identity fields of each entity: what tells one instance from another, or names it to people. */
export interface Identities {
  host: { name: string };
  core: { core: number };
  memory: Record<never, never>;
  disk: { device: string };
  filesystem: { mount: string; device: string; type: string };
  network: { interface: string };
  cgroup: { path: string };
  /** `tracking`: by the process tree, or by a cgroup v2. */
  job: { id: string; tracking: 'tree' | 'cgroup' };
  /**
   * `name`: what the kernel calls it now; a process that executes another program, or renames itself, goes on as another
   * instance of the same `pid`. `job`: id of the followed job that it belongs to; one that is of two jobs has an instance
   * for each.
   */
  process: { pid: number; name: string; job: string };
  /**
   * `uuid`: as the driver tells it; where it tells none, the PCI address or, without that, `index N`. Never '', and no two
   * GPUs of a machine have the same. `driver_version`: of the driver that was loaded when it was first seen.
   */
  gpu: {
    index: number;
    uuid: string;
    name: string;
    pci_bus_id: string;
    serial: string | null;
    driver_version: string;
  };
  /** `job`: as that of process; '' where no job is followed. */
  gpu_process: { index: number; uuid: string; pid: number; name: string; job: string };
  mig: { uuid: string };
  agent: Record<never, never>;
}

/** One thing that was measured. `id` is unique within a sampler's life and within a recording. */
export type Instance = {
  [E in Entity]: { readonly id: number; readonly entity: E; readonly identity: Readonly<Identities[E]> };
}[Entity];
