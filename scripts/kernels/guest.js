'use strict';
// Runs in the booted machine, as root: mounts its cgroups, then checks what concerns them, as root and as nobody. Each
// result is a line `RESULT <json>` on the console.
const { spawnSync } = require('node:child_process');
const { chownSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const BASE = '/sys/fs/cgroup';
const V1 = ['memory', 'cpu,cpuacct', 'pids'];
const MiB = 2 ** 20;
const NVPULSE = ['node', '/nvpulse/bin/nvpulse.js', 'run', '--no-recording'];
// By their paths: busybox has smaller ones of the same names.
const UNSHARE = '/usr/bin/unshare';
const SETPRIV = '/usr/bin/setpriv';
const USERS = {
  root: { id: 0, prefix: [] },
  nobody: { id: 65534, prefix: [SETPRIV, '--reuid=65534', '--regid=65534', '--clear-groups'] },
};

function mount(...argv) {
  const { status, stderr } = spawnSync('mount', argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${argv.join(' ')}: ${stderr}`);
}

/** How the machine's cgroups are laid out: where version 2 is mounted, and whether version 1 has the controllers. */
const LAYOUTS = {
  pure: { unified: BASE, hasV1: false },
  hybrid: { unified: join(BASE, 'unified'), hasV1: true },
  v1: { unified: undefined, hasV1: true },
};

function mountCgroups({ unified, hasV1 }) {
  if (hasV1) {
    mount('-t', 'tmpfs', 'tmpfs', BASE);
    for (const controllers of V1) {
      const point = join(BASE, controllers);
      mkdirSync(point);
      mount('-t', 'cgroup', '-o', controllers, 'cgroup', point);
    }
  }
  if (unified === undefined) return;
  mkdirSync(unified, { recursive: true });
  mount('-t', 'cgroup2', 'cgroup2', unified);
  if (!hasV1) writeFileSync(join(unified, 'cgroup.subtree_control'), '+memory +cpu +pids');
}

/** Where hierarchies are mounted; that of version 2 comes last. */
function mountPoints({ unified, hasV1 }) {
  return [...(hasV1 ? V1.map((controllers) => join(BASE, controllers)) : []), ...(unified ? [unified] : [])];
}

/**
 * Makes a group in every hierarchy, with limits where the controllers are; its folders. As a service manager does, it
 * leaves that of version 2 to the user.
 */
function makeGroup(layout, name, user, { memory__MiB, cpu__pct, pids }) {
  const { unified, hasV1 } = layout;
  const folders = mountPoints(layout);
  const write = (point, file, value) => writeFileSync(join(BASE, point, name, file), String(value));
  for (const folder of folders) mkdirSync(join(folder, name));
  if (hasV1) {
    write('memory', 'memory.limit_in_bytes', memory__MiB * MiB);
    write('cpu,cpuacct', 'cpu.cfs_quota_us', cpu__pct * 1000);
    write('pids', 'pids.max', pids);
  } else {
    write('', 'memory.max', memory__MiB * MiB);
    write('', 'memory.high', (memory__MiB - 6) * MiB);
    write('', 'cpu.max', `${cpu__pct * 1000} 100000`);
    write('', 'pids.max', pids);
  }
  if (unified) {
    for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control'])
      chownSync(join(unified, name, file), USERS[user].id, USERS[user].id);
  }
  return folders.map((folder) => join(folder, name));
}

/** Runs a command in a group, as a user; what it printed, and how it ended. */
function runIn(group, user, argv, container = []) {
  const entering = group.map((folder) => `echo $$ > ${folder}/cgroup.procs;`).join(' ');
  const command = [`${entering} exec "$@"`, 'sh', ...container, ...USERS[user].prefix, ...argv];
  return spawnSync('sh', ['-c', ...command], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
}

/** What starts a command as container runtimes do: its group is the root of what it sees, mounted read-only. */
function containerOf(layout) {
  const script = mountPoints(layout).map((point) => {
    const type = point === layout.unified ? '-t cgroup2' : `-t cgroup -o ${point.slice(BASE.length + 1)}`;
    return `umount ${point}; mount ${type} cgroup ${point}; mount -o remount,bind,ro ${point};`;
  });
  return [UNSHARE, '--mount', '--cgroup', 'sh', '-ec', `${script.join(' ')} exec "$@"`, 'sh'];
}

function parsed({ status, signal, stdout, stderr }) {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON (exit ${signal ?? status}): ${stdout}${stderr}`);
  }
}

