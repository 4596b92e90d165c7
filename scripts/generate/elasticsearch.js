'use strict';
// deploy/elasticsearch: what `nvpulse create-mapping` sends, for those who send it themselves.
const { source } = require('./catalog');

const { componentNameOf, templatesOf } = source('sinks/elasticsearch/setup/mapping.ts');
const { STREAMS } = source('sinks/elasticsearch/documents/streams.ts');

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

module.exports = Object.fromEntries(
  STREAMS.flatMap((stream) => {
    const { component, index } = templatesOf(stream, { enabled: true });
    return [
      [`deploy/elasticsearch/component-template-${componentNameOf(stream)}.json`, json(component)],
      [`deploy/elasticsearch/index-template-${stream}.json`, json(index)],
    ];
  }),
);
