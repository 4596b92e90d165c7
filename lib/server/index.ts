// The monitoring server and its client. Imported as `nvpulse/server`.
export type { DocumentsState, JobDetail, JobDocuments, JobList, JobView, Problem, StartRequest } from './api';
export { MonitorClient, type ClientOptions } from './client';
export type { Health } from './health';
export type { ServerOptions } from './options';
export { startServer, type MonitoringServer } from './server';
export { readClientToken } from './token';
