// The operators monitor-start and monitor-stop of a Clara definition.
import type { Operator } from './clara-operators';
import type { Value } from './edit';
import { refused, type Plan } from './options';

export const START = 'monitor-start';
export const STOP = 'monitor-stop';
/** Where an operator finds what monitor-start wrote; as in the original. */
export const STARTED = '/monitor_start';
export const STEP_STARTED = '/monitor_start_step';
/** Where monitor-stop finds what the last operator wrote; as in the original. */
const FINISHED = '/reg_output';
/** Where monitor-start writes job.json, for monitor-stop to read. */
const OUTPUT = '/output';
/** An operator that writes nothing gets this output, so that monitor-stop can wait for it. */
export const ADDED_OUTPUT = '/monitor_output';

/** The stages of one window. */
export interface Window {
  readonly start: string;
  readonly stop: string;
  /** The job's name: the pipeline's, or the step's. */
  readonly job: string | undefined;
  readonly step: string | undefined;
}

export function windowOf(job: string | undefined): Window {
  return { start: START, stop: STOP, job, step: undefined };
}

export function stepWindowOf({ name }: Operator): Window {
  return { start: `${START}-${name}`, stop: `${STOP}-${name}`, job: name, step: name };
}

/** Which kind of stage a name stands for; undefined for another operator's. */
export function kindOfName(name: string): 'start' | 'stop' | undefined {
  return /^monitor-(start|stop)(?:-|$)/.exec(name)?.[1] as 'start' | 'stop' | undefined;
}

/** @param before the operators that it comes right before, after all that those wait for; none: it comes first */
export function startStage(plan: Plan, window: Window, before: readonly Operator[]): Value {
  const upstream = before.flatMap(({ inputs }) => inputs.filter(({ from }) => from !== undefined));
  const input = upstream.map(({ from, name }, at) => ({ from, name, path: numbered('/input', at) }));
  const labelled = window.step === undefined ? [] : ['--label', `step=${window.step}`];
  return {
    name: window.start,
    description: `Start the monitoring ${window.step === undefined ? 'service' : `of ${window.step}`}`,
    container: container(plan, [
      '--start',
      '-i',
      plan.host,
      ...named(window),
      ...labelled,
      '--output',
      OUTPUT,
    ]),
    input: input.length > 0 ? input : [{ path: '/input' }],
    output: [{ path: OUTPUT }],
  };
}

/** @param after the operators that it waits for, each with the name of an output of its own */
export function stopStage(
  plan: Plan,
  window: Window,
  after: readonly { readonly name: string; readonly output: string | undefined }[],
): Value {
  return {
    name: window.stop,
    description: `Stop the monitoring ${window.step === undefined ? 'service' : `of ${window.step}`}`,
    // By its name where monitor-start could write no job.json, and one open job has that.
    container: container(plan, ['--stop', '-i', plan.host, '--input', STARTED, ...named(window)]),
    input: [
      ...after.map(({ name, output }, at) => ({ from: name, name: output, path: numbered(FINISHED, at) })),
      { from: window.start, path: STARTED },
    ],
    output: [{ path: OUTPUT }],
  };
}

const named = ({ job }: Window): readonly string[] => (job === undefined ? [] : ['--name', job]);

/** Clara splits an image from its tag. */
function container({ image }: Plan, args: readonly string[]): Value {
  if (image.includes('@'))
    throw refused('image', image, 'an image with a tag: a Clara definition has no place for a digest');
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1);
  const [name, tag] = colon < 0 ? [image, 'latest'] : [image.slice(0, colon), image.slice(colon + 1)];
  return { image: name, tag, command: ['python3', 'client.py', ...args] };
}

const numbered = (path: string, at: number): string => (at === 0 ? path : `${path}_${at + 1}`);
