// A job as the API shows it.
import { formatUtc } from '../time';
import type { JobView } from './api';
import type { Job } from './job';

export function viewOf(job: Job): JobView {
  const { id, name, labels, end, root } = job;
  return {
    id,
    name,
    labels,
    state: end ? 'ended' : 'open',
    start: formatUtc(job.start__ns),
    end: end && formatUtc(end.time__ns),
    ended_by: end && end.by,
    status: end && end.status,
    lease__s: job.lease__ns / 1e9,
    deadline: formatUtc(job.deadline__ns),
    interval__ms: job.interval__ns / 1e6,
    gpu_scope: job.gpu_scope,
    gpu_uuid: job.gpus,
    gpu_shared: job.gpu_shared,
    pid: root?.kind === 'pid' ? root.pid : null,
    cgroup: root?.kind === 'cgroup' ? root.path : null,
  };
}
