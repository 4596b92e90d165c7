// “Compare jobs”: those that ended in the time range, side by side.
import { across, dashboard, many } from '../dashboard';
import { GPU_SCOPE, GPU_SHARED, HOST, JOB, JOB_NAME, STATUS } from '../fields';
import type { Dashboard } from '../model';
import { bars, summaries } from '../panels';
import type { Column } from '../query';
import { JOB_UID } from './job';

const WINDOWS = 'entity:window AND host.name:$host AND job_name:$name AND job:$job';

/** The job's dashboard, at the time of its window. */
const TO_JOB = {
  title: 'Show the job',
  url:
    `/d/${JOB_UID}?var-job=\${__value.raw:percentencode}` +
    '&from=${__data.fields.Min.numeric}&to=${__data.fields.Max.numeric}',
};

const compared = (field: string, title: string, description: string) =>
  bars(WINDOWS, [JOB, JOB_NAME], { calculation: 'avg', field } satisfies Column, { title, description });

export const compare: Dashboard = dashboard({
  uid: 'nvpulse-compare',
  title: 'nvpulse / Compare jobs',
  description: 'Jobs that ended in the time range, side by side. Click an id to see the job.',
  from: 'now-7d',
  refresh: '1m',
  variables: [
    many({
      name: 'host',
      label: 'Host',
      description: 'Hosts where jobs ended in the time range.',
      from: 'jobmetrics',
      field: 'host.name',
      where: 'entity:window',
      sort: 1,
    }),
    many({
      name: 'name',
      label: 'Name',
      description: 'Names of jobs.',
      from: 'jobmetrics',
      field: 'job_name',
      where: 'entity:window AND host.name:$host',
      sort: 1,
    }),
    many({
      name: 'job',
      label: 'Job',
      description: 'Ids of jobs of that name.',
      from: 'jobmetrics',
      field: 'job',
      where: 'entity:window AND host.name:$host AND job_name:$name',
      sort: 1,
    }),
  ],
  annotations: [],
  sections: [
    {
      title: 'Jobs',
      tiles: [
        {
          panel: summaries(
            WINDOWS,
            [
              { ...JOB, title: 'Job', links: [TO_JOB] },
              { ...JOB_NAME, title: 'Name' },
              { ...HOST, title: 'Host' },
              { ...STATUS, title: 'Status' },
              { ...GPU_SHARED, title: 'Shared' },
              { ...GPU_SCOPE, title: 'GPUs' },
            ],
            [
              { calculation: 'min', field: 'start', title: 'Start', unit: 'dateTimeAsIso' },
              { calculation: 'max', field: '@timestamp', title: 'End', unit: 'dateTimeAsIso' },
              { calculation: 'avg', field: 'duration__s', title: 'Duration' },
              { calculation: 'avg', field: 'gpu_energy__J', title: 'GPU energy' },
              { calculation: 'avg', field: 'gpu_utilization__pct', title: 'GPU utilization' },
              { calculation: 'avg', field: 'power_draw__W', title: 'Power of a GPU' },
              { calculation: 'avg', field: 'gpu_memory_used__MiB_max', title: 'Highest GPU memory' },
              { calculation: 'avg', field: 'cpu_utilization__pct', title: 'CPU utilization' },
            ],
            1,
            {
              title: 'Jobs, the last to end on top',
              description:
                'GPUs: the named ones, those of its processes, or (node) all of the node’s. Shared: another job used one of its GPUs at the same time, so that their energies are not to be added.',
            },
          ),
          width: 24,
          height: 12,
        },
        ...across(
          12,
          compared('duration__s', 'Duration', 'Of each window, a mean where a job has several.'),
          compared(
            'gpu_energy__J',
            'GPU energy',
            'Of the job’s GPUs. That of a shared GPU stands whole in each job that used it.',
          ),
          compared('gpu_utilization__pct', 'GPU utilization', 'Mean over the job’s GPUs and its time.'),
          compared('gpu_memory_used__MiB_max', 'Highest GPU memory', 'Highest reading of any of its GPUs.'),
        ),
      ],
    },
  ],
});
