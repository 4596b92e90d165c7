// nvpulse create-mapping: sets up Elasticsearch, once, and again after an upgrade.
import type { Command } from 'commander';
import { connectionOf, elasticsearchOptions, type ElasticsearchFlags } from '../elasticsearch-options';
import { ELASTICSEARCH_VARIABLES, explain } from '../help';
import { note, print } from '../output';

interface Options extends ElasticsearchFlags {
  readonly retention?: string;
  readonly dryRun?: boolean;
}

export function define(command: Command): void {
  for (const option of elasticsearchOptions()) command.addOption(option);
  command
    .option(
      '--retention <time>',
      'how long documents are kept, such as 30d (default: as before, else for ever)',
    )
    .option('--dry-run', 'change nothing, and tell what would change')
    .action(createMapping);
  explain(command, {
    examples: [
      'nvpulse create-mapping --url http://127.0.0.1:9200',
      'nvpulse create-mapping --ip 10.0.0.5 --retention 30d --dry-run',
    ],
    environment: ELASTICSEARCH_VARIABLES,
  });
}

async function createMapping({ retention, dryRun = false, ...flags }: Options): Promise<void> {
  const elasticsearch = require('../../sinks/elasticsearch') as typeof import('../../sinks/elasticsearch');
  const client = await elasticsearch.connect(connectionOf(flags));
  const { changes, remarks } = await elasticsearch.createMapping({
    client,
    dryRun,
    ...(retention !== undefined && { retention }),
  });
  for (const { what, change, detail } of changes) {
    const told = dryRun && change !== 'unchanged' ? `would be ${change}` : change;
    print(`${what}: ${told}${detail === '' ? '' : ` (${detail})`}`);
  }
  for (const remark of remarks) note(`nvpulse create-mapping: ${remark}`);
}
