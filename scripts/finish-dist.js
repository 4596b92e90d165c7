'use strict';
// What tsc does not do for dist/: the ES module entries, the schema, and removing what has no source any more.
const {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { basename, join } = require('node:path');

const root = join(__dirname, '..');
const dist = join(root, 'dist');
const { exports: entries } = require('../package.json');

/** `dist/index.mjs` re-exports `dist/index.js`, whose names Node finds by itself; so do its types. */
function writeModule({ import: esm, require: cjs }) {
  const text = `export * from './${basename(cjs.default)}';\n`;
  writeFileSync(join(root, esm.default), text);
  writeFileSync(join(root, esm.types), text);
}

/**
 * What an index offers is loaded when it is first used: tsc would load all of it at once. Node still finds the names
 * for `import` in the first line that tsc writes; a getter of another form than tsc's would hide them.
 */
function loadWhenUsed(index) {
  const path = join(dist, index);
  const text = readFileSync(path, 'utf8');
  const sources = new Map(
    [...text.matchAll(/^var (\w+) = (require\(.*\));$/gm)].map(([, name, load]) => [name, load]),
  );
  const lazy = text
    .replace(/^var \w+ = require\(.*\);\n/gm, '')
    .replace(
      /^Object\.defineProperty\(exports, ("\w+"), .* return (\w+)(\.\w+); } }\);$/gm,
      (_, name, source, member) => `offer(${name}, () => ${sources.get(source)}${member});`,
    );
  const offer =
    'function offer(name, get) { Object.defineProperty(exports, name, { enumerable: true, get }); }';
  writeFileSync(path, lazy.replace(/^Object\.defineProperty\(exports, "__esModule".*$/m, `$&\n${offer}`));
}

function removeStale() {
  for (const name of readdirSync(dist, { recursive: true })) {
    const source = join(root, 'lib', name.replace(/(\.d)?\.[cm]?[jt]s(\.map)?$/, '.ts'));
    if (/\.[jt]s(\.map)?$/.test(name) && !existsSync(source)) rmSync(join(dist, name));
  }
}

exports.finishDist = () => {
  removeStale();
  Object.values(entries)
    .filter((entry) => typeof entry === 'object')
    .forEach(writeModule);
  ['index.js', 'recording/index.js'].forEach(loadWhenUsed);
  copyFileSync(join(root, 'lib/jobs/summary.schema.json'), join(dist, 'jobs/summary.schema.json'));
  chmodSync(join(root, 'bin/nvpulse.js'), 0o755);
};
