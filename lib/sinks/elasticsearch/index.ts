// The Elasticsearch sink: documents, mapping and exporter. Imported as `nvpulse/elasticsearch`.
import type { Client } from '@elastic/elasticsearch';

export type { Client };
export { connect, identify, type ConnectionOptions, type ServerIdentity } from './connection';
export {
  createMapping,
  type CreateMappingOptions,
  type CreateMappingResult,
  type MappingChange,
} from './create-mapping';
export { explain, type Explanation, type ExplanationKind } from './explain';
export { Exporter } from './exporter';
export {
  exportToElasticsearch,
  type ExportedDocuments,
  type ExportToElasticsearchOptions,
} from './export-recording';
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
export { Meter } from './meter';
export { STREAMS, type Stream } from './streams';
export {
  endedWindow,
  eventDocuments,
  windowDocument,
  type EventContext,
  type JobDocument,
} from './job-documents';
