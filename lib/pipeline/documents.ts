// Which documents of a text are pipelines, and of which kind.
import { ArgoWorkflow } from './argo';
import { ClaraPipeline } from './clara';
import type { Editor } from './edit';
import type { Plan } from './options';
import { Reader } from './reader';
import type { Source } from './source';
import { yaml, type MapNode } from './yaml';

/** A pipeline into which the stages are put, or from which they are taken. */
export interface Pipeline {
  add(plan: Plan): void;
  remove(): void;
}

/** An object of Argo's that holds a workflow, or names the template that does. */
interface Workflow {
  readonly reader: Reader;
  readonly kind: string;
  readonly name: string | undefined;
  readonly spec: MapNode;
  readonly template:
    { readonly node: MapNode; readonly kind: string; readonly name: string | undefined } | undefined;
}

const TEMPLATE = 'WorkflowTemplate';
const CLUSTER_TEMPLATE = 'ClusterWorkflowTemplate';
/** Workflows elsewhere may name them. */
const SHARED = [TEMPLATE, CLUSTER_TEMPLATE];
const KINDS = ['Workflow', 'CronWorkflow', ...SHARED];

/** What a workflow that names a template may not say itself: the stages stand in the template, made for what that says. */
const OVERRIDING = ['entrypoint', 'onExit', 'hooks', 'retryStrategy', 'templateDefaults', 'parallelism'];

/** @throws ERR_OPTION where there is none */
export function pipelinesOf(source: Source, editor: Editor): readonly Pipeline[] {
  const readers = source.documents.map((document) => new Reader(source, document));
  const clara = readers.find((reader) => reader.root && reader.pair(reader.root, 'operators'));
  if (clara) {
    const other = source.documents[readers[0] === clara ? 1 : 0];
    if (other)
      throw source.refusal(other.contents, 'a Clara definition is one document, and there are several');
    return [new ClaraPipeline(clara, editor)];
  }
  const workflows = readers.flatMap((reader) => workflowOf(reader) ?? []);
  // Templates without an entrypoint are a library of those with one.
  const started = workflows.filter(
    ({ reader, spec, template }) => template ?? reader.pair(spec, 'entrypoint'),
  );
  const pipelines = started.length > 0 ? started : workflows;
  if (pipelines.length === 0)
    throw source.refusal(
      source.documents[0]?.contents,
      'neither a Clara definition (api-version, operators) nor a workflow of Argo (apiVersion: argoproj.io/v1alpha1)',
    );
  return pipelines.map((workflow) =>
    workflow.template
      ? new WorkflowOfTemplate(workflow, workflows)
      : new ArgoWorkflow(workflow.reader, editor, workflow.spec, SHARED.includes(workflow.kind)),
  );
}

function workflowOf(reader: Reader): Workflow | undefined {
  const { root } = reader;
  const apiVersion = root && reader.value(root, 'apiVersion');
  if (!yaml().isScalar(apiVersion) || !String(apiVersion.value).startsWith('argoproj.io/')) return undefined;
  const kind = (root && reader.textAt(root, 'kind')) ?? '';
  if (!root || !KINDS.includes(kind)) return undefined;
  const outer = reader.mapAt(root, 'spec');
  const spec = outer && kind === 'CronWorkflow' ? reader.mapAt(outer, 'workflowSpec') : outer;
  if (!spec) throw reader.refusal(outer ?? root, `a ${kind} without ${outer ? 'workflowSpec' : 'spec'}`);
  const metadata = reader.mapAt(root, 'metadata');
  const name = metadata && reader.textAt(metadata, 'name');
  return { reader, kind, name, spec, template: templateOf(reader, spec) };
}

function templateOf(reader: Reader, spec: MapNode): Workflow['template'] {
  const node = reader.mapAt(spec, 'workflowTemplateRef');
  if (!node) return undefined;
  const scope = reader.value(node, 'clusterScope');
  const kind = yaml().isScalar(scope) && scope.value === true ? CLUSTER_TEMPLATE : TEMPLATE;
  return { node, kind, name: reader.textAt(node, 'name') };
}

/** A workflow that takes all from a template: monitored where that is. */
class WorkflowOfTemplate implements Pipeline {
  readonly #workflow: Workflow;
  readonly #others: readonly Workflow[];

  constructor(workflow: Workflow, others: readonly Workflow[]) {
    this.#workflow = workflow;
    this.#others = others;
  }

  add(): void {
    const { reader, spec, template } = this.#workflow;
    const where = `${template?.kind} '${template?.name}'`;
    const own = OVERRIDING.find((key) => reader.pair(spec, key));
    if (own)
      throw reader.refusal(
        reader.pair(spec, own)?.key,
        `${own} here overrides that of ${where}; move it there`,
      );
    if (this.#others.some(({ kind, name }) => kind === template?.kind && name === template.name)) return;
    throw reader.refusal(
      template?.node,
      `the templates stand in ${where}, which is not here; add monitoring there`,
    );
  }

  remove(): void {}
}
