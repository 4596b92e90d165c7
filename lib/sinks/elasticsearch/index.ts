// The Elasticsearch sink: documents, mapping and exporter. Imported as `nvpulse/elasticsearch`.
import type { Client } from '@elastic/elasticsearch';

export type { Client };
