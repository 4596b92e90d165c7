'use strict';
// docs/METRICS.md: what is measured, and from where.
const { GENERATED, catalog } = require('./catalog');

const { ENTITIES, metricsOf, unitOf } = catalog;

function sourceText({ source }) {
  if ('nvml' in source)
    return `nvml${source.nvml.call}${source.nvml.shape === 'field' ? `, field ${source.nvml.arg}` : ''}`;
  if ('derive' in source)
    return `from \`${source.derive.from}\`${source.derive.span__ms > 0 ? `, over ≥ ${source.derive.span__ms} ms` : ''}`;
  if ('noted' in source) return `told by ${source.noted}`;
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

module.exports = { 'docs/METRICS.md': metricsPage() };
