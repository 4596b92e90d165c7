// The templates that monitoring adds to an Argo workflow.
import type { Value } from './edit';
import type { Plan } from './options';

/** Opens the job's window; before what was the entrypoint. */
export const START = 'monitor-start';
/** Closes it; in the exit handler. */
export const STOP = 'monitor-stop';
/** Opens the window of one step. */
export const START_STEP = 'monitor-start-step';
/** Closes a window when a step has ended, however it ended. */
export const STOP_STEP = 'monitor-stop-step';
/** The entrypoint: monitor-start, then what was the entrypoint. */
export const MONITORED = 'monitored';
/** The exit handler: monitor-stop, beside what was the exit handler. */
export const MONITORED_EXIT = 'monitored-exit';

/** Each is a pod. */
export const STAGES = [START, STOP, START_STEP, STOP_STEP] as const;
export type Stage = (typeof STAGES)[number];
/** A stage in a dag of its own, for those who could not tolerate its failure. */
export const toleratedOf = (stage: Stage): string => `${stage}-tolerated`;
export const RESERVED: readonly string[] = [...STAGES, ...STAGES.map(toleratedOf), MONITORED, MONITORED_EXIT];

/** The uid is the job's id: names of workflows come again. */
export const JOB = '{{workflow.uid}}';
/** A stage that a node has taken never holds the job up longer than this, waiting for its image included. */
const TIMEOUT = '5m';
/**
 * What a namespace of the level "restricted" asks for, beside what Argo gives its own containers. Those have an image of
 * root's: without a user for all of the pod, the kubelet starts none of it. This one is our image's.
 */
const POD_SECURITY: Value = {
  runAsNonRoot: true,
  runAsUser: 9417,
  seccompProfile: { type: 'RuntimeDefault' },
};
const CONTAINER_SECURITY: Value = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
/** A quota wants them named. The client takes 50 to 60 MiB, and less than a second of CPU. */
const RESOURCES: Value = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { cpu: '1', memory: '256Mi' },
};
const TOLERANT: Value = { failed: true, error: true };
/** A retryStrategy is for the job's own templates, each by itself: what wraps them would multiply their tries. */
const ONCE: Value = { limit: '0' };

const input = (name: string): string => `{{inputs.parameters.${name}}}`;

interface Client {
  readonly inputs: readonly string[];
  /** Of `nvpulse client`. */
  argsFor(host: string): readonly string[];
}

const CLIENTS: Readonly<Record<Stage, Client>> = {
  [START]: {
    inputs: [],
    argsFor: (host) => ['--start', '-i', host, '--job', JOB, '--name', '{{workflow.name}}'],
  },
  [STOP]: {
    inputs: [],
    argsFor: (host) => ['--stop', '-i', host, '--job', JOB, '--status', '{{workflow.status}}'],
  },
  [START_STEP]: {
    inputs: ['step'],
    argsFor: (host) => {
      const step = input('step');
      const labels = ['--label', `parent=${JOB}`, '--label', `step=${step}`];
      return ['--start', '-i', host, '--job', `${JOB}.${step}`, '--name', step, ...labels];
    },
  },
  [STOP_STEP]: {
    inputs: ['job', 'status'],
    argsFor: (host) => ['--stop', '-i', host, '--job', input('job'), '--status', input('status')],
  },
};

/** A task of a dag that goes on whatever becomes of the stage. */
export function stageTask(stage: Stage): Value {
  const parameters = CLIENTS[stage].inputs.map((name) => ({ name, value: input(name) }));
  return {
    name: stage,
    template: stage,
    arguments: parameters.length > 0 ? { parameters } : undefined,
    continueOn: TOLERANT,
  };
}

const inputsOf = (stage: Stage): Value | undefined => {
  const parameters = CLIENTS[stage].inputs.map((name) => ({ name }));
  return parameters.length > 0 ? { parameters } : undefined;
};

/**
 * The pod of a stage.
 *
 * It has a template with a name: Argo makes no pod of one that stands inline where there is a retryStrategy.
 *
 * @param retried whether it could be without a word of its own. Else it says none, since where there is a retryStrategy Argo
 * gives up no pod that finds no node
 */
export function podTemplate(stage: Stage, plan: Plan, retried: boolean): Value {
  const token = plan.tokenSecret && [
    {
      name: 'NVPULSE_TOKEN',
      // A Secret that is not there must not hold the job up: the client is refused, warns, and ends.
      valueFrom: { secretKeyRef: { name: plan.tokenSecret, key: 'token', optional: true } },
    },
  ];
  return {
    name: stage,
    inputs: inputsOf(stage),
    retryStrategy: retried ? ONCE : undefined,
    timeout: TIMEOUT,
    securityContext: POD_SECURITY,
    container: {
      image: plan.image,
      command: ['nvpulse', 'client'],
      // By a key of their own, so that no default of the workflow is added to them.
      args: CLIENTS[stage].argsFor(plan.host),
      env: token || undefined,
      resources: RESOURCES,
      securityContext: CONTAINER_SECURITY,
    },
  };
}

/**
 * A stage that never fails whatever calls it: a dag tolerates every end of its task, where steps and exit handlers fail when
 * a pod is refused or its image does not come, before they look at what may be tolerated.
 */
export function toleratedTemplate(stage: Stage): Value {
  return dagTemplate(toleratedOf(stage), inputsOf(stage), { tasks: [stageTask(stage)] });
}

export function dagTemplate(name: string, inputs: Value | undefined, dag: Value): Value {
  return { name, inputs, retryStrategy: ONCE, dag };
}
