// Puts the stages monitor-start and monitor-stop into pipelines of Clara and Argo, and takes them out again. Text in,
// text out: comments, order and layout stay, since only what is added or taken out changes.
import { pipelinesOf, type Pipeline } from './documents';
import { Editor } from './edit';
import { planOf, type AddMonitoringOptions } from './options';
import { LARGEST, Source } from './source';

export { HOST_PLACEHOLDER, type AddMonitoringOptions } from './options';

/**
 * A Clara definition (api-version 0.2.0 to 0.4.0), or Argo's Workflow, WorkflowTemplate, ClusterWorkflowTemplate and
 * CronWorkflow (several documents with `---` between), with monitoring around the whole pipeline or around
 * `from` … `to`. Stages that are there already are replaced, so that adding twice gives what adding once gives.
 *
 * @throws ERR_OPTION: an option that is not allowed; or, as `file:line:col: why`, a text that is not understood
 */
export function addMonitoring(text: string, options: AddMonitoringOptions = {}): string {
  const { file = 'pipeline', warn } = options;
  const warnings: string[] = [];
  const plan = planOf(options, (line) => void warnings.push(line));
  const given = new Source(text, file);
  const plain = changed(given, (pipeline) => pipeline.remove());
  const source = plain === text ? given : new Source(plain, file);
  const added = changed(source, (pipeline) => pipeline.add(plan));
  if (added.length > LARGEST)
    throw source.refusal(0, `with monitoring ${added.length} characters, too many; allowed are ${LARGEST}`);
  // The promise that removing gives the text back is kept here, not hoped for.
  if (removeMonitoring(added, { file }) !== plain)
    throw source.refusal(0, 'is written so that monitoring could not be taken out again unchanged');
  if (warn) warnings.forEach((line) => warn(line));
  return added;
}

/**
 * The text without the stages; unchanged where it has none. Gives back, byte for byte, what `addMonitoring` was given.
 *
 * @throws ERR_OPTION: as `file:line:col: why`, a text that is not understood
 */
export function removeMonitoring(
  text: string,
  { file = 'pipeline' }: { readonly file?: string } = {},
): string {
  return changed(new Source(text, file), (pipeline) => pipeline.remove());
}

function changed(source: Source, change: (pipeline: Pipeline) => void): string {
  const editor = new Editor(source);
  for (const pipeline of pipelinesOf(source, editor)) change(pipeline);
  return editor.result();
}
