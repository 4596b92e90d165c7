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

const PLAUSIBLE = `The last column is what physics allows, never an operating limit. A reading beyond it is not believed: it is absent
(\`transient\`), counted (\`implausible_readings\`), and its raw value stands in an event. What a counter can grow is judged
over the time since it changed last. A counter that falls, or that jumps further than it can, is absent until three
readings, over 100 ms at least, agree, or two over a second. After a fall it goes on from its new value (event
\`counter_reset\`); after a jump it goes on from where it stood, so that the jump is in no difference.`;

const MEASURE = { cpus: ' × CPUs online', board_power: ' × the board’s largest power limit' };

/** `2^40` and `1e13` are easier to read than their digits. */
function number(value) {
  const exponent = Math.log2(value);
  if (exponent >= 24 && Number.isInteger(exponent)) return `2^${exponent}`;
  return value >= 1e6 && Number.isInteger(Math.log10(value))
    ? value.toExponential().replace('+', '')
    : `${value}`;
}

function plausibleText({ plausible }) {
  if ('unbounded' in plausible) return plausible.unbounded;
  const measure = plausible.of === undefined ? '' : MEASURE[plausible.of];
  if ('max' in plausible) return `${number(plausible.min)} to ${number(plausible.max)}${measure}`;
  return `grows at most ${number(plausible.per_s)}${measure} a second`;
}

function metricsPage() {
  const sections = ENTITIES.filter((entity) => metricsOf(entity).length > 0).map((entity) => {
    const rows = metricsOf(entity).map(
      (metric) =>
        `| \`${metric.name}\` | ${metric.kind} | ${unitOf(metric.name) || '–'} | ${metric.description} | ${sourceText(metric)} | ${metric.tier} | ${plausibleText(metric)} |`,
    );
    return `## ${entity}\n\n| name | kind | unit | what it is | read from | tier | possible |\n|---|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `<!-- ${GENERATED} -->\n# Metrics\n\nTiers: fast metrics are read at every tick, medium ones at most every 100 ms, slow ones at most every second; all of them at the start and at the stop of a window.\n\n${PLAUSIBLE}\n\n${sections.join('\n')}`;
}

module.exports = { 'docs/METRICS.md': metricsPage() };
