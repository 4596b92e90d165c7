// What nvpulse offers. Loading it loads nothing heavy: the native part, Arrow, Parquet and systeminformation come
// when they are used.
export * from './catalog';
export { NvpulseError, type NvpulseErrorCode } from './errors';
export { formatUtc, parseDuration } from './time';
export type { CallStats, FollowedState, GpuState, NativeStats } from './native/addon';
export { simulatorPath, type SimulatedDriver } from './native/locate';
export {
  createBatch,
  type Batch,
  type BatchParts,
  type Row,
  type SamplerEvent,
  type Table,
  type TableColumns,
} from './sampling/batch';
export { BulkReader, Nvml, type GpuDevice, type GpuReading, type NvmlOptions } from './sampling/nvml';
export { INTERVAL_RANGE, type Duration } from './sampling/options';
export { Sampler, type FollowOptions, type SamplerOptions } from './sampling/sampler';
export {
  diagnose,
  type DiagnoseOptions,
  type Diagnosis,
  type EntityDiagnosis,
  type MetricDiagnosis,
} from './doctor/diagnose';
export type { Refresh } from './doctor/refresh';
export type { WindowOptions } from './jobs/fold-window';
export { summarize, type FinalUsage, type SummaryMeta } from './jobs/summary';
export type {
  AbsentSummary,
  CounterSummary,
  EnergySummary,
  EntitySummary,
  GaugeSummary,
  HostInfo,
  JobSummary,
  MetricSummary,
  SamplerSummary,
  StateSummary,
} from './jobs/summary-types';
export { window, type WindowMeta, type WindowSource } from './jobs/windows';
export type { RecordingOption } from './jobs/job-recording';
export type { Ratio } from './jobs/confidence';
export {
  measureOverhead,
  type IntervalOverhead,
  type Overhead,
  type OverheadOptions,
  type Verdict,
} from './jobs/overhead';
export { recordMachine, type RecordOptions, type RecordResult } from './jobs/record-machine';
export { summarizeJobs } from './jobs/recorded-jobs';
export { summarizeRecording, type RecordedSummary } from './jobs/recorded-summary';
export { runJob, type JobResult, type RunJobOptions } from './jobs/run-job';
export type { LivingProcess } from './jobs/supervisor';
export {
  defaultRecordingDir,
  EXPORT_FORMATS,
  exportRecording,
  findRecordings,
  listRecordings,
  openRecording,
  Recording,
  recordingRoot,
  RecordingWriter,
  type CloseOptions,
  type EventFields,
  type EventKind,
  type ExportFormat,
  type ExportOptions,
  type ExportResult,
  type GpuInventory,
  type HostInventory,
  type Inventory,
  type Json,
  type Manifest,
  type MetricColumn,
  type OnRead,
  type RecordedEvent,
  type RecordedExit,
  type RecordingListing,
  type RecordingMeta,
  type RecordingProblem,
} from './recording';
export { VERSION } from './version';
