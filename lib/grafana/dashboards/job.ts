// “Job”: one job, on each of its hosts.
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
  PID,
  STATUS,
} from '../fields';
import type { Dashboard } from '../model';
import { events, figure, graph, rise, summaries } from '../panels';

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

const summary = across(
  4,
  figure(WINDOWS, HOST, { calculation: 'max', field: 'duration__s' }, 'max', {
    title: 'Duration',
    description: 'Of the longest of its windows.',
  }),
  figure(WINDOWS, HOST, { calculation: 'avg', field: 'gpu_energy__J' }, 'sum', {
    title: 'GPU energy',
    description:
      'Of its GPUs while its windows were open, all hosts. Where a GPU is shared with other jobs, each of them shows the whole of it: see “shared” below.',
  }),
  figure(WINDOWS, HOST, { calculation: 'avg', field: 'gpu_utilization__pct' }, 'mean', {
    title: 'GPU utilization',
    description: 'Mean over its GPUs and its time.',
  }),
  figure(WINDOWS, HOST, { calculation: 'max', field: 'gpu_memory_used__MiB_max' }, 'max', {
    title: 'Highest GPU memory',
    description: 'The highest reading of any of its GPUs.',
  }),
  figure(WINDOWS, HOST, { calculation: 'max', field: 'gpu_temperature__C_max' }, 'max', {
    title: 'Highest GPU temperature',
    description: 'The highest reading of any of its GPUs.',
  }),
  figure(WINDOWS, HOST, { calculation: 'avg', field: 'cpu_utilization__pct' }, 'mean', {
    title: 'CPU utilization',
    description: 'Mean of its hosts over its time, of all that ran there.',
  }),
);

const facts = [
  {
    panel: summaries(
      WINDOWS,
      [
        { ...HOST, title: 'Host' },
        { ...JOB_NAME, title: 'Name' },
        { ...STATUS, title: 'Status' },
        { ...ENDED_BY, title: 'Ended by' },
        { ...GPU_SHARED, title: 'Shared' },
        { ...GPU_SCOPE, title: 'GPUs' },
      ],
      [
        { calculation: 'min', field: 'start', title: 'Start', unit: 'dateTimeAsIso' },
        { calculation: 'max', field: '@timestamp', title: 'End', unit: 'dateTimeAsIso' },
        { calculation: 'avg', field: 'duration__s', title: 'Duration' },
        { calculation: 'avg', field: 'gpu_energy__J', title: 'GPU energy' },
      ],
      1,
      {
        title: 'Windows',
        description:
          'A row for each host where it ended. GPUs: the named ones, those of its processes, or (node) all of the node’s, since nothing told which are its own. Shared: another job used one of its GPUs at the same time, so that their energies are not to be added.',
      },
    ),
    width: 14,
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
    width: 10,
    height: 6,
  },
];

export const job: Dashboard = dashboard({
  uid: JOB_UID,
  title: 'nvpulse / Job',
  description:
    'One job: its GPUs, and the CPUs, memory and disks of its hosts, while its windows were open. By name, jobs are found in Compare jobs.',
  from: 'now-6h',
  refresh: '30s',
  variables: [
    one({
      name: 'job',
      label: 'Job',
      description: 'Jobs with samples in the time range, by id.',
      from: 'cpumetrics',
      field: 'job',
      where: 'entity:host',
      sort: 1,
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
      title: 'GPUs of $host',
      repeat: 'host',
      tiles: [
        ...across(
          8,
          graph(gpus, ['gpu_utilization__pct'], { ofWhole: true }),
          graph(gpus, ['memory_used__MiB']),
        ),
        ...across(
          7,
          graph(gpus, ['power_draw__W']),
          graph(gpus, ['gpu_temperature__C']),
          graph(gpus, ['gpu_clock__MHz']),
          rise(gpus, 'energy__J', 'Energy in the time range'),
        ),
        ...across(
          7,
          graph(gpus, ['memory_utilization__pct'], { title: 'Memory activity', ofWhole: true }),
          graph(gpus, ['memory_clock__MHz']),
          graph(gpuProcesses, ['process_memory__MiB'], { title: 'Memory by process' }),
        ),
      ],
    },
    {
      title: 'CPUs, memory and disks of $host',
      repeat: 'host',
      tiles: [
        ...across(
          7,
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
          7,
          graph(tree, ['cpu_user_time__s', 'cpu_system_time__s'], {
            title: 'CPUs used by the job’s processes',
            reading: 'rate',
            stacked: true,
            unit: 'short',
          }),
          graph(tree, ['memory_rss_sum__MiB', 'memory_pss__MiB'], { title: 'Memory of the job’s processes' }),
          graph(tree, ['io_read__B', 'io_write__B'], {
            title: 'Storage read and written by the job’s processes',
            reading: 'rate',
            unit: 'Bps',
          }),
        ),
        ...across(
          7,
          graph(disks, ['disk_read__MBps', 'disk_write__MBps'], { title: 'Disks, read and write' }),
          graph(disks, ['disk_busy__pct'], { title: 'Disks, busy', ofWhole: true }),
          graph(networks, ['network_receive__MBps', 'network_transmit__MBps'], { title: 'Network' }),
        ),
      ],
    },
    {
      title: 'Cgroups on $host',
      repeat: 'host',
      collapsed: true,
      tiles: across(
        7,
        graph(cgroups, ['cgroup_cpu_time__s', 'cgroup_throttled__s'], {
          title: 'CPUs used, and CPUs held back by the quota',
          reading: 'rate',
          unit: 'short',
        }),
        graph(cgroups, ['cgroup_memory__MiB', 'cgroup_memory_limit__MiB'], {
          title: 'Memory, and its limit',
        }),
      ),
    },
  ],
});
