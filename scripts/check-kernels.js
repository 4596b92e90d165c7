'use strict';
// Boots Debian's cloud kernel with cgroups of version 2, of both and of version 1, and checks there, as root and as
// nobody, what concerns cgroups. Writes the table to docs/KERNELS.md. Needs Debian on x64 and a build of this clone.
// `node scripts/check-kernels.js [pure|hybrid|v1…]`; with layouts named, nothing is written.
const { execFileSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { makeImage } = require('./kernels/image');
const { findAccelerator, requireQemu, runChecks } = require('./kernels/machine');

const PAGE = join(__dirname, '..', 'docs/KERNELS.md');
const LAYOUTS = { pure: 'v2', hybrid: 'both', v1: 'v1' };
const git = (...args) => execFileSync('git', args, { cwd: __dirname, encoding: 'utf8' }).trim();

function page(results, kernel) {
  const columns = Object.keys(LAYOUTS).flatMap((layout) =>
    ['root', 'nobody'].map((user) => ({ layout, user })),
  );
  const rows = [...new Set(results.map(({ check }) => check))].map((check) => {
    const cells = columns.map(({ layout, user }) => {
      const result = results.find(
        (each) => each.check === check && each.layout === layout && each.user === user,
      );
      return result === undefined ? 'not run' : `${result.ok ? '' : '**wrong** '}${result.text}`;
    });
    return `| ${[check, ...cells].join(' | ')} |`;
  });
  const changed = git('status', '--porcelain', '--', 'lib', 'native') === '' ? '' : ', with changes';
  return `# Kernels

\`npm run check:kernels\` boots Debian's cloud kernel three times: with cgroup v2 alone, with v2 beside v1, which has the
controllers (hybrid), and with v1 alone. In each it runs, as root and as nobody, what concerns cgroups: in a group with
limits on memory, CPU time and processes. Measured values stand beside those that the kernel told the command itself.

Linux ${kernel}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, commit ${git('rev-parse', '--short', 'HEAD')}${changed}.

| | ${columns.map(({ layout, user }) => `${LAYOUTS[layout]}, ${user}`).join(' | ')} |
|${'---|'.repeat(columns.length + 1)}
${rows.join('\n')}
`;
}

async function main() {
  const named = process.argv.slice(2);
  const layouts = named.length > 0 ? named : Object.keys(LAYOUTS);
  requireQemu();
  const image = makeImage();
  const accelerator = await findAccelerator(image);
  process.stdout.write(`Linux ${image.name} by ${accelerator}\n`);
  const results = [];
  for (const layout of layouts) {
    const found = await runChecks(accelerator, image, layout, ({ user, check, ok, text }) =>
      process.stdout.write(`${ok ? 'ok   ' : 'WRONG'} ${LAYOUTS[layout]}, ${user}: ${check}: ${text}\n`),
    );
    results.push(...found);
  }
  if (named.length === 0) writeFileSync(PAGE, page(results, image.name));
  const wrong = results.filter(({ ok }) => !ok).length;
  process.stdout.write(`${results.length - wrong} right, ${wrong} wrong\n`);
  process.exitCode = wrong === 0 && results.length > 0 ? 0 : 1;
}

main().catch((error) => {
  process.stderr.write(`check-kernels: ${error.message}\n`);
  process.exitCode = 1;
});
