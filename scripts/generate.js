'use strict';
// Writes the files derived from the catalog for readers that are not TypeScript, and the catalog's hash.
// `node scripts/generate.js [--check]`: with --check nothing is written, and a difference is a failure.
const { createHash } = require('node:crypto');
const { readFileSync, writeFileSync, existsSync } = require('node:fs');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');
const Module = require('node:module');

const root = join(__dirname, '..');

/** Loads the catalog from its source, so that generating needs no earlier build. */
Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  module._compile(code, filename);
};
const { ENTITIES, METRICS, STATUS, metricsOf, unitOf } = require(join(root, 'lib/catalog/index.ts'));

const GENERATED = 'Generated from lib/catalog by `npm run generate`; do not edit.';
const camel = (name) =>
  name
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
const hash = createHash('sha256')
  .update(JSON.stringify([ENTITIES, METRICS, STATUS]))
  .digest('hex')
  .slice(0, 16);

const TIER = { fast: 'kFast', medium: 'kMedium', slow: 'kSlow' };

function columns(entity) {
  const names = metricsOf(entity).map(({ name }) => name);
  return `namespace ${entity} {\nenum Column : int { ${[...names, 'kColumns'].join(', ')} };\n}  // namespace ${entity}\n`;
}

function tables() {
  const rows = ENTITIES.map((entity) => `    {"${entity}", ${metricsOf(entity).length}},`);
  return `inline constexpr TableInfo kTables[] = {\n${rows.join('\n')}\n};\n`;
}

function derivations() {
  const rows = METRICS.filter(({ source }) => 'derive' in source).map(({ entity, name, source }) => {
    const { from, scale, perCore, max, span__ms } = source.derive;
    const bound = max === undefined ? 'kNoBound' : `${max}.0`;
    return `    {Entity::k${camel(entity)}, ${entity}::${name}, ${entity}::${from}, ${scale.toExponential()}, ${perCore ?? false}, ${bound}, ${span__ms * 1e6}},`;
  });
  return `inline constexpr Derivation kDerivations[] = {\n${rows.join('\n')}\n};\n`;
}

/** One entry a call: metrics that share a call and argument are read together. */
function nvmlReads() {
  const groups = new Map();
  for (const metric of metricsOf('gpu')) {
    if (!('nvml' in metric.source) || metric.source.nvml.shape === 'hand') continue;
    const { call, arg } = metric.source.nvml;
    const key = `${call}/${arg ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), metric]);
  }
  const rows = [...groups.values()].map((metrics) => {
    const { call, shape, arg, scale } = metrics[0].source.nvml;
    const member = (name) => {
      const found = metrics.find((metric) => metric.source.nvml.member === name);
      return found ? `gpu::${found.name}` : 'kNoColumn';
    };
    const out =
      shape === 'utilization'
        ? [member('gpu'), member('memory'), 'kNoColumn']
        : shape === 'memory'
          ? [member('used'), member('free'), member('total')]
          : [`gpu::${metrics[0].name}`, 'kNoColumn', 'kNoColumn'];
    return `    {Symbol::k${call}, Shape::k${camel(shape)}, ${arg ?? 0}u, Tier::${TIER[metrics[0].tier]}, ${(scale ?? 1).toExponential(17)}, {${out.join(', ')}}},`;
  });
  return `inline constexpr NvmlRead kNvmlReads[] = {\n${rows.join('\n')}\n};\n`;
}

const catalogHeader = `// ${GENERATED}
#pragma once
#include "sampler/catalog_types.h"

namespace nvpulse {

inline constexpr char kCatalogHash[] = "${hash}";

enum class Entity : int { ${ENTITIES.map((entity) => `k${camel(entity)}`).join(', ')} };
inline constexpr int kEntities = ${ENTITIES.length};

${ENTITIES.filter((entity) => metricsOf(entity).length > 0)
  .map(columns)
  .join('\n')}
${tables()}
${derivations().replace(/e\+0,/g, '.0,')}
}  // namespace nvpulse
`;

const nvmlHeader = `// ${GENERATED}
#pragma once
#include "generated/catalog.h"
#include "nvml/nvml_read.h"

namespace nvpulse {

${nvmlReads()}
}  // namespace nvpulse
`;

function sourceText({ source }) {
  if ('nvml' in source)
    return `nvml${source.nvml.call}${source.nvml.shape === 'field' ? `, field ${source.nvml.arg}` : ''}`;
  if ('derive' in source)
    return `from \`${source.derive.from}\`${source.derive.span__ms > 0 ? `, over ≥ ${source.derive.span__ms} ms` : ''}`;
  return 'file' in source ? source.file : source.own;
}

function metricsPage() {
  const sections = ENTITIES.filter((entity) => metricsOf(entity).length > 0).map((entity) => {
    const rows = metricsOf(entity).map(
      (metric) =>
        `| \`${metric.name}\` | ${metric.kind} | ${unitOf(metric.name) || '–'} | ${metric.description} | ${sourceText(metric)} | ${metric.tier} |`,
    );
    return `## ${entity}\n\n| name | kind | unit | what it is | read from | tier |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `<!-- ${GENERATED} -->\n# Metrics\n\nTiers: fast metrics are read at every tick, medium ones at most every 100 ms, slow ones at most every second; all of them at the start and at the stop of a window.\n\n${sections.join('\n')}`;
}

const files = {
  'native/generated/catalog.h': catalogHeader,
  'native/generated/nvml_reads.h': nvmlHeader,
  'lib/native/catalog-hash.ts': `// ${GENERATED}\n\n/** Of names and reads: the addon has the same, or is stale. */\nexport const CATALOG_HASH = '${hash}';\n`,
  'docs/METRICS.md': metricsPage(),
};

let stale = 0;
for (const [path, text] of Object.entries(files)) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (process.argv[2] === '--check') {
    process.stderr.write(`${path} is not what the catalog says; type: npm run generate\n`);
    stale++;
  } else {
    writeFileSync(file, text);
  }
}
process.exit(stale > 0 ? 1 : 0);
