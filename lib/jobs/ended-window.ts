// What became of a job's window, all that its document tells: as the server tells it in its recordings.
import type { EndedBy, GpuScope } from '../recording';
import type { JobSummary } from './summary-types';

export interface EndedWindow {
  readonly summary: JobSummary;
  readonly gpu_scope: GpuScope;
  /** UUIDs of the job's GPUs; of scope `node` all that the summary has are. */
  readonly gpus: readonly string[];
  /** Another job's window overlapped on one of them. */
  readonly gpu_shared: boolean;
  /** `cut`: the recording ended before the window did. */
  readonly ended_by: EndedBy | 'cut';
  /** What the job's owner said of its end; '' where nothing was said. */
  readonly status: string;
}
