// “Job”: one job, on each of its hosts, while it runs and afterwards.
import { faults, marks, starts, windows } from '../annotations';
import { across, dashboard, many, one } from '../dashboard';
import {
  CGROUP,
  DEVICE,
  ENDED_BY,
  GPU_SCOPE,
  GPU_SHARED,
  HOST,
  INDEX,
  INTERFACE,
  JOB_NAME,
  JOB_TITLE,
  PID,
  STATUS,
  TITLE_PARTS,
} from '../fields';
import type { Dashboard } from '../model';
import {
  band,
  colorRows,
  computed,
  energyInJobs,
  energyOfGpus,
  events,
  graph,
  meanOverTime,
  simulatedOn,
  windowsOf,
} from '../panels';
import { all } from '../query';
import { linesOf } from './gpu-lines';

export const JOB_UID = 'nvpulse-job';

const OF_JOB = 'job:"$job"';
const WINDOWS = `entity:window AND ${OF_JOB}`;
/** In a row that is repeated for each host. */
const HERE = [OF_JOB, 'host.name:$host'];

const gpus = {
  entity: 'gpu',
  where: [...HERE, 'index:$index'],
  by: [INDEX],
  legend: 'GPU {{index}}',
} as const;
const gpuProcesses = {
  entity: 'gpu_process',
  where: [...HERE, 'index:$index'],
  by: [INDEX, PID],
  legend: 'GPU {{index}} · {{pid}}',
} as const;
const host = { entity: 'host', where: HERE, by: [], legend: '' } as const;
const memory = { entity: 'memory', where: HERE, by: [], legend: '' } as const;
const tree = { entity: 'job', where: HERE, by: [], legend: '' } as const;
const cgroups = { entity: 'cgroup', where: HERE, by: [CGROUP], legend: '{{path}}' } as const;
const disks = { entity: 'disk', where: HERE, by: [DEVICE], legend: '{{device}}' } as const;
const networks = { entity: 'network', where: HERE, by: [INTERFACE], legend: '{{interface}}' } as const;

/** A line for each host. */
const onAll = { where: HERE, by: [HOST], legend: '{{host.name}}' } as const;
const allGpus = { entity: 'gpu', ...onAll } as const;
const allHosts = { entity: 'host', ...onAll } as const;
const allMemory = { entity: 'memory', ...onAll } as const;

/** Folded samples keep their highest beside their mean. */
const highest = (field: string) =>
  ({
    a: { calculation: 'max', field },
    b: { calculation: 'max', field: `${field}_max` },
    script: 'Math.max(params.a, params.b)',
  }) as const;

/** Of samples: a job that runs has them, and no summary yet. */
const summary = [
  ...across(
    4,
    computed(
      allHosts,
      HOST,
      {
        a: { calculation: 'max', field: '@timestamp' },
        b: { calculation: 'min', field: '@timestamp' },
        script: 'params.a - params.b',
      },
      'ms',
      'max',
      { title: 'Time', description: 'From its first sample in the time range to its last.' },
    ),
    energyInJobs(allGpus, HOST, {
      title: 'GPU energy',
      description:
        'What its GPUs drew in the time range while it had them, all hosts. A GPU that is shared with other jobs counts whole in each: see “Shared” below.',
    }),
    meanOverTime(allGpus, 'gpu_utilization__pct', {
      title: 'GPU utilization',
      description:
        'Mean of its GPUs over its time in the time range. Documents of nvpulse 0.1 do not count: they tell no time.',
    }),
    computed(allGpus, HOST, highest('memory_used__MiB'), 'mbytes', 'max', {
      title: 'Highest GPU memory',
      description: 'The highest reading of any of its GPUs in the time range.',
    }),
    computed(allGpus, HOST, highest('gpu_temperature__C'), 'celsius', 'max', {
      title: 'Highest GPU temperature',
      description: 'The highest reading of any of its GPUs in the time range.',
    }),
    meanOverTime(allHosts, 'cpu_utilization__pct', {
      title: 'CPU utilization',
      description: 'Mean of its hosts over its time in the time range, of all that ran there.',
    }),
  ),
];

/** This dashboard, from the window's start to its end. */
const ITS_TIME = {
  title: 'Show all of its time',
  url: `/d/${JOB_UID}?var-job=\${job:percentencode}&from=\${__data.fields.Min.numeric}&to=\${__data.fields.Max.numeric}`,
};

const facts = [
  {
    panel: windowsOf(
      WINDOWS,
      [
        { ...HOST, title: 'Host' },
        { ...JOB_NAME, title: 'Name', links: [ITS_TIME] },
        { ...STATUS, title: 'Status' },
        { ...ENDED_BY, title: 'Ended by' },
        { ...GPU_SHARED, title: 'Shared' },
        { ...GPU_SCOPE, title: 'GPUs' },
      ],
      [
        { calculation: 'max', field: '@timestamp', title: 'End', unit: 'dateTimeAsIso' },
        { calculation: 'avg', field: 'duration__s', title: 'Duration' },
        { calculation: 'avg', field: 'gpu_energy__J', title: 'GPU energy' },
      ],
      {
        title: 'Windows that ended',
        description:
          'A row for each host where it ended in the time range; click the name to see all of its time, and no more. GPUs: the named ones, those of its processes, or (node) all of the node’s, since nothing told which are its own. Shared: another job used one of its GPUs at the same time, so that their energies are not to be added.',
      },
    ),
    width: 12,
    height: 6,
  },
  {
    panel: events(
      `entity:(start OR event) AND ${OF_JOB}`,
      [
        { field: '@timestamp', title: 'Time' },
        { field: 'host.name', title: 'Host' },
        { field: 'event', title: 'Event' },
        { field: 'text', title: 'Text' },
      ],
      { title: 'Events', description: 'Starts, marks, stops, and what went wrong meanwhile.' },
    ),
    width: 9,
    height: 6,
  },
  { panel: simulatedOn(OF_JOB), width: 3, height: 6 },
];

