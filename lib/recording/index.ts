// Recordings: written by `RecordingWriter`, read by `openRecording`, converted by `exportRecording`.
export { EventTail } from './event-tail';
export {
  eventsIn,
  type EventFields,
  type EventLog,
  type EventKind,
  type Json,
  type RecordedEvent,
} from './events';
export { exportRecording, type ExportOptions, type ExportResult } from './export/export';
export { EXPORT_FORMATS, type ExportFormat } from './export/formats';
export { defaultRecordingDir, recordingRoot } from './folder';
export {
  type GpuInventory,
  type HostInventory,
  type Inventory,
  type Manifest,
  type MetricColumn,
  type RecordedExit,
  type RecordingMeta,
} from './manifest';
export { readCursor, writeCursor } from './cursor';
export {
  findRecordings,
  listRecordings,
  surveyRecordings,
  type RecordingListing,
  type UnreadFolder,
} from './list';
export { parsePosition, TABLE_START, TAIL_START, type TablePosition, type TailPosition } from './position';
export { openRecording, Recording, type OnRead } from './reader';
export { type RecordingProblem } from './segment-reader';
export {
  isBefore,
  newestSummaries,
  parseSummaryPlace,
  readSummaries,
  readSummary,
  SUMMARIES_START,
  summariesBeyond,
  tellsSummaries,
  trimSummaries,
  type SummaryPlace,
  type ToldSummary,
} from './summaries';
export { RecordingTail, type TailRead } from './tail';
export { trimRecording, type TrimResult } from './trim';
export {
  intervalsOf,
  SpanFold,
  spansOf,
  type EndedBy,
  type GpuScope,
  type JobSpan,
  type RecordedInterval,
  type SpanGpus,
  type WindowGpus,
  type WindowStart,
  type WindowStop,
} from './windows';
export { RecordingWriter, type CloseOptions } from './writer';
