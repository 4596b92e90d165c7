'use strict';
// The catalog as what is generated sees it, loaded from its source, so that generating needs no earlier build.
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

const lib = join(__dirname, '..', '..', 'lib');

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  module._compile(code, filename);
};

/** A module of lib/, by its path there. */
const source = (path) => require(join(lib, path));
const catalog = source('catalog/index.ts');
const { ENTITIES, METRICS, STATUS } = catalog;

module.exports = {
  source,
  catalog,
  hash: createHash('sha256')
    .update(JSON.stringify([ENTITIES, METRICS, STATUS]))
    .digest('hex')
    .slice(0, 16),
  /** The line that stands first in a generated file. */
  GENERATED: 'Generated from lib/catalog by `npm run generate`; do not edit.',
};
