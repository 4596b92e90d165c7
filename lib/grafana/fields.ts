// Fields of the documents that are not metrics, as queries group by them.
import type { Column, Dimension } from './query';

/** The largest machine that nvpulse knows has 64 GPUs. */
export const INDEX: Dimension = { field: 'index', size: 64 };
/** In jobmetrics, where it is a list: all of a window's, or that of an event. */
export const GPU_INDEX: Dimension = { field: 'gpu_index', size: 64 };
export const HOST: Dimension = { field: 'host.name', size: 200 };
export const DEVICE: Dimension = { field: 'device', size: 32 };
export const MOUNT: Dimension = { field: 'mount', size: 32 };
export const INTERFACE: Dimension = { field: 'interface', size: 32 };
export const CGROUP: Dimension = { field: 'path', size: 32 };
export const PID: Dimension = { field: 'pid', size: 32 };
export const JOB: Dimension = { field: 'job', size: 50 };
/** Start, name and id: the newest on top, and two of one name apart. */
export const JOB_TITLE: Dimension = { field: 'job_title', size: 50, order: 'desc' };
/** Its text is the start and the name, its value the id. */
export const TITLE_PARTS = '/^(?<text>.*)\\t(?<value>[^\\t]*)$/';
export const GPU_NAME: Dimension = { field: 'name', size: 1 };
/** Stands where a window has no such field. */
const NONE = '–';
export const JOB_NAME: Dimension = { field: 'job_name', size: 1, missing: NONE };
export const STATUS: Dimension = { field: 'status', size: 1, missing: NONE };
export const ENDED_BY: Dimension = { field: 'ended_by', size: 1, missing: NONE };
export const GPU_SCOPE: Dimension = { field: 'gpu_scope', size: 1, missing: NONE };
/** Never the last dimension of a table: there the plugin shows a boolean as 0 or 1. Nor is the next. */
export const SIMULATED: Dimension = { field: 'simulated', size: 1 };
export const GPU_SHARED: Dimension = { field: 'gpu_shared', size: 2 };
/** When a window began, of a table's row the first of its windows. */
export const START: Column = { calculation: 'min', field: 'start' };
/** For one row of all documents, where a query asks for one entity. */
export const ENTITY: Dimension = { field: 'entity', size: 1 };
