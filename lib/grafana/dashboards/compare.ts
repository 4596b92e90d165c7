// “Compare jobs”: those that run, those that ended in the time range, side by side, and their curves over each other.
import { across, choice, dashboard, many } from '../dashboard';
import {
  GPU_SCOPE,
  GPU_SHARED,
  HOST,
  JOB,
  JOB_NAME,
  JOB_TITLE,
  SIMULATED,
  STATUS,
  TITLE_PARTS,
} from '../fields';
import type { Dashboard } from '../model';
import { bars, curves, simulatedOn, windowsOf } from '../panels';
import { weightedMean, type Column, type Computed } from '../query';
import { JOB_UID } from './job';

const CHOSEN = 'host.name:$host AND job_name:$name AND job:$job';
/** Ended windows alone: a job that runs counts nowhere. */
const WINDOWS = `entity:window AND ${CHOSEN}`;
/**
 * A start is that of a job that runs while it has no end, and its host's newest samples have it: of no lost one. By its
 * title, since a job may have ended on one host and run on another.
 */
const RUNNING = `entity:start AND job_title:$running AND NOT job_title:$ended AND ${CHOSEN}`;

/** The job's dashboard, from a time to another. */
const toJob = (to: string) => ({
  title: 'Show the job',
  url: `/d/${JOB_UID}?var-job=\${__value.raw:percentencode}` + `&from=\${__data.fields.Min.numeric}&to=${to}`,
});

const compared = (measure: Column | Computed, title: string, description: string) =>
  bars(WINDOWS, measure, { title, description });

const NEWEST: typeof JOB_TITLE = { ...JOB_TITLE, size: 10 };
const STEP = '$step';
const gpus = { entity: 'gpu', where: ['host.name:$host', 'job:$runs'] } as const;
const host = { entity: 'host', where: ['host.name:$host', 'job:$runs'] } as const;