const job = (name, ...args) => ['node', `/kernels/jobs/${name}.js`, ...args];
const jobOf = (summary) => summary.entities.find(({ entity }) => entity === 'job');
const near = (measured, truth, tolerance) => Math.abs(measured / truth - 1) <= tolerance;

// The shell's `times` come after the program's end, which takes CPU time as well.
const WORK = 'node /kernels/jobs/work.js; times';
const HOG = 'exec node /kernels/jobs/hog.js';

/** What `run` says of a shell's script, and what the script printed of itself: `times`, or JSON. */
function measured(group, user, script, { options = [], container } = {}) {
  const command = ['sh', '-c', `exec >&2; ${script}`];
  const ended = runIn(group, user, [...NVPULSE, ...options, '--json', '-', '--', ...command], container);
  const summary = parsed(ended);
  const { cpu_time__s, memory_rss_peak__MiB } = jobOf(summary).metrics;
  return {
    status: ended.status,
    summary,
    cpu__s: cpu_time__s.delta,
    peak__MiB: memory_rss_peak__MiB.max,
    own: {
      cpu__s: [...ended.stderr.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
        (sum, [, m, s]) => sum + 60 * m + Number(s),
        0,
      ),
      peak__MiB: Number(/"rss__MiB":([\d.]+)/.exec(ended.stderr)?.[1]),
    },
  };
}

function checkLimits(group, user, container) {
  const bare = runIn(group, user, job('limits'), container);
  const under = runIn(group, user, [...NVPULSE, '--', ...job('limits')], container);
  const { heap__MiB, ...files } = parsed(bare);
  const told = Object.values(files).includes(String(256 * MiB));
  const ok = told && under.stdout === bare.stdout;
  const text = `heap ${heap__MiB} MiB, ${Object.keys(files).length} limits`;
  return { ok, text: ok ? text : `${bare.stdout} became ${under.stdout} ${under.stderr}` };
}

function checkMeasured({ status, summary, cpu__s, peak__MiB, own }, expected) {
  const { tracking } = jobOf(summary);
  const cpu = `CPU ${cpu__s.toFixed(2)} of ${own.cpu__s.toFixed(2)} s`;
  const memory = `memory ${peak__MiB.toFixed(0)} of ${own.peak__MiB.toFixed(0)} MiB`;
  const ok = status === 0 && near(cpu__s, own.cpu__s, 0.05) && near(peak__MiB, own.peak__MiB, 0.05);
  return { ok: ok && tracking === expected, text: `${cpu}, ${memory}, by ${tracking}` };
}

