'use strict';
// The lint rule for lib/: which folder may import which, and in it which room. Data flows one way, so no two folders
// import each other.
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

/** What a room of a folder may import of the others. Files beside the rooms may import all. */
const ROOMS = {
  'sinks/elasticsearch': {
    client: [],
    documents: [],
    delivery: ['client', 'documents'],
    export: ['client', 'documents', 'delivery'],
    setup: ['client', 'documents'],
  },
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
  const target = resolve(dirname(context.filename), specifier);
  checkRooms(context, node, target);
  const to = topOf(target);
  if (to === from || allowed.values.includes(to)) return;
  if (isTypeOnly(node) && allowed.types.includes(to)) return;
  const list =
    [...allowed.values, ...allowed.types.map((name) => `types of ${name}`)].join(', ') || 'nothing';
  context.report({ node, message: `lib/${from} may not import lib/${to}; allowed: ${list}.` });
}

function checkRooms(context, node, target) {
  for (const [folder, rooms] of Object.entries(ROOMS)) {
    const [from, to] = [context.filename, target].map((path) => roomIn(folder, path));
    if (from === undefined || to === undefined || from === to || rooms[from]?.includes(to)) continue;
    const allowed = rooms[from]?.join(', ') || 'nothing';
    const message = rooms[from]
      ? `lib/${folder}/${from} may not import its ${to}; allowed: ${allowed}.`
      : `lib/${folder}/${from} is no room that the rule knows.`;
    context.report({ node, message });
  }
}

/** The room of a folder that a file is in; undefined where it is in none. */
function roomIn(folder, path) {
  const [room, ...rest] = relative(join(lib, folder), path).split('/');
  return room === '..' || rest.length === 0 ? undefined : room;
}

exports.boundaries = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    ImportDeclaration: (node) => check(context, node),
    ExportNamedDeclaration: (node) => check(context, node),
    ExportAllDeclaration: (node) => check(context, node),
  }),
};
