// The Elasticsearch sink: documents, mapping and exporter. Imported as `nvpulse/elasticsearch`.
import type { Client } from '@elastic/elasticsearch';

export type { Client };
export { Exporter } from './exporter';
export type {
  Acknowledged,
  DocumentChoice,
  ExporterOptions,
  ExporterState,
  ExporterStats,
} from './exporter-types';
export {
  documentId,
  instanceKey,
  toDocuments,
  type Document,
  type DocumentSource,
  type ToDocumentsOptions,
} from './documents';
export { STREAMS, type Stream } from './streams';
