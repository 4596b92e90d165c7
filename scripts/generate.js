'use strict';
// Writes the files derived from the catalog for readers that are not TypeScript, and the catalog's hash.
// `node scripts/generate.js [--check]`: with --check nothing is written, and a difference is a failure.
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const root = join(__dirname, '..');

/** Text by path; one module in generate/ for each kind of reader. */
const files = {
  ...require('./generate/native'),
  ...require('./generate/metrics-page'),
  ...require('./generate/elasticsearch'),
  ...require('./generate/grafana'),
};

let stale = 0;
for (const [path, text] of Object.entries(files)) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (process.argv[2] === '--check') {
    process.stderr.write(`${path} is not what the catalog says; type: npm run generate\n`);
    stale++;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
process.exit(stale > 0 ? 1 : 0);
