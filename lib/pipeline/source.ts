// A YAML text whose parts know where they stand. What is not understood is refused with line and column.
import type { Document, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { NvpulseError } from '../errors';

export type YamlDocument = Document.Parsed;
export type MapNode = YAMLMap.Parsed;
export type SeqNode = YAMLSeq.Parsed;
export type ScalarNode = Scalar.Parsed;
export type PairNode = Pair<ParsedNode, ParsedNode | null>;
export type MaybeNode = ParsedNode | null | undefined;

/** Kubernetes takes objects up to 1.5 MB, and a MiB takes seconds to read. */
const LARGEST__B = 1 << 20;

export const yaml = (): typeof import('yaml') => require('yaml') as typeof import('yaml');

export class Source {
  readonly text: string;
  readonly file: string;
  /** Without those that are empty. */
  readonly documents: readonly YamlDocument[];
  readonly #parents = new Map<ParsedNode, ParsedNode>();
  /** Names of anchors that an alias repeats. */
  readonly #repeated = new Set<string>();

  /** @throws ERR_OPTION with `file:line:col` where the text is not YAML */
  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
    if (text.length > LARGEST__B)
      throw this.refusal(0, `${text.length} characters are too many; allowed are ${LARGEST__B}`);
    const documents = [...yaml().parseAllDocuments(text, { prettyErrors: false })];
    for (const document of documents) this.#check(document);
    this.documents = documents.filter(({ contents }) => contents !== null && !isEmpty(contents));
  }

  #check(document: YamlDocument): void {
    const [error] = document.errors;
    if (error) {
      const deep = error.code === 'RESOURCE_EXHAUSTION';
      throw this.refusal(error.pos[0], deep ? 'nested too deeply' : `not YAML: ${error.message}`);
    }
    const anchors = new Set<string>();
    yaml().visit(document, {
      Node: (_key, node, path) => {
        const parsed = node as ParsedNode;
        const parent = path.findLast((other) => yaml().isCollection(other));
        if (parent) this.#parents.set(parsed, parent as ParsedNode);
        if (yaml().isAlias(node)) {
          if (!anchors.has(node.source)) throw this.refusal(parsed, `*${node.source} repeats no anchor`);
          this.#repeated.add(node.source);
        } else if (node.anchor !== undefined) anchors.add(node.anchor);
      },
    });
  }

  /** One line: where, and why. */
  refusal(where: MaybeNode | number, why: string): NvpulseError {
    const offset = typeof where === 'number' ? where : (where?.range[0] ?? 0);
    const before = this.text.slice(0, offset).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    return new NvpulseError('ERR_OPTION', `${this.file}:${before.length}:${column}: ${why}`);
  }

  /** A change in what an alias repeats would change it in both places. */
  checkNotRepeated(node: ParsedNode): void {
    for (let at: ParsedNode | undefined = node; at !== undefined; at = this.#parents.get(at)) {
      const anchor = yaml().isAlias(at) ? undefined : at.anchor;
      if (anchor === undefined || !this.#repeated.has(anchor)) continue;
      throw this.refusal(
        at,
        `&${anchor} is repeated by *${anchor}, so a change here would change both; write it out`,
      );
    }
  }
}

/** A key or an indicator with nothing behind it. */
export function isEmpty(node: ParsedNode): boolean {
  return yaml().isScalar(node) && node.range[0] === node.range[1] && !node.anchor && !node.tag;
}
