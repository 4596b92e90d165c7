'use strict';
// deploy/grafana/provisioning: data sources, dashboards and alert rules.
const { stringify } = require('yaml');
const { GENERATED, source } = require('./catalog');

const { PROVISIONING } = source('grafana/index.ts');

/** JSON has no comments: what a dashboard is made from stands in the folder's YAML. */
const textOf = (path, content) =>
  path.endsWith('.json')
    ? `${JSON.stringify(content, null, 2)}\n`
    : `# ${GENERATED}\n${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`;

module.exports = Object.fromEntries(
  Object.entries(PROVISIONING).map(([path, content]) => [
    `deploy/grafana/provisioning/${path}`,
    textOf(path, content),
  ]),
);