export const compare: Dashboard = dashboard({
  uid: 'nvpulse-compare',
  title: 'nvpulse / Compare jobs',
  description:
    'Jobs that run, and those that ended in the time range, the newest first, side by side. Click an id to see the job over its time.',
  from: 'now-7d',
  refresh: '1m',
  variables: [
    many({
      name: 'host',
      label: 'Host',
      description: 'Hosts where jobs began or ended in the time range.',
      from: 'jobmetrics',
      field: 'host.name',
      where: 'entity:(window OR start)',
      sort: 1,
    }),
    many({
      name: 'name',
      label: 'Name',
      description: 'Names of jobs.',
      from: 'jobmetrics',
      field: 'job_name',
      where: 'entity:(window OR start) AND host.name:$host',
      sort: 1,
    }),
    many({
      name: 'job',
      label: 'Job',
      description: 'Jobs of that name, the newest first.',
      from: 'jobmetrics',
      field: 'job_title',
      where: 'entity:(window OR start) AND host.name:$host AND job_name:$name',
      sort: 0,
      order: 'desc',
      regex: TITLE_PARTS,
    }),
    many({
      name: 'running',
      label: 'Running',
      description: 'Jobs that the hosts had in the last two minutes.',
      from: 'cpumetrics',
      field: 'job_title',
      where: 'entity:host AND host.name:$host AND @timestamp:[now-2m TO now]',
      sort: 0,
      allIsAny: false,
      hidden: true,
    }),
    many({
      name: 'ended',
      label: 'Ended',
      description: 'Of those, the ones that ended meanwhile.',
      from: 'jobmetrics',
      field: 'job_title',
      where: 'entity:window AND host.name:$host AND @timestamp:[now-5m TO now]',
      sort: 0,
      allIsAny: false,
      hidden: true,
    }),
    many({
      name: 'runs',
      label: 'Runs',
      description: 'The newest of the jobs, whose curves are drawn.',
      from: 'jobmetrics',
      field: 'job_title',
      where: `entity:(window OR start) AND ${CHOSEN}`,
      sort: 0,
      order: 'desc',
      size: NEWEST.size,
      regex: TITLE_PARTS,
      allIsAny: false,
      hidden: true,
    }),
    choice(
      {
        name: 'step',
        label: 'Curves, a point for each',
        description:
          'Seconds. Of jobs that take days, 600 or 3600: all curves together can have 65,536 points.',
      },
      ['1', '10', '60', '600', '3600'],
      '60',
    ),
  ],
  annotations: [],
  sections: [
    {
      title: 'Running now',
      tiles: [
        {
          panel: windowsOf(
            RUNNING,
            [
              { ...JOB, title: 'Job', links: [toJob('now')] },
              { ...JOB_NAME, title: 'Name' },
              { ...HOST, title: 'Host' },
              { ...GPU_SCOPE, title: 'GPUs' },
            ],
            [],
            {
              title: 'Running now, the newest on top',
              description:
                'Those that began in the time range, and that their hosts have had in the last two minutes: not those that were stopped, whose lease ran out, or whose host is silent.',
            },
          ),
          width: 20,
          height: 6,
        },
        { panel: simulatedOn('host.name:$host'), width: 4, height: 6 },
      ],
    },
    {
      title: 'Jobs that ended',
      tiles: [
        {
          panel: windowsOf(
            WINDOWS,
            [
              { ...JOB, title: 'Job', links: [toJob('${__data.fields.Max.numeric}')] },
              { ...JOB_NAME, title: 'Name' },
              { ...HOST, title: 'Host' },
              { ...STATUS, title: 'Status' },
              { ...GPU_SHARED, title: 'Shared' },
              { ...SIMULATED, title: 'Simulated' },
              { ...GPU_SCOPE, title: 'GPUs' },
            ],
            [
              { calculation: 'max', field: '@timestamp', title: 'End', unit: 'dateTimeAsIso' },
              { calculation: 'avg', field: 'duration__s', title: 'Duration' },
              { calculation: 'avg', field: 'gpu_energy__J', title: 'GPU energy' },
              { calculation: 'avg', field: 'gpu_utilization__pct', title: 'GPU utilization' },
              { calculation: 'avg', field: 'power_draw__W', title: 'Power of a GPU' },
              { calculation: 'avg', field: 'gpu_memory_used__MiB_max', title: 'Highest GPU memory' },
              { calculation: 'avg', field: 'cpu_utilization__pct', title: 'CPU utilization' },
            ],
            {
              title: 'Jobs, the newest on top',
              description:
                'GPUs: the named ones, those of its processes, or (node) all of the node’s. Shared: another job used one of its GPUs at the same time, so that their energies are not to be added.',
            },
          ),
          width: 24,
          height: 12,
        },
        ...across(
          12,
          compared(
            { calculation: 'max', field: 'duration__s' },
            'Duration',
            'Of a job with several windows, as of several hosts, the longest.',
          ),
          compared(
            { calculation: 'sum', field: 'gpu_energy__J' },
            'GPU energy',
            'Of all of the job’s GPUs whose energy is known. That of a shared GPU stands whole in each job that used it.',
          ),
          compared(
            weightedMean('gpu_utilization__pct', 'duration__s'),
            'GPU utilization',
            'Mean over the job’s GPUs and its time; of several hosts, each as long as the job ran there.',
          ),
          compared(
            { calculation: 'max', field: 'gpu_memory_used__MiB_max' },
            'Highest GPU memory',
            'Highest reading of any of its GPUs.',
          ),
        ),
      ],
    },
    {
      title: 'Curves of the ten newest, from the start of each',
      tiles: [
        ...across(
          10,
          curves(gpus, NEWEST, 'gpu_utilization__pct', STEP, 'GPU utilization since the start'),
          curves(gpus, NEWEST, 'power_draw__W', STEP, 'Power of a GPU since the start'),
        ),
        ...across(
          10,
          curves(gpus, NEWEST, 'memory_used__MiB', STEP, 'Memory of a GPU since the start'),
          curves(host, NEWEST, 'cpu_utilization__pct', STEP, 'CPU utilization since the start'),
        ),
      ],
    },
  ],
});
