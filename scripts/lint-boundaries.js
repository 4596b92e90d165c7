'use strict';
// The lint rule for lib/: which folder may import which. Data flows one way, so no two folders import each other.
const { dirname, join, relative, resolve } = require('node:path');

const lib = join(__dirname, '..', 'lib');

/** Modules that every folder but the catalog may import. */
const SHARED = ['errors', 'make-folder', 'reason', 'time', 'version'];
/** What a folder may import; of `types` only types. The files of lib itself may import all. */
const ALLOWED = {
  catalog: { values: [], types: [] },
  native: { values: ['catalog', ...SHARED], types: ['sampling'] },
  sampling: { values: ['catalog', 'native', ...SHARED], types: [] },
  recording: { values: ['catalog', 'sampling', ...SHARED], types: ['native'] },
  jobs: { values: ['catalog', 'native', 'sampling', 'recording', ...SHARED], types: [] },
  testing: { values: ['catalog', 'native', 'sampling', ...SHARED], types: [] },
  sinks: { values: ['catalog', 'recording', 'sampling', ...SHARED], types: ['jobs'] },
  server: { values: ['catalog', 'native', 'sampling', 'jobs', 'recording', 'sinks', ...SHARED], types: [] },
  pipeline: { values: [...SHARED], types: [] },
  grafana: { values: ['catalog', 'sinks'], types: [] },
  cli: { values: ['index', 'testing', 'sinks', 'server', 'pipeline', ...SHARED], types: [] },
};

const topOf = (path) => relative(lib, path).split('/')[0].replace(/\.ts$/, '');

const isTypeOnly = (node) =>
  node.importKind === 'type' ||
  node.exportKind === 'type' ||
  (node.specifiers?.length > 0 && node.specifiers.every(({ importKind }) => importKind === 'type'));

function check(context, node) {
  const specifier = node.source?.value;
  const from = topOf(context.filename);
  const allowed = ALLOWED[from];
  if (!specifier?.startsWith('.') || !allowed) return;
  const to = topOf(resolve(dirname(context.filename), specifier));
  if (to === from || allowed.values.includes(to)) return;
  if (isTypeOnly(node) && allowed.types.includes(to)) return;
  const list =
    [...allowed.values, ...allowed.types.map((name) => `types of ${name}`)].join(', ') || 'nothing';
  context.report({ node, message: `lib/${from} may not import lib/${to}; allowed: ${list}.` });
}

exports.boundaries = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    ImportDeclaration: (node) => check(context, node),
    ExportNamedDeclaration: (node) => check(context, node),
    ExportAllDeclaration: (node) => check(context, node),
  }),
};
