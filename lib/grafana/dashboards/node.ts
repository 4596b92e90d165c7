// “Node”: one machine, whatever runs on it; and what watching it costs.
import { faults, marks, starts, windows } from '../annotations';
import { across, dashboard, many, one } from '../dashboard';
import { DEVICE, INDEX, INTERFACE, MOUNT, PID } from '../fields';
import type { Dashboard } from '../model';
import { band, energyOfGpus, graph, colorRows, simulatedOn } from '../panels';
import { all } from '../query';
import { linesOf } from './gpu-lines';

const HERE = 'host.name:"$host"';

const gpus = {
  entity: 'gpu',
  where: [HERE, 'index:$index'],
  by: [INDEX],
  legend: 'GPU {{index}}',
} as const;
const gpuProcesses = {
  entity: 'gpu_process',
  where: [HERE, 'index:$index'],
  by: [INDEX, PID],
  legend: 'GPU {{index}} · {{pid}}',
} as const;
const host = { entity: 'host', where: [HERE], by: [], legend: '' } as const;
const memory = { entity: 'memory', where: [HERE], by: [], legend: '' } as const;
const agent = { entity: 'agent', where: [HERE], by: [], legend: '' } as const;
const disks = { entity: 'disk', where: [HERE], by: [DEVICE], legend: '{{device}}' } as const;
const mounts = { entity: 'filesystem', where: [HERE], by: [MOUNT], legend: '{{mount}}' } as const;
const networks = { entity: 'network', where: [HERE], by: [INTERFACE], legend: '{{interface}}' } as const;

export const node: Dashboard = dashboard({
  uid: 'nvpulse-node',
  title: 'nvpulse / Node',
  description: 'One machine: its GPUs, CPUs, memory, disks and network, and what the agent itself costs.',
  from: 'now-1h',
  refresh: '10s',
  variables: [
    one({
      name: 'host',
      label: 'Host',
      description: 'Hosts with samples in the time range.',
      from: 'cpumetrics',
      field: 'host.name',
      where: 'entity:host',
      sort: 1,
    }),
    many({
      name: 'index',
      label: 'GPU',
      description: 'GPUs of the host, by index.',
      from: 'gpumetrics',
      field: 'index',
      where: `entity:gpu AND ${HERE}`,
      sort: 3,
    }),
  ],
  annotations: [windows(HERE), starts(HERE), marks(HERE), faults(HERE)],
  sections: [
    {
      title: 'GPUs',
      tiles: [
        { panel: colorRows(gpus, 'gpu_utilization__pct', 'Utilization of each GPU'), width: 12, height: 8 },
        {
          panel: energyOfGpus(all('entity:gpu', ...gpus.where), 'all', 'Energy in the time range'),
          width: 9,
          height: 8,
        },
        { panel: simulatedOn(HERE), width: 3, height: 8 },
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
      title: 'CPUs and memory',
      tiles: across(
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
    },
    {
      title: 'Disks and network',
      tiles: across(
        8,
        graph(disks, ['disk_read__MBps', 'disk_write__MBps'], { title: 'Disks, read and write' }),
        graph(mounts, ['used__pct'], { title: 'File systems, used', ofWhole: true }),
        graph(networks, ['network_receive__MBps', 'network_transmit__MBps'], { title: 'Network' }),
      ),
    },
    {
      title: 'nvpulse itself',
      tiles: [
        ...across(
          6,
          graph(agent, ['agent_cpu__pct'], { title: 'CPU, of one CPU' }),
          graph(agent, ['agent_memory_rss__MiB'], { title: 'Memory' }),
          graph(agent, ['export_backlog__B'], { title: 'Exporter, not yet acknowledged' }),
          graph(agent, ['export_lag__s'], { title: 'Exporter, behind by' }),
        ),
        ...across(
          6,
          graph(agent, ['open_jobs']),
          graph(agent, ['export_documents'], { title: 'Documents exported', reading: 'highest' }),
          graph(
            agent,
            ['late_ticks', 'rows_dropped', 'implausible_readings', 'export_retries', 'export_rejected'],
            {
              title: 'Late, dropped, retried, rejected (since its start)',
              reading: 'highest',
            },
          ),
          graph(agent, ['lateness__us']),
        ),
      ],
    },
    {
      title: 'Each GPU',
      collapsed: true,
      tiles: linesOf(gpus),
    },
    {
      title: 'GPUs, more',
      collapsed: true,
      tiles: [
        ...across(
          8,
          graph(gpus, ['memory_utilization__pct'], { title: 'Memory activity', ofWhole: true }),
          graph(gpus, ['memory_clock__MHz']),
          graph(gpus, ['graphics_clock__MHz']),
        ),
        ...across(
          8,
          graph(gpus, ['memory_temperature__C']),
          graph(gpus, ['power_limit__W']),
          graph(gpus, ['perf_state'], { title: 'Performance state, 0 is fastest', reading: 'highest' }),
        ),
        ...across(
          8,
          graph(gpus, ['encoder_utilization__pct', 'decoder_utilization__pct'], {
            title: 'Video encoders and decoders',
            ofWhole: true,
          }),
          graph(gpus, ['fan_speed__pct']),
          graph(gpus, ['memory_free__MiB', 'memory_total__MiB'], { title: 'Memory free, and in all' }),
        ),
        ...across(
          8,
          graph(gpus, ['process_num'], { title: 'Compute processes' }),
          graph(gpuProcesses, ['process_memory__MiB'], { title: 'Memory by process' }),
          graph(gpuProcesses, ['process_sm__pct'], { title: 'SM utilization by process', ofWhole: true }),
        ),
      ],
    },
    {
      title: 'Host, more',
      collapsed: true,
      tiles: [
        ...across(
          8,
          graph(host, ['cpu_utilization__pct'], { ofWhole: true }),
          graph(host, ['load_1min']),
          graph(memory, ['memory_available__MiB', 'swap_used__MiB'], {
            title: 'Memory available, swap used',
          }),
        ),
        ...across(
          8,
          graph(disks, ['disk_busy__pct'], { title: 'Disks, busy', ofWhole: true }),
          graph(disks, ['disk_queue'], { title: 'Disks, requests outstanding' }),
          graph(mounts, ['used__MiB', 'free__MiB'], { title: 'File systems, used and free' }),
        ),
      ],
    },
  ],
});