export const job: Dashboard = dashboard({
  uid: JOB_UID,
  title: 'nvpulse / Job',
  description:
    'One job: its GPUs, and the CPUs, memory and disks of its hosts, while its windows were open. From Compare jobs it opens over the time of a job.',
  from: 'now-6h',
  refresh: '30s',
  variables: [
    one({
      name: 'job',
      label: 'Job',
      description: 'Jobs with samples in the time range: start and name, the newest first.',
      from: 'cpumetrics',
      field: JOB_TITLE.field,
      where: 'entity:host',
      sort: 0,
      order: 'desc',
      regex: TITLE_PARTS,
    }),
    many({
      name: 'host',
      label: 'Host',
      description: 'Hosts of the job.',
      from: 'cpumetrics',
      field: 'host.name',
      where: `entity:host AND ${OF_JOB}`,
      sort: 1,
    }),
    many({
      name: 'index',
      label: 'GPU',
      description: 'GPUs of the job, by index.',
      from: 'gpumetrics',
      field: 'index',
      where: `entity:gpu AND ${OF_JOB} AND host.name:$host`,
      sort: 3,
    }),
  ],
  annotations: [windows(OF_JOB), starts(OF_JOB), marks(OF_JOB), faults(OF_JOB)],
  sections: [
    { title: 'Summary', tiles: [...summary, ...facts] },
    {
      title: 'All hosts',
      tiles: across(
        8,
        colorRows(allGpus, 'gpu_utilization__pct', 'GPU utilization by host'),
        graph(allGpus, ['power_draw__W'], { title: 'Power of a GPU by host' }),
        colorRows(allHosts, 'cpu_utilization__pct', 'CPU utilization by host'),
        graph(allMemory, ['memory_used__MiB'], { title: 'Memory used by host' }),
      ),
    },
    {
      title: 'GPUs of $host',
      repeat: 'host',
      tiles: [
        ...across(
          8,
          colorRows(gpus, 'gpu_utilization__pct', 'Utilization of each GPU'),
          energyOfGpus(all('entity:gpu', ...gpus.where), 'jobs', 'Energy in the time range'),
        ),
        ...across(
          8,
          band(gpus, 'memory_used__MiB'),
          band(gpus, 'power_draw__W'),
          band(gpus, 'gpu_temperature__C'),
          band(gpus, 'gpu_clock__MHz'),
        ),
      ],
    },
    {
      title: 'Each GPU of $host',
      repeat: 'host',
      collapsed: true,
      tiles: [
        ...linesOf(gpus),
        ...across(
          10,
          graph(gpus, ['memory_utilization__pct'], { title: 'Memory activity', ofWhole: true }),
          graph(gpus, ['memory_clock__MHz']),
        ),
      ],
    },
    {
      title: 'CPUs, memory and disks of $host',
      repeat: 'host',
      tiles: [
        ...across(
          8,
          graph(host, ['cpu_user__pct', 'cpu_system__pct', 'cpu_iowait__pct', 'cpu_steal__pct'], {
            title: 'CPU utilization',
            stacked: true,
            ofWhole: true,
          }),
          graph(memory, ['memory_used__MiB', 'memory_total__MiB'], { title: 'Memory' }),
          graph(host, ['cpu_pressure__pct', 'memory_pressure__pct', 'io_pressure__pct'], {
            title: 'Waiting for CPU, memory and disks',
          }),
        ),
        ...across(
          8,
          graph(disks, ['disk_read__MBps', 'disk_write__MBps'], { title: 'Disks, read and write' }),
          graph(disks, ['disk_busy__pct'], { title: 'Disks, busy', ofWhole: true }),
          graph(networks, ['network_receive__MBps', 'network_transmit__MBps'], { title: 'Network' }),
        ),
      ],
    },
    {
      title: 'Processes of the job on $host, where it was started with --pid or --cgroup, or is a command',
      repeat: 'host',
      collapsed: true,
      tiles: [
        ...across(
          8,
          graph(tree, ['cpus_user', 'cpus_system'], {
            title: 'CPUs used by the job’s processes',
            stacked: true,
          }),
          graph(tree, ['memory_rss_sum__MiB', 'memory_pss__MiB'], { title: 'Memory of the job’s processes' }),
        ),
        ...across(
          8,
          graph(tree, ['io_read__MBps', 'io_write__MBps'], {
            title: 'Storage read and written by the job’s processes',
          }),
          graph(gpuProcesses, ['process_memory__MiB'], { title: 'GPU memory by process' }),
        ),
      ],
    },
    {
      title: 'Cgroups on $host',
      repeat: 'host',
      collapsed: true,
      tiles: across(
        8,
        graph(cgroups, ['cgroup_cpus_used', 'cgroup_cpus_throttled'], {
          title: 'CPUs used, and CPUs held back by the quota',
        }),
        graph(cgroups, ['cgroup_memory__MiB', 'cgroup_memory_limit__MiB'], {
          title: 'Memory, and its limit',
        }),
      ),
    },
  ],
});
