// The Elasticsearch sink: documents, mapping and exporter. Imported as `nvpulse/elasticsearch`.
import type { Client } from '@elastic/elasticsearch';

export type { Client };
export { connect, identify, type ConnectionOptions, type ServerIdentity } from './client/connection';
export {
  createMapping,
  type CreateMappingOptions,
  type CreateMappingResult,
  type MappingChange,
} from './setup/create-mapping';
export { explain, type Explanation, type ExplanationKind } from './client/explain';
export { Exporter } from './export/exporter';
export {
  exportToElasticsearch,
  type ExportedDocuments,
  type ExportToElasticsearchOptions,
} from './export/export-recording';
export type {
  Acknowledged,
  DocumentChoice,
  ExporterOptions,
  ExporterState,
  ExporterStats,
} from './export/exporter-types';
export {
  documentId,
  instanceKey,
  toDocuments,
  type Document,
  type DocumentSource,
  type ToDocumentsOptions,
} from './documents/documents';
export { Meter } from './documents/meter';
export { STREAMS, type Stream } from './documents/streams';
export {
  endedWindow,
  eventDocuments,
  windowDocument,
  type EventContext,
  type JobDocument,
} from './documents/job-documents';