function checks(layout, user) {
  const limits = { memory__MiB: 256, cpu__pct: 150, pids: 200 };
  const inGroup = (name, body, own = limits) => {
    const group = makeGroup(layout, name, user, own);
    try {
      return body(group);
    } finally {
      for (const folder of group) removeTree(folder);
    }
  };
  // A group of the command's own is made where that hides no limit, and where the user may.
  const below = layout.unified !== undefined && layout.hasV1 ? 'cgroup' : 'tree';
  const inRoot = layout.unified !== undefined && user === 'root' ? 'cgroup' : 'tree';
  return {
    'limits that the command sees, as without nvpulse': () =>
      inGroup('limits', (group) => checkLimits(group, user)),
    'limits in a container': () =>
      inGroup('contained', (group) => checkLimits(group, user, containerOf(layout))),
    'CPU time and peak memory, as the kernel counts them': () =>
      inGroup('work', (group) => checkMeasured(measured(group, user, WORK), below)),
    'the same in the root cgroup': () => checkMeasured(measured([], user, WORK), inRoot),
    'the same in a container': () =>
      inGroup('container', (group) =>
        checkMeasured(measured(group, user, WORK, { container: containerOf(layout) }), 'tree'),
      ),
    'a command that the kernel ends for its memory': () =>
      inGroup('hog', (group) => {
        const { status, summary, peak__MiB } = measured(group, user, HOG);
        const { signal } = summary.job;
        const ok = status === 137 && signal === 'SIGKILL' && near(peak__MiB, 256, 0.1);
        return { ok, text: `exit ${status}, ${signal}, peak ${peak__MiB.toFixed(0)} MiB` };
      }),
    'a command that is throttled': () =>
      inGroup(
        'throttled',
        (group) => {
          const { summary, cpu__s, own } = measured(group, user, WORK);
          const cpus = cpu__s / summary.job.duration__s;
          const text = `${cpus.toFixed(2)} CPUs, CPU ${cpu__s.toFixed(2)} of ${own.cpu__s.toFixed(2)} s`;
          return { ok: cpus < 0.45 && near(cpu__s, own.cpu__s, 0.05), text };
        },
        { ...limits, cpu__pct: 40 },
      ),
    runJob: () => {
      const { exit, cpu__s, tracking } = parsed(runIn([], user, job('run-job')));
      return {
        ok: exit === 5 && cpu__s > 0.02,
        text: `exit ${exit}, ${cpu__s.toFixed(2)} s, by ${tracking}`,
      };
    },
    'runJob without a cgroup': () => {
      const { exit, cpu__s, tracking } = parsed(runIn([], user, job('run-job', 'none')));
      const ok = exit === 5 && cpu__s > 0.02 && tracking === 'tree';
      return { ok, text: `exit ${exit}, ${cpu__s.toFixed(2)} s, by ${tracking}` };
    },
    'a cgroup that is given: its limit, memory and throttling': () =>
      inGroup('given', (group) => checkGiven(layout, user, group), { ...limits, cpu__pct: 40 }),
  };
}

function checkGiven({ unified, hasV1 }, user, group) {
  if (unified === undefined) return { ok: true, text: 'no cgroup v2 is mounted' };
  if (user !== 'root') return { ok: true, text: 'only who may write it' };
  const path = group.at(-1);
  const { status, summary } = measured([], user, WORK, { options: ['--cgroup', path] });
  const { metrics } = summary.entities.find(({ entity }) => entity === 'cgroup');
  const of = (name) => metrics[name];
  const limit = of('cgroup_memory_limit__MiB');
  const throttled = of('cgroup_throttled__s');
  const memory = of('cgroup_memory__MiB');
  const text = `limit ${limit.last ?? limit.state}, memory ${memory.max?.toFixed(0) ?? memory.state}, throttled ${throttled.delta?.toFixed(2) ?? throttled.state}`;
  const ok = hasV1
    ? [limit, memory, throttled].every(({ state }) => state === 'unsupported')
    : limit.last === 256 && memory.max > 80 && memory.max <= 256 && throttled.delta > 0.1;
  return { ok: ok && status === 0, text };
}

/** Groups can be removed once nothing lives in them, and only by rmdir. */
function removeTree(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  for (let attempt = 0; ; attempt++) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if (attempt === 100) throw error;
      spawnSync('sleep', ['0.1']);
    }
  }
}

const layout = LAYOUTS[process.argv[2]];
mountCgroups(layout);
for (const user of Object.keys(USERS)) {
  for (const [check, body] of Object.entries(checks(layout, user))) {
    let result;
    try {
      result = body();
    } catch (error) {
      result = { ok: false, text: error.message };
    }
    process.stdout.write(`RESULT ${JSON.stringify({ user, check, ...result })}\n`);
  }
}
