'use strict';
// runJob as a program uses it: prints how the command ended, its CPU time, and how it was followed, as JSON.
const { runJob } = require('/nvpulse');

const [, , cgroup] = process.argv;
const command = ['sh', '-c', 'i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; exit 5'];
const options = { command, recording: false, stdio: ['ignore', 'ignore', 'inherit'] };
runJob(cgroup === 'none' ? { ...options, cgroup: false } : options).then(({ summary, exit }) => {
  const job = summary.entities.find(({ entity }) => entity === 'job');
  const { cpu_time__s } = job.metrics;
  process.stdout.write(
    JSON.stringify({ exit: exit.exitCode, cpu__s: cpu_time__s.delta, tracking: job.tracking }),
  );
});
