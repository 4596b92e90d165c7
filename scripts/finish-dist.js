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

const INDEXES = Object.values(entries)
  .filter((entry) => typeof entry === 'object')
  .map((entry) => ({ cjs: entry.require.default, esm: entry.import.default, types: entry.import.types }));

/** What an index offers is loaded one by one, when it is first used. */
const ONE_BY_ONE = [...INDEXES.map(({ cjs }) => cjs.replace('./dist/', '')), 'recording/index.js'];
/**
 * Classes that every index has to load, and most programs do without. What they import is loaded with the first of it,
 * so that nothing is still to be loaded when a long run ends and the package has been updated meanwhile.
 */
const TOGETHER = ['recording/reader.js', 'recording/writer.js', 'sampling/nvml.js', 'sampling/sampler.js'];

const LATER_ONE = 'function later(load) { let it; return { get it() { return (it ??= load()); } }; }';
const LATER_ALL =
  'const all = []; function later(load) { all.push(load); let it; ' +
  'return { get it() { return (it ??= all.map((each) => each()) && load()); } }; }';

/**
 * tsc loads all that a module imports at once. Here `const a_1 = require("./a")` becomes what loads it when asked, and
 * `a_1.b` becomes `a_1.it.b`. Lines stay, for the source maps.
 */
function loadWhenUsed(name, later) {
  const path = join(dist, name);
  const text = readFileSync(path, 'utf8');
  const imported = /^(?:const|var) (\w+_\d+) = ((?:__import\w+\()?require\("[^"]+"\)\)?);$/gm;
  const names = [...text.matchAll(imported)].map(([, name]) => name);
  // It is so already, where tsc found nothing to compile anew.
  if (names.length === 0) return;
  const uses = new RegExp(`\\b(${names.join('|')})\\.`, 'g');
  const lazy = text
    .replace(uses, '$1.it.')
    .replace(imported, 'const $1 = later(() => $2);')
    // Node 24 finds names by how they are written, and asks for the value of each. Under another name it does not.
    .replace(/^(exports\.\w+ = )+void 0;$/m, '')
    .replace(/\bObject\.defineProperty\(exports, "(?!__esModule)/g, 'Object.defineProperty(offered, "')
    .replace(/^Object\.defineProperty\(exports, "__esModule".*$/m, `$& const offered = exports; ${later}`);
  writeFileSync(path, lazy);
}

const isClass = (value) => /^class\b/.test(Function.prototype.toString.call(value));

/** An ES module cannot offer what is not loaded yet, but a function can load when it is called. */
function writeModule({ cjs, esm, types }) {
  const from = `./${basename(cjs)}`;
  const offered = Object.entries(require(join(root, cjs)));
  const calls = offered.filter(([, value]) => typeof value === 'function' && !isClass(value));
  const values = offered.filter((one) => !calls.includes(one)).map(([name]) => name);
  const lines = [
    `import nvpulse from '${from}';`,
    `export const { ${values.join(', ')} } = nvpulse;`,
    ...calls.map(([name]) => `export const ${name} = (...given) => nvpulse.${name}(...given);`),
  ];
  writeFileSync(join(root, esm), `${lines.join('\n')}\n`);
  writeFileSync(join(root, types), `export * from '${from}';\n`);
}

function removeStale() {
  for (const name of readdirSync(dist, { recursive: true })) {
    const source = join(root, 'lib', name.replace(/(\.d)?\.[cm]?[jt]s(\.map)?$/, '.ts'));
    if (/\.[jt]s(\.map)?$/.test(name) && !existsSync(source)) rmSync(join(dist, name));
  }
}

exports.finishDist = () => {
  removeStale();
  for (const name of ONE_BY_ONE) loadWhenUsed(name, LATER_ONE);
  for (const name of TOGETHER) loadWhenUsed(name, LATER_ALL);
  INDEXES.forEach(writeModule);
  copyFileSync(join(root, 'lib/jobs/summary.schema.json'), join(dist, 'jobs/summary.schema.json'));
  chmodSync(join(root, 'bin/nvpulse.js'), 0o755);
};
