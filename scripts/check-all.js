'use strict';
// npm run check:all: the full matrix, by hand, on a machine with nothing else to do. Its result, with date and commit,
// is written to docs/CHECKS.md.
const { execFileSync, spawnSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const { join } = require('node:path');

const root = join(__dirname, '..');
const CHECKS = [
  ['all that CI runs', 'bash', '.ci/run'],
  ['all tests on Node 22', 'scripts/on-node.sh', '22', 'npm', 'test'],
  ['all tests on Node 24', 'scripts/on-node.sh', '24', 'npm', 'test'],
  ['the tests beside eight busy loops', 'scripts/beside-busy.sh', 'npm', 'test'],
  ['faults of Elasticsearch and of the network, over and over', 'npm', 'run', 'soak'],
  ['stages in Argo workflows, with all of its examples', 'npm', 'run', 'check:argo'],
  ['cgroups on kernels with pure v2, hybrid and v1', 'npm', 'run', 'check:kernels'],
];

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

const commit =
  git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' and changes');
const rows = CHECKS.map(([name, command, ...args]) => {
  console.log(`\n== ${name}: ${[command, ...args].join(' ')}`);
  const began__ms = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  const minutes = ((Date.now() - began__ms) / 60_000).toFixed(0);
  return { name, passed: status === 0, minutes, command: [command, ...args].join(' ') };
});
const page = `# Checks

The full matrix (\`npm run check:all\`), as it was run last: ${new Date().toISOString().slice(0, 10)}, commit ${commit}, on
${availableParallelism()} CPUs. CI runs one representative of each kind (\`.ci/run\`).

| check | command | result | minutes |
|---|---|---|---|
${rows.map(({ name, command, passed, minutes }) => `| ${name} | \`${command}\` | ${passed ? 'passed' : 'failed'} | ${minutes} |`).join('\n')}
`;
writeFileSync(join(root, 'docs', 'CHECKS.md'), page);
process.exitCode = rows.every(({ passed }) => passed) ? 0 : 1;
