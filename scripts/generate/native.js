'use strict';
// The catalog for the native side, and its hash for TypeScript.
const { GENERATED, catalog, hash } = require('./catalog');

const { ENTITIES, METRICS, metricsOf, rangeOf } = catalog;

const camel = (name) =>
  name
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');

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
  const rows = METRICS.filter(({ source }) => 'derive' in source).map((metric) => {
    const { entity, name, source } = metric;
    const { from, scale, perCore, span__ms } = source.derive;
    const bound = rangeOf(metric) ? double(rangeOf(metric).max) : 'kNoBound';
    return `    {Entity::k${camel(entity)}, ${entity}::${name}, ${entity}::${from}, ${scale.toExponential()}, ${perCore ?? false}, ${bound}, ${span__ms * 1e6}},`;
  });
  return `inline constexpr Derivation kDerivations[] = {\n${rows.join('\n')}\n};\n`;
}

const MEASURE = { cpus: 'kCpus', board_power: 'kBoardPower' };
const double = (value) => (Number.isInteger(value) ? `${value}.0` : `${value}`);

/** What is read from the driver and the kernel, where something bounds it. */
function plausibilities() {
  const read = METRICS.filter(({ source }) => 'nvml' in source || 'file' in source);
  const rows = read.flatMap(({ entity, name, plausible }) => {
    if ('unbounded' in plausible) return [];
    const { of, min = 0, max, per_s = 0, refresh__ms = 0, wraps = 0 } = plausible;
    const shape = max === undefined ? 'kGrowth' : 'kRange';
    const measure = of === undefined ? 'kOne' : MEASURE[of];
    const numbers = [min, max ?? per_s].map(double).join(', ');
    return [
      `    {Entity::k${camel(entity)}, ${entity}::${name}, "${name}", Bound::${shape}, Measure::${measure}, ${numbers}, ${refresh__ms * 1e6}, ${double(wraps)}},`,
    ];
  });
  return `inline constexpr Plausible kPlausibles[] = {\n${rows.join('\n')}\n};\n`;
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
${plausibilities()}
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

module.exports = {
  'native/generated/catalog.h': catalogHeader,
  'native/generated/nvml_reads.h': nvmlHeader,
  'lib/native/catalog-hash.ts': `// ${GENERATED}\n\n/** Of names and reads: the addon has the same, or is stale. */\nexport const CATALOG_HASH = '${hash}';\n`,
};
