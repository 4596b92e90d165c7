'use strict';
// A program that sizes itself by the limits of its own cgroup: prints what it sees, as JSON.
const { readFileSync } = require('node:fs');
const { getHeapStatistics } = require('node:v8');

const FILES = {
  '': ['memory.max', 'memory.high', 'memory.swap.max', 'cpu.max', 'pids.max'],
  memory: ['memory.limit_in_bytes', 'memory.soft_limit_in_bytes'],
  cpu: ['cpu.cfs_quota_us', 'cpu.cfs_period_us'],
  pids: ['pids.max'],
};

/** Where the hierarchy of a controller ('': that of version 2) is mounted; undefined where it is not. */
function mountOf(controller) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return mounts.flatMap((line) => {
    const [, point, type, options] = /^\S+ \S+ \S+ \S+ (\S+) .* - (\S+) \S+ (\S+)$/.exec(line) ?? [];
    const isIt =
      controller === '' ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes(controller);
    return isIt ? [point] : [];
  })[0];
}

function read(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'no such file';
  }
}

const seen = { heap__MiB: Math.round(getHeapStatistics().heap_size_limit / 2 ** 20) };
for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
  const [, controllers, group] = line.split(':');
  for (const controller of controllers.split(',')) {
    const point = mountOf(controller);
    if (point === undefined) continue;
    for (const file of FILES[controller] ?? []) seen[file] = read(`${point}${group}/${file}`);
  }
}
process.stdout.write(JSON.stringify(seen));
