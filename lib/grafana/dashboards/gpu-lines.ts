// A line for each GPU: what a node's dashboard and a job's show alike.
import { across, type Tile } from '../dashboard';
import { graph } from '../panels';
import type { Subject } from '../query';

export const linesOf = (gpus: Subject<'gpu'>): readonly Tile[] => [
  ...across(10, graph(gpus, ['gpu_utilization__pct'], { ofWhole: true }), graph(gpus, ['memory_used__MiB'])),
  ...across(
    10,
    graph(gpus, ['power_draw__W']),
    graph(gpus, ['gpu_temperature__C']),
    graph(gpus, ['gpu_clock__MHz']),
  ),
];
