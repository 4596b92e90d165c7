// The templates that monitoring adds to an Argo workflow, and how they are known again.
import type { Value } from './edit';
import type { Plan } from './options';

/** Opens the job's window; the first step. */
export const START = 'monitor-start';
/** Closes it; the exit handler. */
export const STOP = 'monitor-stop';
/** Opens the window of one step. */
export const START_STEP = 'monitor-start-step';
/** Closes a window when a step has ended, however it ended. */
export const STOP_STEP = 'monitor-stop-step';
/** The entrypoint: monitor-start, then what was the entrypoint. */
export const MONITORED = 'monitored';
/** The exit handler where there was one: monitor-stop beside it. */
export const MONITORED_EXIT = 'monitored-exit';

export const STAGES = [START, STOP, START_STEP, STOP_STEP] as const;
export const WRAPPERS = [MONITORED, MONITORED_EXIT] as const;
export const RESERVED: readonly string[] = [...STAGES, ...WRAPPERS];

/** The uid is the job's id: names of workflows come again. */
export const JOB = '{{workflow.uid}}';
/** A stage never holds the job up longer than this, waiting for its image included. */
const TIMEOUT = '5m';
/** The pod of a stage, as the one task of a dag. */
export const CLIENT = 'client';
/** What a namespace of the level "restricted" asks for, beside what Argo gives its own containers. */
const POD_SECURITY: Value = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
const CONTAINER_SECURITY: Value = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
/** A quota wants them named. The client takes 50 to 60 MiB, and less than a second of CPU. */
const RESOURCES: Value = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { cpu: '1', memory: '256Mi' },
};

const input = (name: string): string => `{{inputs.parameters.${name}}}`;

export function startTemplate(plan: Plan): Value {
  return template(plan, START, ['--start', '-i', plan.host, '--job', JOB, '--name', '{{workflow.name}}']);
}

export function stopTemplate(plan: Plan): Value {
  return template(plan, STOP, ['--stop', '-i', plan.host, '--job', JOB, '--status', '{{workflow.status}}']);
}

export function startStepTemplate(plan: Plan): Value {
  const step = input('step');
  return template(
    plan,
    START_STEP,
    [
      '--start',
      '-i',
      plan.host,
      '--job',
      `${JOB}.${step}`,
      '--name',
      step,
      '--label',
      `parent=${JOB}`,
      '--label',
      `step=${step}`,
    ],
    ['step'],
  );
}

export function stopStepTemplate(plan: Plan): Value {
  const args = ['--stop', '-i', plan.host, '--job', input('job'), '--status', input('status')];
  return template(plan, STOP_STEP, args, ['job', 'status']);
}

/**
 * A stage never fails whatever calls it: a dag tolerates every end of its task, where steps and exit handlers fail when a
 * pod is refused or its image does not come, before they look at what may be tolerated.
 */
function template(plan: Plan, name: string, args: readonly string[], inputs: readonly string[] = []): Value {
  const token = plan.tokenSecret && [
    {
      name: 'NVPULSE_TOKEN',
      // A Secret that is not there must not hold the job up: the client is refused, warns, and ends.
      valueFrom: { secretKeyRef: { name: plan.tokenSecret, key: 'token', optional: true } },
    },
  ];
  return {
    name,
    inputs: inputs.length > 0 ? { parameters: inputs.map((one) => ({ name: one })) } : undefined,
    dag: {
      tasks: [
        {
          name: CLIENT,
          continueOn: { failed: true, error: true },
          inline: {
            timeout: TIMEOUT,
            securityContext: POD_SECURITY,
            container: {
              image: plan.image,
              command: ['nvpulse', 'client', ...args],
              env: token || undefined,
              resources: RESOURCES,
              securityContext: CONTAINER_SECURITY,
            },
          },
        },
      ],
    },
  };
}
